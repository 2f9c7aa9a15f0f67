/* request.c -- lines in their order. */
#include "slapd/request.h"

enum { SIMPLE_BIND = 128, SCOPE_CHILDREN = 3 };

bool slapd_request_is_whole(struct span text)
{
    return span_length(text) >= 2 && text.end[-1] == '\n' && text.end[-2] == '\n';
}

/* "name: value" and its line end. */
static bool take_field(struct span *in, const char *name, struct span *value_out)
{
    struct span rest = *in;

    if (!span_take_word(&rest, name) || !span_take_byte(&rest, ':') ||
        !span_take_until(&rest, '\n', value_out))
        return false;
    (void)!span_take_byte(value_out, ' ');
    *in = rest;
    return true;
}

static bool take_number(struct span *in, const char *name, uint64_t *number_out)
{
    struct span rest = *in, value;

    if (!take_field(&rest, name, &value) || !span_take_u64(&value, number_out) || !span_is_empty(value))
        return false;
    *in = rest;
    return true;
}

/* "IP=192.0.2.1:52758", "IP=[2001:db8::1]:52758" */
static bool read_peer(struct span text, struct net_address *peer_out)
{
    struct span address = text;

    if (!span_take_word(&address, "IP="))
        return false;
    if (span_take_byte(&address, '[')) {
        text = address;
        return span_take_until(&text, ']', &address) && net_address_parse(address, peer_out);
    }
    text = address;
    return span_take_until(&text, ':', &address) && net_address_parse(address, peer_out);
}

static bool read_caller(struct span *in, struct slapd_request *out)
{
    struct span ignored, peer;
    uint64_t number, strength;

    if (!take_number(in, "msgid", &number) || !take_field(in, "binddn", &out->who) ||
        !take_field(in, "peername", &peer) || !read_peer(peer, &out->peer) ||
        !take_number(in, "ssf", &strength) || !take_number(in, "connid", &number) ||
        !take_field(in, "suffix", &ignored))
        return false;
    out->is_encrypted = strength > 0;
    return true;
}

/* The password, then the end: whatever bytes it has, there are as many as slapd says. */
static bool read_bind(struct span in, struct slapd_request *out)
{
    uint64_t method, length;

    if (!take_field(&in, "dn", &out->name) || !take_number(&in, "method", &method) ||
        !take_number(&in, "credlen", &length) || !span_take_word(&in, "cred: ") || span_length(in) < 2 ||
        span_length(in) - 2 != length)
        return false;
    out->is_simple = method == SIMPLE_BIND;
    out->password = span_part(in, 0, length);
    return true;
}

/* slapd writes -1 for none. */
static bool take_limit(struct span *in, const char *name, size_t *limit_out)
{
    struct span value;
    uint64_t limit = 0;

    if (!take_field(in, name, &value) || (!span_take_u64(&value, &limit) && !span_take_word(&value, "-1")))
        return false;
    *limit_out = limit;
    return span_is_empty(value);
}

static bool read_search(struct span in, struct slapd_request *out)
{
    uint64_t scope, number;
    size_t time_limit;

    if (!take_field(&in, "base", &out->base) || !take_number(&in, "scope", &scope) ||
        scope > SCOPE_CHILDREN || !take_number(&in, "deref", &number) ||
        !take_limit(&in, "sizelimit", &out->size_limit) || !take_limit(&in, "timelimit", &time_limit) ||
        !take_field(&in, "filter", &out->filter) || !take_number(&in, "attrsonly", &number) ||
        !take_field(&in, "attrs", &out->attributes))
        return false;
    out->scope = scope == SCOPE_CHILDREN ? SLAPD_SCOPE_SUB : (enum slapd_scope)scope;
    return true;
}

bool slapd_request_read(struct span text, struct slapd_request *out)
{
    struct span in = text, word;

    *out = (struct slapd_request){ .operation = SLAPD_OTHER };
    if (!slapd_request_is_whole(text) || !span_take_until(&in, '\n', &word))
        return false;
    if (span_equals_text(word, "BIND")) {
        out->operation = SLAPD_BIND;
        return read_caller(&in, out) && read_bind(in, out);
    }
    if (span_equals_text(word, "SEARCH")) {
        out->operation = SLAPD_SEARCH;
        return read_caller(&in, out) && read_search(in, out);
    }
    if (span_equals_text(word, "UNBIND"))
        out->operation = SLAPD_UNBIND;
    return true;
}

bool slapd_request_names(const struct slapd_request *request, const char *attribute)
{
    struct span rest = request->attributes, word;

    while (!span_is_empty(rest)) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        if (span_equals_nocase(word, attribute))
            return true;
    }
    return false;
}
