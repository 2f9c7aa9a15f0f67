/*
 * parameters.h -- MAIL FROM and RCPT TO as one server understands them.
 *
 * Which parameters are said depends on what it offered (RFC 1870, 2852, 3461, 6152, 6531, 8689). Addresses are written in
 * ASCII (A-labels) unless the message needs SMTPUTF8.
 */
#ifndef CONNECTOR_PARAMETERS_H
#define CONNECTOR_PARAMETERS_H

#include "connector/body.h"

struct envelope {
    const char *mail; /* "MAIL FROM:<...> ...\r\n" */
    bool uses_smtputf8, has_dsn;
    bool hands_on; /* to a server of ours: what we know goes with it */
};

/* False: the message cannot be given to this server at all; the outcome says why. */
MUST_CHECK bool envelope_prepare(const void *owner, const struct outbound_message *message,
                                 const struct body *body, const struct features *features,
                                 struct envelope *envelope_out, struct outcome *outcome);
/* Can this address be written to this server: as it is with SMTPUTF8, else in ASCII (its domain as A-labels)? */
bool envelope_may_name(const struct envelope *envelope, const void *scratch, const char *address);
/* "MAIL FROM:<...>" with its parameters and CRLF. */
void envelope_add_sender(struct buf *out, const struct envelope *envelope);
/* "RCPT TO:<...>" with NOTIFY and ORCPT where the server knows DSN (RFC 3461), and CRLF. Only for addresses that
 * envelope_may_name(). */
void envelope_add_recipient(struct buf *out, const struct envelope *envelope, const void *scratch,
                            const struct outbound_recipient *recipient);

#endif
