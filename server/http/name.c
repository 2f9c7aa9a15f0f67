/* name.c -- paths whose segments are names: decoded, but for what would be read in two ways. */
#include "http/request.h"

#include <glib.h>
#include <string.h>

/* The byte that stands there percent-encoded; -1: none does. */
static int encoded_byte(struct span in, size_t at)
{
    int high, low;

    if (span_length(in) - at < 3 || in.p[at] != '%')
        return -1;
    high = g_ascii_xdigit_value(in.p[at + 1]);
    low = g_ascii_xdigit_value(in.p[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

char *http_path_of_names(const void *owner, struct span target)
{
    struct buf path = buf_owned_by(owner);

    for (size_t i = 0; i < span_length(target); i++) {
        int encoded = encoded_byte(target, i);
        char byte = encoded < 0 ? target.p[i] : (char)encoded;
        if (byte == '%' || (encoded >= 0 && (byte == '/' || byte == '\\')))
            buf_add_format(&path, "%%%02X", (unsigned char)byte);
        else
            buf_add_byte(&path, byte);
        i += encoded < 0 ? 0 : 2;
    }
    return buf_text(&path);
}

char *http_name(const void *owner, struct span segment)
{
    struct buf name = buf_owned_by(owner);

    for (size_t i = 0; i < span_length(segment); i++) {
        int encoded = encoded_byte(segment, i);
        buf_add_byte(&name, encoded < 0 ? segment.p[i] : (char)encoded);
        i += encoded < 0 ? 0 : 2;
    }
    return buf_text(&name);
}
