/* mailbox_export.c -- a folder as a stream of messages, in the form that the import takes. */
#include "admin_api/mailbox.h"
#include "directory/audit.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/view.h"
#include "message/message.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

struct export
{
    struct mailbox *mailbox;
    struct view *view;
    struct view_at at;
    char *folder;
    struct view_message message; /* the one whose bytes are under way */
    uint64_t sent;               /* of them; == message.size: the next message */
};

static void flags_text(struct buf *out, const struct view *view, uint64_t flags)
{
    for (int bit = 0; bit < 64; bit++) {
        const char *name = flags & (UINT64_C(1) << bit) ? flag_name(view_keywords(view), bit) : NULL;
        if (!name)
            continue;
        if (out->length)
            buf_add_byte(out, ' ');
        buf_add_text(out, name);
    }
}

static void add_head(struct export *export, struct buf *out)
{
    struct buf flags = BUF_INIT(talloc_new(export));
    json_t *head;
    char *text;

    flags_text(&flags, export->view, export->message.flags);
    head = json_pack("{s:s, s:s, s:I, s:I, s:I}", "folder", export->folder, "flags", buf_text(&flags), "date",
                     (json_int_t) export->message.received_us, "uid", (json_int_t) export->message.uid,
                     "size", (json_int_t) export->message.size);
    text = json_dumps(head, JSON_COMPACT);
    buf_add_text(out, text);
    buf_add_byte(out, '\n');
    free(text);
    json_decref(head);
    talloc_free(flags.owner);
}

/* One piece of a message at a time. */
static bool next_piece(void *state, struct buf *out)
{
    struct export *export = state;
    void *arena = talloc_new(export);
    struct err err = ERR_INIT;
    struct span bytes;
    bool done;

    if (export->sent == export->message.size) {
        if (!view_next(&export->at, &export->message)) {
            talloc_free(arena);
            return true; /* the end: nothing added */
        }
        export->sent = 0;
        add_head(export, out);
    }
    done = message_read(mailbox_group(export->mailbox), arena, export->message.message_id, export->sent,
                        MESSAGE_CHUNK_BYTES, &bytes, &err);
    if (done) {
        buf_add_span(out, bytes);
        export->sent += span_length(bytes);
        done = !span_is_empty(bytes) || export->message.size == 0;
    }
    talloc_free(arena);
    return done;
}

static void release(void *state)
{
    struct export *export = state;

    view_release(&export->view);
    mailbox_close(&export->mailbox);
    talloc_free(export);
}

bool mailbox_export_get(struct admin_call *call, struct err *err)
{
    const char *name = http_query(call->request, "folder");
    struct opened_mailbox opened = { .mailbox = NULL };
    struct export *export;
    struct folder *folder;

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    export = talloc_zero(NULL, struct export);
    export->mailbox = opened.mailbox;
    export->folder = talloc_strdup(export, name ? name : FOLDER_INBOX);
    if (!folder_find(opened.mailbox, &opened.reader, export->folder, RIGHT_READ, call->arena, &folder, err) ||
        !view_latest(opened.mailbox, folder->folder_id, VIEW_CHECK, &export->view, err) ||
        !audit_note(call->api->options.directory, &call->actor, opened.user.organisation_id, "mailbox.export",
                    opened.user.address, NULL, err)) {
        release(export);
        return false;
    }
    export->at = view_from(export->view, 1);
    call->is_answered = true;
    http_reply_type(call->reply, "application/x-chappe-messages");
    http_reply_stream(call->reply, next_piece, release, export);
    return true;
}
