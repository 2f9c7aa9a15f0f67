/* domain.c -- accepted domains. */
#include "directory/domain.h"

#include "admin_api/admin_group.h"
#include "admin_api/protocols.h"
#include "admin_api/quota_roots.h"

#include <string.h>

static json_t *domain_json(const struct domain *d)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:I}", "name", d->name, "organisation",
                             d->organisation, "kind", domain_kind_name(d->kind), "quota",
                             (json_int_t)d->quota_bytes, "enabled", d->is_enabled, "subaddresses",
                             d->has_subaddresses, "recipients", (json_int_t)d->address_count);
    json_object_set_new(json, "protocols", protocols_json(d->protocols));
    if (d->target)
        json_object_set_new(json, "target", json_string(d->target));
    if (d->administrative_group)
        json_object_set_new(json, "admin_group", json_string(d->administrative_group));
    if (d->catch_all)
        json_object_set_new(json, "catch_all", json_string(d->catch_all));
    return json;
}

static bool find(struct admin_call *call, const char *name, struct domain *out, struct err *err)
{
    return domain_find(call->api->options.directory, &call->actor, call->arena, name, out, err);
}

static bool answer_with(struct admin_call *call, const char *name, struct err *err)
{
    struct domain found;

    return find(call, name, &found, err) && call_answer(call, domain_json(&found));
}

/* Into which administrative group it is to go, where the body says so. */
static bool read_admin_group(struct admin_call *call, struct domain *wanted, struct err *err)
{
    struct role_object object;

    return !call_has(call, "admin_group") ||
           (role_object_domain(call->api->options.directory, call->parameters[0], &object, err) &&
            admin_group_wanted(call, DOMAIN_WRITE, &object, &wanted->administrative_group_id, err));
}

/* Words of the console are taken as well as those of the schema. */
static bool kind_of(const char *word, enum domain_kind *kind_out, struct err *err)
{
    *kind_out = DOMAIN_AUTHORITATIVE;
    if (!word || domain_kind_of(word, kind_out))
        return true;
    if (strcmp(word, "internal-relay") == 0)
        *kind_out = DOMAIN_RELAY;
    else if (strcmp(word, "backup-mx") == 0)
        *kind_out = DOMAIN_BACKUP;
    else
        return err_set(err, ERR_INVALID, "%s is no kind of domain: authoritative, relay, backup or alias.",
                       word);
    return true;
}

bool domain_post(struct admin_call *call, struct err *err)
{
    struct domain wanted = { .name = call_text(call, "name"),
                             .target = call_text(call, "target"),
                             .quota_bytes = call_number(call, "quota", 0),
                             .protocols = PROTOCOLS_ALL,
                             .is_enabled = true,
                             .has_subaddresses = call_flag(call, "subaddresses", true) };
    int64_t id;

    if (!kind_of(call_text(call, "kind"), &wanted.kind, err) ||
        !call_organisation(call, &wanted.organisation_id, err) ||
        !domain_add(call->api->options.directory, &call->actor, &wanted, &id, err))
        return false;
    if (wanted.quota_bytes && !quota_roots_set(call->api, QUOTA_ROOT_DOMAIN, id, wanted.quota_bytes, err))
        return false;
    call->status = 201;
    return answer_with(call, wanted.name, err);
}

bool domains_get(struct admin_call *call, struct err *err)
{
    struct domain *list;
    int64_t only;
    size_t count;
    json_t *json;

    if (!call_organisation_filter(call, &only, err) ||
        !domain_list(call->api->options.directory, &call->actor, call->arena, only, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, domain_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "domains", json));
}

bool domain_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, call->parameters[0], err);
}

bool domain_patch(struct admin_call *call, struct err *err)
{
    struct domain wanted = { .target = call_text(call, "target"),
                             .catch_all = call_text(call, "catch_all"),
                             .quota_bytes = call_number(call, "quota", 0),
                             .is_enabled = call_flag(call, "enabled", true),
                             .has_subaddresses = call_flag(call, "subaddresses", true) };
    unsigned fields = (call_has(call, "kind") ? DOMAIN_KIND : 0u) |
                      (call_has(call, "quota") ? DOMAIN_QUOTA : 0u) |
                      (call_has(call, "enabled") ? DOMAIN_ENABLED : 0u) |
                      (call_has(call, "subaddresses") ? DOMAIN_SUBADDRESSES : 0u) |
                      (call_has(call, "catch_all") ? DOMAIN_CATCH_ALL : 0u) |
                      (call_has(call, "protocols") ? DOMAIN_PROTOCOLS : 0u) |
                      (call_has(call, "admin_group") ? DOMAIN_GROUP : 0u);
    struct domain found;

    if (!kind_of(call_text(call, "kind"), &wanted.kind, err) ||
        !protocols_read(call, &wanted.protocols, err) || !find(call, call->parameters[0], &found, err) ||
        !read_admin_group(call, &wanted, err) ||
        !domain_set(call->api->options.directory, &call->actor, found.name, fields, &wanted, err))
        return false;
    if ((fields & DOMAIN_QUOTA) &&
        !quota_roots_set(call->api, QUOTA_ROOT_DOMAIN, found.domain_id, wanted.quota_bytes, err))
        return false;
    return answer_with(call, found.name, err);
}

bool domain_delete(struct admin_call *call, struct err *err)
{
    return domain_remove(call->api->options.directory, &call->actor, call->parameters[0], err);
}
