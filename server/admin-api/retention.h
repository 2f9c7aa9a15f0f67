/* retention.h -- mail is kept as long as policies say; private to this room. */
#ifndef ADMIN_API_RETENTION_H
#define ADMIN_API_RETENTION_H

#include "admin_api/call.h"
#include "mailbox/retain.h"

/* Is told of each rule that was about some mail of a mailbox. */
typedef void retention_told(void *argument, const char *address, const struct retention_rule *rule,
                            const struct retained *retained);

struct retention_walk {
    const struct admin_api *api;
    int64_t organisation_id;
    const char *policy; /* NULL: all of the organisation */
    enum retain_mode mode;
    bool waits;                /* for a day after an owner was told, before anything is done */
    const struct actor *actor; /* in whose name the audit row is */
    bool (*goes_on)(void *argument);
    retention_told *told; /* NULL */
    void *argument;       /* of both */
    int64_t after_id;     /* with `policy`: recipients up to this one are passed over */
    /* results */
    size_t mailboxes;
    struct retained sum;
    int64_t last_id; /* the last recipient that was done, where not all were; else 0 */
};
/* With RETAIN_APPLY each owner is told first (retention_tell.h). Goes through the mailboxes whose mail the policies are about: of several that select one, the first that has rules. A mailbox that is
 * not there now, or busy, is left for the next time. ERR_BUSY: the directory. */
MUST_CHECK bool retention_walk(struct retention_walk *walk, struct err *err);

#endif
