/* mailbox_get.c -- Mailbox/get and Mailbox/changes (RFC 8621, 2.1 and 2.2). */
#include "format/folder_name.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"
#include "jmap/share.h"
#include "mailbox/flags.h"
#include "mailbox/items.h"

#include <strings.h>
#include <talloc.h>

static const struct {
    const char *role, *use;
    int sort_order;
} roles[] = {
    { "inbox", NULL, 1 },
    { "drafts", "\\Drafts", 2 },
    { "sent", "\\Sent", 3 },
    { "archive", "\\Archive", 4 },
    { "junk", "\\Junk", 5 },
    { "trash", "\\Trash", 6 },
    { "important", "\\Important", 7 },
    { "flagged", "\\Flagged", 8 },
    { "all", "\\All", 9 },
};

enum { SORT_ORDER_STANDARD = 100 };

static int role_number(const struct folder *folder)
{
    if (strcmp(folder->name, FOLDER_INBOX) == 0)
        return 0;
    for (size_t i = 1; folder->special_use && i < COUNT_OF(roles); i++)
        if (strcmp(roles[i].use, folder->special_use) == 0)
            return (int)i;
    return -1;
}

bool jmap_is_public_root(const struct jmap_account *account, const struct folder *folder)
{
    return account->post_address && strcmp(folder->name, FOLDER_INBOX) == 0;
}

const char *jmap_role_of(const struct jmap_account *account, const struct folder *folder)
{
    int number = role_number(folder);

    return number < 0 || jmap_is_public_root(account, folder) ? NULL : roles[number].role;
}

int jmap_sort_order(const struct folder *folder)
{
    int number = role_number(folder);

    return number < 0 ? SORT_ORDER_STANDARD : roles[number].sort_order;
}

const char *jmap_use_of_role(const char *role)
{
    for (size_t i = 1; i < COUNT_OF(roles); i++)
        if (strcmp(roles[i].role, role) == 0)
            return roles[i].use;
    return NULL;
}

const char *jmap_mailbox_name(const struct jmap_account *account, const struct folder *folder)
{
    if (jmap_is_public_root(account, folder))
        return account->name;
    return strcmp(folder->name, FOLDER_INBOX) == 0 ? "Inbox" : folder_name_leaf(folder->name);
}

bool jmap_mailbox_parent(const struct jmap_account *account, const struct folder *folder, size_t *number_out)
{
    const char *slash = strrchr(folder->name, FOLDER_SEPARATOR);
    size_t length = slash ? (size_t)(slash - folder->name) : 0;

    if (!slash && account->post_address && !jmap_is_public_root(account, folder))
        for (size_t i = 0; i < account->folder_count; i++)
            if (jmap_is_public_root(account, account->folders[i])) {
                *number_out = i;
                return true;
            }
    for (size_t i = 0; slash && i < account->folder_count; i++)
        if (strlen(account->folders[i]->name) == length &&
            strncmp(account->folders[i]->name, folder->name, length) == 0) {
            *number_out = i;
            return true;
        }
    return false;
}

/* ---- Mailbox/get */

enum property {
    ID,
    NAME,
    PARENT,
    ROLE,
    SORT_ORDER,
    TOTAL_EMAILS,
    UNREAD_EMAILS,
    TOTAL_THREADS,
    UNREAD_THREADS,
    MY_RIGHTS,
    IS_SUBSCRIBED,
    SHARE_WITH,
    PROPERTIES
};
static const char *const names[PROPERTIES] = {
    [ID] = "id",
    [NAME] = "name",
    [PARENT] = "parentId",
    [ROLE] = "role",
    [SORT_ORDER] = "sortOrder",
    [TOTAL_EMAILS] = "totalEmails",
    [UNREAD_EMAILS] = "unreadEmails",
    [TOTAL_THREADS] = "totalThreads",
    [UNREAD_THREADS] = "unreadThreads",
    [MY_RIGHTS] = "myRights",
    [IS_SUBSCRIBED] = "isSubscribed",
    [SHARE_WITH] = "shareWith",
};
#define BIT(property) (UINT64_C(1) << (property))

static json_t *parent_id(struct jmap_call *call, const struct folder *folder)
{
    size_t parent;

    return jmap_mailbox_parent(call->account, folder, &parent)
               ? json_string(jmap_id_of(call, GROUP_ID_FOLDER, call->account->folders[parent]->folder_id))
               : json_null();
}

/* Without $seen and without $draft (RFC 8621, 2). */
static bool count_unread(struct jmap_call *call, size_t number, int64_t *count_out, struct err *err)
{
    const struct folder *folder = call->account->folders[number];
    const struct view *view;
    struct uid_set uids;

    *count_out = folder->unseen;
    if (folder->unseen == 0 || !(folder->rights & RIGHT_READ))
        return true;
    if (!jmap_account_view(call->account, number, &view, err))
        return false;
    uids = view_with_flags(call->arena, view, 0, FLAG_SEEN | FLAG_DRAFT | FLAG_DELETED);
    *count_out = (int64_t)uid_set_size(&uids);
    return true;
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct jmap_thread_counts *counts = arg;
    const struct folder *folder;
    struct err err = ERR_INIT;
    int64_t unread = 0;
    json_t *object;
    size_t number;

    if (!jmap_account_mailbox(call->account, id, &number))
        return NULL;
    folder = call->account->folders[number];
    if ((wanted & BIT(UNREAD_EMAILS)) && !count_unread(call, number, &unread, &err)) {
        jmap_fail_err(call, &err);
        return NULL;
    }
    object = json_pack("{s:s}", "id", id);
    if (wanted & BIT(NAME))
        json_object_set_new(object, "name", jmap_text(jmap_mailbox_name(call->account, folder)));
    if (wanted & BIT(PARENT))
        json_object_set_new(object, "parentId", parent_id(call, folder));
    if (wanted & BIT(ROLE))
        json_object_set_new(object, "role", jmap_text(jmap_role_of(call->account, folder)));
    if (wanted & BIT(SORT_ORDER))
        json_object_set_new(object, "sortOrder", json_integer(jmap_sort_order(folder)));
    if (wanted & BIT(TOTAL_EMAILS))
        json_object_set_new(object, "totalEmails", json_integer(folder->messages - folder->deleted));
    if (wanted & BIT(UNREAD_EMAILS))
        json_object_set_new(object, "unreadEmails", json_integer(unread));
    if (wanted & BIT(TOTAL_THREADS))
        json_object_set_new(object, "totalThreads", json_integer(counts[number].total));
    if (wanted & BIT(UNREAD_THREADS))
        json_object_set_new(object, "unreadThreads", json_integer(counts[number].unread));
    if (wanted & BIT(MY_RIGHTS))
        json_object_set_new(object, "myRights",
                            jmap_rights_object(folder->rights, strcmp(folder->name, FOLDER_INBOX) == 0));
    if (wanted & BIT(IS_SUBSCRIBED))
        json_object_set_new(object, "isSubscribed", json_boolean(folder->is_subscribed));
    if (wanted & BIT(SHARE_WITH))
        json_object_set_new(object, "shareWith", jmap_share_with(call, folder));
    return object;
}

/* Who shares what is a question a folder: only where it is asked. */
bool mailbox_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct jmap_thread_counts *counts = NULL;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, PROPERTIES, (BIT(PROPERTIES) - 1) & ~BIT(SHARE_WITH), &wanted))
        return false;
    if ((wanted & (BIT(TOTAL_THREADS) | BIT(UNREAD_THREADS))) && !jmap_count_threads(call, &counts, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < call->account->folder_count; i++)
        json_array_append_new(
            all, json_string(jmap_id_of(call, GROUP_ID_FOLDER, call->account->folders[i]->folder_id)));
    return jmap_get_each(call, all, wanted, object_of, counts);
}

/* ---- Mailbox/changes */

struct changes {
    uint64_t since;
    json_t *created, *updated, *destroyed;
    bool has_properties; /* something but counts changed */
};

static uint64_t changed_at(const struct folder *folder)
{
    return folder->modseq > folder->properties_modseq ? folder->modseq : folder->properties_modseq;
}

static void add_folders(struct jmap_call *call, struct changes *changes)
{
    for (size_t i = 0; i < call->account->folder_count; i++) {
        const struct folder *folder = call->account->folders[i];
        bool is_new = folder->created_modseq > changes->since;
        json_t *id;
        if (changed_at(folder) <= changes->since)
            continue;
        id = json_string(jmap_id_of(call, GROUP_ID_FOLDER, folder->folder_id));
        json_array_append_new(is_new ? changes->created : changes->updated, id);
        changes->has_properties =
            changes->has_properties || (!is_new && folder->properties_modseq > changes->since);
    }
}

static bool add_gone(struct jmap_call *call, struct changes *changes)
{
    struct folder_gone *gone;
    struct err err = ERR_INIT;
    size_t count;

    if (!folders_gone_since(call->account->mailbox, call->arena, changes->since, &gone, &count, &err))
        return err.kind == ERR_CONFLICT ? jmap_fail(call, "cannotCalculateChanges", "%s", err.user)
                                        : jmap_fail_err(call, &err);
    for (size_t i = 0; i < count; i++)
        if (gone[i].created_modseq <= changes->since)
            json_array_append_new(changes->destroyed,
                                  json_string(jmap_id_of(call, GROUP_ID_FOLDER, gone[i].folder_id)));
    return true;
}

static const char *old_state(const struct jmap_call *call)
{
    return talloc_strdup(call->arena, jmap_arg_text(call, "sinceState"));
}

bool mailbox_changes(struct jmap_call *call)
{
    struct changes changes = { .created = jmap_keep(call->arena, json_array()),
                               .updated = jmap_keep(call->arena, json_array()),
                               .destroyed = jmap_keep(call->arena, json_array()) };
    int64_t most;
    size_t count;

    if (!jmap_since(call, "sinceState", &changes.since) ||
        !jmap_arg_int(call, "maxChanges", 1, INT64_C(1) << 53, INT64_MAX, &most))
        return false;
    add_folders(call, &changes);
    if (!add_gone(call, &changes))
        return false;
    count = json_array_size(changes.created) + json_array_size(changes.updated) +
            json_array_size(changes.destroyed);
    if ((int64_t)count > most)
        return jmap_fail(call, "cannotCalculateChanges", "More was changed than may be told.");
    jmap_put_changes(call, old_state(call), jmap_state(call), false, json_incref(changes.created),
                     json_incref(changes.updated), json_incref(changes.destroyed));
    jmap_put(call, "updatedProperties",
             changes.has_properties || json_array_size(changes.updated) == 0
                 ? json_null()
                 : json_pack("[s, s, s, s]", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads"));
    return true;
}
