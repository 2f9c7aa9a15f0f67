/* search_folder.c -- SearchFolder (docs/jmap.md): searches that are kept, and shown as folders over IMAP. */
#include "mailbox/search_folder.h"

#include "jmap/account.h"
#include "jmap/email_query.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/share.h"

#include <stdlib.h>
#include <talloc.h>

enum property { ID, NAME, FILTER, SORT, TOTAL, UNREAD, MY_RIGHTS, PROPERTIES };
static const char *const names[PROPERTIES] = {
    [ID] = "id",
    [NAME] = "name",
    [FILTER] = "filter",
    [SORT] = "sort",
    [TOTAL] = "totalEmails",
    [UNREAD] = "unreadEmails",
    [MY_RIGHTS] = "myRights",
};

struct kept {
    struct search_folder *list;
    size_t count;
    unsigned rights; /* of the caller; 0: he sees none */
};

/* Those that the caller may see. His rights are asked for where there is something to see. */
static bool read_kept(const struct jmap_call *call, struct kept *kept, struct err *err)
{
    struct mailbox *mailbox = call->account->mailbox;

    kept->rights = 0;
    if (!search_folders_list(mailbox, call->arena, &kept->list, &kept->count, err))
        return false;
    if (kept->count > 0 && !search_folder_rights(mailbox, &call->request->reader, &kept->rights, err))
        return false;
    if (kept->rights == 0)
        kept->count = 0;
    return true;
}

static bool load(struct jmap_call *call, struct kept *kept)
{
    struct err err = ERR_INIT;

    return read_kept(call, kept, &err) || jmap_fail_err(call, &err);
}

static const char *id_of(const struct jmap_call *call, int64_t folder_id)
{
    return jmap_id_of(call, GROUP_ID_SEARCH, folder_id);
}

static const struct search_folder *find(const struct jmap_call *call, const struct kept *kept, const char *id)
{
    int64_t folder_id;

    if (!jmap_id_decode(call->account, GROUP_ID_SEARCH, id, &folder_id))
        return NULL;
    for (size_t i = 0; i < kept->count; i++)
        if (kept->list[i].folder_id == folder_id && !kept->list[i].is_removed)
            return &kept->list[i];
    return NULL;
}

/* ---- what a filter means */

/* A call that asks for this, as Email/query would. */
static struct jmap_call asking(const struct jmap_call *call, json_t *filter, json_t *sort)
{
    struct jmap_call inner = { .request = call->request, .arena = call->arena, .account = call->account };

    inner.in = jmap_keep(call->arena, json_pack("{s:O, s:O}", "filter", filter, "sort", sort));
    return inner;
}

/* How many emails it holds for; -1, and the call failed. */
static int64_t count(struct jmap_call *call, json_t *filter)
{
    struct jmap_call inner = asking(call, filter, jmap_keep(call->arena, json_null()));
    struct email_query query;
    struct jmap_list *list;
    struct err err = ERR_INIT;
    int64_t number = -1;

    if (!email_query_read(&inner, &query)) {
        json_decref(inner.error);
        return 0; /* it was good once: a folder that it names may be gone */
    }
    if (!email_query_run(&query, &list, &err)) {
        (void)jmap_fail_err(call, &err);
        return -1;
    }
    number = (int64_t)list->count;
    jmap_list_release(&list);
    return number;
}

static json_t *unread_of(const struct jmap_call *call, json_t *filter)
{
    return jmap_keep(call->arena, json_pack("{s:s, s:[{s:s}, O]}", "operator", "AND", "conditions",
                                            "notKeyword", "$seen", filter));
}

/* ---- SearchFolder/get */

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct kept *kept = arg;
    const struct search_folder *folder = find(call, kept, id);
    json_t *filter, *object;
    int64_t total = 0, unread = 0;

    if (!folder)
        return NULL;
    filter = jmap_keep(call->arena, json_loads(folder->filter, JSON_DECODE_ANY, NULL));
    if (wanted & (1u << TOTAL))
        total = count(call, filter);
    if (total >= 0 && (wanted & (1u << UNREAD)))
        unread = count(call, unread_of(call, filter));
    if (total < 0 || unread < 0)
        return NULL;
    object = json_object();
    for (unsigned i = 0; i < PROPERTIES; i++)
        if (wanted & (1u << i))
            json_object_set_new(object, names[i],
                                i == ID          ? json_string(id)
                                : i == NAME      ? json_string(folder->name)
                                : i == FILTER    ? json_incref(filter)
                                : i == SORT      ? json_loads(folder->sort, JSON_DECODE_ANY, NULL)
                                : i == MY_RIGHTS ? jmap_rights_object(kept->rights, false)
                                                 : json_integer(i == TOTAL ? total : unread));
    return object;
}

bool search_folder_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct kept kept;
    uint64_t wanted;

    if (!jmap_wanted(call, names, PROPERTIES, UINT64_MAX, &wanted) || !load(call, &kept))
        return false;
    for (size_t i = 0; i < kept.count; i++)
        if (!kept.list[i].is_removed)
            json_array_append_new(all, json_string(id_of(call, kept.list[i].folder_id)));
    return jmap_get_each(call, all, wanted, object_of, &kept);
}

/* ---- SearchFolder/changes */

/* Who sees none is told the same whether there are any: that one looks at all there are. */
static bool may_follow(struct jmap_call *call)
{
    struct err err = ERR_INIT;
    unsigned rights;

    if (!search_folder_rights(call->account->mailbox, &call->request->reader, &rights, &err))
        return jmap_fail_err(call, &err);
    return rights != 0 ||
           jmap_fail(call, "cannotCalculateChanges", "This account has no search folders for you.");
}

/* What is shown of any may be more or less since; updatedProperties says where it is nothing else. */
bool search_folder_changes(struct jmap_call *call)
{
    json_t *created = jmap_keep(call->arena, json_array()), *updated = jmap_keep(call->arena, json_array()),
           *destroyed = jmap_keep(call->arena, json_array());
    bool has_properties = false;
    size_t removed = 0;
    uint64_t since, oldest = UINT64_MAX;
    struct kept kept;

    if (!jmap_since(call, "sinceState", &since) || !may_follow(call) || !load(call, &kept))
        return false;
    for (size_t i = 0; i < kept.count && since < call->account->modseq; i++) {
        const struct search_folder *folder = &kept.list[i];
        bool is_new = folder->created_modseq > since, is_changed = folder->properties_modseq > since;
        json_t *id = jmap_keep(call->arena, json_string(id_of(call, folder->folder_id)));

        removed += folder->is_removed;
        if (folder->is_removed && folder->properties_modseq < oldest)
            oldest = folder->properties_modseq;
        if (folder->is_removed && is_changed && !is_new)
            json_array_append(destroyed, id);
        else if (!folder->is_removed)
            json_array_append(is_new ? created : updated, id);
        has_properties = has_properties || (!folder->is_removed && is_changed && !is_new);
    }
    if (removed == SEARCH_FOLDERS_REMOVED_MAX && since < oldest)
        return jmap_fail(call, "cannotCalculateChanges", "What was removed so long ago is forgotten.");
    jmap_put_changes(call, talloc_strdup(call->arena, jmap_arg_text(call, "sinceState")), jmap_state(call),
                     false, json_incref(created), json_incref(updated), json_incref(destroyed));
    jmap_put(call, "updatedProperties",
             has_properties ? json_null() : json_pack("[s, s]", names[TOTAL], names[UNREAD]));
    return true;
}

/* ---- SearchFolder/set */

/* Can it be asked? The error, a new reference; NULL: yes. */
static json_t *check(const struct jmap_call *call, json_t *filter, json_t *sort)
{
    struct jmap_call inner = asking(call, filter, sort);
    struct email_query query;
    bool is_about_sort;

    if (email_query_read(&inner, &query))
        return query.needs_threads
                   ? jmap_set_error("unsupportedFilter", "A search folder does not look at conversations.")
                   : NULL;
    is_about_sort = strcmp(json_string_value(json_object_get(inner.error, "type")), "unsupportedSort") == 0;
    json_decref(inner.error);
    return jmap_bad_property(is_about_sort ? names[SORT] : names[FILTER]);
}

static char *text_of(const struct jmap_call *call, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY), *kept = talloc_strdup(call->arena, text);

    free(text);
    return kept;
}

/* Name, filter and sort of `object` into `folder`. */
static json_t *take(const struct jmap_call *call, json_t *object, struct search_folder *folder)
{
    json_t *filter =
        jmap_keep(call->arena, folder->filter ? json_loads(folder->filter, JSON_DECODE_ANY, NULL) : NULL);
    json_t *sort = jmap_keep(call->arena, json_loads(folder->sort, JSON_DECODE_ANY, NULL));
    const char *name;
    json_t *value, *error;

    json_object_foreach(object, name, value)
    {
        if (strcmp(name, names[NAME]) == 0 && json_is_string(value))
            folder->name = json_string_value(value);
        else if (strcmp(name, names[FILTER]) == 0 && json_is_object(value))
            filter = value;
        else if (strcmp(name, names[SORT]) == 0 && (json_is_array(value) || json_is_null(value)))
            sort = value;
        else
            return jmap_bad_property(name);
    }
    if (!folder->name || !filter)
        return jmap_bad_property(folder->name ? names[FILTER] : names[NAME]);
    error = check(call, filter, sort);
    folder->filter = text_of(call, filter);
    folder->sort = text_of(call, sort);
    return error;
}

static json_t *refusal(const struct err *err)
{
    return err->kind == ERR_EXISTS || err->kind == ERR_INVALID
               ? jmap_set_error("invalidProperties", "%s", err->user)
           : err->kind == ERR_LIMIT ? jmap_set_error("overQuota", "%s", err->user)
                                    : jmap_set_error_of(err);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    struct search_folder folder = { .sort = "null" };
    struct err err = ERR_INIT;
    json_t *error;
    int64_t folder_id;

    (void)creation_id;
    (void)arg;
    if (!call->account->is_own)
        return jmap_set_error("forbidden", "Search folders are made by the owner of a mailbox.");
    error = take(call, object, &folder);
    if (error)
        return error;
    if (!search_folder_put(call->account->mailbox, &folder, &folder_id, &err))
        return refusal(&err);
    *created_out = json_pack("{s:s}", names[ID], id_of(call, folder_id));
    return NULL;
}

/* One that is there and that the caller may name anew and remove, as over IMAP. The error, a new reference; NULL: *folder_out. */
static json_t *find_to_change(const struct jmap_call *call, const char *id, struct search_folder *folder_out)
{
    struct err err = ERR_INIT;
    struct kept kept;

    if (!read_kept(call, &kept, &err))
        return jmap_set_error_of(&err);
    if (!find(call, &kept, id))
        return jmap_set_error("notFound", "There is no such search folder.");
    if (!(kept.rights & RIGHT_DELETE))
        return jmap_set_error("forbidden", "You may not change the folders of this mailbox.");
    *folder_out = *find(call, &kept, id);
    return NULL;
}

/* What it searches for is the owner's. */
static bool is_name_alone(const json_t *patch)
{
    return json_object_size(patch) == 0 ||
           (json_object_size(patch) == 1 && json_object_get(patch, names[NAME]));
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct search_folder folder;
    struct err err = ERR_INIT;
    json_t *error = find_to_change(call, id, &folder);

    (void)updated_out;
    (void)arg;
    if (!error && !call->account->is_own && !is_name_alone(patch))
        error = jmap_set_error("forbidden", "What is searched for is changed by the owner of a mailbox.");
    if (!error)
        error = take(call, patch, &folder);
    if (error)
        return error;
    return search_folder_put(call->account->mailbox, &folder, &folder.folder_id, &err) ? NULL : refusal(&err);
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    struct search_folder folder;
    struct err err = ERR_INIT;
    json_t *error = find_to_change(call, id, &folder);

    (void)arg;
    if (error)
        return error;
    return search_folder_remove(call->account->mailbox, folder.folder_id, &err) ? NULL
                                                                                : jmap_set_error_of(&err);
}

bool search_folder_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create, .update = update, .destroy = destroy });
}
