/*
 * transfer.h -- a message, or its beginning, as a multi-line answer (RFC 1939, 3): dot-stuffed, ended by a dot.
 */
#ifndef POP3_TRANSFER_H
#define POP3_TRANSFER_H

#include "pop3/session.h"

/* Adds `bytes` with a dot before each line that starts with one. *is_at_line_start goes along. */
void pop3_add_stuffed(struct buf *out, struct span bytes, bool *is_at_line_start);
/* The first `*lines_left` lines of `bytes`; *lines_left becomes what is still wanted. */
struct span pop3_first_lines(struct span bytes, uint64_t *lines_left);
/* An address of the header has bytes outside ASCII: it is for clients that said UTF8 (RFC 6856). Texts in
 * 8-bit bytes, as old programs always sent them, do not count. */
bool pop3_has_international_address(struct span header);

/* The rest of s->progress, piece by piece; then the dot. */
enum session_next pop3_transfer_rest(struct pop3_session *s);
/* The end of an answer. */
enum session_next pop3_transfer_end(struct pop3_session *s);

#endif
