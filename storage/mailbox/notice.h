/*
 * notice.h -- letters that the server itself puts into a mailbox, in the owner's language; private to this room.
 */
#ifndef MAILBOX_NOTICE_H
#define MAILBOX_NOTICE_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* French, English: places in tables of texts. */
enum { NOTICE_LANGUAGES = 2 };
/* Is the text at this place for who reads `language` ("fr", "en"; another one: both are)? */
bool notice_speaks(size_t place, const char *language);
/* Its header, up to the empty line. `address` NULL: nobody's; `subjects`: NOTICE_LANGUAGES of them. */
void notice_begin(struct buf *out, const char *address, const char *language, const char *const *subjects,
                  int64_t now_us);

#endif
