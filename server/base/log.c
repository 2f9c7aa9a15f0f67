/*
 * log.c -- renders an event into a line on the stack and hands it over in one write, so that lines of
 * several threads and processes do not mix.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4000 };

static const char *const level_names[LOG_LEVELS] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

/* Process-wide by nature: there is one log. */
static _Atomic int threshold = LOG_LEVEL_INFO;
static _Atomic(const char *) role_name = "chappe";
static _Atomic uint64_t dropped;

struct line {
    size_t length;
    char text[LINE_MAX_BYTES + 8];
};

static void add(struct line *line, const char *bytes, size_t length)
{
    if (length > LINE_MAX_BYTES - line->length)
        length = LINE_MAX_BYTES - line->length;
    if (length > 0)
        memcpy(line->text + line->length, bytes, length);
    line->length += length;
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_time(struct line *line)
{
    int64_t now_us = clock_now_us();
    time_t seconds = (time_t)(now_us / US_PER_S);
    struct tm parts;
    char text[40];

    gmtime_r(&seconds, &parts);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    add(line, text, length);
    snprintf(text, sizeof text, ".%06dZ ", (int)(now_us % US_PER_S));
    add_text(line, text);
}

/* Length of the well-formed, printable UTF-8 sequence at p, or 0. C1 controls count as unprintable. */
static size_t utf8_length(const unsigned char *p, const unsigned char *end)
{
    size_t length = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;

    if (*p < 0xC2 || *p > 0xF4 || (size_t)(end - p) < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((*p == 0xC2 && p[1] < 0xA0) || (*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) ||
        (*p == 0xF0 && p[1] < 0x90) || (*p == 0xF4 && p[1] > 0x8F))
        return 0;
    return length;
}

static bool is_plain(struct span value)
{
    for (const char *p = value.p; p < value.end; p++)
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '=' || *p == 0x7F)
            return false; /* bytes over 127 are negative chars here, so they are quoted as well */
    return !span_is_empty(value);
}

static void add_value(struct line *line, struct span value)
{
    const unsigned char *p = (const unsigned char *)value.p, *end = (const unsigned char *)value.end;
    char escape[8];

    if (is_plain(value)) {
        add(line, value.p, span_length(value));
        return;
    }
    add_text(line, "\"");
    while (p < end && line->length < LINE_MAX_BYTES) {
        size_t sequence = *p >= 0x80 ? utf8_length(p, end) : 1;
        if (sequence == 0 || *p < ' ' || *p == 0x7F) {
            snprintf(escape, sizeof escape, "\\x%02x", *p);
            add_text(line, escape);
            p++;
            continue;
        }
        if (*p == '"' || *p == '\\')
            add_text(line, "\\");
        add(line, (const char *)p, sequence);
        p += sequence;
    }
    add_text(line, "\"");
}

static void add_field(struct line *line, const struct log_field *field)
{
    char number[24];

    add_text(line, " ");
    add_text(line, field->key);
    add_text(line, "=");
    if (field->type == LOG_FIELD_SPAN) {
        add_value(line, field->text);
        return;
    }
    snprintf(number, sizeof number, "%lld", (long long)field->number);
    add_text(line, number);
}

void log_fields(enum log_level level, const char *name, const struct log_field *fields)
{
    struct line line = { .length = 0 };

    if ((int)level < threshold)
        return;
    add_time(&line);
    add_text(&line, level_names[level]);
    add_text(&line, " ");
    add_text(&line, role_name);
    add_text(&line, " ");
    add_text(&line, name);
    for (; fields->key; fields++)
        add_field(&line, fields);
    line.text[line.length++] = '\n';
    if (write(STDERR_FILENO, line.text, line.length) != (ssize_t)line.length)
        dropped++;
}

void log_err(enum log_level level, const char *name, const struct err *err)
{
    log_event(level, name, log_text("reason", err_kind_name(err->kind)), log_text("said", err->user),
              log_text("cause", err->log));
}

void log_set_level(enum log_level level)
{
    threshold = (int)level;
}

bool log_level_of(const char *name, enum log_level *level_out)
{
    for (int level = 0; level < LOG_LEVELS; level++)
        if (strcmp(name, level_names[level]) == 0) {
            *level_out = (enum log_level)level;
            return true;
        }
    return false;
}

void log_set_role(const char *role)
{
    role_name = role;
}

uint64_t log_dropped(void)
{
    return dropped;
}
