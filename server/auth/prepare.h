/*
 * prepare.h -- passwords as they are compared. For this room only.
 */
#ifndef AUTH_PREPARE_H
#define AUTH_PREPARE_H

#include "base/span.h"

/* RFC 7677 asks for 4096 at least. More costs every client of SCRAM, not us. */
enum { SCRAM_ITERATIONS = 10000 };

/* SASLprep (RFC 4013); the bytes themselves where that is not possible. The result may be `password`. */
struct span password_prepare(const void *owner, struct span password);

/* argon2id of nothing in particular, with the parameters of password.c: what an account that does not exist, or has no password, is
 * checked against, so that the answer takes as long. Static. */
const char *nobodys_argon2(void);

enum argon2_verdict { ARGON2_RIGHT, ARGON2_WRONG, ARGON2_TROUBLE };
/* The prepared password against an Argon2 string; takes tens of milliseconds and megabytes. */
enum argon2_verdict password_verify(const char *argon2, struct span prepared);

#endif
