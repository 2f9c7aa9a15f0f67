/*
 * kerberos.h -- tickets instead of passwords: the acceptor's side of Kerberos (RFC 4120, 4121) and SPNEGO (RFC 4178), by
 * libgssapi_krb5. For this room only; doors call sasl.h and negotiate.h.
 *
 * A ticket counts when it was made for the service that is spoken (imap, pop, smtp, sieve, HTTP; any host name that the keytab has),
 * by a realm that the configuration names, under ciphers that are not refused. Whom it stands for is decided by the realm: each
 * is given domains, in which the principal's name is looked for. Names with an instance (host/mail, ada/admin) are nobody's.
 *
 * Ownership  kerberos_new() gives a talloc object; a handshake belongs to the context it was begun with.
 * Threads    all functions may be called from any thread, a handshake by one at a time. They read files and compute, and ask
 *            nothing of the network.
 */
#ifndef AUTH_KERBEROS_H
#define AUTH_KERBEROS_H

#include "auth/auth.h"
#include "base/buf.h"

struct kerberos;
struct handshake;

/* ERR_INVALID: the realms cannot be read. NULL in *out where none is named: then Kerberos is off. */
MUST_CHECK bool kerberos_new(const void *owner, const struct kerberos_options *options,
                             struct kerberos **kerberos_out, struct err *err);
/* Could a ticket be checked? NULL: never. */
bool kerberos_is_ready(struct kerberos *kerberos, enum directory_protocol protocol);
/* The domain to look in, the `index`-th of this realm; NULL: there are no more. */
const char *kerberos_domain(const struct kerberos *kerberos, const char *realm, size_t index);

/* `end_point`: the connection's tls-server-end-point, to which clients may bind (RFC 5929); empty: none. ERR_BUSY. */
MUST_CHECK bool handshake_begin(struct kerberos *kerberos, const void *owner,
                                enum directory_protocol protocol, struct span end_point,
                                struct handshake **handshake_out, struct err *err);
enum handshake_next { HANDSHAKE_GOES_ON, HANDSHAKE_DONE, HANDSHAKE_FAILED };
/* Takes the client's token, adds ours to `reply` (possibly nothing). At most eight in all. ERR_AUTH: the ticket is not good, the
 * sentence says what can be done; ERR_BUSY; ERR_INVALID: no such token. */
enum handshake_next handshake_step(struct handshake *handshake, struct span token, struct buf *reply,
                                   struct err *err);
/* After HANDSHAKE_DONE: who it is, "ada". */
const char *handshake_name(const struct handshake *handshake);
/* And where, "EXAMPLE.LAN". */
const char *handshake_realm(const struct handshake *handshake);
/* Signs, not encrypts (RFC 4752: the layers are TLS's affair). ERR_BUSY. */
MUST_CHECK bool handshake_wrap(struct handshake *handshake, struct span text, struct buf *out,
                               struct err *err);
/* ERR_INVALID: not the client's. */
MUST_CHECK bool handshake_unwrap(struct handshake *handshake, struct span message, struct buf *out,
                                 struct err *err);

#endif
