/*
 * policy.h -- may this message go to this recipient: quota, size, and who may send to it.
 *
 * Asked at RCPT, so that what would bounce is refused while the sender is there to hear it. The quota asked for here is
 * a forecast; what counts is judged under the row lock when the message is filed. A mailbox with much room is not asked
 * about again for a few seconds.
 *
 * Errors   ERR_QUOTA: full, and what. ERR_LIMIT: larger than this recipient takes. ERR_DENIED: this sender may not.
 *          ERR_BUSY: the storage group is down or the store dismounted. ERR_NOT_FOUND: the mailbox is gone.
 * Threads  all functions may be called from any thread.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "resolve/resolve.h"

struct groups;
struct policy;

struct policy_options {
    struct groups *groups;
};
MUST_CHECK bool policy_open(const void *owner, const struct policy_options *options,
                            struct policy **policy_out, struct err *err);
/* Accepts and sets NULL. */
void policy_close(struct policy **policy);

struct policy_question {
    const char *sender; /* "" for <> */
    bool is_authenticated;
    int64_t size_bytes; /* as the sender announced it; 0: unknown */
};
MUST_CHECK bool policy_check(struct policy *policy, const struct policy_question *question,
                             const struct resolve_target *target, struct err *err);

#endif
