/*
 * path.h -- the path of MAIL and RCPT, as strict as format/address.h and as lenient as mail servers are: blanks after
 * the colon and a path without angle brackets (telnet, old devices) are read too.
 *
 * Threads  pure functions.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "base/err.h"
#include "format/address.h"

/* Takes the path from the front; what follows is a blank or the end. UTF-8 is always read: address.is_utf8 tells the
 * caller to ask for SMTPUTF8. `accept` as in address_take_path. */
MUST_CHECK enum address_fault smtp_take_path(const void *owner, struct span *in, unsigned accept,
                                             struct address *address_out);

/* The fault's sentence in *err, which is returned. */
const struct err *smtp_path_err(enum address_fault fault, struct err *err);

#endif
