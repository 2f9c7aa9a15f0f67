/* kerberos.c -- services and realms: the tables behind kerberos.h. */
#include "auth/kerberos_rooms.h"

#include <talloc.h>

static const struct {
    unsigned protocols;
    const char *service;
} services[KERBEROS_SERVICES] = {
    { PROTOCOL_IMAP, "imap" },
    { PROTOCOL_POP3, "pop" },
    { PROTOCOL_SMTP, "smtp" },
    { PROTOCOL_SIEVE, "sieve" },
    { PROTOCOL_WEB | PROTOCOL_DAV | PROTOCOL_ADMIN, "HTTP" },
};

struct realm {
    const char *name, *domain;
};

/* Its own file, and the one for all where it has none. */
struct service_keys {
    struct keytab *own, *common;
};

struct kerberos {
    enum keytab_ciphers ciphers;
    struct realm *realms;
    size_t realm_count;
    struct service_keys keys[KERBEROS_SERVICES];
};

static bool take_realm(struct kerberos *kerberos, struct span word, struct err *err)
{
    struct span name, domain = word;

    if (!span_take_until(&domain, '=', &name) || span_is_empty(name) || span_is_empty(domain))
        return err_set(err, ERR_INVALID, "kerberos_realms: %.*s is not like EXAMPLE.LAN=example.org.",
                       (int)span_length(word), word.p);
    kerberos->realms =
        talloc_realloc(kerberos, kerberos->realms, struct realm, (unsigned)kerberos->realm_count + 1);
    kerberos->realms[kerberos->realm_count++] =
        (struct realm){ span_copy(kerberos, name), span_copy(kerberos, domain) };
    return true;
}

static bool read_realms(struct kerberos *kerberos, const char *text, struct err *err)
{
    struct span rest = span_trim(span_text(text)), word;

    while (!span_is_empty(rest)) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        if (!take_realm(kerberos, word, err))
            return false;
        rest = span_trim(rest);
    }
    return true;
}

bool kerberos_new(const void *owner, const struct kerberos_options *options, struct kerberos **kerberos_out,
                  struct err *err)
{
    struct kerberos *kerberos;

    *kerberos_out = NULL;
    if (!options->realms || !*options->realms)
        return true;
    kerberos = talloc_zero(owner, struct kerberos);
    kerberos->ciphers = options->allows_rc4 ? KEYTAB_WITH_RC4 : KEYTAB_STRONG;
    if (!read_realms(kerberos, options->realms, err)) {
        talloc_free(kerberos);
        return false;
    }
    for (size_t i = 0; i < KERBEROS_SERVICES; i++) {
        char *own = talloc_asprintf(kerberos, "%s/%s.keytab", options->keytabs, services[i].service);
        char *common = talloc_asprintf(kerberos, "%s/krb5.keytab", options->keytabs);
        kerberos->keys[i] = (struct service_keys){
            keytab_new(kerberos, own, services[i].service, options->replay_file, kerberos->ciphers),
            keytab_new(kerberos, common, services[i].service, options->replay_file, kerberos->ciphers),
        };
    }
    *kerberos_out = kerberos;
    return true;
}

static bool find_service(enum directory_protocol protocol, size_t *index_out)
{
    for (size_t i = 0; i < KERBEROS_SERVICES; i++)
        if (services[i].protocols & (unsigned)protocol) {
            *index_out = i;
            return true;
        }
    return false;
}

struct keytab *kerberos_keytab(struct kerberos *kerberos, enum directory_protocol protocol)
{
    size_t i;

    if (!find_service(protocol, &i))
        return NULL;
    return keytab_is_ready(kerberos->keys[i].own) ? kerberos->keys[i].own : kerberos->keys[i].common;
}

enum keytab_ciphers kerberos_ciphers(const struct kerberos *kerberos)
{
    return kerberos->ciphers;
}

bool kerberos_is_ready(struct kerberos *kerberos, enum directory_protocol protocol)
{
    size_t i;

    return kerberos && find_service(protocol, &i) &&
           (keytab_is_ready(kerberos->keys[i].own) || keytab_is_ready(kerberos->keys[i].common));
}

const char *kerberos_domain(const struct kerberos *kerberos, const char *realm, size_t index)
{
    for (size_t i = 0; i < kerberos->realm_count; i++)
        if (strcmp(kerberos->realms[i].name, realm) == 0 && index-- == 0)
            return kerberos->realms[i].domain;
    return NULL;
}
