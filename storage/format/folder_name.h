/*
 * folder_name.h -- names of folders: UTF-8 inside, modified UTF-7 for IMAP4rev1, patterns of LIST.
 *
 * A name is a path of components separated by '/', in Net-Unicode (NFC, no control characters; RFC 9051,
 * 5.1). "INBOX" in any case is the inbox, as a whole name and as the first component.
 *
 * Ownership  strings belong to the talloc context `owner`.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_FOLDER_NAME_H
#define FORMAT_FOLDER_NAME_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    FOLDER_NAME_LEVELS_MAX = 20,
    FOLDER_NAME_COMPONENT_MAX = 255, /* bytes of UTF-8 */
    FOLDER_NAME_MAX = 1000,          /* bytes of UTF-8 */
    FOLDER_PATTERN_MAX = 4096,       /* bytes of a LIST pattern */
};
#define FOLDER_SEPARATOR '/'

/* A UTF-8 name as a client gave it to its canonical form: NFC, INBOX in capitals, one final '/' dropped
 * (CREATE "a/"). ERR_INVALID for bad UTF-8, control characters, an empty component, "." or "..", '%' or '*';
 * ERR_LIMIT for what is too long or too deep. */
MUST_CHECK bool folder_name_of_utf8(const void *owner, struct span utf8, char **name_out, struct err *err);
/* The same from modified UTF-7 (RFC 3501, 5.1.3), strict: ERR_INVALID for bad base64, encoded ASCII, lone
 * surrogates, 8-bit bytes, superfluous shifts. */
MUST_CHECK bool folder_name_of_utf7(const void *owner, struct span utf7, char **name_out, struct err *err);
/* Only the transfer to UTF-8, without the rules for names (LIST patterns and references). */
MUST_CHECK bool folder_utf7_decode(const void *owner, struct span utf7, char **utf8_out, struct err *err);
/* Appends a UTF-8 name as modified UTF-7 (RFC 3501, 5.1.3), for clients without UTF8=ACCEPT and IMAP4rev2. */
void folder_name_add_utf7(struct buf *out, struct span name);

/* ASCII case ignored. */
bool folder_name_is_inbox(const char *name);
/* Part of `name` before the last separator; NULL for a top-level folder. */
char *folder_name_parent(const void *owner, const char *name);
/* What stands after the last separator; a pointer into `name`. */
const char *folder_name_leaf(const char *name);
/* True where `name` lies below `ancestor`. */
bool folder_name_is_below(const char *name, const char *ancestor);

/* LIST: '*' matches anything, '%' anything but the separator; INBOX in any case. Time is O(pattern × name) at
 * worst, never exponential. */
bool folder_pattern_matches(struct span pattern, struct span name);

#endif
