/* form.c -- pairs cut at '&' and '=', then decoded. */
#include "format/form.h"

#include "base/buf.h"
#include "base/hex.h"
#include "format/charset.h"

#include <talloc.h>

static void decode(struct buf *out, struct span text)
{
    for (const char *p = text.p; p < text.end; p++) {
        char c = *p == '+' ? ' ' : *p;

        if (*p == '%' && text.end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
            c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
            p += 2;
        }
        buf_add_byte(out, ((unsigned char)c < ' ' && c != '\0') || c == 127 ? ' ' : c);
    }
}

/* Takes the next pair from the front. */
static bool next_pair(struct span *body, struct span *name_out, struct span *value_out)
{
    if (span_is_empty(*body))
        return false;
    if (!span_take_until(body, '&', value_out)) {
        *value_out = *body;
        body->p = body->end;
    }
    if (!span_take_until(value_out, '=', name_out)) {
        *name_out = *value_out;
        value_out->p = value_out->end;
    }
    return true;
}

char *form_text(const void *owner, struct span body, const char *name, size_t most)
{
    void *scratch = talloc_new(NULL);
    struct span key, value;
    char *text = NULL;

    while (!text && next_pair(&body, &key, &value)) {
        struct buf raw = BUF_INIT(scratch), valid = BUF_INIT(scratch);

        decode(&raw, key);
        if (!span_equals_text(buf_span(&raw), name))
            continue;
        buf_clear(&raw);
        decode(&raw, value);
        utf8_add_valid(&valid, buf_span(&raw));
        text = span_copy(owner, span_part(buf_span(&valid), 0, utf8_cut(buf_span(&valid), most)));
    }
    talloc_free(scratch);
    return text;
}
