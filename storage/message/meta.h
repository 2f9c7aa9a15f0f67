/* meta.h -- inside this room: a meta in one run of bytes, as it is cached. */
#ifndef MESSAGE_META_H
#define MESSAGE_META_H

#include "base/buf.h"
#include "message/message.h"

/* Appends the packed form, which meta_unpack() reads. */
void meta_pack(struct buf *out, const struct message_meta *meta);
/* Spans point into `packed`. */
MUST_CHECK bool meta_unpack(struct span packed, struct message_meta *meta_out);

#endif
