/* filter.c -- how mail is judged. */
#include "directory/filter_setting.h"

#include "admin_api/call.h"
#include "filter/settings.h"
#include "format/address.h"

#include <string.h>

struct listing {
    struct filter_setting *installation, *organisation;
    size_t installation_count, organisation_count;
    const char *domain; /* canonical; NULL */
};

static const char *value_in(const struct filter_setting *settings, size_t count, const char *domain,
                            const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(settings[i].name, name) == 0 &&
            (domain ? settings[i].domain && strcmp(settings[i].domain, domain) == 0 : !settings[i].domain))
            return settings[i].value;
    return NULL;
}

/* The value that holds, and which level says so. */
static json_t *setting_json(const struct listing *l, const struct filter_setting_row *row)
{
    const char *from = "default", *value = row->standard, *found;

    found = value_in(l->installation, l->installation_count, NULL, row->name);
    if (found) {
        value = found;
        from = "installation";
    }
    found = value_in(l->organisation, l->organisation_count, NULL, row->name);
    if (found) {
        value = found;
        from = "organisation";
    }
    found = l->domain ? value_in(l->organisation, l->organisation_count, l->domain, row->name) : NULL;
    if (found) {
        value = found;
        from = "domain";
    }
    if (row->type == FILTER_SECRET && *value)
        value = "(set)";
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", row->name, "value", value, "from", from, "default",
                     row->standard, "meaning", row->meaning);
}

/* Domains that say something themselves, each once; of one domain only that one. */
static json_t *domains_json(const struct listing *l)
{
    json_t *seen = json_object(), *names = json_array(), *value;
    const char *domain;

    for (size_t i = 0; i < l->organisation_count; i++)
        if (l->organisation[i].domain && (!l->domain || strcmp(l->domain, l->organisation[i].domain) == 0))
            json_object_set_new(seen, l->organisation[i].domain, json_true());
    json_object_foreach(seen, domain, value) json_array_append_new(names, json_string(domain));
    json_decref(seen);
    return names;
}

static bool find_domain(struct admin_call *call, const char *name, const char **domain_out, struct err *err)
{
    char *domain;

    *domain_out = NULL;
    if (!name)
        return true;
    if (address_domain(call->arena, span_text(name), &domain) != ADDRESS_GOOD)
        return err_set(err, ERR_NOT_FOUND, "There is no such domain.");
    *domain_out = domain;
    return true;
}

static bool read_settings(struct admin_call *call, int64_t organisation_id, struct listing *l,
                          struct err *err)
{
    struct directory *directory = call->api->options.directory;

    if (!call->actor.organisation_id && !filter_setting_list(directory, &call->actor, call->arena, 0,
                                                             &l->installation, &l->installation_count, err))
        return false;
    return !organisation_id || filter_setting_list(directory, &call->actor, call->arena, organisation_id,
                                                   &l->organisation, &l->organisation_count, err);
}

/* Of an organisation only what it may set itself is shown. */
static bool answer_settings(struct admin_call *call, int64_t organisation_id, const char *domain,
                            struct err *err)
{
    const struct filter_setting_row *rows;
    struct listing listing = { .domain = NULL };
    json_t *json;
    size_t count;

    if (!find_domain(call, domain, &listing.domain, err) ||
        !read_settings(call, organisation_id, &listing, err))
        return false;
    rows = filter_setting_rows(&count);
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if (!organisation_id || (rows[i].levels & FILTER_OF_ORGANISATION))
            json_array_append_new(json, setting_json(&listing, &rows[i]));
    return call_answer(call, json_pack("{s:o, s:o}", "settings", json, "domains", domains_json(&listing)));
}

bool filter_get(struct admin_call *call, struct err *err)
{
    const char *domain = http_query(call->request, "domain");
    int64_t organisation_id;

    if (!call_organisation_filter(call, &organisation_id, err))
        return false;
    if (domain && !organisation_id)
        return err_set(err, ERR_INVALID, "Name the organisation of the domain.");
    return answer_settings(call, organisation_id, domain, err);
}

bool filter_patch(struct admin_call *call, struct err *err)
{
    const char *name = call_text(call, "name"), *value = call_text(call, "value");
    struct filter_scope scope = { .domain = NULL };
    enum filter_level level;

    if (!call_organisation_filter(call, &scope.organisation_id, err) ||
        !find_domain(call, call_text(call, "domain"), &scope.domain, err))
        return false;
    if (scope.domain && !scope.organisation_id)
        return err_set(err, ERR_INVALID, "Name the organisation of the domain.");
    level = scope.domain            ? FILTER_OF_DOMAIN
            : scope.organisation_id ? FILTER_OF_ORGANISATION
                                    : FILTER_OF_INSTALLATION;
    if (!filter_setting_check(name, level, value, err))
        return false;
    scope.is_secret = filter_setting_row(name)->type == FILTER_SECRET;
    return filter_setting_put(call->api->options.directory, &call->actor, &scope, name, value, err) &&
           answer_settings(call, scope.organisation_id, scope.domain, err);
}
