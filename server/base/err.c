/*
 * err.c -- the two texts of an error, cut where they do not fit, never in the middle of a UTF-8
 * sequence.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [ERR_NONE] = "none",           [ERR_NOT_FOUND] = "not-found", [ERR_EXISTS] = "exists",
    [ERR_DENIED] = "denied",       [ERR_AUTH] = "auth",           [ERR_QUOTA] = "quota",
    [ERR_INVALID] = "invalid",     [ERR_LIMIT] = "limit",         [ERR_CONFLICT] = "conflict",
    [ERR_DEPENDED_ON] = "in-use",  [ERR_BUSY] = "busy",           [ERR_UNKNOWN] = "unknown",
    [ERR_INTERNAL] = "internal",   [ERR_NO_ROOM] = "no-room",     [ERR_EXPIRED] = "expired",
    [ERR_SUSPENDED] = "suspended",
};
_Static_assert(COUNT_OF(kind_names) == ERR_KINDS, "each kind has a name");

/* vsnprintf that drops a UTF-8 sequence which the end of the buffer would split. */
PRINTF_LIKE(3, 0) static void fill(char *text, size_t size, const char *format, va_list args)
{
    int wanted = vsnprintf(text, size, format, args);
    size_t length = strlen(text);

    if (wanted < 0 || (size_t)wanted < size)
        return;
    while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80)
        length--;
    if (length > 0 && ((unsigned char)text[length - 1] & 0x80))
        length--;
    text[length] = '\0';
}

bool err_set(struct err *err, enum err_kind kind, const char *user_format, ...)
{
    va_list args;

    err->kind = kind;
    va_start(args, user_format);
    fill(err->user, sizeof err->user, user_format, args);
    va_end(args);
    return false;
}

bool err_log(struct err *err, const char *log_format, ...)
{
    va_list args;

    va_start(args, log_format);
    fill(err->log, sizeof err->log, log_format, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *err, const char *what)
{
    int cause = errno;

    err_log(err, "%s: %s", what, strerror(cause));
    return err_set(err, ERR_INTERNAL, "The server had an internal problem. Please try again.");
}

const char *err_kind_name(enum err_kind kind)
{
    return kind < ERR_KINDS ? kind_names[kind] : "unknown";
}

bool err_is_temporary(enum err_kind kind)
{
    return kind == ERR_BUSY || kind == ERR_NO_ROOM || kind == ERR_UNKNOWN || kind == ERR_INTERNAL ||
           kind == ERR_CONFLICT;
}
