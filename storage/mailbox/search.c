/*
 * search.c -- substrings in a folder: rows of search_text as they arrive, then what is not in them yet. Where much is missing the
 * search indexes it first: it must read those messages anyway, and the next search then does not.
 */
#include "mailbox/search.h"

#include "base/clock.h"
#include "db/statement.h"
#include "mailbox/search_index.h"
#include "mailbox/search_read.h"
#include "mailbox/search_text.h"

#include <talloc.h>

enum {
    INDEX_FIRST_FROM = 300,
    FEW = 64 /* of as many it is told where they are, so that no other rows travel */
};

struct hits {
    uint32_t *uids;
    size_t count, capacity;
};

struct search {
    struct group *group;
    int64_t folder_id;
    const struct search_uids *among;
    size_t among_at;      /* UIDs before it are behind us */
    uint32_t covered_uid; /* last one of the rows read: the indexer may have come further since we asked */
    struct search_needle *needles;
    struct hits *hits; /* of each needle */
    size_t needle_count;
    int64_t until_us; /* 0: no end */
    const void *owner;
    bool *marks;
    size_t marks_size;
};

static void add_hit(struct search *search, size_t needle, uint32_t uid)
{
    struct hits *hits = &search->hits[needle];

    if (hits->count == hits->capacity) {
        hits->capacity = hits->capacity ? hits->capacity * 2 : 64;
        hits->uids = talloc_realloc(search->owner, hits->uids, uint32_t, (unsigned)hits->capacity);
    }
    hits->uids[hits->count++] = uid;
}

/* UIDs come in ascending order, so one walk through `among` serves the whole search. */
static bool is_wanted(struct search *search, uint32_t uid)
{
    const struct search_uids *among = search->among;

    if (!among)
        return true;
    while (search->among_at < among->count && among->uids[search->among_at] < uid)
        search->among_at++;
    return search->among_at < among->count && among->uids[search->among_at] == uid;
}

/* Is any of them in first..last? */
static bool is_range_wanted(const struct search *search, uint32_t first, uint32_t last)
{
    const struct search_uids *among = search->among;
    size_t low = search->among_at, high = among ? among->count : 0;

    if (!among)
        return true;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (among->uids[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < among->count && among->uids[low] <= last;
}

bool mailbox_search_may_go_on(int64_t until_us, struct err *err)
{
    if (until_us == 0 || clock_monotonic_us() < until_us)
        return true;
    return err_set(err, ERR_LIMIT, "The search takes too long. Search for less, or in fewer messages.");
}

static bool scan_text(struct search *search, const struct search_text *text, struct err *err)
{
    bool *wanted;

    if (search->marks_size < 2 * text->count) {
        talloc_free(search->marks);
        search->marks_size = 2 * text->count;
        search->marks = talloc_array(search->owner, bool, (unsigned)search->marks_size);
    }
    wanted = search->marks + text->count;
    for (size_t i = 0; i < text->count; i++)
        wanted[i] = is_wanted(search, text->uids[i]);
    for (size_t k = 0; k < search->needle_count; k++) {
        if (!mailbox_search_may_go_on(search->until_us, err))
            return false;
        memset(search->marks, 0, text->count * sizeof *search->marks);
        search_text_scan(text, &search->needles[k], search->marks);
        for (size_t i = 0; i < text->count; i++)
            if (search->marks[i] && wanted[i])
                add_hit(search, k, text->uids[i]);
    }
    return true;
}

static const char READ_ROWS[] =
    "SELECT first_uid, last_uid, data FROM search_text"
    " WHERE folder_id = $1 AND last_uid >= $2 AND first_uid <= $3"
    "   AND ($4::bigint[] IS NULL OR EXISTS (SELECT 1 FROM unnest($4) AS w (uid)"
    "                                         WHERE w.uid BETWEEN first_uid AND last_uid))"
    " ORDER BY first_uid";

static bool scan_row(const struct db_row *row, void *arg, struct err *err)
{
    struct search *search = arg;
    void *arena;
    struct search_text text;

    search->covered_uid = db_get_u32(row, 1);
    if (!is_range_wanted(search, db_get_u32(row, 0), search->covered_uid))
        return true;
    arena = talloc_new(NULL);
    bool is_good = search_text_unpack(arena, db_get_bytes(row, 2), &text);
    bool done = is_good && scan_text(search, &text, err);
    talloc_free(arena);
    if (!is_good) {
        err_log(err, "search_text of folder %lld from uid %lld is damaged", (long long)search->folder_id,
                (long long)db_get_i64(row, 0));
        return err_set(err, ERR_INTERNAL, "The search index is damaged.");
    }
    return done;
}

static bool scan_rows(struct search *search, struct err *err)
{
    int64_t few[FEW];
    size_t count = search->among ? search->among->count : 0;
    uint32_t first = count ? search->among->uids[0] : 0,
             last = count ? search->among->uids[count - 1] : UINT32_MAX;
    struct db *db;

    for (size_t i = 0; i < count && count <= FEW; i++)
        few[i] = search->among->uids[i];
    if (!group_acquire(search->group, DB_SEARCH, &db, err))
        return false;
    bool done =
        db_stream(db, READ_ROWS,
                  DB_ARGS(db_i64(search->folder_id), db_u32(first), db_u32(last),
                          count > 0 && count <= FEW ? db_i64_array(few, count) : db_null(DB_I64_ARRAY)),
                  scan_row, search, err);
    db_release(&db);
    return done;
}

struct rest {
    struct search *search;
    struct err *err;
    bool is_over; /* the time is */
};

static bool scan_document(const struct search_member *member, const struct search_document *document,
                          void *arg)
{
    struct rest *rest = arg;
    uint32_t uid = member->uid;
    size_t header_end = span_length(document->header) + 1, body_end = span_length(document->body) + 1;
    struct search_text text = { .count = 1,
                                .uids = &uid,
                                .header_ends = &header_end,
                                .body_ends = &body_end,
                                .headers = document->header,
                                .bodies = document->body };

    rest->is_over = !scan_text(rest->search, &text, rest->err);
    return !rest->is_over;
}

static bool scan_rest(struct search *search, int64_t indexed_uid, struct err *err)
{
    enum { AT_ONCE = 1000 };
    void *arena = talloc_new(NULL);
    struct rest rest = { .search = search, .err = err };
    struct search_member *members;
    size_t count = AT_ONCE;
    bool done = true;

    if (indexed_uid < search->covered_uid)
        indexed_uid = search->covered_uid;
    while (done && count == AT_ONCE) {
        done = search_members(search->group, arena, search->folder_id, indexed_uid, AT_ONCE, &members, &count,
                              err);
        if (!done || count == 0)
            break;
        indexed_uid = members[count - 1].uid;
        size_t wanted = 0;
        for (size_t i = 0; i < count; i++)
            if (is_range_wanted(search, members[i].uid, members[i].uid))
                members[wanted++] = members[i];
        done = search_read(search->group, members, wanted, scan_document, &rest, err) && !rest.is_over;
        talloc_free_children(arena);
    }
    talloc_free(arena);
    return done;
}

static const char READ_STATE[] =
    "SELECT coalesce((SELECT indexed_uid FROM search_state WHERE folder_id = $1), 0),"
    "       (SELECT count(*) FROM (SELECT 1 FROM membership WHERE folder_id = $1 AND uid >"
    "                coalesce((SELECT indexed_uid FROM search_state WHERE folder_id = $1), 0) LIMIT $2) AS m)";

static bool read_state(struct search *search, int64_t *indexed_uid_out, int64_t *missing_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db *db;
    struct db_row row;

    bool done = group_acquire(search->group, DB_SEARCH, &db, err);
    if (done) {
        done = db_one_row(db, arena, READ_STATE, DB_ARGS(db_i64(search->folder_id), db_i64(INDEX_FIRST_FROM)),
                          &row, err);
        db_release(&db);
    }
    if (done) {
        *indexed_uid_out = db_get_i64(&row, 0);
        *missing_out = db_get_i64(&row, 1);
    }
    talloc_free(arena);
    return done;
}

static bool catch_up(struct search *search, int64_t *indexed_uid_out, struct err *err)
{
    int64_t missing;
    size_t indexed;

    for (;;) {
        if (!read_state(search, indexed_uid_out, &missing, err))
            return false;
        if (!mailbox_search_may_go_on(search->until_us, err))
            return false;
        if (missing < INDEX_FIRST_FROM || (search->among && search->among->count < INDEX_FIRST_FROM))
            return true;
        /* Where nothing can be written (a full disk) the answer is still right, only slower. */
        if (!search_index_folder(search->group, search->folder_id, *indexed_uid_out, SIZE_MAX, &indexed, err))
            return true;
    }
}

bool mailbox_search(struct group *group, const void *owner, int64_t folder_id,
                    const struct search_uids *among, const struct search_key *keys, size_t key_count,
                    int64_t until_us, struct search_uids *found_out, struct err *err)
{
    struct search search = { .group = group,
                             .folder_id = folder_id,
                             .among = among,
                             .needles = talloc_array(owner, struct search_needle, (unsigned)key_count + 1),
                             .hits = talloc_zero_array(owner, struct hits, (unsigned)key_count + 1),
                             .needle_count = key_count,
                             .until_us = until_us,
                             .owner = owner };
    int64_t indexed_uid;

    for (size_t i = 0; i < key_count; i++)
        search.needles[i] = search_needle_of(owner, &keys[i]);
    if (key_count > 0 && (!among || among->count > 0) &&
        (!catch_up(&search, &indexed_uid, err) || !scan_rows(&search, err) ||
         !scan_rest(&search, indexed_uid, err)))
        return false;
    for (size_t i = 0; i < key_count; i++)
        found_out[i] = (struct search_uids){ .count = search.hits[i].count, .uids = search.hits[i].uids };
    return true;
}
