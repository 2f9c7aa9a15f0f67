/*
 * pack_codec.h -- the bytes of folder_pack.shown and .searched. For this room only.
 */
#ifndef MAILBOX_PACK_CODEC_H
#define MAILBOX_PACK_CODEC_H

#include "base/buf.h"
#include "mailbox/pack.h"
#include "mailbox/pack_cache.h"

enum { PACK_MESSAGES_MAX = 256, PACK_MESSAGES_MIN = 128 };

/* Rows in the order of their UIDs; number is not looked at. */
void pack_encode(enum pack_part part, const struct pack_row *rows, size_t count, struct buf *out);

#endif
