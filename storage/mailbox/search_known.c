/* search_known.c -- what the index of words tells: items by the words of each key, and up to which UIDs of each folder it knows them. */
#include "mailbox/search_known.h"

#include "db/statement.h"
#include "format/fold.h"
#include "mailbox/search_term.h"

#include <stdlib.h>
#include <talloc.h>

/* One snapshot for all, so that what is behind a folder's UID is in the index that is asked. Question 1 is for the crowded. */
static const char ASK[] =
    "SELECT q.number, search_lexeme_items(q.query::tsquery), s.folders, s.uids"
    "  FROM unnest($2::text[]) WITH ORDINALITY AS q (query, number),"
    "       (SELECT array_agg(s.folder_id) AS folders, array_agg(s.words_uid) AS uids"
    "          FROM search_state s JOIN folder f USING (folder_id) WHERE f.mailbox_id = $1) AS s"
    " ORDER BY 1";

int search_items_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

struct search_items search_items_read(const void *owner, const struct db_row *row, int column)
{
    struct search_items items;

    items.ids = db_get_i64_array(owner, row, column, &items.count);
    if (items.count > 1)
        qsort(items.ids, items.count, sizeof *items.ids, search_items_order);
    return items;
}

bool search_items_have(const struct search_items *items, int64_t id)
{
    return items->count > 0 && bsearch(&id, items->ids, items->count, sizeof id, search_items_order);
}

static void read_answers(struct search_known *known, struct db_rows *rows, size_t key_count)
{
    struct db_row row;
    size_t at = 0;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        if (i == 0) {
            size_t uids;
            known->crowded = search_items_read(known, &row, 1);
            known->folders = db_get_i64_array(known, &row, 2, &known->folder_count);
            known->uids = db_get_i64_array(known, &row, 3, &uids);
            continue;
        }
        while (at < key_count && !known->keys[at].is_asked)
            at++;
        known->keys[at++].items = search_items_read(known, &row, 1);
    }
}

bool mailbox_search_known(struct group *group, const void *owner, int64_t mailbox_id,
                          const struct search_key *keys, size_t key_count, struct search_known **known_out,
                          struct err *err)
{
    struct search_known *known = talloc_zero(owner, struct search_known);
    struct span *questions = talloc_array(known, struct span, (unsigned)key_count + 1);
    void *arena = talloc_new(known);
    struct db_rows *rows;
    size_t asked = 1;
    struct db *db;

    known->keys = talloc_zero_array(known, struct known_key, (unsigned)key_count + 1);
    questions[0] = span_text(search_term_crowded(arena, mailbox_id));
    for (size_t i = 0; i < key_count; i++) {
        char *query = keys[i].begins_word ? search_term_query(arena, mailbox_id, keys[i].where,
                                                              span_text(fold_text(arena, keys[i].needle)),
                                                              &known->keys[i].is_sure)
                                          : NULL;
        known->keys[i].is_asked = query != NULL;
        if (query)
            questions[asked++] = span_text(query);
    }
    *known_out = known;
    if (asked == 1)
        return true;
    if (!group_acquire(group, DB_SEARCH, &db, err))
        return false;
    bool done =
        db_query(db, arena, ASK, DB_ARGS(db_i64(mailbox_id), db_text_array(questions, asked)), &rows, err);
    db_release(&db);
    if (done)
        read_answers(known, rows, key_count);
    talloc_free(arena);
    return done;
}

enum search_answer search_known_ask(const struct search_known *known, size_t key, int64_t folder_id,
                                    uint32_t uid, int64_t item_id)
{
    const struct known_key *k = &known->keys[key];
    bool is_behind = false;

    if (search_items_have(&k->attached, item_id))
        return SEARCH_YES;

    for (size_t i = 0; k->is_asked && !is_behind && i < known->folder_count; i++)
        is_behind = known->folders[i] == folder_id && (int64_t)uid <= known->uids[i];
    if (!is_behind || search_items_have(&known->crowded, item_id))
        return SEARCH_UNKNOWN;
    if (!search_items_have(&k->items, item_id))
        return SEARCH_NO;
    return k->is_sure ? SEARCH_YES : SEARCH_UNKNOWN;
}
