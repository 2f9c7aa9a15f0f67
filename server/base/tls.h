/*
 * tls.h -- certificates and contexts; stream.h has the connections.
 *
 * A struct tls_server is a set of certificates chosen by SNI. TLS 1.2 and 1.3 with forward secrecy and
 * AEAD only, no compression, no renegotiation, no tickets and no session cache (an idle connection must
 * stay small, and a stolen ticket key must not open yesterday's traffic). ALPN is strict: a client that
 * names protocols and not ours is refused with no_application_protocol (RFC 7301, 3.2).
 *
 * tls_server_reload() replaces the set for handshakes that begin afterwards; open connections keep
 * theirs. A set with one bad pair is refused as a whole and the old one stays.
 *
 * Threads  a struct tls_server may be used and reloaded from any thread.
 */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct tls_server;
struct tls_client;

struct tls_pair {
    const char *certificate_file; /* PEM: the server's, then the chain up to, not including, the root */
    const char *key_file;         /* PEM, without passphrase */
};

struct tls_config {
    const struct tls_pair *pairs; /* the first answers clients that name no server */
    size_t count;                 /* at least 1 */
    bool
        refuses_unknown_names; /* an SNI no certificate bears: alert unrecognized_name instead of the first */
};

/* ERR_INVALID names the file and what is wrong with it: unreadable, key of another certificate, expired
 * (expired ones are refused at first start by the caller, see tls_certificate_read; here only logged). */
MUST_CHECK bool tls_server_new(const struct tls_config *config, struct tls_server **server_out,
                               struct err *err);
/* Other certificates and settings for the handshakes to come; those under way and open connections keep theirs. Where
 * it fails (as tls_server_new()) all stays as it was. Any thread. */
MUST_CHECK bool tls_server_reload(struct tls_server *server, const struct tls_config *config,
                                  struct err *err);
/* Connections that use it go on. Accepts and sets NULL. */
void tls_server_free(struct tls_server **server);

/* For what we connect to ourselves. `ca_file` NULL: the system's trust, read at the first connection; verifies=false: any certificate. */
MUST_CHECK bool tls_client_new(const char *ca_file, bool verifies, struct tls_client **client_out,
                               struct err *err);
/* Accepts and sets NULL. */
void tls_client_free(struct tls_client **client);

/* One TLSA record (RFC 6698): the data belong to the caller. */
struct tls_association {
    uint8_t usage, selector, matching;
    struct span data;
};

enum tls_trust {
    TLS_TRUST_ANY,         /* encrypted to whomever; what the certificate is worth is told afterwards */
    TLS_TRUST_AUTHORITIES, /* signed by a trusted authority, for one of the names */
    TLS_TRUST_DANE         /* as the associations say (RFC 7672: usages 2 and 3 only) */
};

/* What is wrong with a server's certificate, as reports tell it (RFC 8460, 4.3). */
enum tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_NAME,      /* valid, but for other names */
    TLS_FAULT_EXPIRED,   /* or not valid yet */
    TLS_FAULT_UNTRUSTED, /* by nobody we trust */
    TLS_FAULT_NO_MATCH,  /* with none of the TLSA records */
    TLS_FAULT_OTHER,     /* anything else, a handshake that failed without a certificate as well */
    TLS_FAULTS
};

/* What a client wants of the server's certificate. */
struct tls_expectation {
    enum tls_trust trust;
    const char *name;              /* SNI, unless it is an address, and the first name that will do */
    const char *const *more_names; /* others that will do, NULL-terminated; NULL: none */
    const char *alpn;
    const struct tls_association *associations; /* TLS_TRUST_DANE */
    size_t association_count;
};

/* What a certificate file says, for `check` and the warnings before it expires. */
struct tls_certificate {
    int64_t not_before_us, not_after_us;
    char **names; /* NULL-terminated: subjectAltName DNS and IP */
    char *issuer, *subject;
    bool is_self_signed;
};
/* Owned by the talloc context `owner`. */
MUST_CHECK bool tls_certificate_read(const void *owner, const char *file, struct tls_certificate **out,
                                     struct err *err);

/* Writes into `directory`: ca.pem, ca.key (created where absent, otherwise used again) and NAME.pem,
 * NAME.key: an ECDSA P-256 certificate for `names` (DNS names or IP addresses), signed by that CA.
 * Keys have mode 0600. `years` from now. */
MUST_CHECK bool tls_demonstration_create(const char *directory, const char *name, const char *const *names,
                                         size_t count, int years, struct err *err);

#endif
