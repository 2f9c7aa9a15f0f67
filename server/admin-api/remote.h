/* remote.h -- who calls over HTTPS; private to this room. */
#ifndef ADMIN_API_REMOTE_H
#define ADMIN_API_REMOTE_H

#include "admin_api/call.h"

/* Sets actor, holder and token. ERR_AUTH: no cookie and no token, or none that is good; ERR_DENIED: a change that another
 * site's page asked for. */
MUST_CHECK bool remote_enter(struct admin_call *call, struct err *err);
/* Sets actor and holder: this user, with what he holds now, at most `permissions_max`. */
MUST_CHECK bool remote_become(struct admin_call *call, int64_t recipient_id, int64_t organisation_id,
                              const char *login, uint64_t permissions_max, const char *peer, struct err *err);

#endif
