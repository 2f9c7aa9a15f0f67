/* frame.c -- see frame.h. */
#include "http/frame.h"

#include "base/digest.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

enum { HEAD_MAX = 14, KEY_BYTES = 16, MASK_BYTES = 4, KEPT_BYTES = 65536 };
enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };

struct frame_reader {
    size_t most;
    struct buf message;
    bool is_open;    /* a message has begun, and its end is not here */
    unsigned pieces; /* frames of it */
    unsigned failed; /* the code; 0: it did not */

    uint8_t head[HEAD_MAX]; /* of the frame that is read */
    size_t head_length;
    bool has_head, is_final;
    unsigned opcode;
    uint64_t length, taken;
    uint8_t control[FRAME_CONTROL_MAX];
};

struct frame_reader *frame_reader_new(const void *owner, size_t most)
{
    struct frame_reader *reader = talloc_zero(owner, struct frame_reader);

    reader->most = most;
    reader->message = BUF_INIT(reader);
    return reader;
}

static bool fail(struct frame_reader *reader, enum frame_code code)
{
    reader->failed = code;
    return false;
}

/* ---- the head of a frame */

static size_t head_size(const struct frame_reader *reader)
{
    unsigned length = reader->head_length > 1 ? reader->head[1] & LENGTH : 0;

    return reader->head_length < 2 ? 2 : 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + MASK_BYTES;
}

static bool is_control(unsigned opcode)
{
    return opcode >= FRAME_CLOSE;
}

static uint64_t length_of(const uint8_t *head)
{
    unsigned count = (head[1] & LENGTH) == 126 ? 2 : (head[1] & LENGTH) == 127 ? 8 : 0;
    uint64_t length = count ? 0 : head[1] & LENGTH;

    for (unsigned i = 0; i < count; i++)
        length = length << 8 | head[2 + i];
    return length;
}

static bool is_shortest(const uint8_t *head, uint64_t length)
{
    unsigned said = head[1] & LENGTH;

    return said < 126 || (said == 126 ? length > 125 : length > UINT16_MAX && length <= INT64_MAX);
}

static bool check_control(struct frame_reader *reader)
{
    return (reader->opcode <= FRAME_PONG && reader->is_final && reader->length <= FRAME_CONTROL_MAX) ||
           fail(reader, FRAME_BROKEN);
}

/* A message that was large is not held on to. */
static void begin_message(struct frame_reader *reader)
{
    if (reader->message.capacity > KEPT_BYTES) {
        talloc_free(reader->message.p);
        reader->message = BUF_INIT(reader);
    }
    buf_clear(&reader->message);
}

static bool check_data(struct frame_reader *reader)
{
    if (reader->opcode > FRAME_BINARY || (reader->opcode == FRAME_REST) != reader->is_open)
        return fail(reader, FRAME_BROKEN);
    if (reader->opcode == FRAME_BINARY)
        return fail(reader, FRAME_NOT_TEXT);
    if (!reader->is_open)
        begin_message(reader);
    reader->pieces = reader->is_open ? reader->pieces + 1 : 1;
    reader->is_open = true;
    if (reader->length > reader->most - reader->message.length)
        return fail(reader, FRAME_TOO_LARGE);
    return reader->pieces <= FRAME_PIECES_MAX || fail(reader, FRAME_POLICY);
}

static bool read_head(struct frame_reader *reader)
{
    const uint8_t *head = reader->head;

    reader->has_head = true;
    reader->is_final = head[0] & FINAL;
    reader->opcode = head[0] & OPCODE;
    reader->length = length_of(head);
    reader->taken = 0;
    if ((head[0] & RESERVED) || !is_shortest(head, reader->length))
        return fail(reader, FRAME_BROKEN);
    return is_control(reader->opcode) ? check_control(reader) : check_data(reader);
}

/* True: the head is whole. The second byte is looked at as soon as it is here: what is not masked has no mask to wait for. */
static bool take_head(struct frame_reader *reader, struct span *in)
{
    while (reader->head_length < head_size(reader)) {
        if (span_is_empty(*in))
            return false;
        reader->head[reader->head_length++] = (uint8_t)*in->p++;
        if (reader->head_length == 2 && !(reader->head[1] & MASKED))
            return fail(reader, FRAME_BROKEN);
    }
    return read_head(reader);
}

/* ---- its bytes */

static void unmask(const struct frame_reader *reader, const char *from, char *to, size_t count)
{
    const uint8_t *mask = reader->head + reader->head_length - MASK_BYTES;

    for (size_t i = 0; i < count; i++)
        to[i] = (char)((uint8_t)from[i] ^ mask[(reader->taken + i) % MASK_BYTES]);
}

/* True: the frame is whole. */
static bool take_bytes(struct frame_reader *reader, struct span *in)
{
    uint64_t left = reader->length - reader->taken;
    size_t count = span_length(*in) < left ? span_length(*in) : (size_t)left;

    if (is_control(reader->opcode)) {
        unmask(reader, in->p, (char *)reader->control + reader->taken, count);
    } else if (count > 0) {
        size_t before = reader->message.length;
        buf_add(&reader->message, in->p, count);
        unmask(reader, in->p, reader->message.p + before, count);
    }
    in->p += count;
    reader->taken += count;
    return reader->taken == reader->length;
}

/* RFC 6455, 7.4: codes that may be sent. */
static bool is_code(unsigned code)
{
    return (code >= 1000 && code <= 1011 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

static bool is_utf8(struct span text)
{
    return g_utf8_validate_len(text.p ? text.p : "", span_length(text), NULL);
}

static void end_control(struct frame_reader *reader, struct frame_event *event)
{
    struct span bytes = span_of(reader->control, (size_t)reader->length);

    event->bytes = bytes;
    event->kind = reader->opcode == FRAME_PING   ? FRAME_EVENT_PING
                  : reader->opcode == FRAME_PONG ? FRAME_EVENT_PONG
                                                 : FRAME_EVENT_CLOSE;
    if (event->kind != FRAME_EVENT_CLOSE)
        return;
    event->code = FRAME_NO_CODE;
    if (reader->length >= 2)
        event->code = (unsigned)reader->control[0] << 8 | reader->control[1];
    if (reader->length == 1 || (reader->length >= 2 && !is_code(event->code)))
        (void)fail(reader, FRAME_BROKEN);
    else if (reader->length > 2 && !is_utf8(span_part(bytes, 2, SIZE_MAX)))
        (void)fail(reader, FRAME_NOT_UTF8);
}

static void end_data(struct frame_reader *reader, struct frame_event *event)
{
    if (!reader->is_final)
        return;
    reader->is_open = false;
    event->kind = FRAME_EVENT_MESSAGE;
    event->bytes = buf_span(&reader->message);
    if (!is_utf8(event->bytes))
        (void)fail(reader, FRAME_NOT_UTF8);
}

static bool take_frame(struct frame_reader *reader, struct span *in, struct frame_event *event)
{
    if ((!reader->has_head && !take_head(reader, in)) || !take_bytes(reader, in))
        return false;
    reader->has_head = false;
    reader->head_length = 0;
    if (is_control(reader->opcode))
        end_control(reader, event);
    else
        end_data(reader, event);
    return true;
}

void frame_next(struct frame_reader *reader, struct span *in, struct frame_event *event_out)
{
    *event_out = (struct frame_event){ .kind = FRAME_EVENT_NONE };
    while (!reader->failed && event_out->kind == FRAME_EVENT_NONE && take_frame(reader, in, event_out))
        ;
    if (reader->failed)
        *event_out = (struct frame_event){ .kind = FRAME_EVENT_FAIL, .code = reader->failed };
}

/* ---- what a server writes */

void frame_add(struct buf *out, enum frame_opcode opcode, struct span bytes)
{
    uint64_t length = span_length(bytes);
    unsigned count = length < 126 ? 0 : length <= UINT16_MAX ? 2 : 8;

    buf_add_byte(out, (char)(FINAL | opcode));
    buf_add_byte(out, (char)(count == 0 ? length : count == 2 ? 126 : 127));
    while (count-- > 0)
        buf_add_byte(out, (char)(length >> 8 * count));
    buf_add_span(out, bytes);
}

void frame_add_close(struct buf *out, unsigned code)
{
    const uint8_t bytes[] = { (uint8_t)(code >> 8), (uint8_t)code };

    frame_add(out, FRAME_CLOSE, span_of(bytes, code == FRAME_NO_CODE ? 0 : sizeof bytes));
}

char *frame_accept(const void *owner, const char *key)
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
    uint8_t digest[SHA1_BYTES];
    gsize length = 0;
    guchar *bytes;
    char *text, *joined, *encoded;

    if (!key || strlen(key) != 24)
        return NULL;
    bytes = g_base64_decode(key, &length);
    g_free(bytes);
    if (length != KEY_BYTES)
        return NULL;
    joined = talloc_asprintf(owner, "%s%s", key, suffix);
    sha1(span_text(joined), digest);
    talloc_free(joined);
    encoded = g_base64_encode(digest, sizeof digest);
    text = talloc_strdup(owner, encoded);
    g_free(encoded);
    return text;
}
