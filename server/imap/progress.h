/*
 * progress.h -- telling the client of a long command that it goes on (RFC 9585), and ending one that takes too long.
 */
#ifndef IMAP_PROGRESS_H
#define IMAP_PROGRESS_H

#include "imap/command.h"

/* Called as often as one likes while a command works: every ten seconds it says "* OK [INPROGRESS ...]", and costs next to
 * nothing in between. `goal` 0: not known. */
void imap_progress(struct imap_request *req, uint64_t done, uint64_t goal);
/* The same for SEARCH, SORT and THREAD, whose time is limited: false, and ERR_LIMIT, when it is over (RFC 5530, 3: LIMIT). */
MUST_CHECK bool imap_search_goes_on(struct imap_request *req, uint64_t done, uint64_t goal, struct err *err);

#endif
