/* recipient_search.c -- see recipient_search.h. */
#include "directory/recipient_search.h"

#include "directory/act.h"

#include <talloc.h>

static const char PATTERN[] =
    "SELECT '%' || regexp_replace(chappe_fold($1), '([%_\\\\])', '\\\\\\1', 'g') || '%'";

/* By recipient_by_name_part and address_by_part. */
enum { FEW = 2000 };
static const char FIND_FEW[] =
    "(SELECT recipient_id FROM recipient WHERE sort_name LIKE $2 AND ($1::bigint = 0 OR organisation_id = $1) LIMIT $3)"
    " UNION (SELECT recipient_id FROM address WHERE address LIKE $2 AND ($1::bigint = 0 OR organisation_id = $1) LIMIT $3)";

bool recipient_search(struct directory *directory, const void *owner, int64_t organisation_id,
                      const char *text, struct recipient_search *search_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    const char *pattern;

    if (!look_up_one(directory, owner, PATTERN, DB_ARGS(db_text(text)), &row, err))
        return false;
    pattern = db_copy_text(owner, &row, 0);
    if (!look_up(directory, owner, FIND_FEW,
                 DB_ARGS(db_i64(organisation_id), db_text(pattern), db_i64(FEW + 1)), &rows, err))
        return false;
    size_t count = db_rows_count(rows);
    *search_out = (struct recipient_search){ count <= FEW, db_text(pattern) };
    if (search_out->is_few) {
        int64_t *ids = talloc_array(owner, int64_t, (unsigned)count + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            ids[i] = db_get_i64(&row, 0);
        search_out->value = db_i64_array(ids, count);
    }
    talloc_free(rows);
    return true;
}
