/*
 * notify_filter.c -- see notify_filter.h.
 */
#include "imap/notify_filter.h"

#include "format/folder_name.h"
#include "imap/place.h"

#include <talloc.h>

static const struct {
    const char *word;
    enum notify_event event;
} event_words[] = {
    { "MessageNew", NOTIFY_MESSAGE_NEW },
    { "MessageExpunge", NOTIFY_MESSAGE_EXPUNGE },
    { "FlagChange", NOTIFY_FLAG_CHANGE },
    { "MailboxName", NOTIFY_MAILBOX_NAME },
    { "SubscriptionChange", NOTIFY_SUBSCRIPTION_CHANGE },
    { "MailboxMetadataChange", NOTIFY_MAILBOX_METADATA },
    { "ServerMetadataChange", NOTIFY_SERVER_METADATA },
};

enum scope { SELECTED_NOW, SELECTED_DELAYED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE, MAILBOXES };

static const char *const scope_words[] = {
    [SELECTED_NOW] = "selected", [SELECTED_DELAYED] = "selected-delayed",
    [INBOXES] = "inboxes",       [PERSONAL] = "personal",
    [SUBSCRIBED] = "subscribed", [SUBTREE] = "subtree",
    [MAILBOXES] = "mailboxes",
};

struct event_group {
    enum scope scope;
    const char **names; /* SUBTREE, MAILBOXES; UTF-8 */
    size_t name_count;
    unsigned events; /* 0: NONE */
    bool has_fetch;
    struct imap_fetch_request fetch; /* MessageNew (...) of the selected folder */
};

struct notify_filter {
    struct event_group *groups;
    size_t count;
};

/* A filter under way. */
struct taking {
    struct imap_request *req;
    struct notify_filter *filter;
    bool has_unknown, has_too_many;
};

static bool take_event(struct imap_in *in, struct event_group *group, bool *is_unknown)
{
    struct span word;

    for (size_t i = 0; i < COUNT_OF(event_words); i++)
        if (imap_take_keyword(in, event_words[i].word)) {
            group->events |= event_words[i].event;
            *is_unknown = false;
            return true;
        }
    *is_unknown = true;
    return imap_take_atom(in, &word);
}

static bool take_events(struct taking *taking, struct event_group *group)
{
    struct imap_in *in = &taking->req->in;
    const char *wrong;

    if (imap_take_keyword(in, "NONE"))
        return true;
    if (!imap_take_byte(in, '('))
        return false;
    do {
        bool had_new = group->events & NOTIFY_MESSAGE_NEW, is_unknown;

        if (!take_event(in, group, &is_unknown))
            return false;
        taking->has_unknown |= is_unknown;
        struct imap_in ahead = *in;
        if (!had_new && (group->events & NOTIFY_MESSAGE_NEW) && imap_take_space(&ahead) &&
            imap_peek(&ahead, '(')) {
            if (!imap_take_fetch_items(&ahead, &group->fetch, &wrong))
                return false;
            group->has_fetch = true;
            in->rest = ahead.rest;
        }
    } while (imap_take_space(in));
    return imap_take_byte(in, ')');
}

static bool take_name(struct taking *taking, struct event_group *group)
{
    struct imap_request *req = taking->req;
    struct err err = ERR_INIT;
    struct span name;
    char *text;

    if (!imap_take_astring(&req->in, &name))
        return false;
    if (imap_speaks_utf8(req->session) ? !folder_name_of_utf8(group->names, name, &text, &err)
                                       : !folder_name_of_utf7(group->names, name, &text, &err))
        return true; /* names nothing (RFC 5465, 3.1) */
    if (group->name_count == NOTIFY_NAMES_MAX)
        taking->has_too_many = true;
    else
        group->names[group->name_count++] = text;
    return true;
}

static bool take_names(struct taking *taking, struct event_group *group)
{
    struct imap_in *in = &taking->req->in;
    bool is_list;

    if (group->scope < SUBTREE)
        return true;
    group->names = talloc_array(taking->filter, const char *, NOTIFY_NAMES_MAX);
    if (!imap_take_space(in))
        return false;
    is_list = imap_take_byte(in, '(');
    do
        if (!take_name(taking, group))
            return false;
    while (is_list && imap_take_space(in));
    return !is_list || imap_take_byte(in, ')');
}

static bool take_group(struct taking *taking)
{
    struct notify_filter *filter = taking->filter;
    struct event_group *group = &filter->groups[filter->count];
    struct imap_in *in = &taking->req->in;

    *group = (struct event_group){ 0 };
    if (!imap_take_byte(in, '('))
        return false;
    for (size_t i = 0; i < COUNT_OF(scope_words); i++) {
        if (!imap_take_keyword(in, scope_words[i]))
            continue;
        group->scope = (enum scope)i;
        filter->count++;
        return take_names(taking, group) && imap_take_space(in) && take_events(taking, group) &&
               imap_take_byte(in, ')');
    }
    return false;
}

/* RFC 5465, 5: MessageNew and MessageExpunge come together, and FlagChange needs both; only they suit `selected`. */
static bool makes_sense(const struct event_group *group)
{
    unsigned both = group->events & (NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE);

    if (both != 0 && both != (NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE))
        return false;
    if ((group->events & NOTIFY_FLAG_CHANGE) && both == 0)
        return false;
    if (group->scope <= SELECTED_DELAYED)
        return !(group->events & ~(unsigned)NOTIFY_MESSAGE_EVENTS);
    return !group->has_fetch;
}

static bool make_sense_together(const struct notify_filter *filter)
{
    size_t selected = 0;

    for (size_t i = 0; i < filter->count; i++) {
        if (!makes_sense(&filter->groups[i]))
            return false;
        selected += filter->groups[i].scope <= SELECTED_DELAYED;
    }
    return selected <= 1; /* 6.1 */
}

static enum notify_taken take_groups(struct taking *taking, const char **wrong_out)
{
    struct imap_in *in = &taking->req->in;

    do {
        if (taking->filter->count == NOTIFY_GROUPS_MAX)
            return NOTIFY_TOO_MANY;
        *wrong_out = "A filter or its events are wrong.";
        if (!take_group(taking))
            return NOTIFY_BAD;
    } while (imap_take_space(in));
    *wrong_out = "There is something left after the events.";
    if (!imap_at_end(in))
        return NOTIFY_BAD;
    if (taking->has_unknown)
        return NOTIFY_BAD_EVENT;
    *wrong_out = "These events do not go together.";
    if (!make_sense_together(taking->filter))
        return NOTIFY_BAD;
    return taking->has_too_many ? NOTIFY_TOO_MANY : NOTIFY_TAKEN;
}

enum notify_taken notify_filter_take(struct imap_request *req, const void *owner,
                                     struct notify_filter **filter_out, const char **wrong_out)
{
    struct notify_filter *filter = notify_filter_none(owner);
    struct taking taking = { .req = req, .filter = filter };
    void *arena = req->in.arena;
    enum notify_taken taken;

    filter->groups = talloc_array(filter, struct event_group, NOTIFY_GROUPS_MAX);
    req->in.arena = filter; /* the fetch items live as long */
    taken = take_groups(&taking, wrong_out);
    req->in.arena = arena;
    *filter_out = filter;
    return taken;
}

struct notify_filter *notify_filter_none(const void *owner)
{
    return talloc_zero(owner, struct notify_filter);
}

/* ---- asking it */

static bool is_named(const struct event_group *group, const char *shown)
{
    for (size_t i = 0; i < group->name_count; i++)
        if (strcmp(group->names[i], shown) == 0 ||
            (group->scope == SUBTREE && folder_name_is_below(shown, group->names[i])))
            return true;
    return false;
}

static bool names_folder(const struct event_group *group, const char *shown, bool is_own, bool is_subscribed)
{
    switch (group->scope) {
    case SELECTED_NOW:
    case SELECTED_DELAYED:
        break;
    case INBOXES:
    case PERSONAL:
        return is_own;
    case SUBSCRIBED:
        return is_subscribed;
    case SUBTREE:
    case MAILBOXES:
        return is_named(group, shown);
    }
    return false;
}

unsigned notify_filter_events(const struct notify_filter *filter, const char *shown, bool is_own,
                              bool is_subscribed)
{
    unsigned events = 0;

    for (size_t i = 0; i < filter->count; i++) {
        const struct event_group *group = &filter->groups[i];

        if (!names_folder(group, shown, is_own, is_subscribed))
            continue;
        if (group->events == 0)
            break;
        events |= group->events;
    }
    return events & ~(unsigned)NOTIFY_SERVER_METADATA;
}

bool notify_filter_wants(const struct notify_filter *filter, unsigned events)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->groups[i].scope > SELECTED_DELAYED && (filter->groups[i].events & events))
            return true;
    return false;
}

bool notify_filter_wants_server(const struct notify_filter *filter)
{
    return notify_filter_wants(filter, NOTIFY_SERVER_METADATA);
}

static bool group_reaches(const struct event_group *group, const char *top, bool has_subscribed)
{
    if (group->scope == SUBSCRIBED)
        return has_subscribed;
    for (size_t i = 0; i < group->name_count; i++)
        if (strcmp(group->names[i], top) == 0 || folder_name_is_below(group->names[i], top) ||
            (group->scope == SUBTREE && folder_name_is_below(top, group->names[i])))
            return true;
    return false;
}

bool notify_filter_reaches(const struct notify_filter *filter, const char *top, bool has_subscribed)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->groups[i].events && group_reaches(&filter->groups[i], top, has_subscribed))
            return true;
    return false;
}

bool notify_filter_reaches_others(const struct notify_filter *filter, bool has_subscribed)
{
    return notify_filter_reaches(filter, IMAP_OTHER_USERS, has_subscribed) ||
           notify_filter_reaches(filter, IMAP_PUBLIC_FOLDERS, has_subscribed);
}

static const struct event_group *selected_group(const struct notify_filter *filter)
{
    for (size_t i = 0; i < filter->count; i++)
        if (filter->groups[i].scope <= SELECTED_DELAYED)
            return &filter->groups[i];
    return NULL;
}

unsigned notify_filter_selected(const struct notify_filter *filter, bool *is_delayed_out)
{
    const struct event_group *group = selected_group(filter);

    *is_delayed_out = group && group->scope == SELECTED_DELAYED;
    return group ? group->events : 0;
}

const struct imap_fetch_request *notify_filter_fetch(const struct notify_filter *filter)
{
    const struct event_group *group = selected_group(filter);

    return group && group->has_fetch ? &group->fetch : NULL;
}
