/*
 * letter.h -- what automatic letters have in common: header fields, ids, and the rules of who is never answered (RFC 3834;
 * RFC 5230, 4.5 and 4.6; RFC 5436). For this room only.
 */
#ifndef SIEVE_LETTER_H
#define SIEVE_LETTER_H

#include "base/buf.h"
#include "sieve/run.h"

/* The first field of that name as it is by now, decoded; NULL where absent. */
const char *letter_field(struct run *run, const char *name);
/* Is this address one of the owner's, "+detail" aside? */
bool letter_is_own(struct run *run, struct span address, const struct list *more);

/* True where the message was written by a program, came over a list, or has nobody to answer to. */
bool letter_is_automatic(struct run *run);

/* Date, Message-ID, From (`from`: an address of the owner with a name, or empty: the primary one), Auto-Submitted,
 * MIME-Version. `seed` tells letters of one message apart. */
void letter_begin(struct run *run, struct buf *out, struct span from, const char *submitted,
                  struct span seed);
/* In-Reply-To and References of an answer (RFC 5322, 3.6.4). */
void letter_add_references(struct run *run, struct buf *out);
/* Content-Type and body of a plain text in UTF-8. */
void letter_add_text(struct buf *out, struct span text);

#endif
