/*
 * cmd_sort.c -- SORT and UID SORT (RFC 5256; DISPLAY RFC 5957; ESORT RFC 5267; PARTIAL RFC 9394).
 *
 * Texts come folded from the columns, so that comparing bytes is comparing letters; messages that are equal in every
 * criterion keep the order of the folder.
 */
#include "imap/condstore.h"
#include "imap/progress.h"
#include "imap/result.h"
#include "imap/search.h"
#include "mailbox/pack.h"
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

enum { CRITERIA_MAX = 16 };

enum sort_key {
    SORT_ARRIVAL,
    SORT_CC,
    SORT_DATE,
    SORT_FROM,
    SORT_SIZE,
    SORT_SUBJECT,
    SORT_TO,
    SORT_DISPLAYFROM,
    SORT_DISPLAYTO,
};

static const struct {
    const char *word;
    enum sort_key key;
    bool is_text;
} sort_words[] = {
    { "ARRIVAL", SORT_ARRIVAL, false },
    { "CC", SORT_CC, true },
    { "DATE", SORT_DATE, false },
    { "FROM", SORT_FROM, true },
    { "SIZE", SORT_SIZE, false },
    { "SUBJECT", SORT_SUBJECT, true },
    { "TO", SORT_TO, true },
    { "DISPLAYFROM", SORT_DISPLAYFROM, true },
    { "DISPLAYTO", SORT_DISPLAYTO, true },
};

struct criterion {
    enum sort_key key;
    bool is_text, is_reverse;
};

/* What a message is compared by: one value a criterion. */
union value {
    int64_t number;
    struct span text;
};

struct row {
    uint32_t uid;
    union value *values;
};

struct sort {
    struct imap_request *req;
    struct criterion criteria[CRITERIA_MAX];
    size_t count;
    struct row *rows;
    size_t filled;
};

static bool take_criterion(struct imap_in *in, struct sort *sort)
{
    struct criterion *criterion = &sort->criteria[sort->count];

    criterion->is_reverse = imap_take_keyword(in, "REVERSE");
    if (criterion->is_reverse && !imap_take_space(in))
        return false;
    for (size_t i = 0; i < COUNT_OF(sort_words); i++)
        if (imap_take_keyword(in, sort_words[i].word)) {
            criterion->key = sort_words[i].key;
            criterion->is_text = sort_words[i].is_text;
            sort->count++;
            return true;
        }
    return false;
}

static bool take_criteria(struct imap_in *in, struct sort *sort)
{
    if (!imap_take_space(in) || !imap_take_byte(in, '('))
        return false;
    do
        if (sort->count == CRITERIA_MAX || !take_criterion(in, sort))
            return false;
    while (imap_take_space(in));
    return imap_take_byte(in, ')') && imap_take_space(in);
}

static struct span text_of(const struct message_columns *columns, enum sort_key key)
{
    switch (key) {
    case SORT_CC:
        return columns->cc_sort;
    case SORT_FROM:
        return columns->from_sort;
    case SORT_TO:
        return columns->to_sort;
    case SORT_DISPLAYFROM:
        return columns->from_display;
    case SORT_DISPLAYTO:
        return columns->to_display;
    default:
        return columns->base_subject;
    }
}

static int64_t number_of(const struct message_columns *columns, const struct view_message *message,
                         enum sort_key key)
{
    if (key == SORT_SIZE)
        return message->size;
    return key == SORT_DATE && columns->has_date ? columns->sent_us : message->received_us;
}

static bool keep_row(const struct view_message *message, const struct pack_row *packed, void *arg,
                     struct err *err)
{
    static const struct message_columns none;
    struct sort *sort = arg;
    struct message_columns columns;
    struct row *row = &sort->rows[sort->filled++];

    if (!imap_search_goes_on(sort->req, sort->filled, view_count(sort->req->session->selected->told), err))
        return false;
    if (span_is_empty(packed->columns) || !columns_unpack(packed->columns, &columns))
        columns = none;
    row->uid = message->uid;
    row->values = talloc_array(sort->rows, union value, (unsigned)sort->count);
    for (size_t i = 0; i < sort->count; i++) {
        if (sort->criteria[i].is_text) {
            struct span text = text_of(&columns, sort->criteria[i].key);
            row->values[i].text = span_of(span_copy(sort->rows, text), span_length(text));
        } else {
            row->values[i].number = number_of(&columns, message, sort->criteria[i].key);
        }
    }
    return true;
}

/* The columns are folded to small letters; i;unicode-casemap (RFC 5051) compares capitals, which stand before "[" and "_". */
static unsigned capital(char c)
{
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a' + 'A') : (unsigned char)c;
}

static int compare_texts(struct span a, struct span b)
{
    size_t x = span_length(a), y = span_length(b);

    for (size_t i = 0; i < x && i < y; i++)
        if (a.p[i] != b.p[i])
            return capital(a.p[i]) < capital(b.p[i]) ? -1 : 1;
    return (x > y) - (x < y);
}

static int compare_rows(const void *left, const void *right, void *arg)
{
    const struct row *a = left, *b = right;
    const struct sort *sort = arg;

    for (size_t i = 0; i < sort->count; i++) {
        const union value *x = &a->values[i], *y = &b->values[i];
        int order = sort->criteria[i].is_text ? compare_texts(x->text, y->text)
                                              : (x->number > y->number) - (x->number < y->number);
        if (order)
            return sort->criteria[i].is_reverse ? -order : order;
    }
    return (a->uid > b->uid) - (a->uid < b->uid);
}

static bool sort_uids(struct sort *sort, const struct uid_set *uids, struct imap_result *result_out,
                      struct err *err)
{
    struct imap_selected *selected = sort->req->session->selected;
    struct uid_set numbers = view_numbers_of(sort->req->arena, selected->told, uids);

    sort->rows = talloc_array(sort->req->arena, struct row, (unsigned)uid_set_size(uids) + 1);
    if (!uid_set_is_empty(uids) &&
        !pack_scan(selected->mailbox, selected->told, &numbers, PACK_COLUMNS, keep_row, sort, err))
        return false;
    qsort_r(sort->rows, sort->filled, sizeof *sort->rows, compare_rows, sort);
    result_out->uids = talloc_array(sort->req->arena, uint32_t, (unsigned)sort->filled + 1);
    result_out->count = sort->filled;
    for (size_t i = 0; i < sort->filled; i++)
        result_out->uids[i] = sort->rows[i].uid;
    return true;
}

enum session_next cmd_sort(struct imap_request *req)
{
    struct sort sort = { .req = req };
    struct imap_return_options options;
    struct imap_search_program program;
    const char *wrong = "The sort criteria are missing or wrong.";
    enum imap_search_parse parse = SEARCH_WRONG;
    struct err err = ERR_INIT;
    enum session_next answer;
    struct imap_result result = { 0 };
    struct uid_set uids;

    if (!imap_take_return_options(req, NOT_EXTENDED_BY_ENABLE, &options, &wrong))
        return imap_bad(req, "%s", wrong);
    if (take_criteria(&req->in, &sort))
        parse = imap_take_search_charset_and_keys(&req->in, &program, &wrong);
    if (!imap_search_was_parsed(req, &options, parse, wrong, &program, &answer))
        return answer;
    if (program.names_modseq)
        imap_enable_condstore(req->session);
    if (!imap_search(req, &program, &uids, &err) || !sort_uids(&sort, &uids, &result, &err))
        return imap_search_failed(req, &options, &err);
    result.names_modseq = program.names_modseq;
    imap_write_result(req, "SORT", &options, &result);
    return imap_ok(req, NULL, "SORT done.");
}
