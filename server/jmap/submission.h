/* submission.h -- EmailSubmission's rows; private to this room. */
#ifndef JMAP_SUBMISSION_H
#define JMAP_SUBMISSION_H

#include "jmap/request.h"
#include "mailbox/submission.h"

enum { DELIVERIES_MAX = 20 }; /* asked for by id, of which deliveryStatus is told */

struct submissions {
    struct submission *list;
    size_t count;
};
/* All of the account; false, and the call failed. The arena's. */
MUST_CHECK bool jmap_submissions(struct jmap_call *call, struct submissions *out);
/* By its public id; NULL. */
struct submission *jmap_submission_of(const struct jmap_call *call, const struct submissions *all,
                                      const char *id);
/* "pending" only as long as it may be taken back. Static, or the submission's. */
const char *jmap_undo_status(const struct submission *s);

/* deliveryStatus (delivery.c); null where nothing is told of the message any more. A new reference. */
json_t *jmap_delivery_status(struct jmap_call *call, const struct submission *submission);

#endif
