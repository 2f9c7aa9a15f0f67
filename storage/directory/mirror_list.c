/* mirror_list.c -- people of a directory, for who chooses among them. */
#include "directory/act.h"
#include "directory/mirror.h"

#include <talloc.h>

/* $2: text, in whatever case and with whatever accents; "": any. Those that are chosen first. */
static const char LIST_PEOPLE[] =
    "SELECT e.dn, e.name, e.account, e.mail, e.fault, e.is_enabled, e.is_chosen, coalesce(p.address, '')"
    "  FROM directory_entry e"
    "  LEFT JOIN address p ON p.recipient_id = e.recipient_id AND p.is_primary"
    " WHERE e.source_id = $1 AND e.kind = 'user' AND e.missing_us = 0"
    "   AND ($2 = '' OR strpos(e.sort_text, chappe_fold($2)) > 0)"
    " ORDER BY e.is_chosen DESC, e.sort_name, e.entry_key LIMIT $3";

struct listing {
    const void *owner;
    const struct source *source;
    const char *text;
    size_t limit, count;
    struct mirror_person *people;
};

static bool read_people(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, listing->owner, LIST_PEOPLE,
                  DB_ARGS(db_i64(listing->source->source_id), db_text(listing->text),
                          db_i64((int64_t)listing->limit)),
                  &rows, err))
        return false;
    listing->count = db_rows_count(rows);
    listing->people = talloc_zero_array(listing->owner, struct mirror_person, (unsigned)listing->count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        listing->people[i] = (struct mirror_person){ .dn = db_copy_text(listing->people, &row, 0),
                                                     .name = db_copy_text(listing->people, &row, 1),
                                                     .account = db_copy_text(listing->people, &row, 2),
                                                     .mail = db_copy_text(listing->people, &row, 3),
                                                     .fault = db_copy_text(listing->people, &row, 4),
                                                     .is_enabled = db_get_bool(&row, 5),
                                                     .is_chosen = db_get_bool(&row, 6),
                                                     .address = db_copy_text(listing->people, &row, 7) };
    talloc_free(rows);
    return true;
}

bool mirror_list(struct directory *directory, const struct actor *actor, const void *owner,
                 const struct source *source, const char *text, size_t limit,
                 struct mirror_person **people_out, size_t *count_out, struct err *err)
{
    struct listing listing = { .owner = owner, .source = source, .text = text ? text : "", .limit = limit };
    bool ok = act_read(directory, actor, source->organisation_id, read_people, &listing, err);

    *people_out = listing.people;
    *count_out = listing.count;
    return ok;
}
