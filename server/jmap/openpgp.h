/*
 * openpgp.h -- the property `openpgp` of an Email: whether its signature holds, and whose it is (docs/jmap.md); private to this room.
 *
 * The service that reads what is foreign says which certificate a signature is of; whom the account's owner believes is in
 * mailbox/openpgp_key.h. Green is only what covers all of the letter, holds, and is of a key that was taken for this very address.
 *
 * Errors   none: what cannot be found out now is "unavailable".
 * Threads  a checker belongs to one call.
 */
#ifndef JMAP_OPENPGP_H
#define JMAP_OPENPGP_H

#include "extract/openpgp.h"
#include "jmap/email.h"
#include "jmap/openpgp_letter.h"

/* Letters that one call asks about, and how many of them may get no answer, which takes up to 15 s each: all further ones are "unavailable". */
enum { OPENPGP_CHECKS_MAX = 50, OPENPGP_FAILURES_MAX = 2 };

/* Is it the property of an Email that this is about? */
bool openpgp_is_property(const char *name);

struct openpgp_checker;
/* For letters of the call's account; the call's arena. */
struct openpgp_checker *openpgp_checker_new(struct jmap_call *call);
/* Sets `openpgp` on the object. Of a source with its bytes and index. */
void openpgp_add(struct openpgp_checker *checker, const struct letter_source *source, json_t *object);

/* Does a user id of it name the address (a key of format/address.h)? */
bool openpgp_names(const void *arena, const struct openpgp_certificate *certificate, const char *address);

#endif
