/*
 * status.c -- see status.h. STATUS (RFC 9051, 6.3.11; RFC 7162, 7889, 8438, 8474, 9208).
 */
#include "imap/status.h"

#include "group/group.h"
#include "imap/condstore.h"
#include "imap/place.h"
#include "mailbox/flags.h"
#include "mailbox/search_folder.h"

#include <talloc.h>

static const struct {
    const char *name;
    unsigned item;
} names[] = {
    { "MESSAGES", STATUS_MESSAGES },
    { "RECENT", STATUS_RECENT },
    { "UIDNEXT", STATUS_UIDNEXT },
    { "UIDVALIDITY", STATUS_UIDVALIDITY },
    { "UNSEEN", STATUS_UNSEEN },
    { "SIZE", STATUS_SIZE },
    { "DELETED", STATUS_DELETED },
    { "HIGHESTMODSEQ", STATUS_HIGHESTMODSEQ },
    { "MAILBOXID", STATUS_MAILBOXID },
    { "APPENDLIMIT", STATUS_APPENDLIMIT },
    { "DELETED-STORAGE", STATUS_DELETED_STORAGE },
};

static bool take_item(struct imap_in *in, unsigned *items)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (imap_take_keyword(in, names[i].name)) {
            *items |= names[i].item;
            return true;
        }
    return false;
}

bool imap_take_status_items(struct imap_in *in, unsigned *items_out)
{
    *items_out = 0;
    if (!imap_take_byte(in, '('))
        return false;
    do {
        if (!take_item(in, items_out))
            return false;
    } while (imap_take_space(in));
    return imap_take_byte(in, ')');
}

/* Both need the messages themselves, from the view: how many nobody was told of, how large the deleted ones are. */
static bool count_in_view(struct mailbox *mailbox, const struct folder *folder, uint64_t *recent_out,
                          uint64_t *deleted_bytes_out, struct err *err)
{
    struct view *view;
    struct view_at at;

    *deleted_bytes_out = 0;
    if (!view_latest(mailbox, folder->folder_id, VIEW_TRUST_WAKE, &view, err))
        return false;
    *recent_out = view_count(view) - view_count_below(view, folder->recent_uid);
    at = view_from(view, 1);
    for (struct view_message message; view_deleted(view) > 0 && view_next(&at, &message);)
        if (message.flags & FLAG_DELETED)
            *deleted_bytes_out += message.size;
    view_release(&view);
    return true;
}

/* The numbers in the order of `names`; MAILBOXID is text. */
static uint64_t number_of(const struct imap_session *session, const struct folder *folder, unsigned item,
                          uint64_t recent, uint64_t deleted_bytes)
{
    switch (item) {
    case STATUS_MESSAGES:
        return (uint64_t)folder->messages;
    case STATUS_RECENT:
        return recent;
    case STATUS_UIDNEXT:
        return folder->uidnext;
    case STATUS_UIDVALIDITY:
        return folder->uidvalidity;
    case STATUS_UNSEEN:
        return (uint64_t)folder->unseen;
    case STATUS_SIZE:
        return (uint64_t)folder->bytes;
    case STATUS_DELETED:
        return (uint64_t)folder->deleted;
    case STATUS_HIGHESTMODSEQ:
        return folder->modseq;
    case STATUS_APPENDLIMIT:
        return (uint64_t)session->context->append_limit_bytes;
    default:
        return deleted_bytes;
    }
}

bool imap_add_status(struct imap_request *req, struct mailbox *mailbox, const struct folder *listed,
                     const char *shown, unsigned items, struct err *err)
{
    struct imap_session *session = req->session;
    struct buf *out = imap_out(session);
    struct folder counted = *listed, *folder = &counted;
    char id[GROUP_PUBLIC_ID_SIZE];
    uint64_t recent = 0, deleted_bytes = 0;
    bool is_first = true;

    if (!search_folder_count(mailbox, folder, err))
        return false;
    if ((items & (STATUS_RECENT | STATUS_DELETED_STORAGE)) &&
        !count_in_view(mailbox, folder, &recent, &deleted_bytes, err))
        return false;
    buf_add_text(out, "* STATUS ");
    imap_add_folder_name(session, out, shown);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!(items & names[i].item))
            continue;
        buf_add_text(out, is_first ? " (" : " ");
        is_first = false;
        buf_add_text(out, names[i].name);
        buf_add_byte(out, ' ');
        if (names[i].item == STATUS_MAILBOXID) {
            folder_public_id(mailbox, folder->folder_id, id);
            buf_add_byte(out, '(');
            buf_add_text(out, id);
            buf_add_byte(out, ')');
        } else {
            buf_add_u64(out, number_of(session, folder, names[i].item, recent, deleted_bytes));
        }
    }
    buf_add_text(out, ")\r\n");
    return true;
}

enum session_next cmd_status(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct imap_place place;
    struct folder *folder;
    struct err err = ERR_INIT, place_err = ERR_INIT;
    bool is_bad = false;
    unsigned items;

    if (!imap_take_space(&req->in) || (!imap_take_place(req, &place, &is_bad, &place_err) && is_bad) ||
        !imap_take_space(&req->in) || !imap_take_status_items(&req->in, &items) || !imap_at_end(&req->in))
        return imap_bad(req, "STATUS takes a name and a list of items.");
    if (place_err.kind != ERR_NONE)
        return imap_fail(req, &place_err);
    if (!folder_find(place.mailbox, &session->reader, place.name, RIGHT_READ, req->arena, &folder, &err) ||
        !imap_add_status(req, place.mailbox, folder, place.shown, items, &err))
        return imap_fail(req, &err);
    if (items & STATUS_HIGHESTMODSEQ)
        imap_enable_condstore(session);
    return imap_ok(req, NULL, "STATUS done.");
}
