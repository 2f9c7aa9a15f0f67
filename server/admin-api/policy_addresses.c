/* policy_addresses.c -- from a policy's templates to further addresses of users; and what new ones get besides. */
#include "admin_api/policy_addresses.h"

#include "base/buf.h"
#include "directory/list.h"
#include "directory/person.h"
#include "directory/policy_limit.h"
#include "format/address_template.h"
#include "group/group.h"
#include "group/quota.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { USERS_AT_ONCE = 1000, NUMBERS_MAX = 20 };

struct giving {
    struct admin_call *call;
    enum policy_mode mode;
    json_t *added, *refused;
};

static bool has(const struct user *user, const char *address)
{
    for (size_t i = 0; i < user->address_count; i++)
        if (strcasecmp(user->addresses[i], address) == 0)
            return true;
    return false;
}

/* "ada2@example.org" of "ada@example.org". */
static char *numbered(const void *owner, const char *address, int number)
{
    size_t local = strcspn(address, "@");

    return number == 1 ? talloc_strdup(owner, address)
                       : talloc_asprintf(owner, "%.*s%d%s", (int)local, address, number, address + local);
}

/* One that somebody else has is tried with numbers; one of them may be his own, from the last time. */
static bool give(struct giving *giving, const struct user *user, const char *address, struct err *err)
{
    struct admin_call *call = giving->call;

    for (int number = 1; number <= NUMBERS_MAX; number++) {
        char *wanted = numbered(call->arena, address, number);
        if (has(user, wanted))
            return true;
        if (giving->mode == POLICY_SHOWS ||
            user_address_add(call->api->options.directory, &call->actor, user->recipient_id, wanted, err)) {
            json_array_append_new(giving->added,
                                  json_pack("{s:s, s:s}", "user", user->address, "address", wanted));
            return true;
        }
        if (err->kind != ERR_EXISTS)
            break;
        *err = ERR_INIT;
    }
    if (err->kind == ERR_BUSY || err->kind == ERR_UNKNOWN || err->kind == ERR_INTERNAL)
        return false;
    json_array_append_new(giving->refused,
                          json_pack("{s:s, s:s, s:s}", "user", user->address, "address", address, "why",
                                    err->kind == ERR_NONE ? "It is taken, also with numbers." : err->user));
    *err = ERR_INIT;
    return true;
}

static bool give_all(struct giving *giving, const struct selection *policy, const struct user *user,
                     struct err *err)
{
    void *arena = giving->call->arena;
    char *nickname = talloc_strndup(arena, user->address, strcspn(user->address, "@"));
    struct person_name name = person_name_of(arena, user->name, nickname);
    struct person person;

    if (!person_get(giving->call->api->options.directory, &giving->call->actor, arena, user->recipient_id,
                    &person, err))
        return false;
    if (*person.values[PERSON_GIVEN_NAME])
        name.given = person.values[PERSON_GIVEN_NAME];
    if (*person.values[PERSON_SURNAME])
        name.surname = person.values[PERSON_SURNAME];

    for (size_t i = 0; i < policy->template_count; i++) {
        char *address = address_template_expand(arena, span_text(policy->templates[i]), &name);
        if (address && !give(giving, user, address, err))
            return false;
    }
    return true;
}

bool policy_addresses_apply(struct admin_call *call, const struct selection *policy, enum policy_mode mode,
                            json_t *json, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    struct giving giving = { call, mode, json_array(), json_array() };
    const char **addresses;
    size_t count;

    json_object_set_new(json, "added", giving.added);
    json_object_set_new(json, "refused", giving.refused);
    if (!list_query_preview(directory, &call->actor, call->arena, policy->organisation_id, policy->query,
                            LIST_WITHOUT_GROUPS, GROUP_QUERY_MAX, &addresses, &count, err))
        return false;
    size_t written = 0, i = 0;
    for (; i < count && written < USERS_AT_ONCE; i++) {
        struct user user;
        size_t before = json_array_size(giving.added);
        if (!user_find(directory, &call->actor, call->arena, addresses[i], &user, err)) {
            if (err->kind != ERR_NOT_FOUND) /* a contact has no addresses of this kind */
                return false;
            *err = ERR_INIT;
            continue;
        }
        if (!give_all(&giving, policy, &user, err))
            return false;
        written += json_array_size(giving.added) > before;
    }
    json_object_set_new(json, "has_more", json_boolean(i < count));
    return true;
}

/* The policy's filter, of this user alone. */
static char *of_user(void *owner, const char *query, const char *address)
{
    struct buf value = BUF_INIT(owner);

    for (const char *p = address; *p; p++)
        if (strchr("*()\\", *p))
            buf_add_format(&value, "\\%02x", (unsigned char)*p);
        else
            buf_add_byte(&value, *p);
    return talloc_asprintf(owner, "(&%s(address=%s))", query, buf_text(&value));
}

static bool give_new(struct giving *giving, const struct selection *policies, size_t count,
                     const struct user *user, struct err *err)
{
    struct admin_call *call = giving->call;
    bool done = true;

    for (size_t i = 0; done && i < count; i++) {
        const char **selected;
        size_t found;
        if (policies[i].template_count == 0)
            continue;
        done =
            list_query_preview(call->api->options.directory, &call->actor, call->arena, user->organisation_id,
                               of_user(call->arena, policies[i].query, user->address), LIST_WITHOUT_GROUPS, 1,
                               &selected, &found, err) &&
            (found == 0 || give_all(giving, &policies[i], user, err));
    }
    return done;
}

static bool give_quota(struct admin_call *call, const struct user *user, int64_t quota_bytes, struct err *err)
{
    struct user wanted = *user;
    struct group *group;

    wanted.quota_bytes = quota_bytes;
    return group_find(call->api->options.groups, user->mailbox.storage_group_id, &group, err) &&
           mailbox_set_quota(group, user->mailbox.mailbox_id, quota_bytes, user->quota_messages, err) &&
           user_set(call->api->options.directory, &call->actor, user->recipient_id, USER_QUOTA, &wanted, err);
}

static bool give_quotas(struct admin_call *call, int64_t organisation_id, const struct user *users,
                        size_t count, struct err *err)
{
    int64_t *ids = talloc_array(call->arena, int64_t, (unsigned)count + 1);
    struct policy_limits *limits = talloc_array(call->arena, struct policy_limits, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        ids[i] = users[i].recipient_id;
    bool done = policy_limits_find(call->api->options.directory, organisation_id, ids, count, limits, err);
    for (size_t i = 0; done && i < count; i++)
        done = users[i].quota_bytes || !limits[i].quota_bytes ||
               give_quota(call, &users[i], limits[i].quota_bytes, err);
    return done;
}

bool policy_new_users(struct admin_call *call, int64_t organisation_id, const struct user *users,
                      size_t count, struct err *err)
{
    struct giving giving = { call, POLICY_WRITES, json_array(), json_array() };
    struct selection *policies;
    size_t policy_count;
    bool done = selection_list(call->api->options.directory, &call->actor, call->arena, SELECTION_POLICY,
                               organisation_id, NULL, &policies, &policy_count, err);

    for (size_t i = 0; done && policy_count > 0 && i < count; i++)
        done = give_new(&giving, policies, policy_count, &users[i], err);
    json_decref(giving.added);
    json_decref(giving.refused);
    return done && (policy_count == 0 || give_quotas(call, organisation_id, users, count, err));
}
