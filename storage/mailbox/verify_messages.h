/*
 * verify_messages.h -- does what is stored still hold together? Bodies against their hashes, every reference, and the
 * counters of mailboxes and quota roots against the memberships they count. Runs online; every difference
 * is seen twice (the second time under the row's lock) before it is reported.
 *
 * What can be recomputed is corrected with `may_repair`; a damaged body cannot, and is only reported.
 */
#ifndef MAILBOX_VERIFY_MESSAGES_H
#define MAILBOX_VERIFY_MESSAGES_H

#include "group/group.h"

struct verify_finding {
    const char *what;                               /* "body-hash", "mailbox-bytes", ...: fit for scripts */
    const char *text;                               /* a sentence */
    int64_t mailbox_id, folder_id, uid, message_id; /* 0 where it does not apply */
    bool is_repaired;
};

struct verify_options {
    bool may_repair;
    bool skips_bodies;  /* does not read and hash every body */
    int64_t mailbox_id; /* 0: the whole group */
    void (*found)(void *arg, const struct verify_finding *finding);
    void *arg;
};

struct verify_totals {
    uint64_t messages, items, memberships, mailboxes, findings, repaired;
};

/* All messages of a storage group: bodies, references, quota roots, search text. Differences are told through the
 * options and counted in *totals_out, which is filled also where it fails (ERR_BUSY). Takes hours for terabytes;
 * holds a connection for single queries only. */
MUST_CHECK bool verify_messages(struct group *group, const struct verify_options *options,
                                struct verify_totals *totals_out, struct err *err);

#endif
