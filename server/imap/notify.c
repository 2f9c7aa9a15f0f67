/*
 * notify.c -- see notify.h.
 */
#include "imap/notify.h"

#include "base/log.h"
#include "imap/fetch.h"
#include "imap/idle.h"
#include "imap/notify_tell.h"
#include "imap/updates.h"
#include "mailbox/annotation.h"

#include <talloc.h>

enum { ACTS_MAX = 1000 };

void imap_notify_end(struct imap_session *session)
{
    TALLOC_FREE(session->notify);
    imap_stop_listening(session);
}

void imap_notify_selected(struct imap_session *session)
{
    bool is_delayed;

    if (session->notify && notify_filter_selected(session->notify->filter, &is_delayed))
        imap_listen(session);
}

unsigned imap_notify_muted(const struct imap_session *session)
{
    bool is_delayed;
    unsigned events;

    if (!session->notify)
        return 0;
    events = notify_filter_selected(session->notify->filter, &is_delayed);
    if (!(events & NOTIFY_MESSAGE_NEW))
        return MUTED_NEW | MUTED_EXPUNGES | MUTED_FLAGS;
    return events & NOTIFY_FLAG_CHANGE ? 0 : MUTED_FLAGS;
}

void imap_notify_own(struct imap_session *session, const char *shown, enum imap_act act)
{
    static const unsigned events[] = { [ACT_NAME] = NOTIFY_MAILBOX_NAME,
                                       [ACT_SUBSCRIPTION] = NOTIFY_SUBSCRIPTION_CHANGE,
                                       [ACT_ANNOTATION] = NOTIFY_METADATA_EVENTS };
    struct imap_notify *notify = session->notify;

    if (!notify || notify->watch_count == 0 || notify->act_count == ACTS_MAX)
        return;
    notify->acts = talloc_realloc(notify, notify->acts, struct notify_act, (unsigned)notify->act_count + 1);
    notify->acts[notify->act_count++] =
        (struct notify_act){ talloc_strdup(notify->acts, shown), events[act] };
    session_wake(session->net); /* also where nothing was changed: it must not hide what others do later */
}

/* ---- on and off */

/* Nobody is listened to and nothing is said any more. */
static void fall_silent(struct imap_session *session)
{
    struct imap_notify *silent = talloc_zero(session_memory(session->net), struct imap_notify);

    silent->session = session;
    silent->filter = notify_filter_none(silent);
    imap_notify_end(session);
    session->notify = silent;
}

static enum session_next overflow(struct imap_request *req)
{
    return imap_no(req, "NOTIFICATIONOVERFLOW",
                   "That is more than can be watched: %d mailboxes of others, %d folders.",
                   NOTIFY_MAILBOXES_MAX, NOTIFY_FOLDERS_MAX);
}

/* What is there now becomes what the client knows. */
static bool get_to_know(struct imap_request *req, struct notify_watch *watch,
                        enum imap_notify_status wants_status, bool *is_too_much_out, struct err *err)
{
    struct notify_look look;

    atomic_store(&watch->is_dirty, false);
    if (!annotation_last(watch->mailbox, &watch->annotations_told, err) ||
        !notify_watch_look(req, watch, &look, err))
        return false;
    if (!watch->top)
        (void)notify_take_subscribed(watch->notify, &look);
    *is_too_much_out = !notify_watch_remember(watch, &look);
    if (*is_too_much_out)
        return true;
    notify_tell_no_access(req, watch, &look);
    return wants_status != NOTIFY_WITH_STATUS || notify_tell_all(req, watch, &look, err);
}

/* What has gathered in the selected folder comes first, as after NOOP (RFC 5465, 3.1). */
static enum session_next answer(struct imap_request *req)
{
    imap_notify_selected(req->session);
    if (!imap_updates_begin(req->session, EXPUNGES_MAY_BE_TOLD, VIEW_CHECK))
        return SESSION_CLOSE;
    return imap_ok(req, NULL, "NOTIFY done.");
}

static enum session_next begin(struct imap_request *req, struct imap_notify *notify,
                               enum imap_notify_status wants_status)
{
    struct imap_session *session = req->session;
    struct err err = ERR_INIT;
    bool is_too_much = false;

    if (!get_to_know(req, notify->watches[0], wants_status, &is_too_much, &err))
        return imap_fail(req, &err);
    if (is_too_much)
        return overflow(req);
    switch (notify_search(req, notify, &err)) {
    case NOTIFY_SEARCH_TOO_MANY:
        return overflow(req);
    case NOTIFY_SEARCH_FAILED: /* a storage group is away: the next wake-up tries again */
        log_err(LOG_LEVEL_WARNING, "imap.notify.search", &err);
        break;
    case NOTIFY_SEARCHED:
        break;
    }
    for (size_t i = 1; i < notify->watch_count; i++) {
        if (!get_to_know(req, notify->watches[i], wants_status, &is_too_much, &err))
            return imap_fail(req, &err);
        if (is_too_much)
            return overflow(req);
    }
    imap_notify_end(session);
    session->notify = talloc_steal(session_memory(session->net), notify);
    return answer(req);
}

enum session_next imap_notify_begin(struct imap_request *req, struct notify_filter *filter,
                                    enum imap_notify_status wants_status)
{
    if (notify_filter_wants(filter, ~0U))
        return begin(req, notify_new(req->arena, req->session, filter), wants_status);
    fall_silent(req->session);
    talloc_free(req->session->notify->filter);
    req->session->notify->filter = talloc_steal(req->session->notify, filter);
    return answer(req);
}

/* ---- other folders than the selected one */

static void drop_acts(struct imap_notify *notify)
{
    TALLOC_FREE(notify->acts);
    notify->act_count = 0;
}

/* False: the limit is passed. One that cannot be looked at now is looked at with the next wake-up. */
static bool look_again(struct imap_request *req, struct notify_watch *watch, bool *is_failed)
{
    struct imap_notify *notify = watch->notify;
    struct err err = ERR_INIT;
    struct notify_look look;
    bool is_small = true;

    if (!atomic_exchange(&watch->is_dirty, false))
        return true;
    if ((watch->known || annotation_last(watch->mailbox, &watch->annotations_told, &err)) &&
        notify_watch_look(req, watch, &look, &err)) {
        if (!watch->top && notify_take_subscribed(notify, &look)) {
            atomic_store(&notify->must_search, true);
            for (size_t i = 1; i < notify->watch_count; i++)
                atomic_store(&notify->watches[i]->is_dirty, true);
        }
        if (notify_tell_changes(req, watch, &look, &err) && notify_tell_annotations(req, watch, &look, &err))
            return notify_watch_remember(watch, &look);
        is_small = notify_watch_remember(watch, &look);
    }
    log_err(LOG_LEVEL_WARNING, "imap.notify.look", &err);
    atomic_store(&watch->is_dirty, true);
    *is_failed = true;
    return is_small;
}

/* Nothing of a mailbox that is not shared any more is there for this reader. */
static void drop_withdrawn(struct imap_request *req, struct imap_notify *notify)
{
    const struct notify_look nothing = { .count = 0 };
    struct err err = ERR_INIT;

    for (size_t i = notify->watch_count; i-- > 1;)
        if (!notify->watches[i]->is_found) {
            (void)!notify_tell_changes(req, notify->watches[i], &nothing, &err);
            notify_drop_watch(notify, i);
        }
}

/* What changed among the folders since they were told. False: there is more than can be watched. */
static bool say_folders(struct imap_request *req, struct imap_notify *notify)
{
    struct err err = ERR_INIT;
    bool is_failed = false;

    if (notify->watch_count == 0)
        return true;
    if (!look_again(req, notify->watches[0], &is_failed))
        return false;
    if (atomic_load(&notify->must_search)) {
        switch (notify_search(req, notify, &err)) {
        case NOTIFY_SEARCH_TOO_MANY:
            return false;
        case NOTIFY_SEARCH_FAILED:
            log_err(LOG_LEVEL_WARNING, "imap.notify.search", &err);
            is_failed = true;
            break;
        case NOTIFY_SEARCHED:
            break;
        }
        drop_withdrawn(req, notify);
    }
    for (size_t i = 1; i < notify->watch_count; i++)
        if (!look_again(req, notify->watches[i], &is_failed))
            return false;
    if (!is_failed)
        drop_acts(notify);
    req->session->is_wake_owed |= is_failed;
    return true;
}

/* ---- the selected folder */

struct turn {
    uint32_t first_new;
    struct uid_set uids;
    struct imap_fetch *fetch;
};

static enum session_next say_new_messages(struct imap_request *req)
{
    struct turn *turn = req->state;
    struct err err = ERR_INIT;

    if (turn->fetch)
        switch (imap_fetch_step(turn->fetch, &err)) {
        case FETCH_MORE:
            return imap_yield(req, say_new_messages);
        case FETCH_BROKEN:
            return SESSION_CLOSE;
        case FETCH_FAILED:
        case FETCH_DONE:
            break;
        }
    if (!say_folders(req, req->session->notify)) {
        imap_untagged_ok(req->session, "NOTIFICATIONOVERFLOW", "There is more to watch than can be watched.");
        fall_silent(req->session);
    }
    return SESSION_DONE;
}

static enum session_next say_news(struct imap_request *req)
{
    struct imap_session *session = req->session;
    const struct imap_fetch_request *fetch = notify_filter_fetch(session->notify->filter);
    struct turn *turn = req->state;

    if (!imap_updates_step(session))
        return imap_yield(req, say_news);
    if (session->selected && fetch && turn->first_new &&
        view_uidnext(session->selected->told) > turn->first_new) {
        turn->uids = UID_SET_INIT(req->arena);
        uid_set_add(&turn->uids, turn->first_new, view_uidnext(session->selected->told) - 1);
        turn->fetch = imap_fetch_open(req->arena, session, session->selected->told, &turn->uids, fetch);
    }
    return say_new_messages(req);
}

enum session_next imap_notify_wake(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct turn *turn = talloc_zero(req->arena, struct turn);
    bool is_delayed;

    req->state = turn;
    if (session->selected && notify_filter_selected(session->notify->filter, &is_delayed)) {
        turn->first_new = view_uidnext(session->selected->told);
        is_delayed = is_delayed && !session->dialogue; /* IDLE is a command that lets them pass (6.1.2) */
        if (!imap_updates_begin(session, is_delayed ? EXPUNGES_ARE_HELD : EXPUNGES_MAY_BE_TOLD, VIEW_CHECK))
            return SESSION_CLOSE;
    }
    return say_news(req);
}
