/*
 * log.h -- one structured event a line, on standard error (the supervisor or systemd keeps it).
 *
 *   2026-11-22T08:11:47.123456Z info smtp.rcpt.refused session=4f2a peer=192.0.2.1 reason=not-found to=x@y
 *
 * The name is dotted, room first. Values with spaces, quotes, control or non-UTF-8 bytes are quoted and
 * escaped, so that nobody outside can forge a line. Secrets are never passed in. Logging never blocks or
 * fails its caller: a line that cannot be written is dropped and counted (log_dropped).
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVELS };

struct log_field {
    const char *key; /* NULL ends a list */
    enum { LOG_FIELD_SPAN, LOG_FIELD_I64 } type;
    struct span text;
    int64_t number;
};

static inline struct log_field log_text(const char *key, const char *value)
{
    return (struct log_field){ .key = key, .type = LOG_FIELD_SPAN, .text = span_text(value) };
}

static inline struct log_field log_span(const char *key, struct span value)
{
    return (struct log_field){ .key = key, .type = LOG_FIELD_SPAN, .text = value };
}

static inline struct log_field log_i64(const char *key, int64_t value)
{
    return (struct log_field){ .key = key, .type = LOG_FIELD_I64, .number = value };
}

/* log_event(LOG_LEVEL_INFO, "smtp.accepted", log_text("from", from), log_i64("bytes", size)); */
#define log_event(level, name, ...)                                                                          \
    log_fields((level), (name), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .key = NULL } })

/* What log_event() calls, with a list that ends with a field without key. */
void log_fields(enum log_level level, const char *name, const struct log_field *fields);

/* The usual line for a failure: reason (its kind), what the user was told, the cause. */
void log_err(enum log_level level, const char *name, const struct err *err);

/* Lines below this level are not written; may be changed while running (chappe reload). */
void log_set_level(enum log_level level);
/* "debug", "info", "warning", "error"; false for another word. */
MUST_CHECK bool log_level_of(const char *name, enum log_level *level_out);
/* The role that writes, shown in every line ("smtp"); static storage, set once at start. */
void log_set_role(const char *role);
/* Lines lost because they could not be written. */
uint64_t log_dropped(void);

#endif
