/*
 * login.h -- the end of PASS and AUTH, which is the same for both.
 */
#ifndef POP3_LOGIN_H
#define POP3_LOGIN_H

#include "pop3/session.h"

/* Who asks, for server/auth: the protocol, the peer, the session's id. By value; `session` points into the session. */
struct auth_request pop3_auth_request(const struct pop3_session *s);
/* Opens the maildrop: TRANSACTION, or why not. `memory` holds the identity and becomes the session's. */
enum session_next pop3_login_succeeded(struct pop3_session *s, void *memory, struct identity *identity);
/* -ERR, held back for `delay_ms`; `login` is what the client called itself. */
enum session_next pop3_login_failed(struct pop3_session *s, const char *login, unsigned delay_ms,
                                    const struct err *err);

#endif
