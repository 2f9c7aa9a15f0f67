/* email_sort.c -- the order of Email/query (RFC 8621, 4.4.2). */
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "mailbox/flags.h"
#include "mailbox/pack.h"
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

enum key_kind {
    BY_RECEIVED,
    BY_SIZE,
    BY_SENT,
    BY_FROM,
    BY_TO,
    BY_SUBJECT,
    BY_RELEVANCE,
    BY_KEYWORD,
    BY_ALL_IN_THREAD,
    BY_SOME_IN_THREAD,
    KEY_KINDS
};
static const char *const key_names[KEY_KINDS] = {
    [BY_RECEIVED] = "receivedAt",
    [BY_SIZE] = "size",
    [BY_SENT] = "sentAt",
    [BY_FROM] = "from",
    [BY_TO] = "to",
    [BY_SUBJECT] = "subject",
    [BY_RELEVANCE] = "relevance",
    [BY_KEYWORD] = "hasKeyword",
    [BY_ALL_IN_THREAD] = "allInThreadHaveKeyword",
    [BY_SOME_IN_THREAD] = "someInThreadHaveKeyword",
};

/* What one candidate is compared by. */
struct keyed {
    struct candidate candidate;
    int64_t sent_us;
    const char *from, *to, *subject; /* folded; NULL: not read */
    unsigned relevance;
    uint64_t thread_all, thread_any;
};

struct sorting {
    const struct email_query *query;
    enum key_kind kinds[SORTS_MAX];
    uint64_t bits[SORTS_MAX];
    bool needs_columns;
    const struct relevance *relevance; /* NULL: not sorted by */
    struct keyed *keyed;
    size_t count;
    struct keyed *at; /* of pack_scan */
};

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_by(const struct sorting *s, size_t i, const struct keyed *a, const struct keyed *b)
{
    uint64_t bits = s->bits[i];

    switch (s->kinds[i]) {
    case BY_SIZE:
        return compare_numbers(a->candidate.size, b->candidate.size);
    case BY_SENT:
        return compare_numbers(a->sent_us, b->sent_us);
    case BY_FROM:
        return strcmp(a->from, b->from);
    case BY_TO:
        return strcmp(a->to, b->to);
    case BY_SUBJECT:
        return strcmp(a->subject, b->subject);
    case BY_RELEVANCE:
        return compare_numbers(a->relevance, b->relevance);
    case BY_KEYWORD:
        return ((a->candidate.flags & bits) != 0) - ((b->candidate.flags & bits) != 0);
    case BY_ALL_IN_THREAD:
        return ((a->thread_all & bits) != 0) - ((b->thread_all & bits) != 0);
    case BY_SOME_IN_THREAD:
        return ((a->thread_any & bits) != 0) - ((b->thread_any & bits) != 0);
    default:
        return compare_numbers(a->candidate.received_us, b->candidate.received_us);
    }
}

static int compare(const void *x, const void *y, void *arg)
{
    const struct sorting *s = arg;
    const struct keyed *a = x, *b = y;

    for (size_t i = 0; i < s->query->sort_count; i++) {
        int order = compare_by(s, i, a, b);
        if (order)
            return s->query->sorts[i].is_descending ? -order : order;
    }
    if (a->candidate.received_us != b->candidate.received_us) /* the newest first */
        return compare_numbers(b->candidate.received_us, a->candidate.received_us);
    if (a->candidate.uid != b->candidate.uid)
        return compare_numbers(b->candidate.uid, a->candidate.uid);
    return compare_numbers(a->candidate.folder, b->candidate.folder);
}

/* The usual order of most lists is nearly that of UIDs: what is sorted already, either way round, is not sorted again. */
static void sort(struct sorting *s)
{
    bool is_rising = true, is_falling = true;

    for (size_t i = 1; i < s->count && (is_rising || is_falling); i++) {
        int order = compare(&s->keyed[i - 1], &s->keyed[i], s);
        is_rising = is_rising && order <= 0;
        is_falling = is_falling && order >= 0;
    }
    if (is_rising || s->count < 2)
        return;
    for (size_t i = 0, k = s->count - 1; is_falling && i < k; i++, k--) {
        struct keyed other = s->keyed[i];
        s->keyed[i] = s->keyed[k];
        s->keyed[k] = other;
    }
    if (!is_falling)
        qsort_r(s->keyed, s->count, sizeof *s->keyed, compare, s);
}

/* ---- columns */

static bool keep_row(const struct view_message *message, const struct pack_row *row, void *arg,
                     struct err *err)
{
    struct sorting *s = arg;
    struct message_columns columns;
    const void *arena = s->query->call->arena;

    (void)err;
    while (s->at < s->keyed + s->count && s->at->candidate.uid < message->uid)
        s->at++;
    if (s->at == s->keyed + s->count || s->at->candidate.uid != message->uid ||
        !columns_unpack(row->columns, &columns))
        return true;
    s->at->sent_us = columns.has_date ? columns.sent_us : message->received_us;
    s->at->from = span_copy(arena, columns.from_display);
    s->at->to = span_copy(arena, columns.to_display);
    s->at->subject = span_copy(arena, columns.base_subject);
    if (s->relevance)
        s->at->relevance = email_relevance_of(s->relevance, row);
    return true;
}

/* Candidates stand by folder and UID: one scan a folder. */
static bool read_columns(struct sorting *s, struct err *err)
{
    struct jmap_call *call = s->query->call;
    size_t all = s->count;
    struct keyed *first = s->keyed;
    bool is_done = true;

    for (size_t i = 0; is_done && i < all;) {
        struct uid_set numbers = UID_SET_INIT(call->arena);
        uint32_t folder = first[i].candidate.folder;
        const struct view *view;
        if (!jmap_account_view(call->account, folder, &view, err))
            return false;
        s->keyed = s->at = &first[i];
        for (s->count = 0; i < all && first[i].candidate.folder == folder; i++, s->count++) {
            uid_set_add_one(&numbers, view_number_of(view, first[i].candidate.uid));
            first[i].from = first[i].to = first[i].subject = "";
        }
        is_done = pack_scan(call->account->mailbox, view, &numbers, PACK_COLUMNS, keep_row, s, err);
    }
    s->keyed = first;
    s->count = all;
    return is_done;
}

static bool read_keys(struct sorting *s, struct err *err)
{
    for (size_t i = 0; i < s->query->sort_count; i++) {
        unsigned kind = 0;
        while (strcmp(key_names[kind], s->query->sorts[i].property) != 0)
            kind++;
        s->kinds[i] = (enum key_kind)kind;
        s->needs_columns = s->needs_columns || (kind >= BY_SENT && kind <= BY_RELEVANCE);
        if (kind == BY_RELEVANCE)
            s->relevance = email_relevance_new(s->query);
        if (kind >= BY_KEYWORD &&
            !email_keyword_bits(s->query->call,
                                json_string_value(json_object_get(s->query->sorts[i].object, "keyword")),
                                &s->bits[i], err))
            return false;
    }
    return true;
}

bool email_sort(const struct email_query *query, struct gathered *gathered, size_t *count_out,
                struct err *err)
{
    struct sorting s = { .query = query };
    bool is_done;

    s.keyed = talloc_array(query->call->arena, struct keyed, (unsigned)gathered->count + 1);
    for (size_t i = 0; i < gathered->count; i++) {
        const struct thread_flags *flags =
            gathered->threads
                ? g_hash_table_lookup(gathered->threads, (const void *)(intptr_t)gathered->thread_of[i])
                : NULL;
        if (gathered->items[i].truth == FILTER_YES)
            s.keyed[s.count++] = (struct keyed){ .candidate = gathered->items[i],
                                                 .thread_all = flags ? flags->all : 0,
                                                 .thread_any = flags ? flags->any : 0 };
    }
    is_done = read_keys(&s, err) && (!s.needs_columns || read_columns(&s, err));
    if (is_done)
        sort(&s);
    for (size_t i = 0; i < s.count; i++)
        gathered->items[i] = s.keyed[i].candidate;
    *count_out = s.count;
    talloc_free(s.keyed);
    return is_done;
}
