/*
 * retain.h -- mail that has lain in a folder longer than its organisation keeps it there: counted, deleted, or moved on.
 *
 * A folder follows the rule that names it, or the nearest folder above it, by name or by use; else the rule of the whole mailbox, which
 * leaves drafts and what was put off alone. What a rule moves stays where it has come to. The time runs from the day on which the mail
 * came into the folder (SAVEDATE). Deleted mail can be had again for the store's period, as when its owner deletes it.
 *
 * Errors   ERR_NOT_FOUND the mailbox is gone; ERR_BUSY, ERR_UNKNOWN, and those of folder_copy().
 * Threads  any.
 */
#ifndef MAILBOX_RETAIN_H
#define MAILBOX_RETAIN_H

#include "format/retention.h"
#include "mailbox/folder.h"
#include "mailbox/mailbox.h"

/* All folders of a mailbox, and what is said about them. */
struct retention_scene {
    struct folder *const *folders;
    size_t folder_count;
    const struct retention_rule *rules;
    size_t rule_count;
};
/* The number of the rule that one of its folders follows; rule_count: none. Asks nobody. */
size_t retention_rule_of(const struct retention_scene *scene, const struct folder *folder);

enum retain_mode { RETAIN_COUNT, RETAIN_APPLY };
struct retained {
    int64_t messages, bytes;
};
/* Adds to `retained_io` (one a rule) what each rule is about, and, with RETAIN_APPLY, does it, in transactions of at most some
 * thousand messages. *is_done_out false: `until_us` (monotonic) came first, and there is more. */
MUST_CHECK bool mailbox_retain(struct mailbox *mailbox, const struct retention_rule *rules, size_t count,
                               enum retain_mode mode, int64_t now_us, int64_t until_us,
                               struct retained *retained_io, bool *is_done_out, struct err *err);

struct message_draft;
/* The letter to an owner that says what these rules do, in `language` ("fr", "en"; another one: in both), to be filed in the INBOX
 * with ignores_quota. Under `owner`. */
struct message_draft *retention_notice(const void *owner, const char *address, const char *language,
                                       const struct retention_rule *rules, size_t count, int64_t now_us);

#endif
