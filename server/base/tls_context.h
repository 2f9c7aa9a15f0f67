/*
 * tls_context.h -- between tls.c and stream.c only: how a connection gets its context.
 *
 * While a handshake runs it holds the certificate set it began with, so that a reload in between cannot
 * take the contexts away from under the SNI callback.
 */
#ifndef BASE_TLS_CONTEXT_H
#define BASE_TLS_CONTEXT_H

#include "base/tls.h"

#include <openssl/ssl.h>

struct tls_set;

struct tls_handshake {
    struct tls_set *set;
    const char *alpn; /* the one protocol we speak; NULL: any */
};

/* A new SSL for one connection on `server`; its app data is `handshake`, filled here. NULL out of memory. */
SSL *tls_accept_new(struct tls_server *server, const char *alpn, struct tls_handshake *handshake);
/* The handshake is over, well or not. */
void tls_handshake_done(SSL *ssl, struct tls_handshake *handshake);

/* A client's SSL without a descriptor, which sends `name` as SNI and, where the client verifies, expects a
 * certificate for it. NULL where OpenSSL failed (its queue says why). The caller's, until SSL_free(). */
SSL *tls_connect_new(struct tls_client *client, const char *name, const char *alpn);

/* NULL where nothing of a DANE expectation can be used, or out of memory. */
SSL *tls_connect_expecting(struct tls_client *client, const struct tls_expectation *expectation);

/* The oldest error of OpenSSL's queue of this thread as a static text; the queue is emptied. */
const char *tls_reason(void);

#endif
