/* backup_mx.c -- domains whose mail is kept for another server. */
#include "directory/backup.h"

#include "admin_api/call.h"
#include "admin_api/rules.h"
#include "directory/domain.h"
#include "directory/organisation.h"

#include <string.h>

static json_t *backup_json(const struct domain *d)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "domain", d->name, "type",
                  d->covers_subdomains ? "domain" : "host", "organisation", d->organisation, "enabled",
                  d->is_enabled, "knows_recipients", d->knows_recipients, "asks_primary", d->asks_primary);

    if (d->knows_recipients)
        json_object_set_new(json, "recipients", json_integer(d->address_count));
    return json;
}

static bool find(struct admin_call *call, const char *name, struct domain *out, struct err *err)
{
    return domain_find(call->api->options.directory, &call->actor, call->arena, name, out, err) &&
           (out->kind == DOMAIN_BACKUP || err_set(err, ERR_NOT_FOUND, "There is no such backed-up domain."));
}

static bool answer_with(struct admin_call *call, const char *name, struct err *err)
{
    struct domain found;

    return find(call, name, &found, err) && call_answer(call, backup_json(&found));
}

/* The one that is named, or the only one that there is. */
static bool find_organisation(struct admin_call *call, int64_t *id_out, struct err *err)
{
    struct organisation *list;
    size_t count;

    if (!call_organisation_filter(call, id_out, err))
        return false;
    if (*id_out)
        return true;
    if (!organisation_list(call->api->options.directory, &call->actor, call->arena, &list, &count, err))
        return false;
    if (count != 1)
        return err_set(err, ERR_INVALID, "The organisation that the domain belongs to must be named.");
    *id_out = list[0].organisation_id;
    return true;
}

static bool read_type(const char *word, bool *covers_out, struct err *err)
{
    *covers_out = word && strcmp(word, "domain") == 0;
    return !word || *covers_out || strcmp(word, "host") == 0 ||
           err_set(err, ERR_INVALID, "A rule is of the type domain (with all below it) or host.");
}

bool backup_mx_post(struct admin_call *call, struct err *err)
{
    struct domain wanted = { .name = call_text(call, "domain"),
                             .kind = DOMAIN_BACKUP,
                             .protocols = PROTOCOLS_ALL,
                             .asks_primary = call_flag(call, "ask_primary", false),
                             .is_enabled = true };
    int64_t id;

    if (!read_type(call_text(call, "type"), &wanted.covers_subdomains, err) ||
        !find_organisation(call, &wanted.organisation_id, err) ||
        !domain_add(call->api->options.directory, &call->actor, &wanted, &id, err))
        return false;
    call->status = 201;
    return answer_with(call, wanted.name, err);
}

bool backup_mxs_get(struct admin_call *call, struct err *err)
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
        if (list[i].kind == DOMAIN_BACKUP)
            json_array_append_new(json, backup_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "backup_mx", json));
}

bool backup_mx_get(struct admin_call *call, struct err *err)
{
    return answer_with(call, call->parameters[0], err);
}

bool backup_mx_patch(struct admin_call *call, struct err *err)
{
    struct domain wanted = { .is_enabled = call_flag(call, "enabled", true),
                             .asks_primary = call_flag(call, "ask_primary", false) },
                  found;
    unsigned fields = (call_has(call, "type") ? DOMAIN_COVERS : 0u) |
                      (call_has(call, "enabled") ? DOMAIN_ENABLED : 0u) |
                      (call_has(call, "ask_primary") ? DOMAIN_ASKS : 0u);

    if (!read_type(call_text(call, "type"), &wanted.covers_subdomains, err) ||
        !find(call, call->parameters[0], &found, err))
        return false;
    if (fields && !domain_set(call->api->options.directory, &call->actor, found.name, fields, &wanted, err))
        return false;
    if (call_flag(call, "any_recipient", false) &&
        !backup_recipients_forget(call->api->options.directory, &call->actor, found.name, err))
        return false;
    return answer_with(call, found.name, err);
}

bool backup_mx_delete(struct admin_call *call, struct err *err)
{
    struct domain found;

    return find(call, call->parameters[0], &found, err) &&
           domain_remove(call->api->options.directory, &call->actor, found.name, err);
}

bool backup_mx_recipients_put(struct admin_call *call, struct err *err)
{
    const char **addresses;
    struct domain found;
    size_t count;

    return find(call, call->parameters[0], &found, err) &&
           call_texts(call, "recipients", &addresses, &count, err) &&
           backup_recipients_set(call->api->options.directory, &call->actor, found.name, addresses, count,
                                 err) &&
           answer_with(call, found.name, err);
}
