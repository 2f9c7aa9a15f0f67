/*
 * seen.h -- who logged in from where, and who opened the mailbox of another, added up in memory until auth's thread writes it down; private to this room. What is lost
 * with a crash are some seconds.
 *
 * Threads  any.
 */
#ifndef AUTH_SEEN_H
#define AUTH_SEEN_H

#include "auth/auth.h"

enum { SEEN_MAX = 10000, SEEN_PERIOD_S = 5, SEEN_VISIT_S = 900 };

struct seen;
/* Empty; under `owner`. */
struct seen *seen_open(const void *owner);
/* One more login. Beyond SEEN_MAX different ones nothing is noted until they are written. */
void seen_note(struct seen *seen, const struct auth_request *request, const struct identity *identity);
/* This identity is in the mailbox of `owner_id`: a new visit unless it was there, by the same way, less than SEEN_VISIT_S ago. Where
 * more than SEEN_MAX were there lately, one of them may count again. */
void seen_note_visit(struct seen *seen, const struct auth_request *request, const struct identity *identity,
                     int64_t owner_id);
/* Writes down what there is, when it is time or `is_last`. What cannot be written now stays. */
void seen_write(struct seen *seen, struct directory *directory, bool is_last);

#endif
