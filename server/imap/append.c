/*
 * append.c -- see append.h.
 */
#include "imap/append.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/spool.h"
#include "imap/append_file.h"
#include "imap/date.h"
#include "imap/dialogue.h"
#include "imap/flag_list.h"
#include "imap/url.h"

#include <talloc.h>

static int on_free(struct imap_append *append)
{
    mailbox_close(&append->mailbox);
    for (size_t i = 0; i < append->count; i++)
        spool_free(&append->messages[i].spool);
    return 0;
}

/* The first failure counts; later ones may follow from it. */
static void fail(struct imap_append *append, const char *code, const struct err *err)
{
    if (append->failure.kind != ERR_NONE)
        return;
    append->failure = *err;
    append->failure_code = code;
}

static void fail_with(struct imap_append *append, const char *code, enum err_kind kind, const char *text)
{
    struct err err = ERR_INIT;

    (void)err_set(&err, kind, "%s", text);
    fail(append, code, &err);
}

static enum session_next bad(struct imap_request *req, const char *text)
{
    imap_dialogue_end(req->session);
    return imap_bad(req, "%s", text);
}

/* Ends the dialogue with the failure met before. */
static enum session_next refuse(struct imap_request *req, const struct imap_append *append)
{
    struct err err = append->failure;
    const char *code = append->failure_code ? talloc_strdup(req->arena, append->failure_code) : NULL;

    imap_dialogue_end(req->session);
    if (code)
        return imap_no(req, code, "%s", err.user);
    return imap_fail_destination(req, &err);
}

static struct append_message *current(struct imap_append *append)
{
    return &append->messages[append->count - 1];
}

static bool begin_message(struct imap_append *append)
{
    if (append->count == APPEND_MESSAGES_MAX)
        return false;
    append->messages =
        talloc_realloc(append, append->messages, struct append_message, (unsigned)append->count + 1);
    append->messages[append->count++] = (struct append_message){ .received_us = clock_now_us() };
    return true;
}

/* The command's text is gone with its unit: keywords are copied. */
static void keep_flags(struct imap_append *append, const struct flag_list *flags)
{
    struct append_message *message = current(append);

    message->flags = flags->system & flags_allowed(append->rights);
    if (flags->keyword_count == 0 || !(append->rights & RIGHT_WRITE))
        return;
    message->keywords = talloc_zero_array(append, const char *, (unsigned)flags->keyword_count + 1);
    for (size_t i = 0; i < flags->keyword_count; i++)
        message->keywords[i] = span_copy(append, flags->keywords[i]);
}

/* [flag-list SP] [date-time SP] */
static bool take_options(struct imap_in *in, struct imap_append *append, const char **wrong_out)
{
    struct flag_list flags;

    if (imap_peek(in, '(')) {
        if (!imap_take_flag_list(in, &flags, wrong_out))
            return false;
        keep_flags(append, &flags);
        if (!imap_take_space(in))
            return false;
    }
    *wrong_out = "The date cannot be read.";
    return !imap_peek(in, '"') ||
           (imap_take_date_time(in, &current(append)->received_us) && imap_take_space(in));
}

static enum session_next expect(struct imap_request *req, struct imap_append *append,
                                const struct imap_literal *literal)
{
    struct imap_session *session = req->session;
    struct imap_literal_head head = { 0 };
    uint64_t limit = (uint64_t)session->context->append_limit_bytes;
    struct span line = { req->unit.p, req->unit.end - 2 };

    (void)!imap_literal_head(line, &head);
    append->is_binary = literal->is_binary;
    append->received_bytes += literal->size;
    if (literal->size > limit || append->received_bytes > limit * 2) {
        fail_with(append, "TOOBIG", ERR_LIMIT, "The message is too large.");
        if (!head.is_synchronising && literal->size > limit) {
            imap_bye(session, "TOOBIG", "The message is too large.");
            return SESSION_CLOSE;
        }
    }
    if (append->failure.kind != ERR_NONE && head.is_synchronising)
        return refuse(req, append);
    if (head.is_synchronising)
        buf_add_text(imap_out(session), "+ OK\r\n");
    session_expect_bytes(session->net, literal->size, append->failure.kind == ERR_NONE ? limit : 0);
    return SESSION_DONE;
}

/* A literal of the grammar that was not streamed cannot be a message: its head stood where none belongs. */
static enum session_next take_message_literal(struct imap_request *req, struct imap_append *append)
{
    struct imap_literal literal;

    if (!imap_take_literal(&req->in, &literal) || !literal.spool || !imap_at_end(&req->in))
        return bad(req, "A message comes as a literal.");
    return expect(req, append, &literal);
}

/* Where the parts of the current message are put together: in a spool, as a literal of any size. */
static struct spool *assembly(const struct imap_request *req, struct imap_append *append)
{
    const struct imap_context *context = req->session->context;
    struct append_message *message = current(append);

    if (!message->spool)
        message->spool = spool_new(append, context->spool_directory ? context->spool_directory : "/tmp",
                                   (uint64_t)context->append_limit_bytes);
    return message->spool;
}

/* RFC 4469, 4: BADURL wherever the client may mend the URL or leave it out; what is only now not possible is said so. */
static const char *url_code(struct imap_append *append, struct span text, enum err_kind kind)
{
    if (kind == ERR_LIMIT)
        return "TOOBIG";
    return err_is_temporary(kind) && kind != ERR_INTERNAL ? imap_code_of(kind)
                                                          : append_badurl_code(append, text);
}

static void add_url(struct imap_request *req, struct imap_append *append, struct span text)
{
    uint64_t limit = (uint64_t)req->session->context->append_limit_bytes, length = 0;
    struct spool *spool = assembly(req, append);
    struct err err = ERR_INIT;
    struct imap_url url;

    if (append->failure.kind != ERR_NONE)
        return;
    if (!imap_url_parse(req->arena, text, &url)) {
        fail_with(append, append_badurl_code(append, text), ERR_INVALID, "The URL cannot be read.");
        return;
    }
    if (!imap_url_read(req, &url, limit - spool_length(spool), spool, &length, &err)) {
        if (err.kind == ERR_INTERNAL) {
            log_err(LOG_LEVEL_ERROR, "imap.catenate.damaged", &err);
            (void)err_set(&err, ERR_INTERNAL, "The message that the URL names is damaged.");
        }
        fail(append, url_code(append, text, err.kind), &err);
    }
    append->received_bytes += length;
    if (append->received_bytes > limit * 2)
        fail_with(append, "TOOBIG", ERR_LIMIT, "The messages are too large.");
}

/* cat-part *(SP cat-part) ")": until a literal begins, or the list ends. *is_open_out: the rest comes later. */
static bool take_parts(struct imap_request *req, struct imap_append *append, bool *is_open_out,
                       enum session_next *answer_out)
{
    struct span url;

    *is_open_out = false;
    for (;;) {
        if (imap_take_byte(&req->in, ')') && append->has_part) {
            append->expects = EXPECT_MESSAGE;
            return true;
        }
        if (append->has_part && !imap_take_space(&req->in))
            break;
        if (imap_take_keyword(&req->in, "TEXT") && imap_take_space(&req->in)) {
            append->has_part = *is_open_out = true;
            *answer_out = take_message_literal(req, append);
            return true;
        }
        if (!imap_take_keyword(&req->in, "URL") || !imap_take_space(&req->in) ||
            !imap_take_astring(&req->in, &url))
            break;
        append->has_part = true;
        add_url(req, append, url);
    }
    *answer_out = bad(req, "CATENATE takes URLs and TEXT literals.");
    return false;
}

/* What comes after the options: the message itself. True: the next message may follow in this unit. */
static bool take_message(struct imap_request *req, struct imap_append *append, enum session_next *answer_out)
{
    bool is_open;

    if (imap_take_keyword(&req->in, "CATENATE") && imap_take_space(&req->in) &&
        imap_take_byte(&req->in, '(')) {
        append->expects = EXPECT_PART;
        append->has_part = false;
        current(append)->is_catenated = true;
        return take_parts(req, append, &is_open, answer_out) && !is_open;
    }
    append->expects = EXPECT_MESSAGE;
    if (imap_take_keyword(&req->in, "UTF8") && imap_take_space(&req->in) && imap_take_byte(&req->in, '(')) {
        if (!imap_speaks_utf8(req->session)) {
            *answer_out = bad(req, "UTF8 needs ENABLE UTF8=ACCEPT.");
            return false;
        }
        append->expects = EXPECT_CLOSING;
    }
    *answer_out = take_message_literal(req, append);
    return false;
}

/* As much as this unit holds. */
static enum session_next go_on(struct imap_request *req, struct imap_append *append)
{
    const char *wrong = "The options of the message are wrong.";
    enum session_next answer = SESSION_DONE;
    bool is_open;

    if (append->expects == EXPECT_CLOSING) {
        if (!imap_take_byte(&req->in, ')'))
            return bad(req, "UTF8 is not closed.");
        append->expects = EXPECT_MESSAGE;
    }
    if (append->expects == EXPECT_PART && (!take_parts(req, append, &is_open, &answer) || is_open))
        return answer;
    while (append->count == 0 || !imap_at_end(&req->in)) {
        if (append->replaced_uid && append->count > 0)
            return bad(req, "REPLACE takes one message.");
        if (!imap_take_space(&req->in))
            return bad(req, "A message is missing.");
        if (!begin_message(append)) {
            fail_with(append, "LIMIT", ERR_LIMIT, "Too many messages in one command.");
            return refuse(req, append);
        }
        if (!take_options(&req->in, append, &wrong))
            return bad(req, wrong);
        if (!take_message(req, append, &answer))
            return answer;
    }
    return append->failure.kind == ERR_NONE ? imap_append_file(req, append) : refuse(req, append);
}

static enum session_next on_line(struct imap_request *req)
{
    return go_on(req, req->session->dialogue->state);
}

static enum session_next on_body(struct imap_request *req, struct spool *body)
{
    struct imap_append *append = req->session->dialogue->state;
    struct append_message *message = current(append);
    struct err err = ERR_INIT;
    struct span bytes;

    if (spool_err(body)->kind != ERR_NONE) {
        err = *spool_err(body);
        fail(append, err.kind == ERR_LIMIT ? "TOOBIG" : imap_code_of(err.kind), &err);
    }
    if (append->failure.kind != ERR_NONE)
        return SESSION_DONE;
    if (!message->is_catenated) {
        message->spool = session_keep_body(req->session->net);
        message->is_binary = append->is_binary;
        return SESSION_DONE;
    }
    message->is_binary = message->is_binary || append->is_binary;
    if (!spool_span(body, &bytes, &err) || !spool_append(assembly(req, append), bytes, &err))
        fail(append, err.kind == ERR_LIMIT ? "TOOBIG" : imap_code_of(err.kind), &err);
    return SESSION_DONE;
}

/* May messages be put there? Asked before the client sends any. */
static void find_folder(struct imap_request *req, struct imap_append *append, const struct imap_place *place)
{
    struct folder *folder;
    struct err err = ERR_INIT;

    append->mailbox = mailbox_ref(place->mailbox);
    if (!folder_find(place->mailbox, &req->session->reader, place->name, RIGHT_INSERT, req->arena, &folder,
                     &err)) {
        fail(append, NULL, &err);
        return;
    }
    append->folder_id = folder->folder_id;
    append->rights = folder->rights;
}

enum session_next imap_append_begin(struct imap_request *req, const struct imap_place *place,
                                    const struct err *place_err, uint32_t replaced_uid)
{
    struct imap_dialogue *dialogue = imap_dialogue_open(req, FRAMING_CONTINUATION, on_line);
    struct imap_append *append = dialogue->state = talloc_zero(dialogue, struct imap_append);

    dialogue->body = on_body;
    append->replaced_uid = replaced_uid;
    talloc_set_destructor(append, on_free);
    if (place_err->kind != ERR_NONE)
        fail(append, NULL, place_err);
    else
        find_folder(req, append, place);
    return go_on(req, append);
}

enum session_next cmd_append(struct imap_request *req)
{
    struct imap_place place;
    struct err err = ERR_INIT;
    bool is_bad = false;

    if (!imap_take_space(&req->in) || (!imap_take_place(req, &place, &is_bad, &err) && is_bad))
        return imap_bad(req, "APPEND takes a folder and messages.");
    return imap_append_begin(req, &place, &err, 0);
}
