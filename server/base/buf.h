/*
 * buf.h -- bytes that grow: what a command renders before it is sent or stored.
 *
 * Memory belongs to the talloc context given at the start; nothing is freed one by one. Running out of
 * memory ends the process (base installs talloc's abort function): a half-rendered reply is never sent.
 *
 * Threads  a buf belongs to one thread at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

struct buf {
    void *owner; /* talloc context of `p` */
    char *p;     /* NULL while empty; not NUL-terminated */
    size_t length, capacity;
};

#define BUF_INIT(owner_) ((struct buf){ .owner = (owner_) })

/* The same for functions that take their owner as `const void *`, as talloc does. */
static inline struct buf buf_owned_by(const void *owner)
{
    struct buf buf = { .owner = NULL };

    memcpy(&buf.owner, &owner, sizeof owner);
    return buf;
}

/* Room for `length` more bytes, which the caller then writes and accounts with buf.length +=. */
char *buf_reserve(struct buf *buf, size_t length);
/* These grow the buffer as they need. */
void buf_add(struct buf *buf, const void *bytes, size_t length);
/* All bytes of a span; nothing for an empty one. */
void buf_add_span(struct buf *buf, struct span s);
/* A NUL-terminated text without its NUL. */
void buf_add_text(struct buf *buf, const char *text);
/* One byte. */
void buf_add_byte(struct buf *buf, char byte);
/* Decimal, without printf: this runs a hundred thousand times in one FETCH. */
void buf_add_u64(struct buf *buf, uint64_t value);
/* The same with a sign. */
void buf_add_i64(struct buf *buf, int64_t value);
/* As printf, without its NUL; for what is written rarely. */
void buf_add_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Little-endian fixed width and LEB128 varints, for what we pack into the database. */
void buf_add_varint(struct buf *buf, uint64_t value);
/* Zigzag: small negative numbers stay short. */
void buf_add_signed_varint(struct buf *buf, int64_t value);
/* False, and nothing taken, where it is cut off or does not fit. */
MUST_CHECK bool span_take_varint(struct span *in, uint64_t *value_out);
/* What buf_add_signed_varint() wrote. */
MUST_CHECK bool span_take_signed_varint(struct span *in, int64_t *value_out);

static inline struct span buf_span(const struct buf *buf)
{
    return span_of(buf->p, buf->length);
}

/* The bytes as a C string owned by buf->owner; the buf goes on living. */
char *buf_text(struct buf *buf);
/* Empty again, the memory kept. */
static inline void buf_clear(struct buf *buf)
{
    buf->length = 0;
}

#endif
