/*
 * auth.h -- AUTH inside an SMTP session, and what a login may then do.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include "base/buf.h"
#include "base/err.h"
#include "directory/sender_grant.h"

struct address;
struct smtp_session;

/* " PLAIN LOGIN ...": what EHLO announces. */
void smtp_auth_add_mechanisms(struct smtp_session *s, struct buf *out);

/* By what right a login uses an address. */
enum smtp_claim_kind { CLAIM_OWN, CLAIM_AS, CLAIM_ON_BEHALF };
struct smtp_claim {
    enum smtp_claim_kind kind;
    struct sender_right right; /* but CLAIM_OWN; the session's arena's */
};
/* True where the login may use this address, or it without its "+detail". ERR_DENIED otherwise, ERR_BUSY where that cannot be known
 * now. The null sender is anybody's (delivery and read receipts). */
MUST_CHECK bool smtp_claim(struct smtp_session *s, const struct address *address,
                           struct smtp_claim *claim_out, struct err *err);

/* Once a minute: does the account still stand as it did when it logged in? False: ERR_AUTH or ERR_BUSY. */
MUST_CHECK bool smtp_login_holds(struct smtp_session *s, struct err *err);

/* The primary address of who logged in; "" where nobody did. */
const char *smtp_login_name(const struct smtp_session *s);

/* An exchange that waits for the client is given up. */
void smtp_auth_abandon(struct smtp_session *s);

#endif
