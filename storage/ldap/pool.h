/*
 * pool.h -- the servers of one company directory (LDAP, Active Directory), seen as one.
 *
 * A pool knows the servers of a source, cheapest first, and keeps a bounded number of connections to each. A server that fails
 * three times in a row is left alone for a while (its breaker is open): nobody waits for it, the next cheapest is asked, and one
 * caller at a time tries it again. While all are open everything fails at once with ERR_BUSY. A server that hangs costs a caller
 * no more than its deadline, in any step: name, connection, TLS, bind, answer, even in the middle of one.
 *
 * A link is one connection, borrowed for some operations (ldap/search.h, ldap/password.h). Referrals are never followed.
 *
 *     ldap_pool_open(owner, &settings, &pool, &err);
 *     if (ldap_link_take(pool, LDAP_LINK_SERVICE, 10000, &link, &err)) {
 *         ldap_link_search(link, &search, each, arg, &err);
 *         ldap_link_release(&link);
 *     }
 *
 * Ownership  ldap_pool_open() gives the pool under a talloc context, ldap_pool_close() takes it back after all links.
 * Errors     ERR_BUSY: no server answered as it should, or all connections are in use. Never ERR_AUTH: where the account
 *            of the source itself is refused that is trouble of ours, and temporary for whoever logs in.
 * Threads    pool functions from any thread; a link belongs to one thread at a time.
 */
#ifndef LDAP_POOL_H
#define LDAP_POOL_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LDAP_SERVERS_MAX = 16,           /* of one source, those found by SRV records included */
    LDAP_ANSWER_BYTES_MAX = 1 << 27, /* one entry or other answer; larger ones break the connection */
    LDAP_VALUES_MAX = 250000,        /* of one attribute; what is beyond is left out and is_cut is set */
};

enum ldap_tls {
    LDAP_PLAIN,
    LDAP_STARTTLS, /* on every connection, and nothing is said before it */
    LDAP_OVER_TLS,
    LDAP_TLS_MODES
};
/* "none", "starttls", "ldaps". Static. */
const char *ldap_tls_name(enum ldap_tls tls);
/* False for a word that is none. */
MUST_CHECK bool ldap_tls_of(const char *name, enum ldap_tls *tls_out);

enum ldap_bind {
    LDAP_BIND_SIMPLE,   /* bind_name is a DN, or what AD takes; without one: anonymous */
    LDAP_BIND_EXTERNAL, /* SASL EXTERNAL: the client certificate, or the peer of a Unix socket */
    LDAP_BIND_GSSAPI, /* SASL GSSAPI: bind_name is a Kerberos principal, with its password or a keytab file */
    LDAP_BINDS
};
/* "simple", "external", "gssapi". Static. */
const char *ldap_bind_name(enum ldap_bind bind);
/* False for a word that is none. */
MUST_CHECK bool ldap_bind_of(const char *name, enum ldap_bind *bind_out);

struct ldap_server {
    /* "ldap://host:389", "ldaps://host", "ldapi://%2Frun%2Fldapi", or "srv://example.lan": what DNS says (RFC 2782) */
    const char *url;
    unsigned cost; /* the cheapest that works is asked; among equals the one with fewer connections */
};

/* One server that DNS named. */
struct ldap_srv {
    const char *host;
    uint16_t port, priority, weight;
};
/* Answers "_ldap._tcp.example.lan" until the deadline (monotonic), in the order to try. */
typedef bool ldap_find_srv(void *arg, const void *owner, const char *name, int64_t deadline_us,
                           struct ldap_srv **found_out, size_t *count_out, struct err *err);

struct ldap_settings {
    const struct ldap_server *servers;
    size_t server_count;
    enum ldap_tls tls;   /* for ldap:// and srv://; ldaps:// is always LDAP_OVER_TLS, ldapi:// plain */
    const char *trusted; /* PEM certificates; NULL: those of the system */
    const char *certificate, *key; /* PEM of our own, for EXTERNAL; NULL: none */
    enum ldap_bind bind;
    const char *bind_name, *bind_password; /* NULL: none */
    const char *keytab;                    /* file, for GSSAPI without a password; NULL: none */
    unsigned connections;                  /* to each server; 0: 8 */
    unsigned connect_ms;                   /* to connect, TLS and bind; 0: 3,000 */
    unsigned answer_ms;      /* for the next answer, whatever the caller's deadline; 0: 10,000 */
    ldap_find_srv *find_srv; /* NULL: srv:// URLs fail */
    void *find_srv_arg;
};

struct ldap_pool;
struct ldap_link;

/* Copies the settings; connects when first used. ERR_INVALID: a URL that is none, EXTERNAL without a certificate and Unix
 * socket, GSSAPI without a principal. */
MUST_CHECK bool ldap_pool_open(const void *owner, const struct ldap_settings *settings,
                               struct ldap_pool **pool_out, struct err *err);
/* All links were released. Accepts and sets NULL. */
void ldap_pool_close(struct ldap_pool **pool);

/* "ldap://[::1]:389" and the like. ERR_INVALID says what is wrong with it. */
MUST_CHECK bool ldap_url_check(const char *url, struct err *err);

enum ldap_link_use {
    LDAP_LINK_SERVICE, /* bound as the account of the source */
    LDAP_LINK_BARE,    /* bound as nobody, or whoever logged in over it before: to bind as somebody */
    LDAP_LINK_USES
};
/* A link to the cheapest server that works, within `wait_ms`, which is also all the time that it is lent for (ldap_link_extend()).
 * ERR_BUSY. */
MUST_CHECK bool ldap_link_take(struct ldap_pool *pool, enum ldap_link_use use, unsigned wait_ms,
                               struct ldap_link **link_out, struct err *err);
/* Back to the pool; one that broke is closed, and its server's breaker learns of it. Accepts and sets NULL. */
void ldap_link_release(struct ldap_link **link);
/* It may be used for `wait_ms` from now. */
void ldap_link_extend(struct ldap_link *link, unsigned wait_ms);
/* The URL it is connected to; the link's. */
const char *ldap_link_url(const struct ldap_link *link);

enum ldap_step { LDAP_STEP_CONNECT, LDAP_STEP_TLS, LDAP_STEP_BIND, LDAP_STEPS };
struct ldap_trial {
    enum ldap_step failed; /* LDAP_STEPS: none did */
    char remedy[400];      /* what to do about it, for people */
    char peer[200];        /* the certificate that it showed: subject, end, SHA-256 */
};
/* Connects anew to the server `url` of the pool, beside its connections and its breaker, and says where it went wrong. True where
 * it did not: *link_out, closed by ldap_link_release(). */
MUST_CHECK bool ldap_pool_try(struct ldap_pool *pool, const char *url, unsigned wait_ms,
                              struct ldap_trial *trial_out, struct ldap_link **link_out, struct err *err);

struct ldap_server_health {
    const char *url; /* under `owner` */
    unsigned cost, open, in_use;
    bool is_down; /* its breaker is open */
    uint64_t connected, failed, timed_out;
    char fault[200]; /* the last one; "": none yet */
};
/* What is known of each server at this moment, without asking it. */
void ldap_pool_health(struct ldap_pool *pool, const void *owner, struct ldap_server_health **servers_out,
                      size_t *count_out);

#endif
