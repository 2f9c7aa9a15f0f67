/*
 * form.h -- what a browser sends of a form: application/x-www-form-urlencoded (WHATWG URL, 5.1).
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_FORM_H
#define FORMAT_FORM_H

#include "base/span.h"

/* The first value of that name, decoded, on one line: control characters are spaces, what is no UTF-8 is U+FFFD; at most `most`
 * bytes, whole characters. NULL where there is none. Under `owner`. */
char *form_text(const void *owner, struct span body, const char *name, size_t most);

#endif
