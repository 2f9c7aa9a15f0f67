/* post.h -- inside this room: posting to a public folder by mail. */
#ifndef POLICY_POST_H
#define POLICY_POST_H

#include "policy/policy.h"

/* The right `p` in the folder itself, of who has logged in, or of everybody of its organisation. ERR_DENIED, ERR_AUTH, ERR_NOT_FOUND as
 * policy.h says. */
MUST_CHECK bool post_is_allowed(struct directory *directory, struct groups *groups,
                                struct mailbox_cache *cache, const struct policy_question *question,
                                const struct resolve_target *target, struct err *err);

#endif
