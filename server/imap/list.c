/*
 * list.c -- see list.h.
 */
#include "imap/list.h"

#include "directory/resolve.h"
#include "format/folder_name.h"
#include "group/group.h"
#include "imap/place.h"
#include "mailbox/search_folder.h"

#include <stdlib.h>
#include <talloc.h>

struct list {
    struct imap_request *req;
    struct imap_listed *items;
    size_t count, capacity;
};

static struct imap_listed *add(struct list *list, const char *shown)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items =
            talloc_realloc(list->req->arena, list->items, struct imap_listed, (unsigned)list->capacity);
    }
    list->items[list->count] = (struct imap_listed){ .shown = shown };
    return &list->items[list->count++];
}

static bool add_own(struct list *list, struct err *err)
{
    struct imap_session *session = list->req->session;
    struct folder **folders;
    size_t count;

    if (!folder_list(session->own, &session->reader, list->req->arena, &folders, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct imap_listed *item = add(list, folders[i]->name);

        item->mailbox = session->own;
        item->folder = folders[i];
        item->is_subscribed = folders[i]->is_subscribed;
        item->has_children = folders[i]->has_children;
        item->is_gone = folders[i]->folder_id == 0;
    }
    return true;
}

static struct imap_listed *find(struct list *list, size_t count, const char *shown)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list->items[i].shown, shown) == 0)
            return &list->items[i];
    return NULL;
}

/* Search folders stand below a name without a folder. A subscription to the name of one is none to something that does not exist. `top`: "",
 * or the name of somebody else's mailbox with its slash, where subscriptions are the reader's own, among the first `own_count`. */
static bool add_searches(struct list *list, struct mailbox *mailbox, const char *top, size_t own_count,
                         struct err *err)
{
    struct imap_session *session = list->req->session;
    void *arena = list->req->arena;
    const char *above = talloc_asprintf(arena, "%s%s", top, SEARCH_FOLDERS);
    bool is_own = *top == '\0';
    struct imap_listed *item;
    struct folder **folders;
    size_t count;

    if (!search_folders_as_folders(mailbox, &session->reader, arena, &folders, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *shown = talloc_asprintf(arena, "%s%s", top, folders[i]->name);

        item = find(list, own_count, shown);
        folders[i]->is_subscribed = is_own ? folders[i]->is_subscribed : item && item->is_subscribed;
        if (!item)
            item = add(list, shown);
        item->mailbox = mailbox;
        item->folder = folders[i];
        item->is_subscribed = folders[i]->is_subscribed;
        item->is_gone = false;
    }
    if (count == 0)
        return true;
    item = find(list, list->count, above);
    if (!item)
        item = add(list, above);
    item->is_gone = false;
    item->has_children = true;
    if (item->folder && item->folder->folder_id == 0)
        item->folder = NULL;
    return true;
}

static int release_mailbox(struct mailbox **held)
{
    mailbox_close(held);
    return 0;
}

/* A folder of somebody else's mailbox. Subscriptions to it are the reader's own, by the name shown. */
static struct imap_listed *add_of_other(struct list *list, size_t own_count, const char *top,
                                        const struct folder *folder)
{
    const char *shown = imap_name_below(list->req->arena, top, folder->name);
    struct imap_listed *name = find(list, own_count, shown);
    struct imap_listed *item = name ? name : add(list, shown);

    item->is_subscribed = name && name->is_subscribed;
    item->is_gone = false;
    item->folder = folder;
    item->has_children = folder->has_children;
    return item;
}

/* The folders of one who shares some. */
static bool add_shared(struct list *list, size_t own_count, struct group *group, const struct resolved *whose,
                       struct err *err)
{
    struct imap_session *session = list->req->session;
    void *arena = list->req->arena;
    struct mailbox **held = talloc_zero(arena, struct mailbox *);
    const char *top = imap_top_of(arena, whose);
    struct folder **folders;
    size_t count;

    if (!mailbox_open(session->context->cache, group, whose->mailbox.mailbox_id, held, err))
        return err->kind == ERR_NOT_FOUND;
    talloc_set_destructor(held, release_mailbox);
    if (!folder_list(*held, &session->reader, arena, &folders, &count, err))
        return false;
    if (count > 0)
        add(list, top)->has_children = true;
    for (size_t i = 0; i < count; i++)
        add_of_other(list, own_count, top, folders[i])->mailbox = *held;
    return count == 0 || add_searches(list, *held, talloc_asprintf(arena, "%s/", top), own_count, err);
}

bool imap_list_open(struct imap_request *req, struct imap_listed *item, struct err *err)
{
    struct mailbox **held;

    if (item->mailbox)
        return true;
    held = talloc_zero(req->arena, struct mailbox *);
    if (!mailbox_open(req->session->context->cache, item->group, item->mailbox_id, held, err))
        return false;
    talloc_set_destructor(held, release_mailbox);
    item->mailbox = *held;
    return true;
}

static const struct resolved *whose_is(const struct resolved *resolved, size_t count, int64_t mailbox_id)
{
    for (size_t i = 0; i < count; i++)
        if (resolved[i].mailbox.mailbox_id == mailbox_id)
            return &resolved[i];
    return NULL;
}

/* Of one public folder: it is its INBOX, and a name only where the reader may not look up that one. */
static void add_one_public(struct list *list, size_t own_count, struct group *group, const char *top,
                           const struct folder_found *found, size_t count)
{
    bool has_root = folder_name_is_inbox(found[0].folder->name);

    if (!has_root)
        add(list, top)->has_children = true;
    for (size_t i = 0; i < count; i++) {
        struct imap_listed *item = add_of_other(list, own_count, top, found[i].folder);

        item->group = group;
        item->mailbox_id = found[i].mailbox_id;
        if (i == 0 && has_root)
            item->has_children = count > 1;
    }
}

/* Those among them that are public folders, all in one query. */
static bool add_public(struct list *list, size_t own_count, struct group *group,
                       const struct resolved *resolved, size_t count, struct err *err)
{
    struct imap_session *session = list->req->session;
    void *arena = list->req->arena;
    int64_t *ids = talloc_array(arena, int64_t, (unsigned)count + 1);
    struct folder_found *found;
    size_t wanted = 0, first = 0, found_count;

    for (size_t i = 0; i < count; i++)
        if (resolved[i].recipient_kind == RECIPIENT_PUBLIC_FOLDER && resolved[i].kind == RESOLVED_RECIPIENT)
            ids[wanted++] = resolved[i].mailbox.mailbox_id;
    if (wanted == 0)
        return true;
    if (!folder_list_many(session->context->cache, group, &session->reader, ids, wanted, arena, &found,
                          &found_count, err))
        return false;
    for (size_t i = 1; i <= found_count; i++)
        if (i == found_count || found[i].mailbox_id != found[first].mailbox_id) {
            add_one_public(list, own_count, group,
                           imap_top_of(arena, whose_is(resolved, count, found[first].mailbox_id)),
                           &found[first], i - first);
            first = i;
        }
    return true;
}

/* What the reader sees of others' mailboxes in one storage group. */
static bool add_group(struct list *list, size_t own_count, struct group *group, struct err *err)
{
    struct imap_session *session = list->req->session;
    void *arena = list->req->arena;
    struct resolved *resolved;
    size_t count, kept = 0;
    int64_t *mailboxes;

    if (!rights_shared_mailboxes(session->context->cache, group, &session->reader, arena, &mailboxes, &count,
                                 err))
        return false;
    if (count == 0)
        return true;
    if (!directory_resolve_ids(session->context->directory, arena, mailboxes, count, &resolved, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (resolved[i].organisation_id == session->reader.organisation_id &&
            resolved[i].mailbox.storage_group_id == group_id(group)) /* no copy on its way */
            resolved[kept++] = resolved[i];
    for (size_t i = 0; i < kept; i++)
        if (resolved[i].recipient_kind != RECIPIENT_PUBLIC_FOLDER &&
            !add_shared(list, own_count, group, &resolved[i], err))
            break;
    return add_public(list, own_count, group, resolved, kept, err);
}

static void add_top(struct list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].is_gone && folder_name_is_below(list->items[i].shown, name)) {
            add(list, name)->has_children = true;
            return;
        }
}

static void add_others(struct list *list, struct err *err)
{
    struct imap_session *session = list->req->session;
    size_t groups, own_count = list->count;
    int64_t *group_ids = groups_ids(session->context->groups, list->req->arena, &groups);

    for (size_t i = 0; i < groups; i++) {
        struct group *group;

        *err = ERR_INIT;
        /* A storage group that is down hides what is shared there, and nothing else. */
        if (group_find(session->context->groups, group_ids[i], &group, err))
            (void)!add_group(list, own_count, group, err);
    }
    *err = ERR_INIT;
    add_top(list, IMAP_OTHER_USERS);
    add_top(list, IMAP_PUBLIC_FOLDERS);
}

/* The end of a name before '/' before anything else, so that what lies below a name stands right behind it. */
static int rank(char c)
{
    return c == '\0' ? 0 : c == FOLDER_SEPARATOR ? 1 : 2 + (unsigned char)c;
}

static bool is_in_inbox(const char *name)
{
    return folder_name_is_inbox(name) || folder_name_is_below(name, FOLDER_INBOX);
}

static int compare(const void *left, const void *right)
{
    const char *p = ((const struct imap_listed *)left)->shown,
               *q = ((const struct imap_listed *)right)->shown;

    if (is_in_inbox(p) != is_in_inbox(q))
        return is_in_inbox(p) ? -1 : 1;
    for (; *p && *p == *q; p++)
        q++;
    return rank(*p) - rank(*q);
}

static void sort(struct list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

static struct imap_listed *look_up(struct list *list, size_t count, const char *shown)
{
    return bsearch(&(struct imap_listed){ .shown = shown }, list->items, count, sizeof *list->items, compare);
}

/* Above a subscribed name that does not exist there may be nothing either: LSUB "%" and RECURSIVEMATCH want it said. */
static void add_gone_parents(struct list *list)
{
    size_t count = list->count;

    for (size_t i = 0; i < count; i++) {
        const char *above = list->items[i].shown;

        while (list->items[i].is_gone && (above = folder_name_parent(list->req->arena, above)) != NULL)
            if (!look_up(list, count, above))
                add(list, above)->is_gone = true;
    }
    sort(list);
}

static void note_subscribed_below(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *above = list->items[i].shown;

        while (list->items[i].is_subscribed &&
               (above = folder_name_parent(list->req->arena, above)) != NULL) {
            struct imap_listed *found = look_up(list, list->count, above);

            if (found)
                found->has_subscribed_below = true;
        }
    }
}

/* Two subscribed names below one that is gone both added it. */
static void drop_doubles(struct list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || strcmp(list->items[kept - 1].shown, list->items[i].shown) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

bool imap_list_all(struct imap_request *req, bool others, struct imap_listed **listed_out, size_t *count_out,
                   struct err *err)
{
    struct list list = { .req = req };

    if (!add_own(&list, err) || !add_searches(&list, req->session->own, "", list.count, err))
        return false;
    if (others)
        add_others(&list, err);
    sort(&list);
    add_gone_parents(&list);
    drop_doubles(&list);
    note_subscribed_below(&list);
    *listed_out = list.items;
    *count_out = list.count;
    return true;
}

void imap_add_list(struct imap_session *session, struct buf *out, const struct imap_listed *listed,
                   unsigned show)
{
    bool is_absent = listed->is_gone || (listed->folder && listed->folder->folder_id == 0);
    size_t start;

    buf_add_text(out, "LIST (");
    start = out->length;
    if (is_absent)
        buf_add_text(out, "\\NonExistent ");
    else if (!listed->folder || !(listed->folder->rights & RIGHT_READ))
        buf_add_text(out, "\\Noselect ");
    if (listed->folder && listed->folder->is_search)
        buf_add_text(out, "\\NoInferiors ");
    if (show & SHOW_NO_ACCESS)
        buf_add_text(out, "\\NoAccess ");
    if ((show & SHOW_CHILDREN) && !(is_absent && !listed->has_children))
        buf_add_text(out, listed->has_children ? "\\HasChildren " : "\\HasNoChildren ");
    if ((show & SHOW_SUBSCRIBED) && listed->is_subscribed)
        buf_add_text(out, "\\Subscribed ");
    if ((show & SHOW_SPECIAL_USE) && listed->folder && listed->folder->special_use) {
        buf_add_text(out, listed->folder->special_use);
        buf_add_byte(out, ' ');
    }
    if (out->length > start)
        out->length--;
    buf_add_text(out, ") \"/\" ");
    imap_add_folder_name(session, out, listed->shown);
    if (show & SHOW_CHILDINFO)
        buf_add_text(out, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
}
