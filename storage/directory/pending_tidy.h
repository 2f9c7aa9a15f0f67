/* pending_tidy.h -- what housekeeping does with changes that wait for a second person (directory/pending.h). */
#ifndef DIRECTORY_PENDING_TIDY_H
#define DIRECTORY_PENDING_TIDY_H

#include "directory/directory.h"

enum { PENDING_KEPT_DAYS = 90 };

/* Ends those whose time is over, and forgets what was decided long ago; how many were forgotten. */
MUST_CHECK bool pending_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                             struct err *err);

#endif
