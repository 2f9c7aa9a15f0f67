/* mailbox_set.c -- Mailbox/set (RFC 8621, 2.5). */
#include "format/folder_name.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/mailbox.h"
#include "jmap/methods.h"
#include "jmap/share.h"

#include <stdlib.h>
#include <talloc.h>

/* What a client may say of a mailbox; pointers into its JSON. */
struct wanted {
    const char *name, *role;
    json_t *parent; /* NULL: not said */
    bool has_role, is_subscribed, has_subscribed, has_order;
    json_t *shares; /* NULL: not said */
};

static const struct folder *folder_at(const struct jmap_call *call, size_t number)
{
    return call->account->folders[number];
}

/* The account is read anew: numbers and folders are as after the last change. */
static json_t *look_again(struct jmap_call *call)
{
    struct err err = ERR_INIT;

    jmap_account_stale(call->account);
    return jmap_account_read(call->request, call->account, &err) ? NULL : jmap_set_error_of(&err);
}

static json_t *read_wanted(json_t *object, struct wanted *wanted)
{
    const char *name;
    json_t *value;

    *wanted = (struct wanted){ .name = NULL };
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "name") == 0 && json_is_string(value))
            wanted->name = json_string_value(value);
        else if (strcmp(name, "parentId") == 0 && (json_is_string(value) || json_is_null(value)))
            wanted->parent = value;
        else if (strcmp(name, "role") == 0 && (json_is_string(value) || json_is_null(value)))
            wanted->role = json_string_value(value), wanted->has_role = true;
        else if (strcmp(name, "isSubscribed") == 0 && json_is_boolean(value))
            wanted->is_subscribed = json_is_true(value), wanted->has_subscribed = true;
        else if (strcmp(name, "shareWith") == 0)
            wanted->shares = value;
        else if (strcmp(name, "sortOrder") == 0 && json_is_integer(value))
            wanted->has_order = true; /* what it is instead is told */
        else
            return jmap_bad_property(name);
    }
    return NULL;
}

/* The whole path of a name below a parent (NULL: at the top). */
static json_t *path_of(struct jmap_call *call, const json_t *parent, const char *name, char **path_out)
{
    const char *id = json_string_value(parent), *known = id ? jmap_resolve_id(call->request, id) : NULL;
    const char *above = NULL;
    struct err err = ERR_INIT;
    size_t number;

    if (id && (!known || !jmap_account_mailbox(call->account, known, &number)))
        return jmap_bad_property("parentId");
    if (!id && call->account->post_address) /* at the top is the public folder itself */
        return jmap_bad_property("parentId");
    if (id && !jmap_is_public_root(call->account, folder_at(call, number)))
        above = folder_at(call, number)->name;
    if (*name == '\0' || strchr(name, FOLDER_SEPARATOR))
        return jmap_bad_property("name");
    if (!folder_name_of_utf8(call->arena,
                             span_text(above ? talloc_asprintf(call->arena, "%s/%s", above, name) : name),
                             path_out, &err))
        return jmap_bad_property("name");
    return NULL;
}

static json_t *use_of(const struct wanted *wanted, const char **use_out)
{
    *use_out = wanted->role ? jmap_use_of_role(wanted->role) : NULL;
    return wanted->role && !*use_out ? jmap_bad_property("role") : NULL;
}

/* A name or a role that is another's already; what may not be made here, wherever that is. */
static json_t *refusal(const struct err *err, const char *property)
{
    if (err->kind == ERR_EXISTS || err->kind == ERR_INVALID)
        return jmap_bad_property(property);
    return err->kind == ERR_NOT_FOUND ? jmap_set_error("forbidden", "You may not do that here.")
                                      : jmap_set_error_of(err);
}

static bool subscribe(struct jmap_call *call, const char *path, bool is_subscribed, struct err *err)
{
    if (!call->account->is_own) /* subscriptions are the owner's */
        return !is_subscribed || err_set(err, ERR_DENIED, "Only the owner subscribes.");
    return is_subscribed ? folder_subscribe(call->account->mailbox, path, err)
                         : folder_unsubscribe(call->account->mailbox, path, err);
}

/* Of a folder that was just made: what its parents and the mailbox give. */
static json_t *rights_of(struct jmap_call *call, int64_t folder_id)
{
    size_t number;

    return jmap_account_mailbox(call->account, jmap_id_of(call, GROUP_ID_FOLDER, folder_id), &number)
               ? jmap_rights_object(folder_at(call, number)->rights, false)
               : json_null();
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    struct folder *folder;
    struct err err = ERR_INIT;
    struct wanted wanted;
    const char *use;
    char *path;
    json_t *error = read_wanted(object, &wanted);

    (void)creation_id;
    (void)arg;
    if (!error && !wanted.name)
        error = jmap_bad_property("name");
    if (!error)
        error = path_of(call, wanted.parent, wanted.name, &path);
    if (!error)
        error = use_of(&wanted, &use);
    if (error)
        return error;
    if (!folder_create(call->account->mailbox, &call->request->reader, path, use, call->arena, &folder, &err))
        return refusal(&err, use && strstr(err.user, "USEATTR") ? "role" : "name");
    if (wanted.is_subscribed && !subscribe(call, path, true, &err))
        return jmap_set_error_of(&err);
    error = wanted.shares ? jmap_share_set(call, folder, wanted.shares) : NULL;
    if (!error)
        error = look_again(call);
    if (error)
        return error;
    *created_out = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "id",
                             jmap_id_of(call, GROUP_ID_FOLDER, folder->folder_id), "sortOrder",
                             jmap_sort_order(folder), "totalEmails", 0, "unreadEmails", 0, "totalThreads", 0,
                             "unreadThreads", 0, "myRights", rights_of(call, folder->folder_id));
    jmap_tell_standard(*created_out, object,
                       json_pack("{s:n, s:n, s:b}", "parentId", "role", "isSubscribed", 0));
    return NULL;
}

static json_t *rename_to(struct jmap_call *call, size_t number, const struct wanted *wanted,
                         const char **path_io)
{
    const struct folder *folder = folder_at(call, number);
    json_t *same_parent = NULL, *error;
    struct err err = ERR_INIT;
    size_t parent;
    char *path;

    if (!wanted->name && !wanted->parent)
        return NULL;
    if (strcmp(folder->name, FOLDER_INBOX) == 0)
        return (!wanted->name || strcmp(wanted->name, jmap_mailbox_name(call->account, folder)) == 0) &&
                       !json_string_value(wanted->parent)
                   ? NULL
                   : jmap_set_error("forbidden", "The inbox keeps its name.");
    if (jmap_mailbox_parent(call->account, folder, &parent))
        same_parent = jmap_keep(
            call->arena, json_string(jmap_id_of(call, GROUP_ID_FOLDER, folder_at(call, parent)->folder_id)));
    error = path_of(call, wanted->parent ? wanted->parent : same_parent,
                    wanted->name ? wanted->name : jmap_mailbox_name(call->account, folder), &path);
    if (error || strcmp(path, folder->name) == 0)
        return error;
    if (folder_name_is_below(path, folder->name))
        return jmap_bad_property("parentId");
    if (!folder_rename(call->account->mailbox, &call->request->reader, folder->name, path, &err))
        return refusal(&err, "name");
    *path_io = path;
    return NULL;
}

/* The inbox is what it is; a role that is there already is no change. */
static json_t *role_to(const struct jmap_call *call, const struct folder *folder, struct wanted *wanted,
                       const char **use_out)
{
    const char *role = jmap_role_of(call->account, folder);

    wanted->has_role = wanted->has_role && strcmp(wanted->role ? wanted->role : "", role ? role : "") != 0;
    if (wanted->has_role && strcmp(folder->name, FOLDER_INBOX) == 0)
        return jmap_set_error("forbidden", "The inbox keeps its role.");
    return wanted->has_role ? use_of(wanted, use_out) : NULL;
}

/* The patch with "shareWith/<id>" made into all of shareWith; the arena's. NULL: it is wrong. */
static json_t *whole_shares(struct jmap_call *call, const struct folder *folder, json_t *patch)
{
    json_t *shares = jmap_keep(call->arena, json_object()), *rest = jmap_keep(call->arena, json_object());
    json_t *base = jmap_keep(call->arena, jmap_share_with(call, folder)), *value, *result;
    const char *name;

    json_object_foreach(patch, name, value)
        json_object_set(strncmp(name, "shareWith/", 10) == 0 ? shares : rest, name, value);
    if (json_object_size(shares) == 0)
        return patch;
    base = jmap_keep(
        call->arena,
        json_pack("{s:O}", "shareWith", json_is_object(base) ? base : jmap_keep(call->arena, json_object())));
    result = jmap_patch(base, shares);
    if (result)
        json_object_set(rest, "shareWith", json_object_get(jmap_keep(call->arena, result), "shareWith"));
    return result ? rest : NULL;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct err err = ERR_INIT;
    struct wanted wanted;
    const char *use = NULL, *path;
    size_t number;
    json_t *error = NULL;

    (void)arg;
    if (!jmap_account_mailbox(call->account, id, &number))
        return jmap_set_error("notFound", "There is no such mailbox.");
    path = folder_at(call, number)->name;
    patch = whole_shares(call, folder_at(call, number), patch);
    error = patch ? read_wanted(patch, &wanted)
                  : jmap_set_error("invalidPatch", "shareWith cannot be patched so.");
    if (!error)
        error = role_to(call, folder_at(call, number), &wanted, &use);
    if (!error && wanted.shares)
        error = jmap_share_set(call, folder_at(call, number), wanted.shares);
    if (!error)
        error = rename_to(call, number, &wanted, &path);
    if (error)
        return error;
    if (wanted.has_role &&
        !folder_set_special_use(call->account->mailbox, &call->request->reader, path, use, &err))
        return refusal(&err, "role");
    if (wanted.has_subscribed && !subscribe(call, path, wanted.is_subscribed, &err))
        return jmap_set_error_of(&err);
    error = look_again(call);
    if (!error && wanted.has_order && jmap_account_mailbox(call->account, id, &number))
        *updated_out = json_pack("{s:i}", "sortOrder", jmap_sort_order(folder_at(call, number)));
    return error;
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    const bool *removes_emails = arg;
    const struct folder *folder;
    struct err err = ERR_INIT;
    size_t number;

    if (!jmap_account_mailbox(call->account, id, &number))
        return jmap_set_error("notFound", "There is no such mailbox.");
    folder = folder_at(call, number);
    if (folder->messages > folder->deleted && !*removes_emails)
        return jmap_set_error("mailboxHasEmail", "The mailbox is not empty.");
    if (folder_delete(call->account->mailbox, &call->request->reader, folder->name, &err))
        return look_again(call);
    return err.kind == ERR_DEPENDED_ON ? jmap_set_error("mailboxHasChild", "%s", err.user)
                                       : jmap_set_error_of(&err);
}

struct doomed {
    size_t length; /* of its path */
    json_t *id;
};

static int longest_first(const void *a, const void *b)
{
    const struct doomed *x = a, *y = b;

    return (x->length < y->length) - (x->length > y->length);
}

/* One call may destroy mailboxes and those above them, in whichever order it names them (RFC 8620, 5.3): what lies below goes first,
 * and its path is longer. */
static void destroy_from_below(struct jmap_call *call)
{
    json_t *ids = json_object_get(call->in, "destroy");
    size_t count = json_array_size(ids), number;
    struct doomed *doomed = talloc_array(call->arena, struct doomed, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(ids, i)),
                   *id = text ? jmap_resolve_id(call->request, text) : NULL;
        bool is_known = id && jmap_account_mailbox(call->account, id, &number);
        doomed[i] = (struct doomed){ is_known ? strlen(folder_at(call, number)->name) : 0,
                                     jmap_keep(call->arena, json_incref(json_array_get(ids, i))) };
    }
    qsort(doomed, count, sizeof *doomed, longest_first);
    for (size_t i = 0; i < count; i++)
        json_array_set(ids, i, doomed[i].id);
}

bool mailbox_set(struct jmap_call *call)
{
    bool removes_emails;
    struct jmap_set set = { .create = create,
                            .update = update,
                            .destroy = destroy,
                            .arg = &removes_emails,
                            .changes = "name parentId role isSubscribed shareWith sortOrder" };

    destroy_from_below(call);
    return jmap_arg_bool(call, "onDestroyRemoveEmails", false, &removes_emails) && jmap_set_run(call, &set);
}
