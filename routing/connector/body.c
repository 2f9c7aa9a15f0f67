/* body.c -- looking at the bytes once, and changing them only where they must be. */
#include "connector/body.h"

#include "format/codec.h"

#include <talloc.h>

static bool has_8bit(struct span bytes)
{
    unsigned char all = 0;

    for (const char *p = bytes.p; p < bytes.end; p++)
        all |= (unsigned char)*p;
    return all > 0x7f;
}

/* The header up to its empty line. */
static struct span header_of(struct span message)
{
    const char *end = memmem(message.p, span_length(message), "\r\n\r\n", 4);

    return end ? span_of(message.p, (size_t)(end - message.p)) : message;
}

static bool ends_with_crlf(struct span bytes)
{
    return span_length(bytes) >= 2 && bytes.end[-2] == '\r' && bytes.end[-1] == '\n';
}

/* Line ends repaired, the last one added. */
static void make_lines(const void *owner, struct body *body)
{
    struct buf out = buf_owned_by(owner);

    if (codec_is_crlf(body->bytes) && ends_with_crlf(body->bytes))
        return;
    codec_add_crlf(&out, body->bytes);
    if (!ends_with_crlf(buf_span(&out)))
        buf_add_text(&out, "\r\n");
    body->bytes = buf_span(&out);
}

bool body_prepare(const void *owner, const struct outbound_message *message, const struct features *features,
                  struct body *body_out, struct outcome *outcome)
{
    bool is_8bit = has_8bit(message->bytes);

    *body_out = (struct body){ .bytes = message->bytes, .type = is_8bit ? OUTBOUND_8BITMIME : OUTBOUND_7BIT };
    body_out->has_8bit_header = is_8bit && has_8bit(header_of(message->bytes));
    if (message->body == OUTBOUND_BINARYMIME || span_find_byte(message->bytes, '\0')) {
        body_out->type = OUTBOUND_BINARYMIME;
        return (features_have(features, FEATURE_BINARYMIME) && features_have(features, FEATURE_CHUNKING)) ||
               outcome_set(outcome, OUTBOUND_FAILED, "x.6.1",
                           "the message is binary, and the next server takes no binary messages");
    }
    make_lines(owner, body_out);
    if (!is_8bit || features_have(features, FEATURE_8BITMIME))
        return true;
    body_out->type = OUTBOUND_7BIT;
    return body_downgrade(owner, body_out->bytes, &body_out->bytes) ||
           outcome_set(
               outcome, OUTBOUND_FAILED, "x.6.3",
               "the message has 8-bit text that cannot be converted, and the next server does not take it");
}

void body_add_dotted(struct buf *out, struct span *rest, size_t most)
{
    size_t target = out->length + most;

    while (rest->p < rest->end && out->length < target) {
        const char *end = memchr(rest->p, '\n', span_length(*rest));
        size_t length = end ? (size_t)(end + 1 - rest->p) : span_length(*rest);
        if (*rest->p == '.')
            buf_add_byte(out, '.');
        buf_add(out, rest->p, length);
        rest->p += length;
    }
}
