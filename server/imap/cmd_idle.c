/*
 * cmd_idle.c -- IDLE (RFC 9051, 6.3.13): news are told when they happen, until the client says DONE.
 *
 * The session hears of changes from the wake bus and looks itself; nothing is believed because of a wake-up.
 */
#include "base/wake.h"
#include "group/group.h"
#include "imap/dialogue.h"
#include "imap/idle.h"
#include "imap/notify.h"
#include "imap/updates.h"

static void on_change(void *argument, int64_t group, int64_t mailbox, uint64_t modseq)
{
    struct imap_session *session = argument;

    (void)group;
    (void)mailbox;
    (void)modseq;
    session_wake(session->net);
}

struct wake_subscription *imap_listen_to(struct imap_session *session, struct mailbox *mailbox)
{
    return wake_subscribe(session->context->bus, group_id(mailbox_group(mailbox)), mailbox_id(mailbox),
                          on_change, session);
}

void imap_listen(struct imap_session *session)
{
    struct imap_selected *selected = session->selected;

    if (selected && !selected->subscription)
        selected->subscription = imap_listen_to(session, selected->mailbox);
}

void imap_stop_listening(struct imap_session *session)
{
    if (session->selected && !session->notify)
        wake_unsubscribe(&session->selected->subscription);
}

static enum session_next say_news(struct imap_request *req)
{
    return imap_updates_step(req->session) ? SESSION_DONE : imap_yield(req, say_news);
}

static enum session_next on_wake(struct imap_request *req)
{
    if (req->session->notify)
        return imap_notify_wake(req);
    if (!imap_updates_begin(req->session, EXPUNGES_MAY_BE_TOLD, VIEW_CHECK))
        return SESSION_CLOSE;
    return say_news(req);
}

static enum session_next on_line(struct imap_request *req)
{
    bool is_done = span_equals_nocase(req->in.rest, "DONE");

    imap_stop_listening(req->session);
    imap_dialogue_end(req->session);
    return is_done ? imap_ok(req, NULL, "IDLE done.") : imap_bad(req, "DONE ends IDLE.");
}

enum session_next cmd_idle(struct imap_request *req)
{
    struct imap_dialogue *dialogue;

    if (!imap_at_end(&req->in))
        return imap_bad(req, "IDLE takes no arguments.");
    dialogue = imap_dialogue_open(req, FRAMING_LINES, on_line);
    dialogue->wake = on_wake;
    imap_listen(req->session);
    buf_add_text(imap_out(req->session), "+ idling\r\n");
    return on_wake(req);
}
