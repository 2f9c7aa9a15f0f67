/*
 * notify_watch.c -- see notify_watch.h.
 */
#include "imap/notify_watch.h"

#include "base/wake.h"
#include "directory/resolve.h"
#include "format/folder_name.h"
#include "group/group.h"
#include "imap/place.h"
#include "mailbox/annotation.h"
#include "mailbox/rights.h"

#include <stdlib.h>
#include <talloc.h>

static void on_change(void *argument, int64_t group, int64_t mailbox, uint64_t modseq)
{
    struct notify_watch *watch = argument;

    (void)group;
    (void)mailbox;
    (void)modseq;
    atomic_store(&watch->is_dirty, true);
    session_wake(watch->notify->session->net);
}

static void on_rights(void *argument, int64_t group, int64_t organisation, uint64_t modseq)
{
    struct imap_notify *notify = argument;

    (void)group;
    (void)organisation;
    (void)modseq;
    atomic_store(&notify->must_search, true);
    session_wake(notify->session->net);
}

static int end_watch(struct notify_watch *watch)
{
    wake_unsubscribe(&watch->subscription);
    mailbox_close(&watch->mailbox);
    return 0;
}

static int end_notify(struct imap_notify *notify)
{
    wake_unsubscribe(&notify->rights);
    return 0;
}

static bool is_own(const struct notify_watch *watch)
{
    return watch->top == NULL;
}

/* Takes over the reference. */
static struct notify_watch *add_watch(struct imap_notify *notify, struct mailbox *mailbox, const char *top)
{
    struct notify_watch *watch = talloc_zero(notify, struct notify_watch);

    watch->notify = notify;
    watch->mailbox = mailbox;
    watch->top = top ? talloc_strdup(watch, top) : NULL;
    watch->is_found = true;
    atomic_store(&watch->is_dirty, true);
    talloc_set_destructor(watch, end_watch);
    watch->subscription = wake_subscribe(notify->session->context->bus, group_id(mailbox_group(mailbox)),
                                         mailbox_id(mailbox), on_change, watch);
    notify->watches =
        talloc_realloc(notify, notify->watches, struct notify_watch *, (unsigned)notify->watch_count + 1);
    notify->watches[notify->watch_count++] = watch;
    return watch;
}

struct imap_notify *notify_new(const void *owner, struct imap_session *session, struct notify_filter *filter)
{
    struct imap_notify *notify = talloc_zero(owner, struct imap_notify);

    notify->session = session;
    notify->filter = talloc_steal(notify, filter);
    talloc_set_destructor(notify, end_notify);
    add_watch(notify, mailbox_ref(session->own), NULL);
    notify->rights = wake_subscribe(session->context->bus, RIGHTS_WAKE_GROUP,
                                    rights_wake_id(session->reader.organisation_id), on_rights, notify);
    return notify;
}

void notify_drop_watch(struct imap_notify *notify, size_t at)
{
    talloc_free(notify->watches[at]);
    notify->watches[at] = notify->watches[--notify->watch_count];
}

void notify_note_withdrawn(struct imap_notify *notify, const char *shown)
{
    if (notify->withdrawn_count == NOTIFY_WITHDRAWN_MAX)
        return;
    notify->withdrawn =
        talloc_realloc(notify, notify->withdrawn, const char *, (unsigned)notify->withdrawn_count + 1);
    notify->withdrawn[notify->withdrawn_count++] = talloc_strdup(notify, shown);
}

bool notify_take_withdrawn(struct imap_notify *notify, const char *shown)
{
    for (size_t i = 0; i < notify->withdrawn_count; i++) {
        char *name = (char *)(uintptr_t)notify->withdrawn[i];

        if (strcmp(name, shown) != 0)
            continue;
        talloc_free(name);
        notify->withdrawn[i] = notify->withdrawn[--notify->withdrawn_count];
        return true;
    }
    return false;
}

/* ---- looking */

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_subscribed(const struct imap_notify *notify, const char *shown)
{
    return notify->subscribed_count &&
           bsearch(&shown, notify->subscribed, notify->subscribed_count, sizeof shown, compare_names) != NULL;
}

static struct notify_folder folder_of(void *arena, const struct notify_watch *watch,
                                      const struct folder *folder)
{
    const unsigned needed = RIGHT_LOOKUP | RIGHT_READ; /* RFC 5465, 5 */
    struct notify_folder now = { .folder = folder,
                                 .shown = folder->name,
                                 .is_subscribed = folder->is_subscribed,
                                 .is_readable = (folder->rights & needed) == needed };

    if (!is_own(watch)) {
        now.shown = imap_name_below(arena, watch->top, folder->name);
        now.is_subscribed = is_subscribed(watch->notify, now.shown);
    }
    now.events = notify_filter_events(watch->notify->filter, now.shown, is_own(watch), now.is_subscribed);
    return now;
}

bool notify_watch_look(struct imap_request *req, struct notify_watch *watch, struct notify_look *look_out,
                       struct err *err)
{
    struct folder **folders;
    size_t count;

    *look_out = (struct notify_look){ .count = 0 };
    if (!folder_list(watch->mailbox, &req->session->reader, req->arena, &folders, &count, err))
        return false;
    look_out->folders = talloc_array(req->arena, struct notify_folder, (unsigned)count + 1);
    look_out->subscribed = talloc_array(req->arena, const char *, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        if (folders[i]->folder_id == 0 && imap_name_is_of_others(folders[i]->name)) {
            look_out->subscribed[look_out->subscribed_count++] = folders[i]->name;
            continue;
        }
        look_out->folders[look_out->count++] = folder_of(req->arena, watch, folders[i]);
    }
    if (look_out->subscribed_count > 1)
        qsort(look_out->subscribed, look_out->subscribed_count, sizeof *look_out->subscribed, compare_names);
    return true;
}

static size_t known_in_all(const struct imap_notify *notify)
{
    size_t count = 0;

    for (size_t i = 0; i < notify->watch_count; i++)
        count += notify->watches[i]->known_count;
    return count;
}

bool notify_watch_remember(struct notify_watch *watch, const struct notify_look *look)
{
    struct notify_known *known = talloc_array(watch, struct notify_known, (unsigned)look->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < look->count; i++) {
        const struct notify_folder *now = &look->folders[i];

        if (now->events == 0)
            continue;
        known[count++] = (struct notify_known){ .folder_id = now->folder->folder_id,
                                                .shown = talloc_strdup(known, now->shown),
                                                .modseq = now->folder->modseq,
                                                .uidnext = now->folder->uidnext,
                                                .messages = now->folder->messages,
                                                .is_subscribed = now->is_subscribed,
                                                .has_children = now->folder->has_children,
                                                .is_readable = now->is_readable };
    }
    talloc_free(watch->known);
    watch->known = talloc_realloc(watch, known, struct notify_known, (unsigned)count + 1);
    watch->known_count = count;
    return known_in_all(watch->notify) <= NOTIFY_FOLDERS_MAX;
}

bool notify_take_subscribed(struct imap_notify *notify, const struct notify_look *look)
{
    bool is_same = notify->subscribed_count == look->subscribed_count;

    for (size_t i = 0; is_same && i < look->subscribed_count; i++)
        is_same = strcmp(notify->subscribed[i], look->subscribed[i]) == 0;
    if (is_same)
        return false;
    talloc_free(notify->subscribed);
    notify->subscribed = talloc_array(notify, const char *, (unsigned)look->subscribed_count + 1);
    notify->subscribed_count = look->subscribed_count;
    for (size_t i = 0; i < look->subscribed_count; i++)
        notify->subscribed[i] = talloc_strdup(notify->subscribed, look->subscribed[i]);
    return true;
}

/* ---- finding what others share */

static struct notify_watch *find_watch(const struct imap_notify *notify, const struct group *group,
                                       int64_t id)
{
    for (size_t i = 1; i < notify->watch_count; i++)
        if (mailbox_id(notify->watches[i]->mailbox) == id &&
            mailbox_group(notify->watches[i]->mailbox) == group)
            return notify->watches[i];
    return NULL;
}

static void keep_group(const struct imap_notify *notify, int64_t storage_group_id)
{
    for (size_t i = 1; i < notify->watch_count; i++)
        if (group_id(mailbox_group(notify->watches[i]->mailbox)) == storage_group_id)
            notify->watches[i]->is_found = true;
}

static bool has_subscribed_below(const struct imap_notify *notify, const char *top)
{
    for (size_t i = 0; i < notify->subscribed_count; i++)
        if (folder_name_is_below(notify->subscribed[i], top))
            return true;
    return false;
}

/* One mailbox that shares something with the reader: is it meant, and watched? */
static bool search_mailbox(struct imap_request *req, struct imap_notify *notify, struct group *group,
                           int64_t mailbox, struct err *err)
{
    struct imap_session *session = req->session;
    struct notify_watch *watch = find_watch(notify, group, mailbox);
    struct mailbox *opened;
    struct resolved owner;
    const char *top;

    if (!directory_resolve_id(session->context->directory, req->arena, mailbox, &owner, err))
        return err->kind == ERR_NOT_FOUND; /* just deleted */
    top = imap_top_of(req->arena, &owner);
    if (owner.organisation_id != session->reader.organisation_id ||
        !notify_filter_reaches(notify->filter, top, has_subscribed_below(notify, top)))
        return true;
    if (watch && strcmp(watch->top, top) == 0) {
        watch->is_found = true;
        return true;
    }
    if (!mailbox_open(session->context->cache, group, mailbox, &opened, err))
        return err->kind == ERR_NOT_FOUND;
    add_watch(notify, opened, top);
    return true;
}

static size_t found_in_all(const struct imap_notify *notify)
{
    size_t count = 0;

    for (size_t i = 1; i < notify->watch_count; i++)
        count += notify->watches[i]->is_found;
    return count;
}

static bool search_group(struct imap_request *req, struct imap_notify *notify, int64_t storage_group_id,
                         struct err *err)
{
    struct group *group;
    int64_t *mailboxes;
    size_t count;

    if (!group_find(req->session->context->groups, storage_group_id, &group, err) ||
        !rights_shared_mailboxes(req->session->context->cache, group, &req->session->reader, req->arena,
                                 &mailboxes, &count, err)) {
        keep_group(notify, storage_group_id);
        return false;
    }
    for (size_t i = 0; i < count && found_in_all(notify) <= NOTIFY_MAILBOXES_MAX; i++) {
        *err = ERR_INIT;
        if (!search_mailbox(req, notify, group, mailboxes[i], err)) {
            keep_group(notify, storage_group_id);
            return false;
        }
    }
    return true;
}

enum notify_search notify_search(struct imap_request *req, struct imap_notify *notify, struct err *err)
{
    struct groups *groups = req->session->context->groups;
    bool is_complete = true;
    int64_t *group_ids;
    size_t count;

    atomic_store(&notify->must_search, false);
    for (size_t i = 1; i < notify->watch_count; i++)
        notify->watches[i]->is_found = false;
    if (!notify_filter_reaches_others(notify->filter, notify->subscribed_count > 0))
        return NOTIFY_SEARCHED;
    group_ids = groups_ids(groups, req->arena, &count);
    for (size_t i = 0; i < count; i++)
        is_complete = search_group(req, notify, group_ids[i], err) && is_complete;
    if (found_in_all(notify) > NOTIFY_MAILBOXES_MAX)
        return NOTIFY_SEARCH_TOO_MANY;
    if (is_complete)
        return NOTIFY_SEARCHED;
    atomic_store(&notify->must_search, true);
    return NOTIFY_SEARCH_FAILED;
}
