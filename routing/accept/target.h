/*
 * target.h -- where exactly in a mailbox a queued copy goes, as JSON in its row, and back.
 *
 *     {"folder": "Projects/2031", "use": "\\Junk", "id": 17, "flags": 1, "keywords": ["$MDNSent"]}
 *
 * Threads  any.
 */
#ifndef ACCEPT_TARGET_H
#define ACCEPT_TARGET_H

#include "mailbox/filing.h"

/* Under `owner`; NULL: simply the INBOX. */
char *accept_target_text(const void *owner, const struct filing_target *target);
/* The fields of `text` (NULL: none) into *target_io; strings under `owner`. What is not understood is left out: the copy then
 * goes to the INBOX, which loses nothing. */
void accept_target_read(const void *owner, const char *text, struct filing_target *target_io);

#endif
