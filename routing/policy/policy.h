/*
 * policy.h -- may this message go to this recipient: who may send to it, size, and quota; of a public folder also who may post there.
 *
 * Asked at RCPT, so that what would bounce is refused while the sender is there to hear it. The quota asked for here is
 * a forecast; what counts is judged under the row lock when the message is filed. A mailbox with much room is not asked
 * about again for a few seconds.
 *
 * Errors   ERR_QUOTA: full, and what. ERR_LIMIT: larger than this recipient takes. ERR_DENIED: this sender may not.
 *          ERR_AUTH: it may not as long as it has not logged in. ERR_BUSY: the storage group is down or the store
 *          dismounted. ERR_NOT_FOUND: the mailbox is gone, or is hidden from this sender.
 * Threads  all functions may be called from any thread.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "resolve/resolve.h"

struct groups;
struct mailbox_cache;
struct policy;

struct policy_options {
    struct groups *groups;
    struct directory *directory; /* for senders by name */
    struct mailbox_cache *cache; /* for the rights of public folders; NULL: nobody posts there */
};
/* Under `owner`; what the options point at must outlive it. Cannot fail. */
MUST_CHECK bool policy_open(const void *owner, const struct policy_options *options,
                            struct policy **policy_out, struct err *err);
/* Accepts and sets NULL. */
void policy_close(struct policy **policy);

struct policy_question {
    const char *sender; /* address key (format/address.h); "" for <> */
    bool is_authenticated;
    int64_t organisation_id; /* that the sender logged in to; 0: none */
    int64_t size_bytes;      /* as the sender announced it; 0: unknown */
};

/* The gates of an answer: what this sender may not reach is left out of its targets and remotes, every mailbox stands there
 * once, and *max_bytes_out is the largest message that all the others take (0: no limit). False where nothing is left,
 * with the reason of the first one that stayed closed. To a public folder it takes the right `p` there (RFC 4314, 4): who has not
 * logged in, or is of another organisation, has what everybody of its organisation has. Mail to postmaster and abuse passes whatever their gates say. The
 * return address of redirected mail (RESOLVE_WHY_RETURN) is for the null sender. */
MUST_CHECK bool policy_admit(struct policy *policy, const struct policy_question *question,
                             struct resolve_answer *answer_io, int64_t *max_bytes_out, struct err *err);
/* May who has this mailbox send, however much is in it? ERR_DENIED: more than its store lets somebody have who sends
 * (group/store.h). True where that cannot be told now. */
MUST_CHECK bool policy_may_send(struct policy *policy, int64_t storage_group_id, int64_t mailbox_id,
                                struct err *err);
/* Has the mailbox room? */
MUST_CHECK bool policy_check(struct policy *policy, const struct policy_question *question,
                             const struct resolve_target *target, struct err *err);

#endif
