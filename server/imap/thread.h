/*
 * thread.h -- conversations as RFC 5256 finds them: ORDEREDSUBJECT and REFERENCES.
 *
 * Pure: works on what was read of each message. A chain of answers deeper than THREAD_DEPTH_MAX is cut there; no
 * client shows one, and whoever forges one should not make us follow it.
 *
 * Ownership  texts belong to the caller and must live until the threads are written; all else to `owner`.
 */
#ifndef IMAP_THREAD_H
#define IMAP_THREAD_H

#include "base/buf.h"

enum { THREAD_DEPTH_MAX = 1000 };

struct thread_message {
    uint32_t number; /* what the reply names it by */
    int64_t sent_us; /* Date, or INTERNALDATE where it has none */
    const char *base_subject;
    bool is_reply; /* the subject said so (Re:, Fwd:) */
    const char *message_id;
    const char *const *references; /* oldest first */
    size_t reference_count;
};

/* Both write "(1 2)(3 (4)(5))": the messages must be in the order of the folder. */
void thread_by_subject(const void *owner, const struct thread_message *messages, size_t count,
                       struct buf *out);
/* THREAD=REFERENCES (RFC 5256, 3): by Message-ID, In-Reply-To and References, then by subject. Messages that are
 * named but not there lend their place to their children. */
void thread_by_references(const void *owner, const struct thread_message *messages, size_t count,
                          struct buf *out);

#endif
