/* identity_provider.c -- whom an organisation believes about its people (OpenID Connect). */
#include "directory/identity_provider.h"

#include "admin_api/lines.h"
#include "auth/federation.h"

#include <talloc.h>

static json_t *provider_json(const struct identity_provider *p)
{
    return json_pack("{s:I, s:s, s:s?, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:b, s:b, s:b, s:o}",
                     "id", (json_int_t)p->identity_provider_id, "name", p->name, "domain", p->domain,
                     "issuer", p->issuer, "client", p->client_id, "has_secret", p->has_secret, "scopes",
                     p->scopes, "audience", p->audience, "claim", p->claim, "certificates",
                     p->ca_certificates, "web", p->is_for_web, "mail", p->is_for_mail, "tokens",
                     p->introspects ? "introspection" : "jwt", "second_factor", p->has_factor, "beyond",
                     p->vouches_beyond, "enabled", p->is_enabled, "created", json_time(p->created_us));
}

static const char *text_or(const struct admin_call *call, const char *name, const char *standard)
{
    return call_has(call, name) ? call_text(call, name) : standard;
}

/* The fields of the body over those that it has. */
static bool take_fields(const struct admin_call *call, struct identity_provider *p, struct err *err)
{
    const char *tokens = text_or(call, "tokens", p->introspects ? "introspection" : "jwt");

    p->name = text_or(call, "name", p->name);
    p->domain = text_or(call, "domain", p->domain);
    p->issuer = text_or(call, "issuer", p->issuer);
    p->client_id = text_or(call, "client", p->client_id);
    p->client_secret = text_or(call, "secret", NULL);
    p->scopes = text_or(call, "scopes", p->scopes);
    p->audience = text_or(call, "audience", p->audience);
    p->claim = text_or(call, "claim", p->claim);
    p->ca_certificates = text_or(call, "certificates", p->ca_certificates);
    p->is_for_web = call_flag(call, "web", p->is_for_web);
    p->is_for_mail = call_flag(call, "mail", p->is_for_mail);
    p->introspects = strcmp(tokens, "introspection") == 0;
    p->has_factor = call_flag(call, "second_factor", p->has_factor);
    p->vouches_beyond = call_flag(call, "beyond", p->vouches_beyond);
    p->is_enabled = call_flag(call, "enabled", p->is_enabled);
    if (p->domain && *p->domain == '\0')
        p->domain = NULL;
    return p->introspects || strcmp(tokens, "jwt") == 0 ||
           err_set(err, ERR_INVALID, "Tokens are verified here (jwt) or asked about (introspection).");
}

static bool find_named(struct admin_call *call, int64_t organisation_id, const char *name,
                       struct identity_provider *out, struct err *err)
{
    struct identity_provider *list;
    size_t count;

    if (!provider_list(call->api->options.directory, &call->actor, call->arena, organisation_id, name, &list,
                       &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no %s in this organisation.", name);
    *out = list[0];
    return true;
}

static bool find(struct admin_call *call, struct identity_provider *out, struct err *err)
{
    int64_t organisation_id;

    return call_organisation(call, &organisation_id, err) &&
           find_named(call, organisation_id, call->parameters[0], out, err);
}

bool identity_provider_post(struct admin_call *call, struct err *err)
{
    struct identity_provider wanted = { .scopes = "openid email profile",
                                        .audience = "",
                                        .claim = "email",
                                        .ca_certificates = "",
                                        .is_for_web = true,
                                        .is_for_mail = true,
                                        .is_enabled = true };
    struct identity_provider made;

    return call_organisation(call, &wanted.organisation_id, err) && take_fields(call, &wanted, err) &&
           provider_add(call->api->options.directory, &call->actor, &wanted, err) &&
           find_named(call, wanted.organisation_id, wanted.name, &made, err) &&
           call_created(call, provider_json(&made));
}

bool identity_providers_get(struct admin_call *call, struct err *err)
{
    struct identity_provider *list;
    int64_t organisation_id;
    size_t count;
    json_t *json;

    if (!call_organisation(call, &organisation_id, err) ||
        !provider_list(call->api->options.directory, &call->actor, call->arena, organisation_id, NULL, &list,
                       &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, provider_json(&list[i]));
    return call_answer(call, json_pack("{s:o}", "identity_providers", json));
}

bool identity_provider_get(struct admin_call *call, struct err *err)
{
    struct identity_provider found;

    return find(call, &found, err) && call_answer(call, provider_json(&found));
}

bool identity_provider_patch(struct admin_call *call, struct err *err)
{
    struct identity_provider wanted, made;

    return find(call, &wanted, err) && take_fields(call, &wanted, err) &&
           provider_set(call->api->options.directory, &call->actor, call->parameters[0], &wanted, err) &&
           find_named(call, wanted.organisation_id, wanted.name, &made, err) &&
           call_answer(call, provider_json(&made));
}

bool identity_provider_delete(struct admin_call *call, struct err *err)
{
    struct identity_provider found;

    return find(call, &found, err) && provider_remove(call->api->options.directory, &call->actor,
                                                      found.organisation_id, found.name, err);
}

bool identity_provider_test(struct admin_call *call, struct err *err)
{
    struct identity_provider found;

    if (!find(call, &found, err))
        return false;
    if (!call->api->options.federation)
        return err_set(err, ERR_BUSY, "Nobody can log in at the moment.");
    json_t *steps = federation_test(call->api->options.federation, &found);
    bool has_passed =
        json_is_true(json_object_get(json_array_get(steps, json_array_size(steps) - 1), "passed"));
    lines_translate(call, steps, "detail");
    return call_answer(call, json_pack("{s:b, s:o}", "passed", has_passed, "steps", steps));
}
