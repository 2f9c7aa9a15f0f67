/* event.c -- JSON, written by hand: some of this runs once for every delivery. */
#include "trace/event.h"

#include "base/clock.h"
#include "format/charset.h"

#include <time.h>

static void add_escaped(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c == '"' || c == '\\') {
        buf_add_byte(out, '\\');
        buf_add_byte(out, (char)c);
    } else if (c != '\0') {
        buf_add_text(out, "\\u00");
        buf_add_byte(out, hex[c >> 4]);
        buf_add_byte(out, hex[c & 15]);
    }
}

/* Runs of bytes that stand for themselves are copied whole. */
static void add_string(struct buf *out, struct span text)
{
    const char *run = text.p;

    buf_add_byte(out, '"');
    for (const char *p = text.p; p < text.end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f)
            continue;
        buf_add_span(out, (struct span){ run, p });
        add_escaped(out, c);
        run = p + 1;
    }
    buf_add_span(out, (struct span){ run, text.end });
    buf_add_byte(out, '"');
}

static void add_value(struct buf *out, struct span text)
{
    struct buf valid = BUF_INIT(out->owner);

    text = span_part(text, 0, EVENT_TEXT_MAX * 2);
    if (utf8_is_valid(text)) {
        add_string(out, span_part(text, 0, utf8_cut(text, EVENT_TEXT_MAX)));
        return;
    }
    utf8_add_valid(&valid, text);
    add_string(out, span_part(buf_span(&valid), 0, utf8_cut(buf_span(&valid), EVENT_TEXT_MAX)));
}

static void add_key(struct buf *out, const char *key)
{
    buf_add_text(out, ",\"");
    buf_add_text(out, key);
    buf_add_text(out, "\":");
}

void event_begin(struct buf *out, int64_t at_us, const char *what)
{
    buf_add_text(out, out->length > 0 ? ",{\"t\":" : "{\"t\":");
    buf_add_i64(out, at_us);
    event_text(out, "event", what);
}

void event_span(struct buf *out, const char *key, struct span value)
{
    if (span_is_empty(value))
        return;
    add_key(out, key);
    add_value(out, value);
}

void event_text(struct buf *out, const char *key, const char *value)
{
    event_span(out, key, span_text(value));
}

void event_number(struct buf *out, const char *key, int64_t value)
{
    if (value == 0)
        return;
    add_key(out, key);
    buf_add_i64(out, value);
}

void event_time(struct buf *out, const char *key, int64_t us)
{
    time_t seconds = (time_t)(us / US_PER_S);
    struct tm parts;
    char text[32];

    if (us > 0 && gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0)
        event_text(out, key, text);
}

void event_flag(struct buf *out, const char *key, bool value)
{
    if (!value)
        return;
    add_key(out, key);
    buf_add_text(out, "true");
}

void event_end(struct buf *out)
{
    buf_add_byte(out, '}');
}

void event_list_begin(struct buf *out, const char *key)
{
    add_key(out, key);
    buf_add_byte(out, '[');
}

void event_list_item(struct buf *out, struct span value)
{
    if (out->p[out->length - 1] != '[')
        buf_add_byte(out, ',');
    add_value(out, value);
}

void event_list_end(struct buf *out)
{
    buf_add_byte(out, ']');
}
