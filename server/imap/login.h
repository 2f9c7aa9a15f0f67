/*
 * login.h -- the end of LOGIN and AUTHENTICATE, which is the same for both.
 */
#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

#include "imap/command.h"

/* Enters the account: OK with the capabilities of after login, or why not. `memory` holds the identity. */
enum session_next imap_login_succeeded(struct imap_request *req, void *memory,
                                       const struct identity *identity);
/* NO, held back for `delay_ms`; `login` is what the client called itself. */
enum session_next imap_login_failed(struct imap_request *req, const char *login, unsigned delay_ms,
                                    const struct err *err);

#endif
