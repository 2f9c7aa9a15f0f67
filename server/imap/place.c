/*
 * place.c -- see place.h.
 */
#include "imap/place.h"

#include "directory/public_folder.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "format/folder_name.h"
#include "group/group.h"
#include "mailbox/folder.h"

#include <talloc.h>

static int release_mailbox(struct mailbox **held)
{
    mailbox_close(held);
    return 0;
}

/* Held until the arena goes. */
static struct mailbox *hold(void *arena, struct mailbox *mailbox)
{
    struct mailbox **held = talloc(arena, struct mailbox *);

    *held = mailbox;
    talloc_set_destructor(held, release_mailbox);
    return mailbox;
}

static bool nobody(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
}

static bool open_resolved(struct imap_request *req, const struct resolved *resolved,
                          struct mailbox **mailbox_out, struct err *err)
{
    struct imap_session *session = req->session;
    struct group *group;

    if (!group_find(session->context->groups, resolved->mailbox.storage_group_id, &group, err) ||
        !mailbox_open(session->context->cache, group, resolved->mailbox.mailbox_id, mailbox_out, err))
        return false;
    hold(req->arena, *mailbox_out);
    return true;
}

/* A mailbox of another one in the same organisation; the storage's rights decide what of it is seen. */
static bool open_other(struct imap_request *req, const char *address_text, struct mailbox **mailbox_out,
                       struct err *err)
{
    struct imap_session *session = req->session;
    struct resolved resolved;
    struct address address;

    if (address_parse(req->arena, span_text(address_text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return nobody(err);
    if (!directory_resolve(session->context->directory, req->arena, address.local, address.domain, &resolved,
                           err))
        return false;
    if (resolved.kind != RESOLVED_RECIPIENT || resolved.detail ||
        resolved.organisation_id != session->reader.organisation_id)
        return nobody(err);
    if (resolved.mailbox.mailbox_id == session->reader.mailbox_id) {
        *mailbox_out = hold(req->arena, mailbox_ref(session->own));
        return true;
    }
    return open_resolved(req, &resolved, mailbox_out, err);
}

static bool place_of_other(struct imap_request *req, struct imap_place *place, struct err *err)
{
    const char *rest = place->shown + strlen(IMAP_OTHER_USERS); /* "" or "/ADDRESS..." */
    const char *slash = *rest ? strchr(rest + 1, FOLDER_SEPARATOR) : NULL;
    char *address;

    if (!slash)
        return nobody(err);
    address = talloc_strndup(req->arena, rest + 1, (size_t)(slash - rest - 1));
    place->name = slash + 1;
    return open_other(req, address, &place->mailbox, err);
}

/* Its INBOX is the folder itself, and has no second name. */
static bool place_of_public(struct imap_request *req, struct imap_place *place, struct err *err)
{
    struct imap_session *session = req->session;
    const char *rest = place->shown + strlen(IMAP_PUBLIC_FOLDERS); /* "" or "/NAME..." */
    const char *slash = *rest ? strchr(rest + 1, FOLDER_SEPARATOR) : NULL;
    struct resolved found;
    char *name;

    if (!*rest)
        return nobody(err);
    name = slash ? talloc_strndup(req->arena, rest + 1, (size_t)(slash - rest - 1))
                 : talloc_strdup(req->arena, rest + 1);
    place->name = slash ? slash + 1 : FOLDER_INBOX;
    if (slash && folder_name_is_inbox(place->name))
        return nobody(err);
    if (!public_folder_find(session->context->directory, req->arena, session->reader.organisation_id, name,
                            &found, err))
        return err->kind == ERR_NOT_FOUND ? nobody(err) : false;
    if (found.kind != RESOLVED_RECIPIENT)
        return nobody(err);
    return open_resolved(req, &found, &place->mailbox, err);
}

static bool is_at(const char *shown, const char *top)
{
    return strcmp(shown, top) == 0 || folder_name_is_below(shown, top);
}

bool imap_name_is_of_others(const char *shown)
{
    return is_at(shown, IMAP_OTHER_USERS) || is_at(shown, IMAP_PUBLIC_FOLDERS);
}

const char *imap_top_of(const void *owner, const struct resolved *whose)
{
    return whose->recipient_kind == RECIPIENT_PUBLIC_FOLDER
               ? talloc_asprintf(owner, "%s/%s", IMAP_PUBLIC_FOLDERS, whose->name)
               : talloc_asprintf(owner, "%s/%s", IMAP_OTHER_USERS, whose->address);
}

const char *imap_name_below(const void *owner, const char *top, const char *name)
{
    return folder_name_is_inbox(name) && folder_name_is_below(top, IMAP_PUBLIC_FOLDERS)
               ? top
               : talloc_asprintf(owner, "%s/%s", top, name);
}

bool imap_place_of(struct imap_request *req, struct span as_sent, struct imap_place *place_out,
                   struct err *err)
{
    bool takes_utf8 = imap_speaks_utf8(req->session);
    char *name;

    *place_out = (struct imap_place){ .is_own = true };
    if (takes_utf8 ? !folder_name_of_utf8(req->arena, as_sent, &name, err)
                   : !folder_name_of_utf7(req->arena, as_sent, &name, err))
        return false;
    place_out->name = place_out->shown = name;
    if (is_at(name, IMAP_OTHER_USERS)) {
        place_out->is_own = false;
        return place_of_other(req, place_out, err);
    }
    if (is_at(name, IMAP_PUBLIC_FOLDERS)) {
        place_out->is_own = false;
        place_out->is_public = true;
        return place_of_public(req, place_out, err);
    }
    place_out->mailbox = hold(req->arena, mailbox_ref(req->session->own));
    return true;
}

bool imap_place_is_known(struct imap_request *req, const struct imap_place *place, struct err *err)
{
    struct folder **folders;
    size_t count = 1;

    if (!place->is_own &&
        !folder_list(place->mailbox, &req->session->reader, req->arena, &folders, &count, err))
        return false;
    return count > 0 || nobody(err);
}

bool imap_take_place(struct imap_request *req, struct imap_place *place_out, bool *is_bad_out,
                     struct err *err)
{
    struct span name;

    *is_bad_out = !imap_take_astring(&req->in, &name);
    return !*is_bad_out && imap_place_of(req, name, place_out, err);
}

bool imap_text_of_name(struct imap_request *req, struct span as_sent, char **utf8_out, struct err *err)
{
    if (!imap_speaks_utf8(req->session))
        return folder_utf7_decode(req->arena, as_sent, utf8_out, err);
    *utf8_out = span_copy(req->arena, as_sent);
    return true;
}
