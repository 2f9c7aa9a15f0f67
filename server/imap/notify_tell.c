/*
 * notify_tell.c -- see notify_tell.h.
 */
#include "imap/notify_tell.h"

#include "format/folder_name.h"
#include "imap/list.h"
#include "imap/status.h"
#include "mailbox/annotation.h"

#include <glib.h>
#include <talloc.h>

/* Both sides by name and by id, while they are compared. */
struct compared {
    struct imap_request *req;
    const struct notify_watch *watch;
    const struct notify_look *look;
    GHashTable *known_by_id, *known_by_name, *now_by_id, *now_by_name;
    GHashTable *touched; /* names above one that came or went: they are told as well (RFC 5465, 5.4), */
    GHashTable *told;    /* unless they were already */
};

static void open_tables(struct compared *compared)
{
    const struct notify_watch *watch = compared->watch;
    const struct notify_look *look = compared->look;

    compared->known_by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    compared->known_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    compared->now_by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    compared->now_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    compared->touched = g_hash_table_new(g_str_hash, g_str_equal);
    compared->told = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < watch->known_count; i++) {
        struct notify_known *known = &watch->known[i];

        if (known->folder_id)
            g_hash_table_insert(compared->known_by_id, &known->folder_id, known);
        g_hash_table_insert(compared->known_by_name, (char *)known->shown, known);
    }
    for (size_t i = 0; i < look->count; i++) {
        struct notify_folder *now = &look->folders[i];

        if (now->folder->folder_id)
            g_hash_table_insert(compared->now_by_id, (int64_t *)&now->folder->folder_id, now);
        g_hash_table_insert(compared->now_by_name, (char *)now->shown, now);
    }
}

static void close_tables(struct compared *compared)
{
    g_hash_table_destroy(compared->known_by_id);
    g_hash_table_destroy(compared->known_by_name);
    g_hash_table_destroy(compared->now_by_id);
    g_hash_table_destroy(compared->now_by_name);
    g_hash_table_destroy(compared->touched);
    g_hash_table_destroy(compared->told);
}

static unsigned events_before(const struct notify_watch *watch, const struct notify_known *known)
{
    return notify_filter_events(watch->notify->filter, known->shown, watch->top == NULL,
                                known->is_subscribed);
}

/* Did this session do it? What comes or goes takes the names above it along. */
static bool is_own_act(const struct notify_watch *watch, const char *shown, unsigned event)
{
    const struct imap_notify *notify = watch->notify;

    for (size_t i = 0; i < notify->act_count; i++) {
        const struct notify_act *act = &notify->acts[i];

        if ((act->events & event) &&
            (strcmp(act->shown, shown) == 0 ||
             (event == NOTIFY_MAILBOX_NAME && folder_name_is_below(act->shown, shown))))
            return true;
    }
    return false;
}

static void say_list(const struct compared *compared, const struct notify_folder *now, const char *old_name)
{
    struct imap_session *session = compared->req->session;
    struct buf *out = imap_out(session);
    struct imap_listed listed = { .mailbox = compared->watch->mailbox,
                                  .folder = now->folder,
                                  .shown = now->shown,
                                  .is_subscribed = now->is_subscribed,
                                  .has_children = now->folder->has_children };

    buf_add_text(out, "* ");
    imap_add_list(session, out, &listed,
                  SHOW_SUBSCRIBED | SHOW_CHILDREN | SHOW_SPECIAL_USE |
                      (now->is_readable ? 0 : SHOW_NO_ACCESS));
    if (old_name) {
        buf_add_text(out, " (\"OLDNAME\" (");
        imap_add_folder_name(session, out, old_name);
        buf_add_text(out, "))");
    }
    buf_add_text(out, "\r\n");
}

/* A folder of another one that is gone may as well have been withdrawn: the two are not told apart. */
static void say_gone(const struct compared *compared, const char *shown, bool is_subscribed)
{
    struct imap_session *session = compared->req->session;
    struct buf *out = imap_out(session);

    buf_add_text(out, "* LIST (\\NonExistent");
    if (compared->watch->top)
        buf_add_text(out, " \\NoAccess");
    if (is_subscribed)
        buf_add_text(out, " \\Subscribed");
    buf_add_text(out, ") \"/\" ");
    imap_add_folder_name(session, out, shown);
    buf_add_text(out, "\r\n");
}

static bool is_selected(const struct imap_session *session, const struct notify_watch *watch,
                        const struct folder *folder)
{
    return session->selected && session->selected->mailbox == watch->mailbox &&
           session->selected->folder_id == folder->folder_id;
}

static bool say_status(struct imap_request *req, const struct notify_watch *watch,
                       const struct notify_folder *now, unsigned items, struct err *err)
{
    items |= STATUS_MESSAGES | STATUS_UIDNEXT | STATUS_UIDVALIDITY;
    /* RFC 5465, 5.1: whoever wants to hear of flags compares by it */
    if (imap_has(req->session, ENABLED_CONDSTORE) || (now->events & NOTIFY_FLAG_CHANGE))
        items |= STATUS_HIGHESTMODSEQ;
    return imap_add_status(req, watch->mailbox, now->folder, now->shown, items, err);
}

static bool wants_status(const struct imap_session *session, const struct notify_watch *watch,
                         const struct notify_folder *now)
{
    return now->folder->folder_id && now->is_readable && (now->events & NOTIFY_MESSAGE_EVENTS) &&
           !is_selected(session, watch, now->folder);
}

bool notify_tell_all(struct imap_request *req, const struct notify_watch *watch,
                     const struct notify_look *look, struct err *err)
{
    for (size_t i = 0; i < look->count; i++)
        if (wants_status(req->session, watch, &look->folders[i]) &&
            !say_status(req, watch, &look->folders[i], 0, err))
            return false;
    return true;
}

void notify_tell_no_access(struct imap_request *req, const struct notify_watch *watch,
                           const struct notify_look *look)
{
    const struct compared compared = { .req = req, .watch = watch, .look = look };

    for (size_t i = 0; i < look->count; i++)
        if (look->folders[i].events && !look->folders[i].is_readable)
            say_list(&compared, &look->folders[i], NULL);
}

/* ---- names and subscriptions */

/* A parent was renamed in the same way: its LIST says all (RFC 5465, 5.4). */
static bool is_renamed_with_parent(const struct compared *compared, const struct notify_known *known,
                                   const struct notify_folder *now)
{
    char *parent = folder_name_parent(compared->req->arena, known->shown);
    const struct notify_known *above = parent ? g_hash_table_lookup(compared->known_by_name, parent) : NULL;
    const struct notify_folder *above_now =
        above ? g_hash_table_lookup(compared->now_by_id, &above->folder_id) : NULL;
    char *parent_now = folder_name_parent(compared->req->arena, now->shown);

    return above_now && parent_now && strcmp(above_now->shown, parent_now) == 0 &&
           strcmp(above->shown, above_now->shown) != 0 &&
           strcmp(folder_name_leaf(known->shown), folder_name_leaf(now->shown)) == 0;
}

static void touch_parent(const struct compared *compared, const char *shown)
{
    char *parent = folder_name_parent(compared->req->arena, shown);

    if (parent)
        g_hash_table_add(compared->touched, parent);
}

/* One that was withdrawn before is told to all who watch it (RFC 5465, 5.9). */
static void say_new(const struct compared *compared, const struct notify_folder *now)
{
    bool is_back = notify_take_withdrawn(compared->watch->notify, now->shown) && now->events;
    bool is_named =
        (now->events & NOTIFY_MAILBOX_NAME) && !is_own_act(compared->watch, now->shown, NOTIFY_MAILBOX_NAME);

    if (!is_back && !is_named)
        return;
    say_list(compared, now, NULL);
    g_hash_table_add(compared->told, (char *)now->shown);
    touch_parent(compared, now->shown);
}

/* A subscribed name without a folder: only that it is subscribed can be new. */
static void say_name(const struct compared *compared, const struct notify_folder *now)
{
    const struct notify_known *known = g_hash_table_lookup(compared->known_by_name, now->shown);

    if ((now->events & NOTIFY_SUBSCRIPTION_CHANGE) && !(known && known->is_subscribed) &&
        !is_own_act(compared->watch, now->shown, NOTIFY_SUBSCRIPTION_CHANGE))
        say_gone(compared, now->shown, true);
}

/* True where LIST is to be said of a folder that was there before. */
static bool is_news(const struct compared *compared, const struct notify_known *known,
                    const struct notify_folder *now, const char **old_name_out)
{
    const struct notify_watch *watch = compared->watch;
    unsigned events = now->events | events_before(watch, known);

    *old_name_out = NULL;
    if (strcmp(known->shown, now->shown) != 0) {
        *old_name_out = known->shown;
        return (events & NOTIFY_MAILBOX_NAME) && !is_renamed_with_parent(compared, known, now) &&
               !is_own_act(watch, now->shown, NOTIFY_MAILBOX_NAME);
    }
    if (known->is_readable != now->is_readable)
        return true; /* RFC 5465, 5.9 */
    if (known->is_subscribed != now->is_subscribed && (events & NOTIFY_SUBSCRIPTION_CHANGE))
        return !is_own_act(watch, now->shown, NOTIFY_SUBSCRIPTION_CHANGE);
    return known->has_children != now->folder->has_children && (events & NOTIFY_MAILBOX_NAME) &&
           !is_own_act(watch, now->shown, NOTIFY_MAILBOX_NAME);
}

static bool has_new_messages(const struct notify_known *known, const struct notify_folder *now)
{
    const struct folder *folder = now->folder;

    if (!known || !known->is_readable)
        return folder->uidnext > 1;
    if (now->events & NOTIFY_FLAG_CHANGE)
        return known->modseq != folder->modseq;
    return known->uidnext != folder->uidnext || known->messages != folder->messages;
}

static bool say_folder(const struct compared *compared, const struct notify_folder *now, struct err *err)
{
    const struct notify_known *known = g_hash_table_lookup(compared->known_by_id, &now->folder->folder_id);
    const char *old_name;

    if (now->folder->folder_id == 0)
        say_name(compared, now);
    else if (!known)
        say_new(compared, now);
    else if (is_news(compared, known, now, &old_name)) {
        say_list(compared, now, old_name);
        g_hash_table_add(compared->told, (char *)now->shown);
    }
    return !wants_status(compared->req->session, compared->watch, now) || !has_new_messages(known, now) ||
           say_status(compared->req, compared->watch, now, STATUS_UNSEEN, err);
}

static void say_if_gone(const struct compared *compared, const struct notify_known *known)
{
    const struct notify_watch *watch = compared->watch;
    const struct notify_folder *named = g_hash_table_lookup(compared->now_by_name, known->shown);
    unsigned events = events_before(watch, known);

    if (known->folder_id == 0) {
        if (!named && (events & NOTIFY_SUBSCRIPTION_CHANGE) &&
            !is_own_act(watch, known->shown, NOTIFY_SUBSCRIPTION_CHANGE))
            say_gone(compared, known->shown, false);
        return;
    }
    if (g_hash_table_lookup(compared->now_by_id, &known->folder_id) || (named && named->folder->folder_id))
        return;
    /* RFC 5465, 5.9: that a watched folder is withdrawn is said to all who watch it */
    if (!((events & NOTIFY_MAILBOX_NAME) || watch->top) ||
        is_own_act(watch, known->shown, NOTIFY_MAILBOX_NAME))
        return;
    say_gone(compared, known->shown, named ? named->is_subscribed : watch->top && known->is_subscribed);
    if (watch->top)
        notify_note_withdrawn(watch->notify, known->shown);
    touch_parent(compared, known->shown);
}

/* Above one that came or went. */
static void say_touched(const struct compared *compared)
{
    for (size_t i = 0; i < compared->look->count; i++) {
        const struct notify_folder *now = &compared->look->folders[i];

        if (now->folder->folder_id && (now->events & NOTIFY_MAILBOX_NAME) &&
            g_hash_table_contains(compared->touched, now->shown) &&
            !g_hash_table_contains(compared->told, now->shown))
            say_list(compared, now, NULL);
    }
}

bool notify_tell_changes(struct imap_request *req, const struct notify_watch *watch,
                         const struct notify_look *look, struct err *err)
{
    struct compared compared = { .req = req, .watch = watch, .look = look };
    bool is_told = true;

    open_tables(&compared);
    for (size_t i = 0; i < watch->known_count; i++)
        say_if_gone(&compared, &watch->known[i]);
    for (size_t i = 0; is_told && i < look->count; i++)
        is_told = say_folder(&compared, &look->folders[i], err);
    say_touched(&compared);
    close_tables(&compared);
    return is_told;
}

/* ---- annotations */

static const struct notify_folder *folder_with(const struct notify_look *look, int64_t folder_id)
{
    for (size_t i = 0; i < look->count; i++)
        if (look->folders[i].folder->folder_id == folder_id)
            return &look->folders[i];
    return NULL;
}

/* The name under which the client hears of changed annotations there; NULL: not at all. */
static const char *name_with_annotations(const struct notify_watch *watch, const struct notify_look *look,
                                         int64_t folder_id)
{
    const struct notify_folder *now;

    if (folder_id == 0)
        return !watch->top && notify_filter_wants_server(watch->notify->filter) ? "" : NULL;
    now = folder_with(look, folder_id);
    return now && now->is_readable && (now->events & NOTIFY_MAILBOX_METADATA) ? now->shown : NULL;
}

static void say_annotations(struct imap_request *req, const char *shown,
                            const struct annotation_change *changes, size_t count)
{
    struct buf *out = imap_out(req->session);

    buf_add_text(out, "* METADATA ");
    imap_add_folder_name(req->session, out, shown);
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(out, ' ');
        imap_add_astring(req->session, out, span_text(changes[i].entry));
    }
    buf_add_text(out, "\r\n");
}

bool notify_tell_annotations(struct imap_request *req, struct notify_watch *watch,
                             const struct notify_look *look, struct err *err)
{
    struct annotation_change *changes;
    size_t count, next;

    if (!notify_filter_wants(watch->notify->filter, NOTIFY_METADATA_EVENTS))
        return true;
    if (!annotation_changes(watch->mailbox, &req->session->reader, watch->annotations_told, req->arena,
                            &changes, &count, err))
        return false;
    for (size_t i = 0; i < count; i = next) {
        const char *shown = name_with_annotations(watch, look, changes[i].folder_id);

        for (next = i; next < count && changes[next].folder_id == changes[i].folder_id; next++)
            if (changes[next].modseq > watch->annotations_told)
                watch->annotations_told = changes[next].modseq;
        if (shown && !is_own_act(watch, shown, NOTIFY_METADATA_EVENTS))
            say_annotations(req, shown, &changes[i], next - i);
    }
    return true;
}
