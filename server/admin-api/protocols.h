/* protocols.h -- what may be used to log in, as words; private to this room. */
#ifndef ADMIN_API_PROTOCOLS_H
#define ADMIN_API_PROTOCOLS_H

#include "admin_api/call.h"

/* ["smtp", "imap", ...] of the bits of enum directory_protocol. */
json_t *protocols_json(unsigned protocols);
/* The field "protocols" of the body, a list of such words; *protocols_out stays without it. ERR_INVALID names the word that is
 * none. */
MUST_CHECK bool protocols_read(const struct admin_call *call, unsigned *protocols_out, struct err *err);

#endif
