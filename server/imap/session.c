/*
 * session.c -- see session.h.
 */
#include "imap/session.h"

#include "base/clock.h"
#include "base/wake.h"
#include "group/group.h"
#include "imap/dialogue.h"
#include "imap/notify.h"

#include <talloc.h>

enum { LOOK_AGAIN_S = 60 };

static int on_deselect(struct imap_selected *selected)
{
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
    talloc_set_destructor(selected, on_deselect);
    return selected;
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

bool imap_session_is_due(const struct imap_session *session)
{
    return session->identity && clock_monotonic_us() >= session->valid_until_us;
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
