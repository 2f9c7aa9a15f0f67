/* new_user.c -- from a JSON object to a user with a mailbox. */
#include "admin_api/new_user.h"

#include "auth/password.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "directory/server.h"
#include "group/quota.h"
#include "group/store.h"

#include <string.h>
#include <talloc.h>

static bool find_storage_group(struct admin_call *call, const char *name, int64_t *id_out, struct err *err)
{
    struct storage_group *groups;
    size_t count;

    *id_out = 0;
    if (!name)
        return true;
    if (!storage_group_list(call->api->options.directory, call->arena, &groups, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(groups[i].name, name) == 0) {
            *id_out = groups[i].storage_group_id;
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no storage group %s.", name);
}

/* Of the stores that fit what was named, the one with the fewest mailboxes; nothing named: the directory chooses. */
static bool find_store(struct admin_call *call, const char *group_name, const char *name,
                       struct mailbox_location *location, struct err *err)
{
    const struct store *chosen = NULL;
    struct store *stores;
    int64_t group_id;
    size_t count;

    if (!name && !group_name)
        return true;
    if (!find_storage_group(call, group_name, &group_id, err) ||
        !directory_store_list(call->api->options.directory, call->arena, &stores, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!stores[i].is_public && (!name || strcmp(stores[i].name, name) == 0) &&
            (group_id == 0 || stores[i].storage_group_id == group_id) &&
            (!chosen || stores[i].mailbox_count < chosen->mailbox_count))
            chosen = &stores[i];
    if (!chosen)
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox store.");
    location->store_id = chosen->store_id;
    location->storage_group_id = chosen->storage_group_id;
    return true;
}

static bool find_admin_group(struct admin_call *call, const char *name, struct user *user, struct err *err)
{
    const char *at = strrchr(user->address, '@');
    struct administrative_group group;
    struct domain domain;

    if (!name)
        return true;
    if (!at)
        return err_set(err, ERR_INVALID, "%s is not an address.", user->address);
    if (!domain_find(call->api->options.directory, &call->actor, call->arena, at + 1, &domain, err) ||
        !administrative_group_find(call->api->options.directory, &call->actor, call->arena,
                                   domain.organisation_id, name, &group, err))
        return false;
    user->administrative_group_id = group.administrative_group_id;
    return true;
}

static const char *text(const json_t *json, const char *field)
{
    return json_string_value(json_object_get(json, field));
}

static const struct {
    const char *name;
    enum recipient_kind kind;
} kinds[] = {
    { "user", RECIPIENT_USER },
    { "shared", RECIPIENT_SHARED },
    { "room", RECIPIENT_ROOM },
    { "equipment", RECIPIENT_EQUIPMENT },
};

/* What nobody logs in to is made without a login from the start. */
static bool read_kind(const char *word, struct user *user, struct err *err)
{
    for (size_t i = 0; word && i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, word) == 0) {
            user->kind = kinds[i].kind;
            user->state = user->kind == RECIPIENT_USER ? RECIPIENT_ACTIVE : RECIPIENT_NO_LOGIN;
            return true;
        }
    return !word || err_set(err, ERR_INVALID, "%.60s is not one of user, shared, room and equipment.", word);
}

bool new_user_read(struct admin_call *call, const json_t *json, struct user *user_out, struct err *err)
{
    *user_out = (struct user){ .kind = RECIPIENT_USER,
                               .state = RECIPIENT_ACTIVE,
                               .address = text(json, "address"),
                               .name = text(json, "name"),
                               .protocols = PROTOCOLS_ALL,
                               .quota_bytes = json_integer_value(json_object_get(json, "quota")) };
    if (!user_out->address || !user_out->name)
        return err_set(err, ERR_INVALID, "A user needs an address and a name.");
    if (user_out->quota_bytes < 0)
        return err_set(err, ERR_INVALID, "A quota cannot be negative.");
    return read_kind(text(json, "kind"), user_out, err) &&
           find_store(call, text(json, "storage_group"), text(json, "store"), &user_out->mailbox, err) &&
           find_admin_group(call, text(json, "admin_group"), user_out, err);
}

bool new_user_credential(const void *owner, const char *password, struct credential *credential_out,
                         bool *has_password_out, struct err *err)
{
    *has_password_out = password != NULL;
    return !password || password_hash(owner, span_text(password), credential_out, err);
}

static const struct actor ourselves = { .name = "local:server" };

/* A storage group learns of a limit when the first mailbox under it comes to it. */
static bool put_limits(const struct admin_api *api, const struct user *user, struct group *group,
                       struct err *err)
{
    const char *at = strrchr(user->address, '@');
    struct organisation organisation;
    struct domain domain;
    void *arena = talloc_new(NULL);
    bool done = organisation_get(api->options.directory, &ourselves, arena, user->organisation_id,
                                 &organisation, err) &&
                domain_find(api->options.directory, &ourselves, arena, at ? at + 1 : "", &domain, err);

    if (done && organisation.quota_bytes)
        done = quota_root_set(group, QUOTA_ROOT_ORGANISATION, user->organisation_id, organisation.quota_bytes,
                              err);
    if (done && domain.quota_bytes)
        done = quota_root_set(group, QUOTA_ROOT_DOMAIN, user->domain_id, domain.quota_bytes, err);
    talloc_free(arena);
    return done;
}

bool new_user_mailbox(const struct admin_api *api, const struct user *user, bool is_inbox_only,
                      struct err *err)
{
    struct mailbox_options options = {
        .mailbox_id = user->mailbox.mailbox_id,
        .store_id = user->mailbox.store_id,
        .organisation_id = user->organisation_id,
        .domain_id = user->domain_id,
        .quota_bytes = user->quota_bytes,
        .quota_messages = user->quota_messages,
        .is_inbox_only = is_inbox_only,
    };
    struct group *group;

    return group_find(api->options.groups, user->mailbox.storage_group_id, &group, err) &&
           mailbox_create(group, &options, err) && put_limits(api, user, group, err);
}
