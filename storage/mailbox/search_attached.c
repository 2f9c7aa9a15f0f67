/*
 * search_attached.c -- which items have a needle in an attachment. The index of words tells; of a phrase, and of documents with more
 * words than are kept, the texts that come into question are read.
 */
#include "db/statement.h"
#include "format/fold.h"
#include "mailbox/attachments.h"
#include "mailbox/search_known.h"
#include "mailbox/search_term.h"

#include <stdlib.h>
#include <talloc.h>

enum { TEXTS_AT_ONCE = 16 };

static const char ASK[] = "SELECT q.number, search_attachment_items(q.query::tsquery)"
                          "  FROM unnest($1::text[]) WITH ORDINALITY AS q (query, number) ORDER BY 1";
static const char TEXTS[] =
    "SELECT i.item_id, t.raw_bytes, t.data FROM item i JOIN attachment_text t USING (message_id)"
    " WHERE i.item_id = ANY($1) AND t.data IS NOT NULL";

struct asking {
    struct group *group;
    const struct search_key *keys;
    struct search_known *known;
    struct search_items *told; /* of each key */
    bool *is_asked, *is_sure;
    size_t key_count;
    struct search_items crowded;
    int64_t until_us;
};

static size_t write_questions(struct asking *asking, void *arena, int64_t mailbox_id, struct span *questions)
{
    size_t count = 0;

    questions[count++] = span_text(search_term_crowded(arena, mailbox_id));
    for (size_t i = 0; i < asking->key_count; i++) {
        const struct search_key *key = &asking->keys[i];
        char *query = key->begins_word ? search_term_attached_query(arena, mailbox_id,
                                                                    span_text(fold_text(arena, key->needle)),
                                                                    &asking->is_sure[i])
                                       : NULL;
        asking->is_asked[i] = query != NULL;
        if (query)
            questions[count++] = span_text(query);
    }
    return count;
}

static bool ask(struct asking *asking, void *arena, int64_t mailbox_id, struct err *err)
{
    struct span *questions = talloc_array(arena, struct span, (unsigned)asking->key_count + 1);
    size_t count = write_questions(asking, arena, mailbox_id, questions), key = 0;
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (count == 1)
        return true;
    if (!group_acquire(asking->group, DB_SEARCH, &db, err))
        return false;
    bool done = db_query(db, arena, ASK, DB_ARGS(db_text_array(questions, count)), &rows, err);
    db_release(&db);
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        if (i == 0) {
            asking->crowded = search_items_read(arena, &row, 1);
            continue;
        }
        while (key < asking->key_count && !asking->is_asked[key])
            key++;
        asking->told[key++] = search_items_read(asking->known, &row, 1);
    }
    return done;
}

static bool has_needle(void *arena, struct span text, const struct search_needle *needle)
{
    struct buf folded = BUF_INIT(arena);
    bool hit = false;
    size_t ends[2];
    uint32_t uid = 1;

    fold_add(&folded, text);
    ends[0] = 1;
    ends[1] = folded.length + 1;
    search_text_scan(&(struct search_text){ .count = 1,
                                            .uids = &uid,
                                            .header_ends = &ends[0],
                                            .body_ends = &ends[1],
                                            .headers = span_of("", 0),
                                            .bodies = buf_span(&folded) },
                     needle, &hit);
    return hit;
}

/* Some of the items that come into question: those whose text has the needle stay. */
static bool read_texts(struct asking *asking, const struct search_needle *needle, const int64_t *ids,
                       size_t count, struct search_items *found, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct span text;
    struct db *db;

    bool done =
        mailbox_search_may_go_on(asking->until_us, err) && group_acquire(asking->group, DB_SEARCH, &db, err);
    if (done) {
        done = db_query(db, arena, TEXTS, DB_ARGS(db_i64_array(ids, count)), &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++)
        if (attachments_unpack(arena, db_get_bytes(&row, 2), db_get_i32(&row, 1), &text) &&
            has_needle(arena, text, needle))
            found->ids[found->count++] = db_get_i64(&row, 0);
    talloc_free(arena);
    return done;
}

static void add_items(struct search_items *items, const struct search_items *more)
{
    for (size_t i = 0; i < more->count; i++)
        items->ids[items->count++] = more->ids[i];
}

static bool examine(struct asking *asking, size_t key, struct err *err)
{
    const struct search_items *told = &asking->told[key];
    unsigned most = (unsigned)(told->count + asking->crowded.count + 1);
    struct search_items candidates = { .ids = talloc_array(asking->known, int64_t, most) },
                        found = { .ids = talloc_array(asking->known, int64_t, most) };
    struct search_needle needle = search_needle_of(asking->known, &asking->keys[key]);

    add_items(asking->is_sure[key] ? &found : &candidates, told);
    add_items(&candidates, &asking->crowded);
    for (size_t at = 0; at < candidates.count; at += TEXTS_AT_ONCE) {
        size_t some = candidates.count - at < TEXTS_AT_ONCE ? candidates.count - at : TEXTS_AT_ONCE;
        if (!read_texts(asking, &needle, candidates.ids + at, some, &found, err))
            return false;
    }
    if (found.count > 1)
        qsort(found.ids, found.count, sizeof *found.ids, search_items_order);
    asking->known->keys[key].attached = found;
    return true;
}

bool mailbox_search_attached(struct group *group, int64_t mailbox_id, const struct search_key *keys,
                             size_t key_count, int64_t until_us, struct search_known *known, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct asking asking = { .group = group,
                             .keys = keys,
                             .known = known,
                             .told = talloc_zero_array(arena, struct search_items, (unsigned)key_count + 1),
                             .is_asked = talloc_zero_array(arena, bool, (unsigned)key_count + 1),
                             .is_sure = talloc_zero_array(arena, bool, (unsigned)key_count + 1),
                             .key_count = key_count,
                             .until_us = until_us };
    bool done = ask(&asking, arena, mailbox_id, err);

    for (size_t i = 0; done && i < key_count; i++)
        if (asking.is_asked[i] && asking.told[i].count + asking.crowded.count > 0)
            done = examine(&asking, i, err);
    talloc_free(arena);
    return done;
}

bool mailbox_search_attached_among(struct group *group, const void *owner, const int64_t *items, size_t count,
                                   const struct search_key *keys, size_t key_count, int64_t until_us,
                                   struct search_known **known_out, struct err *err)
{
    struct search_known *known = talloc_zero(owner, struct search_known);
    void *arena = talloc_new(known);
    struct search_items among = { .ids = talloc_memdup(arena, items, (count + 1) * sizeof *items),
                                  .count = count };
    struct asking asking = { .group = group,
                             .keys = keys,
                             .known = known,
                             .told = talloc_array(arena, struct search_items, (unsigned)key_count + 1),
                             .is_sure = talloc_zero_array(arena, bool, (unsigned)key_count + 1),
                             .key_count = key_count,
                             .until_us = until_us };
    bool done = true;

    known->keys = talloc_zero_array(known, struct known_key, (unsigned)key_count + 1);
    for (size_t i = 0; done && count > 0 && i < key_count; i++) {
        asking.told[i] = among;
        done = !keys[i].begins_word || examine(&asking, i, err);
    }
    talloc_free(arena);
    *known_out = known;
    return done;
}
