/*
 * result.c -- see result.h.
 */
#include "imap/result.h"

#include "imap/fetch_request.h"

#include <talloc.h>

static const struct {
    const char *word;
    enum imap_return option;
} words[] = {
    { "MIN", RETURN_MIN },     { "MAX", RETURN_MAX },   { "ALL", RETURN_ALL },
    { "COUNT", RETURN_COUNT }, { "SAVE", RETURN_SAVE }, { "PARTIAL", RETURN_PARTIAL },
};

static bool take_option(struct imap_in *in, struct imap_return_options *options)
{
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!imap_take_keyword(in, words[i].word))
            continue;
        if (words[i].option == RETURN_PARTIAL && (options->wants & RETURN_PARTIAL))
            return false; /* RFC 9394, 3.1: one only */
        options->wants |= words[i].option;
        return words[i].option != RETURN_PARTIAL ||
               (imap_take_space(in) &&
                imap_take_partial_range(in, &options->is_from_end, &options->first, &options->last));
    }
    return false;
}

bool imap_take_return_options(struct imap_request *req, enum imap_extended extended,
                              struct imap_return_options *options_out, const char **wrong_out)
{
    struct imap_in *in = &req->in, ahead = req->in;

    *options_out = (struct imap_return_options){ .wants = RETURN_ALL,
                                                 .is_extended = extended == EXTENDED_BY_REV2 &&
                                                                imap_has(req->session, ENABLED_REV2) };
    if (!imap_take_space(&ahead) || !imap_take_keyword(&ahead, "RETURN"))
        return true;
    *wrong_out = "The options after RETURN are wrong.";
    *options_out = (struct imap_return_options){ .is_extended = true };
    if (!imap_take_space(&ahead) || !imap_take_byte(&ahead, '('))
        return false;
    while (!imap_take_byte(&ahead, ')'))
        if (!take_option(&ahead, options_out) || (!imap_take_space(&ahead) && !imap_peek(&ahead, ')')))
            return false;
    if (options_out->wants == 0)
        options_out->wants = RETURN_ALL;
    *wrong_out = "ALL and PARTIAL exclude each other.";
    if ((options_out->wants & RETURN_ALL) && (options_out->wants & RETURN_PARTIAL))
        return false;
    in->rest = ahead.rest;
    return true;
}

static bool names_numbers(const struct imap_search_key *key)
{
    if (key->kind == KEY_SEQUENCE && !key->set.is_saved)
        return true;
    for (const struct imap_search_key *child = key->first; child; child = child->next)
        if (names_numbers(child))
            return true;
    return false;
}

/* A SAVE that is answered with NO leaves nothing saved, one that is BAD what was there (RFC 5182, 2.1). */
static void forget_saved(struct imap_request *req, const struct imap_return_options *options)
{
    struct imap_selected *selected = req->session->selected;

    if (!(options->wants & RETURN_SAVE))
        return;
    talloc_free(selected->saved.runs);
    selected->saved = UID_SET_INIT(selected);
}

bool imap_search_was_parsed(struct imap_request *req, const struct imap_return_options *options,
                            enum imap_search_parse parse, const char *wrong,
                            const struct imap_search_program *program, enum session_next *answer_out)
{
    if (parse == SEARCH_BADCHARSET)
        forget_saved(req, options);
    if (parse == SEARCH_BADCHARSET)
        *answer_out = imap_no(req, "BADCHARSET (UTF-8 US-ASCII)", "I can search in UTF-8 only.");
    else if (parse == SEARCH_WRONG)
        *answer_out = imap_bad(req, "%s", wrong);
    else if (imap_has(req->session, ENABLED_UIDONLY) && names_numbers(program->root))
        *answer_out = imap_bad_code(req, "UIDREQUIRED", "Only UIDs name messages after ENABLE UIDONLY.");
    else
        return true;
    return false;
}

struct imap_result imap_result_of(struct imap_request *req, const struct uid_set *uids)
{
    struct imap_result result = { .uids =
                                      talloc_array(req->arena, uint32_t, (unsigned)uid_set_size(uids) + 1) };
    struct uid_set_at at = UID_SET_START(uids);

    for (uint32_t uid; uid_set_next(&at, &uid);)
        result.uids[result.count++] = uid;
    return result;
}

uint32_t imap_result_number(const struct imap_request *req, uint32_t uid)
{
    return req->by_uid ? uid : view_number_of(req->session->selected->told, uid);
}

/* The results that PARTIAL names: [*first_out, *last_out) of them, in the usual order also when counted from the end. */
static void partial_range(const struct imap_return_options *options, size_t count, size_t *first_out,
                          size_t *last_out)
{
    size_t first = options->first - 1, last = options->last < count ? options->last : count;

    if (options->is_from_end) {
        *first_out = count - last;
        *last_out = first < count ? count - first : 0;
    } else {
        *first_out = first;
        *last_out = last;
    }
}

/* RFC 5182, 2.1 and RFC 9394, 3.2: MIN, MAX and PARTIAL alone save only those; with COUNT or ALL, and without any of
 * them, all that was found. */
static void save(struct imap_request *req, const struct imap_return_options *options,
                 const struct imap_result *result)
{
    struct imap_selected *selected = req->session->selected;
    unsigned wants = options->wants, some = RETURN_MIN | RETURN_MAX | RETURN_PARTIAL;
    bool is_all = (wants & (RETURN_COUNT | RETURN_ALL)) || !(wants & some);
    size_t first = 0, last = 0;

    talloc_free(selected->saved.runs);
    selected->saved = UID_SET_INIT(selected);
    if (wants & RETURN_PARTIAL)
        partial_range(options, result->count, &first, &last);
    for (size_t i = 0; i < result->count; i++)
        if (is_all || (i >= first && i < last) || (i == 0 && (wants & RETURN_MIN)) ||
            (i + 1 == result->count && (wants & RETURN_MAX)))
            uid_set_add_one(&selected->saved, result->uids[i]);
}

/* A set in the given order: only steps of one make a range. */
static void add_in_order(struct imap_request *req, struct buf *out, const uint32_t *uids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t first = imap_result_number(req, uids[i]), last = first;

        while (i + 1 < count && imap_result_number(req, uids[i + 1]) == last + 1) {
            last++;
            i++;
        }
        buf_add_u64(out, first);
        if (last > first) {
            buf_add_byte(out, ':');
            buf_add_u64(out, last);
        }
        if (i + 1 < count)
            buf_add_byte(out, ',');
    }
}

static void add_partial(struct imap_request *req, struct buf *out, const struct imap_return_options *options,
                        const struct imap_result *result)
{
    size_t first, last;

    partial_range(options, result->count, &first, &last);
    buf_add_format(out, options->is_from_end ? " PARTIAL (-%u:-%u " : " PARTIAL (%u:%u ", options->first,
                   options->last);
    if (first < last)
        add_in_order(req, out, result->uids + first, last - first);
    else
        buf_add_text(out, "NIL");
    buf_add_byte(out, ')');
}

static uint64_t modseq_of(const struct imap_request *req, uint32_t uid)
{
    struct view_message message;

    return view_find(req->session->selected->told, uid, &message) ? message.modseq : 0;
}

/* RFC 7162, 3.1.5 and 3.1.10: of what is told; MIN and MAX alone tell only of those. */
static uint64_t highest_modseq(struct imap_request *req, const struct imap_return_options *options,
                               const struct imap_result *result)
{
    bool is_all = (options->wants & ~(unsigned)(RETURN_MIN | RETURN_MAX | RETURN_SAVE)) != 0;
    uint64_t highest = 0;

    for (size_t i = 0; i < result->count; i++) {
        bool is_end = (i == 0 && (options->wants & RETURN_MIN)) ||
                      (i + 1 == result->count && (options->wants & RETURN_MAX));
        uint64_t modseq = is_all || is_end ? modseq_of(req, result->uids[i]) : 0;

        if (modseq > highest)
            highest = modseq;
    }
    return highest;
}

static void write_plain(struct imap_request *req, struct buf *out, const char *name,
                        const struct imap_return_options *options, const struct imap_result *result)
{
    buf_add_format(out, "* %s", name);
    for (size_t i = 0; i < result->count; i++) {
        buf_add_byte(out, ' ');
        buf_add_u64(out, imap_result_number(req, result->uids[i]));
    }
    if (result->names_modseq && result->count > 0)
        buf_add_format(out, " (MODSEQ %llu)", (unsigned long long)highest_modseq(req, options, result));
    buf_add_text(out, "\r\n");
}

static void add_end(struct imap_request *req, struct buf *out, const char *word, uint32_t uid)
{
    buf_add_format(out, " %s ", word);
    buf_add_u64(out, imap_result_number(req, uid));
}

static void write_extended(struct imap_request *req, struct buf *out,
                           const struct imap_return_options *options, const struct imap_result *result)
{
    buf_add_text(out, "* ESEARCH (TAG ");
    imap_add_string(req->session, out, req->tag);
    buf_add_text(out, req->by_uid ? ") UID" : ")");
    if (result->count > 0 && (options->wants & RETURN_MIN))
        add_end(req, out, "MIN", result->uids[0]);
    if (result->count > 0 && (options->wants & RETURN_MAX))
        add_end(req, out, "MAX", result->uids[result->count - 1]);
    if (options->wants & RETURN_COUNT)
        buf_add_format(out, " COUNT %zu", result->count);
    if (options->wants & RETURN_PARTIAL)
        add_partial(req, out, options, result);
    if (result->count > 0 && (options->wants & RETURN_ALL)) {
        buf_add_text(out, " ALL ");
        add_in_order(req, out, result->uids, result->count);
    }
    if (result->names_modseq && result->count > 0)
        buf_add_format(out, " MODSEQ %llu", (unsigned long long)highest_modseq(req, options, result));
    buf_add_text(out, "\r\n");
}

void imap_write_result(struct imap_request *req, const char *name, const struct imap_return_options *options,
                       const struct imap_result *result)
{
    struct buf *out = imap_out(req->session);

    if (options->wants & RETURN_SAVE)
        save(req, options, result);
    if (!options->is_extended)
        write_plain(req, out, name, options, result);
    else if (options->wants != RETURN_SAVE)
        write_extended(req, out, options, result);
}

enum session_next imap_search_failed(struct imap_request *req, const struct imap_return_options *options,
                                     const struct err *err)
{
    if (err->kind == ERR_INVALID)
        return imap_bad(req, "%s", err->user);
    forget_saved(req, options);
    return imap_fail(req, err);
}
