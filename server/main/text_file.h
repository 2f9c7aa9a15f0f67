/*
 * text_file.h -- texts that commands take from files: scripts, letters.
 */
#ifndef MAIN_TEXT_FILE_H
#define MAIN_TEXT_FILE_H

#include "base/err.h"

enum { TEXT_FILE_BYTES_MAX = 1024 * 1024 };

/* All of the file ("-": standard input) as text under `owner`. ERR_INVALID: it cannot be read, or has a NUL; ERR_LIMIT. */
MUST_CHECK bool text_read(const void *owner, const char *file, char **text_out, struct err *err);

#endif
