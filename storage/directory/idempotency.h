/*
 * idempotency.h -- requests that are asked twice and done once: what a key was answered, for a day.
 */
#ifndef DIRECTORY_IDEMPOTENCY_H
#define DIRECTORY_IDEMPOTENCY_H

#include "directory/directory.h"

enum { IDEMPOTENCY_HASH_BYTES = 32 };
enum idempotency {
    IDEMPOTENCY_NEW,   /* nobody used the key: it is the caller's now, who ends it with idempotency_end() */
    IDEMPOTENCY_ENDED, /* the answer is known */
    IDEMPOTENCY_BUSY,  /* it has not ended, its answer is not kept, or the server ended before it */
    IDEMPOTENCY_OTHER  /* it was another request */
};

/* The answer is under `owner`; NULL: there was none. */
MUST_CHECK bool idempotency_begin(struct directory *directory, const void *owner, const char *caller,
                                  const char *key, const unsigned char request[IDEMPOTENCY_HASH_BYTES],
                                  enum idempotency *what_out, unsigned *status_out, const char **answer_out,
                                  struct err *err);
/* Status 0: the answer is not kept, and the key stays used up; -1: nothing was done, and the key may be used again. */
MUST_CHECK bool idempotency_end(struct directory *directory, const char *caller, const char *key, int status,
                                const char *answer, struct err *err);
/* Forgets what is older than a day; for housekeeping. */
MUST_CHECK bool idempotency_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                 struct err *err);

#endif
