/*
 * search.c -- see search.h. The tree is compiled once (sets resolved, needles folded, ids decoded) and then evaluated
 * in three-valued logic: what the present level of knowledge cannot tell is UNDECIDED.
 */
#include "imap/search.h"

#include "base/clock.h"
#include "format/fold.h"
#include "imap/progress.h"
#include "imap/sets.h"
#include "mailbox/flags.h"
#include "mailbox/pack.h"
#include "mailbox/search_folder.h"
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

#define US_PER_DAY (INT64_C(86400) * US_PER_S)

enum truth { NO, YES, UNDECIDED };
/* What is known of a message: its row in the view; its columns too; the results of the text search too. */
enum level { LEVEL_VIEW, LEVEL_COLUMNS, LEVEL_TEXT, LEVELS };

struct leaf {
    const struct imap_search_key *key;
    struct leaf *first, *next;
    struct uid_set uids; /* KEY_SEQUENCE, KEY_UID */
    uint64_t flags;      /* KEY_FLAG; 0: a keyword that no message has */
    struct span needle;  /* folded */
    int64_t object_id;   /* KEY_EMAILID, KEY_THREADID; 0: names nothing */
    size_t text;         /* number of its text key */
};

struct search {
    struct imap_request *req;
    struct view *view;
    const struct uid_set *recent;
    int64_t now_us;
    struct leaf *root;
    struct search_key *texts;
    size_t text_count;
    struct search_uids *found; /* of each text key */
    uint64_t looked_at;        /* rows, for INPROGRESS */
    bool needs_columns;

    enum level level;
    struct uid_set hits[LEVELS], of_view, of_columns, *undecided; /* UIDs */
};

/* ---- compiling */

/* Header fields whose decoded text the columns hold. */
static const struct {
    const char *field;
    enum imap_search_kind kind;
} column_fields[] = {
    { "subject", KEY_SUBJECT }, { "from", KEY_FROM }, { "to", KEY_TO }, { "cc", KEY_CC }, { "bcc", KEY_BCC },
};

static bool is_text(enum imap_search_kind kind)
{
    return kind == KEY_BODY || kind == KEY_TEXT || kind == KEY_HEADER;
}

static bool is_column(enum imap_search_kind kind)
{
    return kind == KEY_FROM || kind == KEY_TO || kind == KEY_CC || kind == KEY_BCC || kind == KEY_SUBJECT ||
           kind == KEY_SENTBEFORE || kind == KEY_SENTON || kind == KEY_SENTSINCE || kind == KEY_SAVEDBEFORE ||
           kind == KEY_SAVEDON || kind == KEY_SAVEDSINCE || kind == KEY_THREADID;
}

static void add_text(struct search *search, struct leaf *leaf)
{
    static const enum search_where where_of[KEY_KINDS] = {
        [KEY_BODY] = SEARCH_BODY, [KEY_TEXT] = SEARCH_TEXT, [KEY_HEADER] = SEARCH_HEADER
    };

    search->texts = talloc_realloc(search->req->arena, search->texts, struct search_key,
                                   (unsigned)(search->text_count + 1));
    search->texts[search->text_count] = (struct search_key){ .where = where_of[leaf->key->kind],
                                                             .field = leaf->key->field,
                                                             .needle = leaf->key->text };
    leaf->text = search->text_count++;
}

static uint64_t flag_bits(const struct search *search, struct span name)
{
    uint64_t system = flag_of_name(name);
    int bit = system ? -1 : keyword_bit(view_keywords(search->view), name);

    if (system)
        return system;
    return bit < 0 ? 0 : UINT64_C(1) << bit;
}

/* Object ids are those of the folder's storage group; a text that is none of ours names nothing. */
static int64_t object_id(const struct search *search, enum group_id_kind kind, struct span text)
{
    int64_t id;

    return group_public_id_decode(mailbox_group(search->req->session->selected->mailbox), kind, text, &id)
               ? id
               : 0;
}

static void compile_key(struct search *search, struct leaf *leaf)
{
    const struct imap_search_key *key = leaf->key;

    if (key->kind == KEY_SEQUENCE || key->kind == KEY_UID) {
        /* A number that no message has finds nothing; other servers do not call that an error either. */
        (void)!imap_set_to_uids(search->req, &key->set, key->kind == KEY_UID ? SET_OF_UIDS : SET_OF_NUMBERS,
                                &leaf->uids);
    } else if (key->kind == KEY_FLAG) {
        leaf->flags = flag_bits(search, key->text);
    } else if (key->kind == KEY_EMAILID) {
        leaf->object_id = object_id(search, GROUP_ID_ITEM, key->text);
    } else if (key->kind == KEY_THREADID) {
        leaf->object_id = object_id(search, GROUP_ID_THREAD, key->text);
    } else if (is_text(key->kind)) {
        add_text(search, leaf);
    } else if (is_column(key->kind)) {
        leaf->needle = span_text(fold_text(search->req->arena, key->text));
    }
    search->needs_columns = search->needs_columns || is_column(key->kind);
}

/* HEADER Subject x is SUBJECT x where a text is asked for: the columns have it. */
static const struct imap_search_key *simplify(struct search *search, const struct imap_search_key *key)
{
    struct imap_search_key *simple;

    if (key->kind != KEY_HEADER || span_is_empty(key->text))
        return key;
    for (size_t i = 0; i < COUNT_OF(column_fields); i++)
        if (span_equals_nocase(key->field, column_fields[i].field)) {
            simple = talloc_memdup(search->req->arena, key, sizeof *key);
            simple->kind = column_fields[i].kind;
            return simple;
        }
    return key;
}

static void compile(struct search *search, const struct imap_search_key *key, struct leaf **leaf_out)
{
    struct leaf *leaf = talloc_zero(search->req->arena, struct leaf);
    struct leaf **next = &leaf->first;

    leaf->key = simplify(search, key);
    *leaf_out = leaf;
    for (const struct imap_search_key *child = key->first; child; child = child->next) {
        compile(search, child, next);
        next = &(*next)->next;
    }
    compile_key(search, leaf);
}

/* ---- evaluating */

struct subject {
    const struct view_message *message;
    const struct pack_row *row; /* from LEVEL_COLUMNS on */
};

static enum truth truth_of(bool value)
{
    return value ? YES : NO;
}

static int64_t day_of(int64_t time_us)
{
    int64_t day = time_us / US_PER_DAY;

    return time_us % US_PER_DAY < 0 ? day - 1 : day;
}

/* Kinds come in the order before, on, since. */
static enum truth compare_day(enum imap_search_kind kind, enum imap_search_kind before, int64_t time_us,
                              int64_t wanted)
{
    int64_t day = day_of(time_us);

    if (kind == before)
        return truth_of(day < wanted);
    return truth_of(kind == before + 1 ? day == wanted : day >= wanted);
}

static int64_t age_s(const struct search *search, const struct view_message *message)
{
    return (search->now_us - message->received_us) / US_PER_S;
}

static enum truth view_truth(const struct search *search, const struct leaf *leaf,
                             const struct view_message *message)
{
    const struct imap_search_key *key = leaf->key;
    bool is_recent = search->recent && uid_set_contains(search->recent, message->uid);

    switch (key->kind) {
    case KEY_ALL:
    case KEY_SAVEDATESUPPORTED:
        return YES;
    case KEY_SEQUENCE:
    case KEY_UID:
        return truth_of(uid_set_contains(&leaf->uids, message->uid));
    case KEY_FLAG:
        return truth_of(((message->flags & leaf->flags) != 0) != key->is_negated);
    case KEY_RECENT:
        return truth_of(is_recent);
    case KEY_NEW:
        return truth_of(is_recent && !(message->flags & FLAG_SEEN));
    case KEY_OLD:
        return truth_of(!is_recent);
    case KEY_BEFORE:
    case KEY_ON:
    case KEY_SINCE:
        return compare_day(key->kind, KEY_BEFORE, message->received_us, key->number);
    case KEY_LARGER:
        return truth_of(message->size > (uint64_t)key->number);
    case KEY_SMALLER:
        return truth_of(message->size < (uint64_t)key->number);
    case KEY_OLDER:
        return truth_of(age_s(search, message) >= key->number);
    case KEY_YOUNGER:
        return truth_of(age_s(search, message) <= key->number);
    case KEY_MODSEQ:
        return truth_of(message->modseq >= (uint64_t)key->number);
    case KEY_EMAILID:
        return truth_of(leaf->object_id && message->item_id == leaf->object_id);
    default:
        return UNDECIDED;
    }
}

static struct span column_text(const struct pack_row *row, enum imap_search_kind kind)
{
    static const enum columns_text text_of[KEY_KINDS] = {
        [KEY_FROM] = COLUMNS_FROM, [KEY_TO] = COLUMNS_TO, [KEY_CC] = COLUMNS_CC, [KEY_BCC] = COLUMNS_BCC
    };

    return kind == KEY_SUBJECT ? row->subject : columns_text(row->columns, text_of[kind]);
}

/* RFC 9051, 6.4.4: "disregarding time and timezone", so the day as the sender wrote it. */
static int64_t sent_us(const struct subject *subject)
{
    struct message_columns columns;

    if (!columns_unpack(subject->row->columns, &columns) || !columns.has_date)
        return subject->message->received_us;
    return columns.sent_us + columns.sent_zone_minutes * 60 * US_PER_S;
}

static enum truth column_truth(const struct leaf *leaf, const struct subject *subject)
{
    const struct imap_search_key *key = leaf->key;

    switch (key->kind) {
    case KEY_SENTBEFORE:
    case KEY_SENTON:
    case KEY_SENTSINCE:
        return compare_day(key->kind, KEY_SENTBEFORE, sent_us(subject), key->number);
    case KEY_SAVEDBEFORE:
    case KEY_SAVEDON:
    case KEY_SAVEDSINCE:
        return compare_day(key->kind, KEY_SAVEDBEFORE, subject->row->saved_us, key->number);
    case KEY_THREADID:
        return truth_of(leaf->object_id && subject->row->thread_id == leaf->object_id);
    default:
        return truth_of(fold_contains(column_text(subject->row, key->kind), leaf->needle));
    }
}

static int by_uid(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static enum truth text_truth(const struct search *search, const struct leaf *leaf, uint32_t uid)
{
    const struct search_uids *found = &search->found[leaf->text];

    return truth_of(found->count > 0 && bsearch(&uid, found->uids, found->count, sizeof uid, by_uid));
}

static enum truth evaluate(const struct search *search, const struct leaf *leaf,
                           const struct subject *subject);

/* AND is decided by the first NO, OR by the first YES. */
static enum truth evaluate_children(const struct search *search, const struct leaf *leaf,
                                    const struct subject *subject, enum truth deciding)
{
    enum truth result = deciding == NO ? YES : NO;

    for (const struct leaf *child = leaf->first; child; child = child->next) {
        enum truth truth = evaluate(search, child, subject);

        if (truth == deciding)
            return deciding;
        if (truth == UNDECIDED)
            result = UNDECIDED;
    }
    return result;
}

static enum truth evaluate(const struct search *search, const struct leaf *leaf,
                           const struct subject *subject)
{
    enum imap_search_kind kind = leaf->key->kind;
    enum truth truth;

    if (kind == KEY_AND)
        return evaluate_children(search, leaf, subject, NO);
    if (kind == KEY_OR)
        return evaluate_children(search, leaf, subject, YES);
    if (kind == KEY_NOT) {
        truth = evaluate(search, leaf->first, subject);
        return truth == UNDECIDED ? UNDECIDED : truth_of(truth == NO);
    }
    if (is_text(kind))
        return search->level == LEVEL_TEXT ? text_truth(search, leaf, subject->message->uid) : UNDECIDED;
    if (is_column(kind))
        return search->level >= LEVEL_COLUMNS ? column_truth(leaf, subject) : UNDECIDED;
    return view_truth(search, leaf, subject->message);
}

static void judge(struct search *search, const struct subject *subject)
{
    enum truth truth = evaluate(search, search->root, subject);

    if (truth == YES)
        uid_set_add_one(&search->hits[search->level], subject->message->uid);
    else if (truth == UNDECIDED)
        uid_set_add_one(search->undecided, subject->message->uid);
}

static bool look_at_view(struct search *search, struct err *err)
{
    struct view_at at = view_from(search->view, 1);

    for (struct view_message message; view_next(&at, &message);) {
        if (!imap_search_goes_on(search->req, message.number, view_count(search->view), err))
            return false;
        judge(search, &(struct subject){ .message = &message });
    }
    return true;
}

static bool judge_row(const struct view_message *message, const struct pack_row *row, void *arg,
                      struct err *err)
{
    struct search *search = arg;

    if (!imap_search_goes_on(search->req, ++search->looked_at, view_count(search->view), err))
        return false;
    judge(arg, &(struct subject){ .message = message, .row = row });
    return true;
}

/* One more look at the candidates; rows are read only where a key needs them. */
static bool look_again(struct search *search, const struct uid_set *candidates, struct err *err)
{
    struct view_select select = view_select_uids(search->view, candidates);
    struct uid_set numbers;

    if (search->needs_columns) {
        numbers = view_numbers_of(search->req->arena, search->view, candidates);
        return pack_scan(search->req->session->selected->mailbox, search->view, &numbers, PACK_COLUMNS,
                         judge_row, search, err);
    }
    for (struct view_message message; view_select_next(&select, &message);)
        judge(search, &(struct subject){ .message = &message });
    return true;
}

static bool find_texts(struct search *search, const struct uid_set *candidates, struct err *err)
{
    struct imap_selected *selected = search->req->session->selected;
    uint32_t *uids = talloc_array(search->req->arena, uint32_t, (unsigned)uid_set_size(candidates));
    struct search_uids among = { .uids = uids };
    struct uid_set_at at = UID_SET_START(candidates);

    for (uint32_t uid; uid_set_next(&at, &uid);)
        uids[among.count++] = uid;
    search->found = talloc_zero_array(search->req->arena, struct search_uids, (unsigned)search->text_count);
    return folder_search(selected->mailbox, search->req->arena, selected->folder_id, &among, search->texts,
                         search->text_count, search->req->search_until_us, search->found, err);
}

static bool run(struct search *search, struct err *err)
{
    const struct uid_set *candidates = &search->of_view;

    search->undecided = &search->of_view;
    if (!look_at_view(search, err))
        return false;
    if (search->needs_columns && !uid_set_is_empty(candidates)) {
        search->level = LEVEL_COLUMNS;
        search->undecided = &search->of_columns;
        if (!look_again(search, candidates, err))
            return false;
        candidates = &search->of_columns;
    }
    if (uid_set_is_empty(candidates))
        return true;
    search->level = LEVEL_TEXT; /* where nothing is undecided any more */
    search->undecided = NULL;
    return find_texts(search, candidates, err) && look_again(search, candidates, err);
}

bool imap_search(struct imap_request *req, const struct imap_search_program *program,
                 struct uid_set *uids_out, struct err *err)
{
    struct imap_selected *selected = req->session->selected;
    struct search search = { .req = req,
                             .view = selected->told,
                             .recent = imap_has(req->session, ENABLED_REV2) ? NULL : &selected->recent,
                             .now_us = clock_now_us(),
                             .of_view = UID_SET_INIT(req->arena),
                             .of_columns = UID_SET_INIT(req->arena) };

    for (int level = 0; level < LEVELS; level++)
        search.hits[level] = UID_SET_INIT(req->arena);
    if (req->session->context->search_time_us)
        req->search_until_us = clock_monotonic_us() + req->session->context->search_time_us;
    compile(&search, program->root, &search.root);
    if (!run(&search, err))
        return false;
    *uids_out = search.hits[LEVEL_VIEW];
    uid_set_add_all(uids_out, &search.hits[LEVEL_COLUMNS]);
    uid_set_add_all(uids_out, &search.hits[LEVEL_TEXT]);
    return true;
}
