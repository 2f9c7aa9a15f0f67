/*
 * message_id.h -- ids of messages: made, brought to one form, and hashed for thread lookup.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_MESSAGE_ID_H
#define FORMAT_MESSAGE_ID_H

#include "base/buf.h"
#include "base/span.h"

enum { MESSAGE_ID_MAX = 998 };

/* "<time.random@host>", unique by 128 random bits given by the caller (the room does no I/O). */
void message_id_add(struct buf *out, int64_t now_us, const uint8_t random[16], const char *host);
/* Without angle brackets, folding white space and quotes that do not matter; cut at MESSAGE_ID_MAX. */
char *message_id_canonical(const void *owner, struct span id);
/* 64 bits of the canonical id: the key of thread lookup. Stable for ever (stored): FNV-1a, finished by a
 * mixer. Equal ids have equal hashes; a caller compares the id where a collision would matter. */
uint64_t message_id_hash(struct span canonical_id);

#endif
