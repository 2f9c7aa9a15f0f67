/* email_filter.c -- see email_query.h: which candidates the filter holds for. */
#include "base/clock.h"
#include "format/fold.h"
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "mailbox/pack.h"
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

struct subject {
    const struct email_query *query;
    const struct gathered *gathered;
    const struct candidate *candidate;
    const struct pack_row *row;      /* NULL: columns are not known yet */
    const struct search_uids *found; /* of each key; NULL: not searched yet */
};

static bool is_in(const struct subject *s, const bool *folders, bool wanted)
{
    const GArray *more;

    if (folders[s->candidate->folder] == wanted)
        return true;
    more = s->gathered->more
               ? g_hash_table_lookup(s->gathered->more, (const void *)(intptr_t)s->candidate->item_id)
               : NULL;
    for (guint i = 0; more && i < more->len; i++)
        if (folders[g_array_index(more, uint32_t, i)] == wanted)
            return true;
    return false;
}

static enum filter_truth of_thread(const struct subject *s, const struct condition *c)
{
    size_t number = (size_t)(s->candidate - s->gathered->items);
    const struct thread_flags *flags =
        g_hash_table_lookup(s->gathered->threads, (const void *)(intptr_t)s->gathered->thread_of[number]);
    bool has_all = c->bits && (flags->all & c->bits), has_some = c->bits && (flags->any & c->bits);

    return filter_truth_of(c->kind == ALL_IN_THREAD    ? has_all
                           : c->kind == SOME_IN_THREAD ? has_some
                                                       : !has_some);
}

static enum filter_truth of_columns(const struct subject *s, const struct condition *c)
{
    static const enum columns_text text_of[CONDITION_KINDS] = {
        [FROM] = COLUMNS_FROM, [TO] = COLUMNS_TO, [CC] = COLUMNS_CC, [BCC] = COLUMNS_BCC
    };
    struct message_columns columns;
    struct span text;

    if (!s->row)
        return FILTER_UNDECIDED;
    if (c->kind == HAS_ATTACHMENT)
        return filter_truth_of((columns_unpack(s->row->columns, &columns) && columns.has_attachment) ==
                               (c->number != 0));
    text = c->kind == SUBJECT ? s->row->subject : columns_text(s->row->columns, text_of[c->kind]);
    for (size_t i = 0; i < c->word_count; i++)
        if (!fold_contains(text, c->words[i]))
            return FILTER_NO;
    return FILTER_YES;
}

static int by_uid(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* All words must be there, so one that is not decides. */
static enum filter_truth of_index(const struct subject *s, const struct condition *c)
{
    const struct jmap_account *account = s->query->call->account;
    int64_t folder_id = account->folders[s->candidate->folder]->folder_id;
    enum filter_truth truth = FILTER_YES;

    for (size_t i = 0; i < c->word_count; i++) {
        enum search_answer answer = search_known_ask(s->query->known, c->first_key + i, folder_id,
                                                     s->candidate->uid, s->candidate->item_id);
        if (answer == SEARCH_NO)
            return FILTER_NO;
        if (answer == SEARCH_UNKNOWN)
            truth = FILTER_UNDECIDED;
    }
    return truth;
}

/* The texts do not say what the index knows: that an attachment has it. */
static bool is_known(const struct subject *s, size_t key)
{
    return s->query->known &&
           search_known_ask(s->query->known, key,
                            s->query->call->account->folders[s->candidate->folder]->folder_id,
                            s->candidate->uid, s->candidate->item_id) == SEARCH_YES;
}

static enum filter_truth of_text(const struct subject *s, const struct condition *c)
{
    uint32_t uid = s->candidate->uid;
    enum filter_truth told;

    if (c->word_count == 0)
        return FILTER_YES;
    told = s->query->known ? of_index(s, c) : FILTER_UNDECIDED;
    if (told != FILTER_UNDECIDED || !s->found)
        return told;
    for (size_t i = 0; i < c->word_count; i++) {
        const struct search_uids *found = &s->found[c->first_key + i];
        if (is_known(s, c->first_key + i))
            continue;
        if (found->count == 0 || !bsearch(&uid, found->uids, found->count, sizeof uid, by_uid))
            return FILTER_NO;
    }
    return FILTER_YES;
}

static enum filter_truth judge_one(const struct subject *s, const struct condition *c)
{
    const struct candidate *candidate = s->candidate;

    switch (c->kind) {
    case IN_MAILBOX:
        return filter_truth_of(is_in(s, c->folders, true));
    case IN_OTHER_THAN:
        return filter_truth_of(is_in(s, c->folders, false));
    case BEFORE:
        return filter_truth_of(candidate->received_us < c->number);
    case AFTER:
        return filter_truth_of(candidate->received_us >= c->number);
    case MIN_SIZE:
        return filter_truth_of(candidate->size >= (uint64_t)c->number);
    case MAX_SIZE:
        return filter_truth_of(candidate->size < (uint64_t)c->number);
    case HAS_KEYWORD:
        return filter_truth_of((candidate->flags & c->bits) != 0);
    case NOT_KEYWORD:
        return filter_truth_of((candidate->flags & c->bits) == 0);
    case ALL_IN_THREAD:
    case SOME_IN_THREAD:
    case NONE_IN_THREAD:
        return of_thread(s, c);
    case TEXT:
    case BODY:
    case HEADER:
        return of_text(s, c);
    default:
        return of_columns(s, c);
    }
}

static enum filter_truth judge(const struct filter *leaf, void *arg)
{
    enum filter_truth result = FILTER_YES;

    for (const struct condition *c = leaf->compiled; c; c = c->next) {
        enum filter_truth truth = judge_one(arg, c);
        if (truth == FILTER_NO)
            return truth;
        if (truth == FILTER_UNDECIDED)
            result = truth;
    }
    return result;
}

/* ---- the levels, of one folder's candidates */

struct slice {
    const struct email_query *query;
    struct gathered *gathered;
    struct candidate *at, *end;
};

static size_t open_count(const struct slice *slice)
{
    size_t count = 0;

    for (const struct candidate *c = slice->at; c < slice->end; c++)
        count += c->truth == FILTER_UNDECIDED;
    return count;
}

/* A search that is not done by then ends with requestTooLarge. */
static int64_t search_end_us(const struct jmap_call *call)
{
    int64_t time_us = call->request->jmap->options.search_time_us;

    return time_us ? clock_monotonic_us() + time_us : 0;
}

static bool judge_text(const struct slice *slice, struct search_uids **found_out, struct err *err)
{
    const struct email_query *query = slice->query;
    struct jmap_account *account = query->call->account;
    void *arena = query->call->arena;
    struct search_uids among = { .uids = talloc_array(arena, uint32_t, (unsigned)open_count(slice) + 1) };

    for (const struct candidate *c = slice->at; c < slice->end; c++)
        if (c->truth == FILTER_UNDECIDED)
            among.uids[among.count++] = c->uid;
    *found_out = talloc_zero_array(arena, struct search_uids, (unsigned)query->key_count + 1);
    return mailbox_search(account->group, arena, account->folders[slice->at->folder]->folder_id, &among,
                          query->keys, query->key_count, search_end_us(query->call), *found_out, err);
}

struct row_judging {
    struct slice slice;
    const struct search_uids *found;
};

static bool judge_row(const struct view_message *message, const struct pack_row *row, void *arg,
                      struct err *err)
{
    struct row_judging *judging = arg;
    struct slice *slice = &judging->slice;

    (void)err;
    while (slice->at < slice->end && slice->at->uid < message->uid)
        slice->at++;
    if (slice->at < slice->end && slice->at->uid == message->uid && slice->at->truth == FILTER_UNDECIDED) {
        struct subject subject = { slice->query, slice->gathered, slice->at, row, judging->found };
        slice->at->truth = jmap_filter_truth(slice->query->filter, judge, &subject);
    }
    return true;
}

static bool judge_columns(const struct slice *slice, const struct search_uids *found, struct err *err)
{
    struct jmap_call *call = slice->query->call;
    struct uid_set numbers = UID_SET_INIT(call->arena);
    struct row_judging judging = { *slice, found };
    const struct view *view;

    if (!jmap_account_view(call->account, slice->at->folder, &view, err))
        return false;
    for (const struct candidate *c = slice->at; c < slice->end; c++)
        if (c->truth == FILTER_UNDECIDED)
            uid_set_add_one(&numbers, view_number_of(view, c->uid));
    return pack_scan(call->account->mailbox, view, &numbers, PACK_COLUMNS, judge_row, &judging, err);
}

static void judge_view(const struct slice *slice, const struct search_uids *found)
{
    for (struct candidate *c = slice->at; c < slice->end; c++) {
        struct subject subject = { slice->query, slice->gathered, c, NULL, found };
        if (c->truth == FILTER_UNDECIDED)
            c->truth = jmap_filter_truth(slice->query->filter, judge, &subject);
    }
}

static bool judge_folder(const struct slice *slice, struct err *err)
{
    struct search_uids *found = NULL;

    judge_view(slice, NULL);
    if (slice->query->needs_columns && open_count(slice) > 0 && !judge_columns(slice, NULL, err))
        return false;
    if (open_count(slice) == 0)
        return true;
    if (!judge_text(slice, &found, err))
        return false;
    judge_view(slice, found);
    return open_count(slice) == 0 || judge_columns(slice, found, err);
}

static bool ask_index(struct email_query *query, struct err *err)
{
    struct jmap_account *account = query->call->account;

    return query->key_count == 0 || query->known ||
           (mailbox_search_known(account->group, query->call->arena, account->mailbox_id, query->keys,
                                 query->key_count, &query->known, err) &&
            mailbox_search_attached(account->group, account->mailbox_id, query->keys, query->key_count,
                                    search_end_us(query->call), query->known, err));
}

bool email_filter_among(struct email_query *query, const struct gathered *gathered, struct err *err)
{
    struct jmap_account *account = query->call->account;
    int64_t *items = talloc_array(query->call->arena, int64_t, (unsigned)gathered->count + 1);

    for (size_t i = 0; i < gathered->count; i++)
        items[i] = gathered->items[i].item_id;
    return query->key_count == 0 ||
           mailbox_search_attached_among(account->group, query->call->arena, items, gathered->count,
                                         query->keys, query->key_count, search_end_us(query->call),
                                         &query->known, err);
}

bool email_filter_apply(struct email_query *query, struct gathered *gathered, struct err *err)
{
    if (!ask_index(query, err))
        return false;
    for (size_t i = 0; i < query->call->account->folder_count; i++) {
        struct slice slice = { query, gathered, gathered->items + gathered->starts[i],
                               gathered->items + gathered->starts[i + 1] };
        if (slice.at < slice.end && !judge_folder(&slice, err))
            return false;
    }
    return true;
}
