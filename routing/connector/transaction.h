/*
 * transaction.h -- one message over an open session: MAIL, RCPT, DATA or BDAT, and what each recipient was told.
 */
#ifndef CONNECTOR_TRANSACTION_H
#define CONNECTOR_TRANSACTION_H

#include "connector/connection.h"
#include "connector/settings.h"

enum { TRANSACTION_RECIPIENTS_MAX = 1000 };

enum transaction_result {
    TRANSACTION_DONE, /* every recipient that was named has a verdict; others may be untried yet */
    TRANSACTION_NEXT, /* the host would not, before it took a recipient: another may be asked */
};

/* Sends to as many untried recipients as the server takes at once, and at most `most` (0: no such limit). */
enum transaction_result transaction_run(const struct settings *settings, struct connection *connection,
                                        const void *owner, const struct outbound_message *message,
                                        struct outbound_recipient *recipients, size_t count, unsigned most,
                                        struct outcome *outcome);

#endif
