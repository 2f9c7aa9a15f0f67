/* certificate.c -- the certificates that the server shows, and names that ask for one and have none. */
#include "admin_api/call.h"
#include "directory/filter_setting.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static json_t *list_of(const struct admin_call *call)
{
    const struct admin_api_options *options = &call->api->options;
    json_t *list = json_array();

    if (options->list_certificates)
        options->list_certificates(options->host, list);
    return list;
}

bool certificates_get(struct admin_call *call, struct err *err)
{
    (void)err;
    return call_answer(call, json_pack("{s:o}", "certificates", list_of(call)));
}

/* As TLS finds one: by the whole name, or by a star for its first label (RFC 6125, 6.4.3). */
static bool bears(const char *borne, const char *name)
{
    const char *dot = strchr(name, '.');

    return strcasecmp(borne, name) == 0 ||
           (strncmp(borne, "*.", 2) == 0 && dot && strcasecmp(borne + 1, dot) == 0);
}

/* One that is used, can be read and has not ended. */
static bool is_covered(const json_t *certificates, const char *name)
{
    json_t *certificate, *borne;
    size_t i, k;

    json_array_foreach(certificates, i, certificate)
    {
        if (!json_is_true(json_object_get(certificate, "has_key")) ||
            json_integer_value(json_object_get(certificate, "days")) < 0)
            continue;
        json_array_foreach(json_object_get(certificate, "names"), k,
                           borne) if (bears(json_string_value(borne), name)) return true;
    }
    return false;
}

bool certificates_missing_get(struct admin_call *call, struct err *err)
{
    json_t *certificates, *missing;
    const char **domains;
    size_t count;

    if (!filter_setting_domains(call->api->options.directory, call->arena, "mta_sts", "off", &domains, &count,
                                err))
        return false;
    certificates = list_of(call);
    missing = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *name = talloc_asprintf(call->arena, "mta-sts.%s", domains[i]);
        if (!is_covered(certificates, name))
            json_array_append_new(missing, json_pack("{s:s, s:s, s:s}", "name", name, "domain", domains[i],
                                                     "purpose", "mta-sts"));
    }
    json_decref(certificates);
    return call_answer(call, json_pack("{s:o}", "missing", missing));
}
