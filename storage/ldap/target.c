/*
 * target.c -- URLs of servers, and the words of settings.
 */
#include "ldap/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

static const char *const tls_names[LDAP_TLS_MODES] = {
    [LDAP_PLAIN] = "none", [LDAP_STARTTLS] = "starttls", [LDAP_OVER_TLS] = "ldaps"
};
static const char *const bind_names[LDAP_BINDS] = {
    [LDAP_BIND_SIMPLE] = "simple", [LDAP_BIND_EXTERNAL] = "external", [LDAP_BIND_GSSAPI] = "gssapi"
};

const char *ldap_tls_name(enum ldap_tls tls)
{
    return tls_names[tls];
}

bool ldap_tls_of(const char *name, enum ldap_tls *tls_out)
{
    for (int i = 0; i < LDAP_TLS_MODES; i++)
        if (strcmp(name, tls_names[i]) == 0) {
            *tls_out = (enum ldap_tls)i;
            return true;
        }
    return false;
}

const char *ldap_bind_name(enum ldap_bind bind)
{
    return bind_names[bind];
}

bool ldap_bind_of(const char *name, enum ldap_bind *bind_out)
{
    for (int i = 0; i < LDAP_BINDS; i++)
        if (strcmp(name, bind_names[i]) == 0) {
            *bind_out = (enum ldap_bind)i;
            return true;
        }
    return false;
}

static const struct {
    const char *prefix;
    uint16_t port;
    bool is_local, is_tls;
} schemes[] = {
    { "ldap://", 389, false, false },
    { "ldaps://", 636, false, true },
    { "ldapi://", 0, true, false },
    { "srv://", 389, false, false },
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %2F as it is written in the host of ldapi://. */
static char *unescape(const void *owner, const char *text)
{
    char *out = talloc_strdup(owner, text), *to = out;

    for (const char *p = text; *p; p++) {
        if (*p == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
            *to++ = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
            p += 2;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return out;
}

static bool take_host(const void *owner, const char *text, struct ldap_target *target)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':'), *colon;
    struct span port;
    uint32_t number;

    if (text[0] == '[' && !end)
        return false;
    colon = text[0] == '[' ? end + 1 : end;
    target->host = text[0] == '[' ? talloc_strndup(owner, text + 1, (size_t)(end - text) - 1)
                                  : talloc_strndup(owner, text, end ? (size_t)(end - text) : strlen(text));
    if (!*target->host || strlen(target->host) > 253 || strpbrk(target->host, " /?%@\\\"<>"))
        return false;
    if (!colon || !*colon)
        return true;
    port = span_text(colon + 1);
    if (*colon != ':' || !span_take_u32(&port, &number) || !span_is_empty(port) || number < 1 ||
        number > 65535)
        return false;
    target->port = (uint16_t)number;
    return true;
}

bool ldap_target_parse(const void *owner, const char *url, enum ldap_tls tls, struct ldap_target *target_out,
                       struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t length = strlen(schemes[i].prefix);
        char *rest;

        if (strncmp(url, schemes[i].prefix, length) != 0)
            continue;
        rest = talloc_strdup(owner, url + length);
        if (*rest && rest[strlen(rest) - 1] == '/')
            rest[strlen(rest) - 1] = '\0';
        *target_out = (struct ldap_target){ .port = schemes[i].port,
                                            .is_local = schemes[i].is_local,
                                            .tls = schemes[i].is_local ? LDAP_PLAIN : tls };
        if (schemes[i].is_tls)
            target_out->tls = LDAP_OVER_TLS;
        else if (tls == LDAP_OVER_TLS)
            target_out->port = 636;
        if (schemes[i].is_local) {
            target_out->host = unescape(owner, rest);
            target_out->url = talloc_strdup(owner, url);
            if (target_out->host[0] == '/')
                return true;
            break;
        }
        if (!take_host(owner, rest, target_out))
            break;
        target_out->url = talloc_asprintf(
            owner, strchr(target_out->host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
            target_out->tls == LDAP_OVER_TLS ? "ldaps" : "ldap", target_out->host, target_out->port);
        return true;
    }
    return err_set(err, ERR_INVALID,
                   "%.100s is not the URL of a directory server: ldap://HOST[:PORT], ldaps://HOST[:PORT], "
                   "ldapi://%%2Fpath or srv://DOMAIN.",
                   url);
}

bool ldap_url_check(const char *url, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct ldap_target target;
    bool ok = ldap_target_parse(scratch, url, LDAP_PLAIN, &target, err);

    talloc_free(scratch);
    return ok;
}
