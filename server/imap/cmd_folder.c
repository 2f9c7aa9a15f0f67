/*
 * cmd_folder.c -- CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 9051, 6.3.4 to 6.3.8): one name, or two.
 */
#include "format/folder_name.h"
#include "group/group.h"
#include "imap/notify.h"
#include "imap/place.h"
#include "imap/updates.h"
#include "mailbox/search_folder.h"

#include <stdio.h>
#include <talloc.h>

/* SP mailbox. False where *answer_out is what to return. */
static bool take_name(struct imap_request *req, struct imap_place *place_out, enum session_next *answer_out)
{
    struct err err = ERR_INIT;
    bool is_bad = false;

    if (!imap_take_space(&req->in) || (!imap_take_place(req, place_out, &is_bad, &err) && is_bad)) {
        *answer_out = imap_bad(req, "%s needs the name of a folder.", req->command->name);
        return false;
    }
    if (err.kind != ERR_NONE || !imap_place_is_known(req, place_out, &err)) {
        *answer_out = imap_fail(req, &err);
        return false;
    }
    return true;
}

static bool take_only_name(struct imap_request *req, struct imap_place *place_out,
                           enum session_next *answer_out)
{
    if (!take_name(req, place_out, answer_out))
        return false;
    if (imap_at_end(&req->in))
        return true;
    *answer_out = imap_bad(req, "%s takes one name.", req->command->name);
    return false;
}

/* Search folders stand there, which are made elsewhere. */
static bool is_kept_for_searches(const struct imap_place *place)
{
    return search_folder_keeps_name(place->name);
}

/* RFC 6154, 3: SP "(" "USE" SP "(" [use *(SP use)] ")" ")". One use a folder; more of them cannot be met. */
static bool take_use(struct imap_in *in, struct span *use_out, unsigned *count_out)
{
    *count_out = 0;
    if (imap_at_end(in))
        return true;
    if (!imap_take_space(in) || !imap_take_byte(in, '(') || !imap_take_keyword(in, "USE") ||
        !imap_take_space(in) || !imap_take_byte(in, '('))
        return false;
    while (!imap_peek(in, ')')) {
        if (*count_out > 0 && !imap_take_space(in))
            return false;
        if (!imap_take_flag(in, use_out))
            return false;
        ++*count_out;
    }
    if (!imap_take_byte(in, ')')) /* of USE */
        return false;
    return imap_take_byte(in, ')') && imap_at_end(in);
}

enum session_next cmd_create(struct imap_request *req)
{
    struct imap_session *session = req->session;
    char code[16 + GROUP_PUBLIC_ID_SIZE], id[GROUP_PUBLIC_ID_SIZE];
    const char *special_use = NULL;
    enum session_next answer;
    struct imap_place place;
    struct folder *folder;
    struct err err = ERR_INIT;
    struct span use;
    unsigned uses;

    if (!take_name(req, &place, &answer))
        return answer;
    if (!take_use(&req->in, &use, &uses))
        return imap_bad(req, "After the name of the folder only (USE (...)) may stand.");
    if (uses > 0) {
        special_use = folder_special_use(use);
        if (uses > 1 || !special_use)
            return imap_no(req, "USEATTR", "A folder cannot be given this use.");
    }
    if (is_kept_for_searches(&place))
        return imap_no(req, "CANNOT", "Search folders are made in the webmail.");
    if (!folder_create(place.mailbox, &session->reader, place.name, special_use, req->arena, &folder, &err)) {
        /* The name is free and still something "exists": another folder has the use. */
        struct folder *there;
        struct err unused = ERR_INIT;

        if (special_use &&
            (err.kind == ERR_INVALID ||
             (err.kind == ERR_EXISTS && !folder_find(place.mailbox, &session->reader, place.name,
                                                     RIGHT_LOOKUP, req->arena, &there, &unused))))
            return imap_no(req, "USEATTR", "%s", err.user);
        return imap_fail(req, &err);
    }
    imap_notify_own(session, place.shown, ACT_NAME);
    group_public_id(mailbox_group(place.mailbox), GROUP_ID_FOLDER, folder->folder_id, id);
    snprintf(code, sizeof code, "MAILBOXID (%s)", id);
    return imap_ok(req, code, "The folder was created.");
}

/* A folder that this session has selected goes with it (RFC 9051, 6.3.5: the client should have closed it first). */
static bool is_selected(const struct imap_session *session, const struct imap_place *place)
{
    return session->selected && mailbox_id(session->selected->mailbox) == mailbox_id(place->mailbox) &&
           strcmp(session->selected->name, place->name) == 0;
}

enum session_next cmd_delete(struct imap_request *req)
{
    struct imap_session *session = req->session;
    enum session_next answer;
    struct imap_place place;
    struct err err = ERR_INIT;

    if (!take_only_name(req, &place, &answer))
        return answer;
    if (folder_name_is_inbox(place.name))
        return imap_no(req, "CANNOT",
                       place.is_public ? "A public folder is deleted by an administrator."
                                       : "INBOX cannot be deleted.");
    if (!folder_delete(place.mailbox, &session->reader, place.name, &err))
        return imap_fail(req, &err);
    imap_notify_own(session, place.shown, ACT_NAME);
    if (is_selected(session, &place)) {
        imap_deselect(session);
        imap_untagged_ok(session, "CLOSED", "The selected folder was deleted.");
    }
    return imap_ok(req, NULL, "The folder was deleted.");
}

enum session_next cmd_rename(struct imap_request *req)
{
    struct imap_session *session = req->session;
    enum session_next answer;
    struct imap_place from, to;
    struct err err = ERR_INIT;

    if (!take_name(req, &from, &answer) || !take_only_name(req, &to, &answer))
        return answer;
    if (mailbox_id(from.mailbox) != mailbox_id(to.mailbox))
        return imap_no(req, "CANNOT", "A folder cannot be renamed into the mailbox of another one.");
    if (from.is_public && folder_name_is_inbox(from.name))
        return imap_no(req, "CANNOT", "A public folder is renamed by an administrator.");
    if (is_kept_for_searches(&to) && !is_kept_for_searches(&from))
        return imap_no(req, "CANNOT", "Search folders are made in the webmail.");
    if (!folder_rename(from.mailbox, &session->reader, from.name, to.name, &err))
        return imap_fail(req, &err);
    imap_notify_own(session, from.shown, ACT_NAME);
    imap_notify_own(session, to.shown, ACT_NAME);
    if (is_selected(session, &from) && !folder_name_is_inbox(from.name))
        session->selected->name = talloc_strdup(session->selected, to.name);
    return imap_ok(req, NULL, "The folder was renamed.");
}

enum session_next cmd_subscribe(struct imap_request *req)
{
    enum session_next answer;
    struct imap_place place;
    struct err err = ERR_INIT;

    if (!take_only_name(req, &place, &answer))
        return answer;
    if (!folder_subscribe(req->session->own, place.shown, &err))
        return imap_fail(req, &err);
    imap_notify_own(req->session, place.shown, ACT_SUBSCRIPTION);
    return imap_ok(req, NULL, "Subscribed.");
}

/* Also of names that no longer mean anything: a client must be able to get rid of them. */
enum session_next cmd_unsubscribe(struct imap_request *req)
{
    struct err err = ERR_INIT;
    struct span name;
    char *shown;

    if (!imap_take_space(&req->in) || !imap_take_astring(&req->in, &name) || !imap_at_end(&req->in))
        return imap_bad(req, "UNSUBSCRIBE takes one name.");
    if (imap_speaks_utf8(req->session) ? !folder_name_of_utf8(req->arena, name, &shown, &err)
                                       : !folder_name_of_utf7(req->arena, name, &shown, &err))
        return imap_fail(req, &err);
    if (!folder_unsubscribe(req->session->own, shown, &err))
        return imap_fail(req, &err);
    imap_notify_own(req->session, shown, ACT_SUBSCRIPTION);
    return imap_ok(req, NULL, "Unsubscribed.");
}
