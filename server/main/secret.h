/*
 * secret.h -- passwords from a file or a terminal; never from the command line, where others see them.
 */
#ifndef MAIN_SECRET_H
#define MAIN_SECRET_H

#include "base/err.h"

/* The first line of FILE, or of standard input for "-"; under `owner`. ERR_INVALID when it is empty. */
MUST_CHECK bool secret_read(const void *owner, const char *file, char **secret_out, struct err *err);
/* Asked twice on the terminal without echo; ERR_INVALID without a terminal. */
MUST_CHECK bool secret_ask(const void *owner, const char *prompt, char **secret_out, struct err *err);

#endif
