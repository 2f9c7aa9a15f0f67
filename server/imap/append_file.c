/*
 * append_file.c -- see append_file.h.
 */
#include "imap/append_file.h"

#include "deliver/deliver.h"
#include "format/codec.h"
#include "group/group.h"
#include "imap/dialogue.h"
#include "imap/progress.h"
#include "imap/updates.h"
#include "mailbox/expunge.h"
#include "message/message.h"

#include <stdio.h>
#include <talloc.h>

/* The URL is told back only where it is harmless inside a quoted string. */
const char *append_badurl_code(struct imap_append *append, struct span url)
{
    for (const char *p = url.p; p < url.end; p++)
        if (*p < 0x20 || *p >= 0x7F || *p == '"' || *p == '\\' || *p == ']')
            return "BADURL \"\"";
    return talloc_asprintf(append, "BADURL \"%.*s\"",
                           (int)(span_length(url) < 1000 ? span_length(url) : 1000), url.p);
}

/* The same with CRLF line ends, in a spool of its own; a piece does not end between CR and LF. */
static bool with_crlf(struct imap_request *req, struct span *bytes, struct err *err)
{
    const struct imap_context *context = req->session->context;
    struct spool *fixed =
        spool_new(req->arena, context->spool_directory ? context->spool_directory : "/tmp", UINT64_MAX);
    struct span rest = *bytes;

    while (!span_is_empty(rest)) {
        struct buf piece = BUF_INIT(req->arena);
        size_t length = span_length(rest) < SPOOL_MEMORY_BYTES ? span_length(rest) : SPOOL_MEMORY_BYTES;
        bool is_added;

        if (length < span_length(rest) && rest.p[length - 1] == '\r')
            length++;
        codec_add_crlf(&piece, span_of(rest.p, length));
        is_added = spool_append(fixed, buf_span(&piece), err);
        talloc_free(piece.p);
        if (!is_added)
            return false;
        rest.p += length;
    }
    return spool_span(fixed, bytes, err);
}

/* The message with CRLF line ends. A literal8 is taken as it is. */
static bool bytes_of(struct imap_request *req, const struct append_message *message, struct span *bytes_out,
                     struct err *err)
{
    if (!spool_span(message->spool, bytes_out, err))
        return false;
    if (span_is_empty(*bytes_out))
        return err_set(err, ERR_INVALID, "An empty message cannot be stored.");
    if (message->is_binary)
        return true;
    if (span_find_byte(*bytes_out, '\0'))
        return err_set(err, ERR_INVALID, "A message with NUL must be sent as a literal8.");
    return codec_is_crlf(*bytes_out) || with_crlf(req, bytes_out, err);
}

static bool prepare(struct imap_request *req, struct imap_append *append, struct deliver_append *appends,
                    struct err *err)
{
    for (size_t i = 0; i < append->count; i++) {
        struct append_message *message = &append->messages[i];
        struct span bytes;

        imap_progress(req, i, append->count);
        if (!bytes_of(req, message, &bytes, err))
            return false;
        appends[i] = (struct deliver_append){
            .draft = message_prepare(req->arena, bytes),
            .received_us = message->received_us,
            .target = { .mailbox_id = mailbox_id(append->mailbox),
                        .folder_id = append->folder_id,
                        .flags = message->flags,
                        .keywords = message->keywords },
        };
    }
    return true;
}

static const char *appenduid_code(void *arena, const struct deliver_append *appends, size_t count)
{
    struct buf code = BUF_INIT(arena);
    struct uid_set uids = UID_SET_INIT(arena);

    for (size_t i = 0; i < count; i++)
        uid_set_add_one(&uids, (uint32_t)appends[i].target.uid);
    buf_add_text(&code, "APPENDUID ");
    buf_add_i64(&code, appends[0].target.uidvalidity);
    buf_add_byte(&code, ' ');
    imap_add_set(&code, &uids);
    return buf_text(&code);
}

/* RFC 8508, 3.2: the new UID first, then the news with the EXPUNGE of the old message, then the tagged reply. */
static enum session_next answer_replace(struct imap_request *req, const char *code)
{
    imap_untagged_ok(req->session, code, "The new message is there.");
    if (!imap_updates_begin(req->session, EXPUNGES_ARE_ASKED, VIEW_CHECK))
        return SESSION_CLOSE;
    return imap_ok(req, NULL, "REPLACE done.");
}

/* The old message goes in the same transaction as the new one comes; between two storage groups, where no transaction
 * is possible, after it. */
static bool replace(struct imap_request *req, struct imap_append *append, struct deliver_append *appends,
                    struct err *err)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    struct group *from = mailbox_group(selected->mailbox), *to = mailbox_group(append->mailbox);
    struct uid_set uids = UID_SET_INIT(req->arena);
    struct expunge_within within = { selected->mailbox, selected->folder_id, &uids, 0 };
    struct expunge_result result;

    uid_set_add_one(&uids, append->replaced_uid);
    if (from == to) {
        if (!deliver_appends(session->context->deliver, group_id(to), appends, append->count,
                             folder_expunge_within, &within, err))
            return false;
        mailbox_announce(session->context->cache, group_id(from), mailbox_id(selected->mailbox),
                         within.modseq);
        return true;
    }
    if (!deliver_appends(session->context->deliver, group_id(to), appends, append->count, NULL, NULL, err) ||
        !folder_expunge(selected->mailbox, selected->folder_id, &uids, EXPUNGE_ALL, req->arena, &result, err))
        return false;
    expunge_result_release(&result);
    return true;
}

static bool file(struct imap_request *req, struct imap_append *append, struct deliver_append *appends,
                 struct err *err)
{
    if (!prepare(req, append, appends, err))
        return false;
    if (append->replaced_uid)
        return replace(req, append, appends, err);
    return deliver_appends(req->session->context->deliver, group_id(mailbox_group(append->mailbox)), appends,
                           append->count, NULL, NULL, err);
}

enum session_next imap_append_file(struct imap_request *req, struct imap_append *append)
{
    struct imap_session *session = req->session;
    struct deliver_append *appends =
        talloc_zero_array(req->arena, struct deliver_append, (unsigned)append->count);
    bool is_replace = append->replaced_uid != 0;
    struct err err = ERR_INIT;
    bool is_filed = file(req, append, appends, &err);
    const char *code = is_filed ? appenduid_code(req->arena, appends, append->count) : NULL;

    imap_dialogue_end(session);
    if (!is_filed && err.kind == ERR_CONFLICT)
        return imap_no(req, "EXPUNGEISSUED", "The message to be replaced is gone.");
    if (!is_filed)
        return imap_fail_destination(req, &err);
    return is_replace ? answer_replace(req, code) : imap_ok(req, code, "APPEND done.");
}
