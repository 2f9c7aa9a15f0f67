/*
 * notify.c -- see notify.h; and the command NOTIFY itself.
 */
#include "imap/notify.h"

#include "base/wake.h"
#include "format/folder_name.h"
#include "imap/fetch.h"
#include "imap/idle.h"
#include "imap/list.h"
#include "imap/status.h"
#include "imap/updates.h"
#include "mailbox/folder.h"

#include <stdlib.h>
#include <talloc.h>

enum { GROUPS_MAX = 50, NAMES_MAX = 200 };

enum event {
    MESSAGE_NEW = 1 << 0,
    MESSAGE_EXPUNGE = 1 << 1,
    FLAG_CHANGE = 1 << 2,
    MAILBOX_NAME = 1 << 3,
    SUBSCRIPTION_CHANGE = 1 << 4,
    MESSAGE_EVENTS = MESSAGE_NEW | MESSAGE_EXPUNGE | FLAG_CHANGE,
};

static const struct {
    const char *word;
    enum event event;
} event_words[] = {
    { "MessageNew", MESSAGE_NEW },
    { "MessageExpunge", MESSAGE_EXPUNGE },
    { "FlagChange", FLAG_CHANGE },
    { "MailboxName", MAILBOX_NAME },
    { "SubscriptionChange", SUBSCRIPTION_CHANGE },
};

enum filter { SELECTED_ONLY, SELECTED_DELAYED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE, MAILBOXES };

static const char *const filter_words[] = {
    [SELECTED_ONLY] = "selected", [SELECTED_DELAYED] = "selected-delayed",
    [INBOXES] = "inboxes",        [PERSONAL] = "personal",
    [SUBSCRIBED] = "subscribed",  [SUBTREE] = "subtree",
    [MAILBOXES] = "mailboxes",
};

struct event_group {
    enum filter filter;
    const char **names; /* SUBTREE, MAILBOXES; UTF-8 */
    size_t name_count;
    unsigned events;
    bool has_fetch;
    struct imap_fetch_request fetch; /* MessageNew (...) of the selected folder */
};

/* A folder as the client was told of it. */
struct known {
    int64_t folder_id;
    const char *name;
    uint64_t modseq;
    bool is_subscribed;
};

struct imap_notify {
    struct event_group *groups;
    size_t group_count;
    struct known *known; /* by folder_id */
    size_t known_count;
    struct wake_subscription *subscription; /* of the reader's own mailbox */
};

/* ---- reading the command */

static bool take_events(struct imap_in *in, struct event_group *group, bool *is_unknown_out)
{
    const char *wrong;
    struct span word;

    if (imap_take_keyword(in, "NONE"))
        return true;
    if (!imap_take_byte(in, '('))
        return false;
    do {
        bool is_found = false;

        for (size_t i = 0; i < COUNT_OF(event_words) && !is_found; i++)
            if (imap_take_keyword(in, event_words[i].word)) {
                group->events |= event_words[i].event;
                is_found = true;
            }
        if (!is_found) {
            *is_unknown_out = true;
            if (!imap_take_atom(in, &word))
                return false;
        }
        struct imap_in ahead = *in;
        if (is_found && (group->events & MESSAGE_NEW) && imap_take_space(&ahead) && imap_peek(&ahead, '(')) {
            if (!imap_take_fetch_items(&ahead, &group->fetch, &wrong))
                return false;
            group->has_fetch = true;
            in->rest = ahead.rest;
        }
    } while (imap_take_space(in));
    return imap_take_byte(in, ')');
}

static bool take_name(struct imap_request *req, struct event_group *group)
{
    struct span name;
    char *text;
    struct err err;

    if (group->name_count == NAMES_MAX || !imap_take_astring(&req->in, &name))
        return false;
    if (imap_speaks_utf8(req->session) ? !folder_name_of_utf8(group->names, name, &text, &err)
                                       : !folder_name_of_utf7(group->names, name, &text, &err))
        return true; /* names nothing */
    group->names[group->name_count++] = text;
    return true;
}

static bool take_names(struct imap_request *req, struct imap_notify *notify, struct event_group *group)
{
    bool is_list;

    if (group->filter < SUBTREE)
        return true;
    group->names = talloc_array(notify, const char *, NAMES_MAX);
    if (!imap_take_space(&req->in))
        return false;
    is_list = imap_take_byte(&req->in, '(');
    do
        if (!take_name(req, group))
            return false;
    while (is_list && imap_take_space(&req->in));
    return !is_list || imap_take_byte(&req->in, ')');
}

static bool take_group(struct imap_request *req, struct imap_notify *notify, bool *is_unknown_out)
{
    struct event_group *group = &notify->groups[notify->group_count];

    *group = (struct event_group){ 0 };
    if (notify->group_count == GROUPS_MAX || !imap_take_byte(&req->in, '('))
        return false;
    for (size_t i = 0; i < COUNT_OF(filter_words); i++) {
        if (!imap_take_keyword(&req->in, filter_words[i]))
            continue;
        group->filter = (enum filter)i;
        notify->group_count++;
        return take_names(req, notify, group) && imap_take_space(&req->in) &&
               take_events(&req->in, group, is_unknown_out) && imap_take_byte(&req->in, ')');
    }
    return false;
}

/* RFC 5465, 5: MessageNew and MessageExpunge come together, and FlagChange needs both; only they suit `selected`. */
static bool makes_sense(const struct event_group *group)
{
    unsigned both = group->events & (MESSAGE_NEW | MESSAGE_EXPUNGE);

    if (both != 0 && both != (MESSAGE_NEW | MESSAGE_EXPUNGE))
        return false;
    if ((group->events & FLAG_CHANGE) && both == 0)
        return false;
    if (group->filter <= SELECTED_DELAYED)
        return !(group->events & ~(unsigned)MESSAGE_EVENTS);
    return !group->has_fetch;
}

/* ---- which events for which folder */

static bool names_folder(const struct event_group *group, const struct folder *folder)
{
    switch (group->filter) {
    case SELECTED_ONLY:
    case SELECTED_DELAYED:
        return false;
    case INBOXES:
        return strcmp(folder->name, FOLDER_INBOX) == 0;
    case PERSONAL:
        return true;
    case SUBSCRIBED:
        return folder->is_subscribed;
    case SUBTREE:
    case MAILBOXES:
        break;
    }
    for (size_t i = 0; i < group->name_count; i++)
        if (strcmp(group->names[i], folder->name) == 0 ||
            (group->filter == SUBTREE && folder_name_is_below(folder->name, group->names[i])))
            return true;
    return false;
}

static unsigned events_of(const struct imap_notify *notify, const struct folder *folder)
{
    for (size_t i = 0; i < notify->group_count; i++)
        if (names_folder(&notify->groups[i], folder))
            return notify->groups[i].events;
    return 0;
}

static const struct event_group *selected_group(const struct imap_notify *notify)
{
    for (size_t i = 0; i < notify->group_count; i++)
        if (notify->groups[i].filter <= SELECTED_DELAYED)
            return &notify->groups[i];
    return NULL;
}

/* ---- the folders */

static struct known *find_known(const struct imap_notify *notify, int64_t folder_id)
{
    for (size_t i = 0; i < notify->known_count; i++)
        if (notify->known[i].folder_id == folder_id)
            return &notify->known[i];
    return NULL;
}

static void remember(struct imap_notify *notify, struct folder **folders, size_t count)
{
    struct known *known = talloc_array(notify, struct known, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        known[i] = (struct known){ folders[i]->folder_id, talloc_strdup(known, folders[i]->name),
                                   folders[i]->modseq, folders[i]->is_subscribed };
    talloc_free(notify->known);
    notify->known = known;
    notify->known_count = count;
}

static bool is_selected(const struct imap_session *session, const struct folder *folder)
{
    return session->selected && session->selected->mailbox == session->own &&
           session->selected->folder_id == folder->folder_id;
}

static void say_list(struct imap_request *req, const struct folder *folder, const char *old_name)
{
    struct imap_session *session = req->session;
    struct buf *out = imap_out(session);
    struct imap_listed listed = { .mailbox = session->own,
                                  .folder = folder,
                                  .shown = folder->name,
                                  .is_subscribed = folder->is_subscribed,
                                  .has_children = folder->has_children };

    buf_add_text(out, "* ");
    imap_add_list(session, out, &listed, SHOW_SUBSCRIBED | SHOW_CHILDREN | SHOW_SPECIAL_USE);
    if (old_name) {
        buf_add_text(out, " (\"OLDNAME\" (");
        imap_add_folder_name(session, out, old_name);
        buf_add_text(out, "))");
    }
    buf_add_text(out, "\r\n");
}

static bool say_status(struct imap_request *req, const struct folder *folder, struct err *err)
{
    unsigned items = STATUS_MESSAGES | STATUS_UIDNEXT | STATUS_UIDVALIDITY | STATUS_UNSEEN;

    /* RFC 5465, 5.1: whoever wants to hear of flags compares by it */
    if (imap_has(req->session, ENABLED_CONDSTORE) || (events_of(req->session->notify, folder) & FLAG_CHANGE))
        items |= STATUS_HIGHESTMODSEQ;
    return imap_add_status(req, req->session->own, folder, folder->name, items, err);
}

static bool say_folder(struct imap_request *req, const struct folder *folder, struct err *err)
{
    struct imap_notify *notify = req->session->notify;
    const struct known *known = find_known(notify, folder->folder_id);
    unsigned events = events_of(notify, folder);

    if (folder->folder_id == 0)
        return true;
    if ((events & MAILBOX_NAME) && (!known || strcmp(known->name, folder->name) != 0))
        say_list(req, folder, known ? known->name : NULL);
    else if ((events & SUBSCRIPTION_CHANGE) && known && known->is_subscribed != folder->is_subscribed)
        say_list(req, folder, NULL);
    if ((events & MESSAGE_EVENTS) && !is_selected(req->session, folder) &&
        (!known || known->modseq != folder->modseq))
        return say_status(req, folder, err);
    return true;
}

static void say_deleted(struct imap_request *req, struct folder **folders, size_t count)
{
    struct imap_notify *notify = req->session->notify;
    struct buf *out = imap_out(req->session);

    for (size_t i = 0; i < notify->known_count; i++) {
        struct folder gone = { .folder_id = notify->known[i].folder_id,
                               .name = notify->known[i].name,
                               .is_subscribed = notify->known[i].is_subscribed };
        bool is_there = false;

        for (size_t f = 0; f < count && !is_there; f++)
            is_there = folders[f]->folder_id == gone.folder_id;
        if (is_there || gone.folder_id == 0 || !(events_of(notify, &gone) & MAILBOX_NAME))
            continue;
        buf_add_text(out, "* LIST (\\NonExistent) \"/\" ");
        imap_add_folder_name(req->session, out, gone.name);
        buf_add_text(out, "\r\n");
    }
}

/* What changed among the folders since they were told; a database that does not answer now is asked at the next wake-up. */
static void say_folders(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct err err = ERR_INIT;
    struct folder **folders;
    size_t count;

    if (!folder_list(session->own, &session->reader, req->arena, &folders, &count, &err))
        return;
    for (size_t i = 0; i < count; i++)
        if (!say_folder(req, folders[i], &err))
            return;
    say_deleted(req, folders, count);
    remember(session->notify, folders, count);
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
    say_folders(req);
    return SESSION_DONE;
}

static enum session_next say_news(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct turn *turn = req->state;
    const struct event_group *group;

    if (!imap_updates_step(session))
        return imap_yield(req, say_news);
    group = session->selected ? selected_group(session->notify) : NULL;
    if (group && group->has_fetch && turn->first_new &&
        view_uidnext(session->selected->told) > turn->first_new) {
        turn->uids = UID_SET_INIT(req->arena);
        uid_set_add(&turn->uids, turn->first_new, view_uidnext(session->selected->told) - 1);
        turn->fetch =
            imap_fetch_open(req->arena, session, session->selected->told, &turn->uids, &group->fetch);
    }
    return say_new_messages(req);
}

enum session_next imap_notify_wake(struct imap_request *req)
{
    struct imap_session *session = req->session;
    const struct event_group *group = selected_group(session->notify);
    struct turn *turn = talloc_zero(req->arena, struct turn);

    req->state = turn;
    if (session->selected && group && (group->events & MESSAGE_EVENTS)) {
        turn->first_new = view_uidnext(session->selected->told);
        if (!imap_updates_begin(session,
                                group->filter == SELECTED_DELAYED ? EXPUNGES_ARE_HELD : EXPUNGES_MAY_BE_TOLD,
                                VIEW_CHECK))
            return SESSION_CLOSE;
    }
    return say_news(req);
}

/* ---- on and off */

void imap_notify_end(struct imap_session *session)
{
    if (!session->notify)
        return;
    wake_unsubscribe(&session->notify->subscription);
    TALLOC_FREE(session->notify);
    imap_stop_listening(session);
}

void imap_notify_selected(struct imap_session *session)
{
    if (session->notify && selected_group(session->notify))
        imap_listen(session);
}

static enum session_next begin(struct imap_request *req, struct imap_notify *notify, bool wants_status)
{
    struct imap_session *session = req->session;
    struct err err = ERR_INIT;
    struct folder **folders;
    size_t count;

    if (!folder_list(session->own, &session->reader, req->arena, &folders, &count, &err))
        return imap_fail(req, &err);
    imap_notify_end(session);
    session->notify = talloc_steal(session_memory(session->net), notify);
    for (size_t i = 0; wants_status && i < count; i++)
        if (folders[i]->folder_id && (events_of(notify, folders[i]) & MESSAGE_EVENTS) &&
            !is_selected(session, folders[i]) && !say_status(req, folders[i], &err))
            return imap_fail(req, &err);
    remember(notify, folders, count);
    notify->subscription = imap_listen_to(session, session->own);
    imap_notify_selected(session);
    return imap_ok(req, NULL, "NOTIFY done.");
}

enum session_next cmd_notify(struct imap_request *req)
{
    struct imap_notify *notify = talloc_zero(req->arena, struct imap_notify);
    bool wants_status = false, is_unknown = false;
    struct imap_in *in = &req->in;

    if (!imap_take_space(in))
        return imap_bad(req, "NOTIFY takes SET or NONE.");
    if (imap_take_keyword(in, "NONE") && imap_at_end(in)) {
        imap_notify_end(req->session);
        return imap_ok(req, NULL, "NOTIFY done.");
    }
    notify->groups = talloc_array(notify, struct event_group, GROUPS_MAX + 1);
    in->arena = notify; /* what is taken lives as long as the notification */
    if (!imap_take_keyword(in, "SET") || !imap_take_space(in))
        return imap_bad(req, "NOTIFY takes SET or NONE.");
    wants_status = imap_take_keyword(in, "STATUS");
    if (wants_status && !imap_take_space(in))
        return imap_bad(req, "NOTIFY SET needs filters and events.");
    do
        if (!take_group(req, notify, &is_unknown))
            return imap_bad(req, "A filter or its events are wrong.");
    while (imap_take_space(in));
    if (!imap_at_end(in))
        return imap_bad(req, "There is something left after the events.");
    if (is_unknown)
        return imap_no(req, "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)",
                       "One of these events is not known here.");
    for (size_t i = 0; i < notify->group_count; i++)
        if (!makes_sense(&notify->groups[i]))
            return imap_bad(req, "These events do not go together.");
    return begin(req, notify, wants_status);
}
