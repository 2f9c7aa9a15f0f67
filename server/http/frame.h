/*
 * frame.h -- the frames of WebSocket (RFC 6455, 5): read from a client, who is anybody, and written to it.
 *
 * Bytes of a message are taken over as they come; nothing is kept twice, and never more than `most`. A frame that is not masked, has
 * reserved bits, an unknown opcode, a length written longer than needed, a control frame that is long or in pieces, a piece without a
 * beginning: all end the connection, with the code that the RFC has for it.
 *
 * Ownership  a reader belongs to its talloc owner; what an event points at is valid until the next call.
 * Threads    a reader belongs to one thread at a time.
 */
#ifndef HTTP_FRAME_H
#define HTTP_FRAME_H

#include "base/buf.h"

enum {
    FRAME_CONTROL_MAX = 125,
    FRAME_PIECES_MAX = 10000 /* frames of one message */
};
enum frame_code {
    FRAME_NORMAL = 1000,
    FRAME_GOING_AWAY = 1001,
    FRAME_BROKEN = 1002,
    FRAME_NOT_TEXT = 1003,
    FRAME_NO_CODE = 1005, /* never sent */
    FRAME_NOT_UTF8 = 1007,
    FRAME_POLICY = 1008,
    FRAME_TOO_LARGE = 1009
};
enum frame_opcode {
    FRAME_REST = 0,
    FRAME_TEXT = 1,
    FRAME_BINARY = 2,
    FRAME_CLOSE = 8,
    FRAME_PING = 9,
    FRAME_PONG = 10
};

enum frame_event_kind {
    FRAME_EVENT_NONE,    /* there is no more in what came so far */
    FRAME_EVENT_MESSAGE, /* a whole text, valid UTF-8 */
    FRAME_EVENT_PING,
    FRAME_EVENT_PONG,
    FRAME_EVENT_CLOSE, /* `code`: the other side's, or FRAME_NO_CODE */
    FRAME_EVENT_FAIL   /* `code`: with which it has to end. So is every further event */
};
struct frame_event {
    enum frame_event_kind kind;
    struct span bytes; /* of a message, ping or pong */
    unsigned code;
};

struct frame_reader;
/* For messages of at most `most` bytes. */
struct frame_reader *frame_reader_new(const void *owner, size_t most);
/* The next event in `in`, of which as much is taken as was read. */
void frame_next(struct frame_reader *reader, struct span *in, struct frame_event *event_out);

/* Adds a whole frame, as a server writes it. */
void frame_add(struct buf *out, enum frame_opcode opcode, struct span bytes);
/* Adds the frame that says goodbye. */
void frame_add_close(struct buf *out, unsigned code);
/* The Sec-WebSocket-Accept for a client's Sec-WebSocket-Key, under `owner`; NULL for what is no such key. */
char *frame_accept(const void *owner, const char *key);

#endif
