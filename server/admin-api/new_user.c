/* new_user.c -- from a JSON object to a user with a mailbox. */
#include "admin_api/new_user.h"

#include "admin_api/admin_group.h"
#include "admin_api/place.h"
#include "admin_api/share.h"
#include "auth/password.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "directory/server.h"
#include "group/quota.h"
#include "group/store.h"
#include "mailbox/rights.h"

#include <string.h>
#include <talloc.h>

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
    { "public-folder", RECIPIENT_PUBLIC_FOLDER },
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
    return !word || err_set(err, ERR_INVALID,
                            "%.60s is not one of user, shared, room, equipment and public-folder.", word);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool find_place(struct admin_call *call, const json_t *json, struct new_user_place *place,
                       struct user *user, struct err *err)
{
    const char *at = strrchr(user->address, '@');
    struct new_user_place wanted = { .storage_group = text(json, "storage_group"),
                                     .store = text(json, "store"),
                                     .admin_group = text(json, "admin_group"),
                                     .domain = at ? at + 1 : "" };

    if (!place->is_known || !is_same_text(place->storage_group, wanted.storage_group) ||
        !is_same_text(place->store, wanted.store) || !is_same_text(place->admin_group, wanted.admin_group) ||
        !is_same_text(place->domain, wanted.domain)) {
        if (!place_choose(call, wanted.storage_group, wanted.store, &user->mailbox, err) ||
            !admin_group_of_new(call, wanted.admin_group, user->address, &user->administrative_group_id, err))
            return false;
        wanted.mailbox = user->mailbox;
        wanted.administrative_group_id = user->administrative_group_id;
        wanted.is_known = true;
        *place = wanted;
    }
    user->mailbox = place->mailbox;
    user->administrative_group_id = place->administrative_group_id;
    return true;
}

bool new_user_read_next(struct admin_call *call, const json_t *json, struct new_user_place *place,
                        struct user *user_out, struct err *err)
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
    return read_kind(text(json, "kind"), user_out, err) && find_place(call, json, place, user_out, err);
}

bool new_user_read(struct admin_call *call, const json_t *json, struct user *user_out, struct err *err)
{
    struct new_user_place place = { .is_known = false };

    return new_user_read_next(call, json, &place, user_out, err);
}

bool new_user_credential(const void *owner, const char *password, struct credential *credential_out,
                         bool *has_password_out, struct err *err)
{
    *has_password_out = password != NULL;
    return !password || password_hash(owner, span_text(password), credential_out, err);
}

static const struct actor ourselves = { .name = "local:server" };

/* A storage group learns of a limit when the first mailbox under it comes to it. */
bool new_user_limits(const struct admin_api *api, const struct user *user, struct group *group,
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
        done = quota_root_ensure(group, QUOTA_ROOT_ORGANISATION, user->organisation_id,
                                 organisation.quota_bytes, err);
    if (done && domain.quota_bytes)
        done = quota_root_ensure(group, QUOTA_ROOT_DOMAIN, user->domain_id, domain.quota_bytes, err);
    talloc_free(arena);
    return done;
}

/* Exchange's default: everybody reads, and adds to it. */
#define DEFAULT_RIGHTS "author"

bool new_user_mailbox_read(const void *owner, const json_t *json, enum recipient_kind kind,
                           struct new_user_mailbox *out, struct err *err)
{
    const char *word = text(json, "default_rights");
    char letters[RIGHTS_TEXT_MAX];
    unsigned rights;

    *out = (struct new_user_mailbox){ .is_inbox_only = json_is_true(json_object_get(json, "inbox_only")) };
    if (kind != RECIPIENT_PUBLIC_FOLDER)
        return !word || err_set(err, ERR_INVALID, "Only public folders have default rights.");
    out->is_inbox_only = true;
    if (!share_rights(kind, word ? word : DEFAULT_RIGHTS, &rights, err))
        return false;
    rights_render(rights, letters);
    out->anyone_rights = rights ? talloc_strdup(owner, letters) : NULL;
    return true;
}

struct mailbox_options new_user_options(const struct user *user, const struct new_user_mailbox *how)
{
    return (struct mailbox_options){
        .mailbox_id = user->mailbox.mailbox_id,
        .store_id = user->mailbox.store_id,
        .organisation_id = user->organisation_id,
        .domain_id = user->domain_id,
        .quota_bytes = user->quota_bytes,
        .quota_messages = user->quota_messages,
        .is_inbox_only = how->is_inbox_only,
        .anyone_rights = how->anyone_rights,
    };
}

bool new_user_mailbox(const struct admin_api *api, const struct user *user,
                      const struct new_user_mailbox *how, struct err *err)
{
    struct mailbox_options options = new_user_options(user, how);
    struct group *group;

    return group_find(api->options.groups, user->mailbox.storage_group_id, &group, err) &&
           mailbox_create(group, &options, err) && new_user_limits(api, user, group, err);
}
