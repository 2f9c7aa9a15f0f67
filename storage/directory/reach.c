/* reach.c -- see reach.h. */
#include "directory/reach.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* Each part by its index; one more than few is enough to know. */
static const char SELECT_FEW[] =
    "SELECT DISTINCT f.id FROM ("
    "  (SELECT recipient_id FROM recipient WHERE administrative_group_id = ANY ($2) LIMIT $7) UNION ALL"
    "  (SELECT recipient_id FROM address WHERE domain_id = ANY ($3) AND is_primary LIMIT $7) UNION ALL"
    "  (SELECT recipient_id FROM recipient WHERE store_id = ANY ($4) AND organisation_id = $1 LIMIT $7) UNION ALL"
    "  (SELECT target_recipient_id FROM recipient_target"
    "    WHERE recipient_id = ANY ($5) AND target_recipient_id IS NOT NULL LIMIT $7) UNION ALL"
    "  (SELECT unnest($6::bigint[]))) f(id) LIMIT $7";

static struct db_value ids_of(const void *owner, const char *within, char letter)
{
    size_t count = 0, most = strlen(within) / 2 + 1;
    int64_t *ids = talloc_array(owner, int64_t, (unsigned)most);

    for (const char *p = strchr(within, ','); p && p[1]; p = strchr(p + 1, ','))
        if (p[1] == letter)
            ids[count++] = strtoll(p + 2, NULL, 10);
    return db_i64_array(ids, count);
}

struct reach_keys reach_keys(const void *owner, const char *within)
{
    return (struct reach_keys){ .admin_groups = ids_of(owner, within, 'g'),
                                .domains = ids_of(owner, within, 'd'),
                                .stores = ids_of(owner, within, 's'),
                                .groups = ids_of(owner, within, 'm'),
                                .recipients = ids_of(owner, within, 'r') };
}

bool reach_few(struct directory *directory, const void *owner, int64_t organisation_id,
               const struct reach_keys *keys, int64_t **ids_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *ids_out = NULL;
    if (!look_up(directory, NULL, SELECT_FEW,
                 DB_ARGS(db_i64(organisation_id), keys->admin_groups, keys->domains, keys->stores,
                         keys->groups, keys->recipients, db_i64(REACH_FEW + 1)),
                 &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    if (*count_out <= REACH_FEW) {
        *ids_out = talloc_array(owner, int64_t, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*ids_out)[i] = db_get_i64(&row, 0);
    }
    talloc_free(rows);
    return true;
}
