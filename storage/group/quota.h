/*
 * quota.h -- how much a mailbox, a domain and an organisation may hold, and how much they do.
 *
 * The numbers are rows that every change of a mailbox updates in its own transaction under the row's lock, so
 * they are exact at any moment. Whether something fits is decided there, when it is filed; the question asked
 * here at RCPT reads the same rows without a lock and is a forecast.
 */
#ifndef GROUP_QUOTA_H
#define GROUP_QUOTA_H

#include "group/group.h"

struct mailbox_usage {
    int64_t used_bytes, used_messages;
    int64_t quota_bytes, quota_messages;           /* 0: unlimited; its own, or the store's */
    int64_t warn_bytes, no_send_bytes;             /* of the store (group/store.h); 0: none */
    int64_t domain_used_bytes, domain_quota_bytes; /* quota 0: the domain has no limit of its own */
    int64_t organisation_used_bytes, organisation_quota_bytes;
};
/* What the mailbox holds, and its limits. */
MUST_CHECK bool mailbox_usage(struct group *group, int64_t mailbox_id, struct mailbox_usage *usage_out,
                              struct err *err);

/* Would one more message of `size_bytes` fit now? ERR_QUOTA names what is full; ERR_BUSY: dismounted or down;
 * ERR_NOT_FOUND: no such mailbox. One round trip. */
MUST_CHECK bool mailbox_has_room(struct group *group, int64_t mailbox_id, int64_t size_bytes,
                                 struct err *err);

/* 0: as the store says. A limit below what is used keeps everything and refuses what is new. */
MUST_CHECK bool mailbox_set_quota(struct group *group, int64_t mailbox_id, int64_t quota_bytes,
                                  int64_t quota_messages, struct err *err);

enum quota_root_kind { QUOTA_ROOT_DOMAIN, QUOTA_ROOT_ORGANISATION };
/* The limit shared by all mailboxes of a domain or organisation in this storage group; 0 removes it. Takes the
 * row locks of those mailboxes. */
MUST_CHECK bool quota_root_set(struct group *group, enum quota_root_kind kind, int64_t owner_id,
                               int64_t limit_bytes, struct err *err);
/* The same where the group does not know this limit yet; else one look at it, and no mailbox is locked. For whoever makes
 * mailboxes: they are counted from the start where the limit is known. `limit_bytes` > 0. */
MUST_CHECK bool quota_root_ensure(struct group *group, enum quota_root_kind kind, int64_t owner_id,
                                  int64_t limit_bytes, struct err *err);

#endif
