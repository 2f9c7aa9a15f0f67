/*
 * flag_list.h -- flags as clients write them, for STORE and APPEND.
 */
#ifndef IMAP_FLAG_LIST_H
#define IMAP_FLAG_LIST_H

#include "imap/parse.h"
#include "mailbox/flags.h"

enum { FLAG_LIST_MAX = 200 };

/* "(" [flag *(SP flag)] ")". \Recent and unknown flags with a backslash are refused: *wrong_out says so. */
MUST_CHECK bool imap_take_flag_list(struct imap_in *in, struct flag_list *flags_out, const char **wrong_out);
/* The same, or flag *(SP flag) without parentheses up to the end (STORE). */
MUST_CHECK bool imap_take_store_flags(struct imap_in *in, struct flag_list *flags_out,
                                      const char **wrong_out);

#endif
