/* fuzz_envelope.c -- what clients are sent is IMAP syntax: balanced, without NUL or bare line ends outside
 * literals. */
#include "format/charset.h"
#include "format/envelope.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list of strings, literals, atoms and lists; 8-bit bytes in literals only, or in quoted strings where
 * `may_utf8`. */

static void check_syntax(struct span text, bool may_utf8)
{
    size_t depth = 0;

    while (!span_is_empty(text)) {
        unsigned char c = (unsigned char)*text.p++;
        uint64_t length;

        if (c == '(') {
            depth++;
        } else if (c == ')') {
            if (depth-- == 0)
                abort();
        } else if (c == '{') {
            if (!span_take_u64(&text, &length) || !span_take_word(&text, "}\r\n") ||
                length > span_length(text) || memchr(text.p, '\0', length))
                abort();
            text.p += length;
        } else if (c == '"') {
            for (; text.p < text.end && *text.p != '"'; text.p++) {
                if (*text.p == '\r' || *text.p == '\n' || *text.p == '\0' || (!may_utf8 && (*text.p & 0x80)))
                    abort();
                if (*text.p == '\\')
                    text.p++;
            }
            if (text.p++ >= text.end)
                abort();
        } else if (c != ' ' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) {
            abort();
        }
    }
    if (depth != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span message = span_of(data, size);
    struct buf out = BUF_INIT(arena), other = BUF_INIT(arena);
    struct envelope_columns columns;
    struct mime_index index;

    mime_index_build(arena, message, &index);
    envelope_render(&out, mime_part_header(message, &index.parts[0]));
    buf_add_byte(&out, ' ');
    bodystructure_render(&out, message, &index);
    check_syntax(buf_span(&out), false);
    imap_text_to_utf8(&other, buf_span(&out));
    check_syntax(buf_span(&other), true);
    if (!utf8_is_valid(buf_span(&other)))
        abort();
    buf_clear(&out);
    buf_clear(&other);
    bodystructure_render(&out, message, &index);
    bodystructure_to_body(&other, buf_span(&out));
    check_syntax(buf_span(&other), false);
    bodystructure_to_body(&out, message);
    envelope_columns_build(arena, mime_part_header(message, &index.parts[0]), &columns);
    if (!utf8_is_valid(span_text(columns.subject)) || !utf8_is_valid(span_text(columns.from)) ||
        !utf8_is_valid(span_text(columns.to)) || !utf8_is_valid(span_text(columns.base_subject)) ||
        !utf8_is_valid(span_text(envelope_conversation_subject(arena, columns.subject))) ||
        !utf8_is_valid(span_text(columns.from_sort)) || !utf8_is_valid(span_text(columns.from_display)) ||
        !utf8_is_valid(span_text(columns.message_id)))
        abort();
    talloc_free(arena);
    return 0;
}
