/*
 * sender.h -- what the policies of an organisation let somebody send who has logged in.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef POLICY_SENDER_H
#define POLICY_SENDER_H

#include "base/err.h"

#include <stdint.h>

struct directory;

struct sender_limits {
    int64_t max_bytes, max_recipients; /* of one message; 0: as the server takes */
};
/* `login`: the account's primary address. From the memory of resolve.h where it is fresh. */
MUST_CHECK bool sender_limits_find(struct directory *directory, const char *login,
                                   struct sender_limits *limits_out, struct err *err);

#endif
