/*
 * stream.h -- one non-blocking connection: plain, TLS, and DEFLATE on either.
 *
 * The stream does not wait: every call does what is possible now and says so. It knows no event loop;
 * whoever owns it watches the descriptor (edge-triggered) and calls again. TLS sits directly on the
 * descriptor with released buffers, so that an idle connection keeps no more than OpenSSL's own objects.
 *
 * Ownership  the stream owns the descriptor from stream_new() on.
 * Threads    a stream belongs to one thread at a time; it may move between threads.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/tls.h"

struct stream;

enum stream_result {
    STREAM_OK,    /* done, at least one byte */
    STREAM_WAIT,  /* nothing now; wait for readiness */
    STREAM_EOF,   /* the peer closed its side properly */
    STREAM_FAILED /* reset, TLS alert, damaged DEFLATE; stream_failure() says what */
};

/* `fd` is made non-blocking, TCP_NODELAY is set where it applies. */
struct stream *stream_new(int fd);
/* Sends close_notify where that is possible at once, closes the descriptor. Accepts NULL. */
void stream_free(struct stream **stream);
/* The descriptor stays the stream's. */
int stream_fd(const struct stream *stream);

/* Up to `size` bytes, decrypted and uncompressed. */
enum stream_result stream_read(struct stream *stream, char *out, size_t size, size_t *read_out);
/* Takes what it can: *written_out may be less than all. */
enum stream_result stream_write(struct stream *stream, struct span bytes, size_t *written_out);
/* Bytes accepted by stream_write but held by DEFLATE or TLS are on the wire (or STREAM_WAIT). */
enum stream_result stream_flush(struct stream *stream);
/* A short reason, static: "reset", "tls: no shared cipher", ... */
const char *stream_failure(const struct stream *stream);

/* TLS from the next byte on, as server. `alpn` is the one protocol name we speak ("imap"), NULL: any.
 * stream_handshake() until it no longer answers STREAM_WAIT. Plaintext that the caller has read but not used must
 * be discarded by the caller, and the connection closed (STARTTLS injection). */
MUST_CHECK bool stream_start_tls(struct stream *stream, struct tls_server *server, const char *alpn,
                                 struct err *err);
/* As client; `name` is sent as SNI and verified. */
MUST_CHECK bool stream_connect_tls(struct stream *stream, struct tls_client *client, const char *name,
                                   const char *alpn, struct err *err);
/* As client with an expectation of its own; `client` must have been made to verify. ERR_INVALID where TLS_TRUST_DANE has no
 * usable association. */
MUST_CHECK bool stream_connect_tls_expecting(struct stream *stream, struct tls_client *client,
                                             const struct tls_expectation *expectation, struct err *err);
/* STREAM_WAIT: again when the descriptor is ready. */
enum stream_result stream_handshake(struct stream *stream);
/* After the handshake of a client: what its peer's certificate proved, whatever was expected; and if it is
 * TLS_TRUST_ANY, why no more (static: "certificate has expired"). */
enum tls_trust stream_tls_trust(const struct stream *stream);
/* Why the certificate proved no more than TLS_TRUST_ANY, in OpenSSL's words ("certificate has expired"). Static. */
const char *stream_tls_distrust(const struct stream *stream);
/* The same as a kind; after a handshake that failed, too. */
enum tls_fault stream_tls_fault(const struct stream *stream);

/* From stream_start_tls() or stream_connect_tls() on. */
bool stream_is_tls(const struct stream *stream);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384", the SNI (or ""); valid while the stream is TLS. */
const char *stream_tls_version(const struct stream *stream);
/* "TLS_AES_256_GCM_SHA384"; valid while the stream is TLS. */
const char *stream_tls_cipher(const struct stream *stream);
/* The name that the client asked for (SNI); "" where it did not. Valid while the stream is TLS. */
const char *stream_tls_name(const struct stream *stream);

/* Channel binding data for SCRAM-*-PLUS. False: not TLS, or not available for this connection. */
enum stream_binding { STREAM_TLS_EXPORTER /* RFC 9266 */, STREAM_TLS_SERVER_END_POINT /* RFC 5929, 4 */ };
#define STREAM_BINDING_MAX 64
/* Writes *length_out bytes, at most STREAM_BINDING_MAX. For the end point the certificate is ours on a server, the
 * peer's on a client. */
MUST_CHECK bool stream_channel_binding(const struct stream *stream, enum stream_binding type,
                                       uint8_t out[STREAM_BINDING_MAX], size_t *length_out);

/* DEFLATE (RFC 4978) both ways from the next byte on. A peer whose input expands more than 200-fold over
 * 4 MiB, or says nothing in 64 KiB, fails the stream. */
MUST_CHECK bool stream_start_deflate(struct stream *stream, struct err *err);
/* True after stream_start_deflate(). */
bool stream_is_deflated(const struct stream *stream);

/* Our side is finished: close_notify where TLS is on, then FIN. What the peer still sends may be read. */
void stream_shutdown(struct stream *stream);

/* Sends nothing more and no close_notify: what a hostile peer gets. */
void stream_reset(struct stream *stream);

#endif
