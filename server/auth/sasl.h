/*
 * sasl.h -- one SASL exchange (RFC 4422), the same for SMTP, IMAP, POP3, ManageSieve, NNTP and LDAP-like doors.
 *
 *     if (!sasl_start(auth, owner, &request, &channel, mechanism, &sasl, err)) ...     unknown mechanism: ERR_INVALID
 *     next = sasl_step(sasl, initial_response_or_NULL, &challenge, err);
 *     while (next == SASL_CHALLENGE)  send the challenge, read the response, next = sasl_step(sasl, &response, ...)
 *     SASL_OK: sasl_identity(sasl).  SASL_FAILED: err, and sasl_delay_ms(sasl) before the answer.
 *
 * Everything here is raw bytes: base64 and its errors are the protocol's affair, and so is the "*" that cancels.
 * PLAIN (4616), LOGIN, SCRAM-SHA-256 and -PLUS (5802, 7677, 9266), GSSAPI (4752), EXTERNAL (TLS certificate),
 * OAUTHBEARER (7628).
 *
 * Ownership  everything belongs to `owner`; a challenge lives until the next step.
 * Threads    one at a time for one exchange.
 */
#ifndef AUTH_SASL_H
#define AUTH_SASL_H

#include "auth/auth.h"

struct sasl;

/* What the connection is, for the choice of mechanisms and for channel binding. */
struct sasl_channel {
    bool may_send_password;    /* TLS, or plaintext_login allows it; without, there is no mechanism at all */
    struct span tls_exporter;  /* RFC 9266; empty: none */
    struct span tls_end_point; /* RFC 5929, tls-server-end-point; empty: none */
    const char *certificate_login; /* who a verified client certificate says it is; NULL: none */
};

/* The names to announce, best first, NULL-terminated, under `owner`. */
const char **sasl_mechanisms(struct auth *auth, const void *owner, enum directory_protocol protocol,
                             const struct sasl_channel *channel);

/* ERR_INVALID: no such mechanism here; ERR_DENIED: the channel does not allow logging in. */
MUST_CHECK bool sasl_start(struct auth *auth, const void *owner, const struct auth_request *request,
                           const struct sasl_channel *channel, struct span mechanism, struct sasl **sasl_out,
                           struct err *err);

enum sasl_next { SASL_CHALLENGE, SASL_OK, SASL_FAILED };
/* `response` NULL: the client sent none yet (no initial response); an empty span is an empty response. A response over
 * 16 KiB fails. SASL_FAILED fills *err with the kinds of auth.h, ERR_INVALID for a broken message. */
enum sasl_next sasl_step(struct sasl *sasl, const struct span *response, struct span *challenge_out,
                         struct err *err);

/* After SASL_OK; belongs to the owner of the exchange. */
struct identity *sasl_identity(const struct sasl *sasl);
/* After SASL_FAILED: hold back the answer for so long. */
unsigned sasl_delay_ms(const struct sasl *sasl);
/* The name the client gave, for the log; "" before it did. */
const char *sasl_login(const struct sasl *sasl);

#endif
