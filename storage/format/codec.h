/*
 * codec.h -- content transfer encodings (RFC 2045, 6), decoded piece by piece.
 *
 * A decoder carries over what a piece ends in the middle of, so that a body can be decoded while it is read.
 * Decoding never fails: wrong bytes are skipped as RFC 2045 says and remembered in `is_damaged`.
 *
 * Threads  pure functions; a decoder belongs to its caller.
 */
#ifndef FORMAT_CODEC_H
#define FORMAT_CODEC_H

#include "base/buf.h"
#include "format/mime.h"

struct codec_decoder {
    enum mime_encoding encoding;
    uint32_t bits;
    uint8_t state;
    bool is_ended;
    bool is_damaged; /* bytes that the encoding does not allow were met */
    char held[128];  /* quoted-printable: white space or "=X" that may yet be the end of a line */
    uint8_t held_length;
    uint64_t decoded; /* bytes given out so far */
};

/* False for MIME_UUENCODE and MIME_ENCODING_UNKNOWN: NO [UNKNOWN-CTE]. 7bit, 8bit and binary pass through. */
MUST_CHECK bool codec_decoder_init(struct codec_decoder *decoder, enum mime_encoding encoding);
/* Adds what `piece` decodes to; at most 3/4 (base64) or 1 (others) times its length plus 128. */
void codec_decode(struct codec_decoder *decoder, struct span piece, struct buf *out);
/* Adds what was held back. */
void codec_decode_end(struct codec_decoder *decoder, struct buf *out);

/* All at once, at most `cap` bytes. False as codec_decoder_init. */
MUST_CHECK bool codec_decode_all(struct span encoded, enum mime_encoding encoding, size_t cap,
                                 struct buf *out);
/* The exact size codec_decode_all gives without a cap (BINARY.SIZE), in constant memory. False as above. */
MUST_CHECK bool codec_decoded_size(struct span encoded, enum mime_encoding encoding, uint64_t *size_out);

/* base64 in lines of 76 with CRLF (bodies), or in one line without (AUTH, tokens). */
void codec_add_base64_lines(struct buf *out, struct span bytes);
/* In one line, with padding (RFC 4648, 4). */
void codec_add_base64(struct buf *out, struct span bytes);
/* Strict base64 as SASL needs it (RFC 4648, 4): padding right, nothing else inside, at most `cap` bytes. */
MUST_CHECK bool codec_take_base64(struct span encoded, size_t cap, struct buf *out);
/* Quoted-printable text body with lines of at most 76. */
void codec_add_quoted_printable(struct buf *out, struct span text);

/* Adds `bytes` with every LF and every CR that stand alone as CRLF (import, LF-only files). */
void codec_add_crlf(struct buf *out, struct span bytes);
/* True where every LF follows a CR and every CR is followed by LF. */
bool codec_is_crlf(struct span bytes);

#endif
