/*
 * session.c -- see session.h.
 */
#include "imap/session.h"

#include "base/clock.h"
#include "base/wake.h"
#include "directory/directory.h"
#include "group/group.h"
#include "imap/dialogue.h"
#include "imap/notify.h"

#include <talloc.h>

enum { LOOK_AGAIN_S = 60 };

static void on_rights(void *argument, int64_t group, int64_t organisation, uint64_t modseq)
{
    struct imap_selected *selected = argument;

    (void)group;
    (void)organisation;
    (void)modseq;
    atomic_store(&selected->has_old_rights, true);
    session_wake(selected->net);
}

/* Groups may hold others now. Nobody is woken for that: who says nothing and is told nothing reads nothing, and is looked at before both. */
static void on_directory(void *argument, int64_t group, int64_t id, uint64_t modseq)
{
    struct imap_selected *selected = argument;

    (void)group;
    (void)id;
    (void)modseq;
    atomic_store(&selected->has_old_rights, true);
}

static int on_deselect(struct imap_selected *selected)
{
    wake_unsubscribe(&selected->rights_subscription);
    wake_unsubscribe(&selected->directory_subscription);
    wake_unsubscribe(&selected->subscription);
    view_release(&selected->told);
    mailbox_close(&selected->mailbox);
    return 0;
}

struct imap_selected *imap_selected_new(struct imap_session *session, struct mailbox *mailbox)
{
    struct imap_selected *selected = talloc_zero(session_memory(session->net), struct imap_selected);

    selected->mailbox = mailbox_ref(mailbox);
    selected->recent = UID_SET_INIT(selected);
    selected->saved = UID_SET_INIT(selected);
    selected->net = session->net;
    talloc_set_destructor(selected, on_deselect);
    if (mailbox == session->own)
        return selected;
    selected->rights_subscription =
        wake_subscribe(session->context->bus, RIGHTS_WAKE_GROUP,
                       rights_wake_id(session->reader.organisation_id), on_rights, selected);
    selected->directory_subscription = wake_subscribe(session->context->bus, DIRECTORY_WAKE_GROUP,
                                                      DIRECTORY_WAKE_CHANGED, on_directory, selected);
    return selected;
}

bool imap_selected_is_still_readable(struct imap_session *session)
{
    struct imap_selected *selected = session->selected;
    void *arena = session_arena(session->net);
    struct err err = ERR_INIT;
    struct folder *folder;

    if (!selected || !atomic_exchange(&selected->has_old_rights, false))
        return true;
    if (folder_find_by_id(selected->mailbox, &session->reader, selected->folder_id, RIGHT_READ, arena,
                          &folder, &err)) {
        selected->rights = folder->rights;
        return true;
    }
    atomic_store(&selected->has_old_rights, true);
    return err.kind != ERR_NOT_FOUND && err.kind != ERR_DENIED;
}

void imap_deselect(struct imap_session *session)
{
    TALLOC_FREE(session->updates);
    TALLOC_FREE(session->selected);
    if (session->state == SELECTED)
        session->state = AUTHENTICATED;
}

struct auth_request imap_auth_request(struct imap_session *session)
{
    return (struct auth_request){ .protocol = PROTOCOL_IMAP,
                                  .peer = *session_peer(session->net),
                                  .session = session_id(session->net) };
}

void imap_session_note_visit(struct imap_session *session, const struct mailbox *mailbox)
{
    struct auth_request request = imap_auth_request(session);

    /* a mailbox has its recipient's number */
    if (mailbox_id(mailbox) != session->reader.mailbox_id)
        auth_note_visit(session->context->auth, &request, session->identity, mailbox_id(mailbox));
}

bool imap_session_authenticated(struct imap_session *session, void *login_memory,
                                const struct identity *identity, struct err *err)
{
    struct group *group;

    if (!group_find(session->context->groups, identity->mailbox.storage_group_id, &group, err) ||
        !mailbox_open(session->context->cache, group, identity->mailbox.mailbox_id, &session->own, err))
        return false;
    session->login_memory = talloc_steal(session_memory(session->net), login_memory);
    session->identity = identity;
    session->login = identity->login;
    session->reader = (struct mailbox_reader){ .recipient_id = identity->recipient_id,
                                               .mailbox_id = identity->mailbox.mailbox_id,
                                               .organisation_id = identity->organisation_id };
    session->state = AUTHENTICATED;
    session->valid_until_us = clock_monotonic_us() + LOOK_AGAIN_S * US_PER_S;
    session_set_authenticated(session->net, true);
    session_set_identity(session->net, (void *)identity);
    return true;
}

/* What it works on may live elsewhere by now, which only a new login finds. */
static bool is_away(const struct imap_session *session)
{
    return (session->own && mailbox_is_away(session->own)) ||
           (session->selected && mailbox_is_away(session->selected->mailbox));
}

bool imap_session_is_due(const struct imap_session *session)
{
    return session->identity && (clock_monotonic_us() >= session->valid_until_us || is_away(session));
}

bool imap_session_still_valid(struct imap_session *session)
{
    struct err err = ERR_INIT;

    if (!imap_session_is_due(session))
        return true;
    session->valid_until_us = clock_monotonic_us() + LOOK_AGAIN_S * US_PER_S;
    return auth_still_valid(session->context->auth, session->identity, &err) || err.kind != ERR_AUTH;
}

void imap_session_forget(struct imap_session *session)
{
    imap_notify_end(session);
    session->is_wake_owed = false;
    imap_deselect(session);
    if (session->dialogue)
        imap_dialogue_end(session);
    mailbox_close(&session->own);
    session->identity = NULL;
    session->login = NULL;
    session->reader = (struct mailbox_reader){ 0 };
    session->enabled = 0;
    session->state = NOT_AUTHENTICATED;
    TALLOC_FREE(session->login_memory);
}
