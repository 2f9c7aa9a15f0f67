/*
 * markup.h -- text inside HTML and XML, between tags or in quoted attributes.
 *
 * Threads  any.
 */
#ifndef FORMAT_MARKUP_H
#define FORMAT_MARKUP_H

#include "base/buf.h"

/* Adds the byte, or the reference that stands for it: & < > " ' mean something there. */
void markup_add_byte(struct buf *out, char byte);
/* Adds the text so. */
void markup_add_text(struct buf *out, const char *text);

#endif
