/* dkim.c -- keys that sign a domain's mail, and the records that publish them. */
#include "directory/dkim_key.h"

#include "admin_api/call.h"
#include "base/clock.h"
#include "base/keypair.h"
#include "directory/domain.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { LEAST_BITS = 2048, MOST_BITS = 4096 };
#define NEVER_US INT64_MAX

static const char *state_of(const struct dkim_key *key)
{
    return key->active_from_us == NEVER_US        ? "inactive"
           : key->active_from_us > clock_now_us() ? "later"
                                                  : "active";
}

static json_t *key_json(const struct admin_call *call, const struct dkim_key *key)
{
    const char *name = talloc_asprintf(call->arena, "%s._domainkey.%s", key->selector, key->domain);
    const char *value = talloc_asprintf(call->arena, "v=DKIM1; k=%s; p=%s", key->algorithm, key->public_key);

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s}", "domain", key->domain, "selector",
                     key->selector, "algorithm", key->algorithm, "state", state_of(key), "created",
                     json_time(key->created_us), "active_from",
                     key->active_from_us == NEVER_US ? json_null() : json_time(key->active_from_us), "name",
                     name, "type", "TXT", "value", value);
}

static bool list(struct admin_call *call, int64_t organisation_id, const char *domain,
                 struct dkim_key **keys_out, size_t *count_out, struct err *err)
{
    struct domain found;

    if (domain && !domain_find(call->api->options.directory, &call->actor, call->arena, domain, &found, err))
        return false;
    return dkim_key_list(call->api->options.directory, &call->actor, call->arena,
                         domain ? found.organisation_id : organisation_id, domain ? found.name : NULL,
                         keys_out, count_out, err);
}

static bool answer_with(struct admin_call *call, const char *domain, const char *selector, struct err *err)
{
    struct dkim_key *keys;
    size_t count;

    if (!list(call, 0, domain, &keys, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].selector, selector) == 0)
            return call_answer(call, key_json(call, &keys[i]));
    return err_set(err, ERR_NOT_FOUND, "There is no such key of this domain.");
}

/* "s203101", "e203101": one of each algorithm a month. */
static const char *selector_of_month(const struct admin_call *call, enum keypair_kind kind)
{
    time_t now = (time_t)(clock_now_us() / US_PER_S);
    struct tm date;

    gmtime_r(&now, &date);
    return talloc_asprintf(call->arena, "%c%04d%02d", kind == KEYPAIR_RSA ? 's' : 'e', date.tm_year + 1900,
                           date.tm_mon + 1);
}

static bool read_kind(struct admin_call *call, enum keypair_kind *kind_out, unsigned *bits_out,
                      struct err *err)
{
    const char *algorithm = call_text(call, "algorithm");
    int64_t bits = call_number(call, "bits", LEAST_BITS);

    *kind_out = algorithm && strcmp(algorithm, "ed25519") == 0 ? KEYPAIR_ED25519 : KEYPAIR_RSA;
    if (algorithm && *kind_out == KEYPAIR_RSA && strcmp(algorithm, "rsa") != 0)
        return err_set(err, ERR_INVALID, "The algorithm is rsa or ed25519.");
    if (bits < LEAST_BITS || bits > MOST_BITS)
        return err_set(err, ERR_INVALID, "An RSA key has %d to %d bits.", LEAST_BITS, MOST_BITS);
    *bits_out = (unsigned)bits;
    return true;
}

bool dkim_post(struct admin_call *call, struct err *err)
{
    struct dkim_key wanted = { .domain = call_text(call, "domain"), .selector = call_text(call, "selector") };
    char *private_key, *public_key;
    enum keypair_kind kind;
    struct domain found;
    unsigned bits = 0;

    if (!read_kind(call, &kind, &bits, err) ||
        !domain_find(call->api->options.directory, &call->actor, call->arena, wanted.domain, &found, err) ||
        !keypair_make(call->arena, kind, bits, &private_key, &public_key, err))
        return false;
    wanted.algorithm = kind == KEYPAIR_RSA ? "rsa" : "ed25519";
    wanted.private_key = private_key;
    wanted.public_key = public_key;
    wanted.active_from_us = call_flag(call, "inactive", false) ? NEVER_US : clock_now_us();
    if (!wanted.selector)
        wanted.selector = selector_of_month(call, kind);
    if (!dkim_key_add(call->api->options.directory, &call->actor, &wanted, err))
        return false;
    call->status = 201;
    return answer_with(call, wanted.domain, wanted.selector, err);
}

static bool answer_list(struct admin_call *call, int64_t organisation_id, const char *domain, struct err *err)
{
    struct dkim_key *keys;
    json_t *json;
    size_t count;

    if (!list(call, organisation_id, domain, &keys, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, key_json(call, &keys[i]));
    return call_answer(call, json_pack("{s:o}", "keys", json));
}

bool dkim_get(struct admin_call *call, struct err *err)
{
    int64_t organisation_id;

    return call_organisation_filter(call, &organisation_id, err) &&
           answer_list(call, organisation_id, http_query(call->request, "domain"), err);
}

bool dkim_get_domain(struct admin_call *call, struct err *err)
{
    return answer_list(call, 0, call->parameters[0], err);
}

bool dkim_activate(struct admin_call *call, struct err *err)
{
    int64_t hours = call_number(call, "hours", 0);

    if (hours < 0 || hours > 24 * 366)
        return err_set(err, ERR_INVALID, "A key is activated within 8784 hours.");
    return dkim_key_activate(call->api->options.directory, &call->actor, call->parameters[0],
                             call->parameters[1], clock_now_us() + hours * 3600 * US_PER_S, err) &&
           answer_with(call, call->parameters[0], call->parameters[1], err);
}

bool dkim_delete(struct admin_call *call, struct err *err)
{
    return dkim_key_remove(call->api->options.directory, &call->actor, call->parameters[0],
                           call->parameters[1], err);
}
