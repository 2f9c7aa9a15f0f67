/*
 * session.h -- one connection of a line protocol, as its protocol sees it.
 *
 * Owned by session/server.h; a protocol gets it in its callbacks and may use all functions here inside
 * them. Outside only session_wake() is allowed, until closed() has returned.
 *
 * Memory   session_memory(): lives as long as the connection. session_arena(): until the unit (or body,
 *          or wake) that runs now has returned DONE; kept over SESSION_MORE.
 * Output   appended to a buffer and sent when the unit is done, together with the replies to pipelined
 *          units. It is bounded by what one call writes after session_output_is_full() says true
 *          (256 KiB): check it between the pieces of a long answer and return SESSION_MORE.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/buf.h"
#include "base/net.h"
#include "base/stream.h"
#include "session/protocol.h"

struct identity; /* auth/auth.h */

/* The protocol's zeroed state, its listener's context (session/server.h). */
void *session_state(struct session *session);
/* The context of the listener that the session came in by, as it is now: a reload may have brought another
 * (session_listener_set_context()). */
void *session_context(const struct session *session);
/* Talloc contexts, see above. */
void *session_memory(struct session *session);
/* Until this unit is done. */
void *session_arena(struct session *session);

/* Who and how. The address is the client's, also behind a trusted proxy (PROXY protocol). */
const struct net_address *session_peer(const struct session *session);
/* Without port; lives as long as the session. */
const char *session_peer_text(const struct session *session);
/* That the client connected to; 0 on a Unix socket. */
uint16_t session_local_port(const struct session *session);
/* Unique in this process, for logs. */
const char *session_id(const struct session *session);
/* From STARTTLS on, or always. */
bool session_is_tls(const struct session *session);
/* For version, cipher, SNI and channel binding; NULL never. Do not read or write it. */
const struct stream *session_stream(const struct session *session);
/* TLS, or plain where plaintext_login allows this peer. */
bool session_may_login(const struct session *session);
int64_t session_started_us(const struct session *session); /* wall clock */

/* The line or unit limit and the idle time of someone who logged in apply from now; false: undone
 * (IMAP UNAUTHENTICATE). */
void session_set_authenticated(struct session *session, bool is_authenticated);
/* As last set. */
bool session_is_authenticated(const struct session *session);
/* Who it is, owned by the protocol; NULL: nobody any more. It stands in session_server_logins() until then. */
void session_set_identity(struct session *session, struct identity *identity);
/* As last set; NULL before. */
struct identity *session_identity(const struct session *session);

/* Seconds without a byte from the client until protocol->timeout; IDLE is longer than a command. */
void session_set_idle(struct session *session, int seconds);

/* Output. */
struct buf *session_output(struct session *session);
/* Appends bytes. */
void session_write(struct session *session, struct span bytes);
/* Appends a NUL-terminated text. */
void session_write_text(struct session *session, const char *text);
/* Appends as printf. */
void session_printf(struct session *session, const char *text_format, ...) PRINTF_LIKE(2, 3);
/* 256 KiB wait: return SESSION_MORE. */
bool session_output_is_full(const struct session *session);
/* Sends what is there as far as the client takes it now, before the unit is done ("+ go ahead" is sent anyway). */
void session_flush(struct session *session);

/* Bytes that follow the unit that runs now and are here already (pipelining). */
struct span session_pipelined(const struct session *session);
/* Nothing is framed until ms have passed since now: the answer to a failed login comes late, at no cost.
 * What was written before is held back as well. */
void session_delay(struct session *session, int ms);

/* The next bytes are a body: see protocol.h. `filter_state` lives until body() was called, or the session closed;
 * the session does not free it. `limit_bytes` bounds the spool (ERR_LIMIT in spool_err afterwards). */
void session_expect_body(struct session *session, body_filter *filter, void *filter_state,
                         uint64_t limit_bytes);
/* Exactly `bytes` bytes (BDAT, literals). 0 is complete at once. */
void session_expect_bytes(struct session *session, uint64_t bytes, uint64_t limit_bytes);
/* In body(): the spool now belongs to session_memory() and the caller frees it. */
struct spool *session_keep_body(struct session *session);

/* After the answer already written: TLS, or DEFLATE, from the next byte on. Input that came along in
 * clear is injected: it is discarded and the session closed. Returns false, with nothing changed, where
 * no certificate is configured or TLS is on already. */
MUST_CHECK bool session_start_tls(struct session *session);
/* There is a certificate, TLS is not on, and neither is DEFLATE: whether to offer STARTTLS. */
bool session_can_start_tls(const struct session *session);
/* DEFLATE (RFC 4978) from the byte after the answer already written. False, with nothing changed, where it is on
 * already. */
MUST_CHECK bool session_start_deflate(struct session *session);

/* Any thread, never blocks: protocol->wake will be called soon, once for many. */
void session_wake(struct session *session);

/* Runs `function(argument)` on a worker while this session goes on: reading ahead. It must not use the session.
 * It may begin late, and when all workers wait, never before somebody else ends: who needs its result must be ready
 * to do its work himself. It is always run, at the latest when the server ends. */
void session_beside(struct session *session, void (*function)(void *argument), void *argument);

/* The server is stopping: a long command should end. */
bool session_is_stopping(const struct session *session);

#endif
