/* fuzz_codec.c -- decoding gives the same in any pieces, and as many bytes as it said; encoding is undone by
 * decoding. */
#include "format/codec.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decoding(void *arena, struct span bytes, enum mime_encoding encoding, size_t piece)
{
    struct buf whole = BUF_INIT(arena), pieces = BUF_INIT(arena);
    struct codec_decoder decoder;
    uint64_t length;

    if (!codec_decode_all(bytes, encoding, SIZE_MAX, &whole) ||
        !codec_decoded_size(bytes, encoding, &length) || !codec_decoder_init(&decoder, encoding))
        abort();
    for (size_t at = 0; at < span_length(bytes); at += piece)
        codec_decode(&decoder, span_part(bytes, at, piece), &pieces);
    codec_decode_end(&decoder, &pieces);
    if (whole.length != length || decoder.decoded != length ||
        !span_equals(buf_span(&whole), buf_span(&pieces)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span bytes = span_of(data, size);
    struct buf encoded = BUF_INIT(arena), back = BUF_INIT(arena), lines = BUF_INIT(arena);

    for (int encoding = MIME_7BIT; encoding <= MIME_QUOTED_PRINTABLE; encoding++)
        check_decoding(arena, bytes, (enum mime_encoding)encoding, size % 7 + 1);
    codec_add_base64(&encoded, bytes);
    if (!codec_take_base64(buf_span(&encoded), size, &back) || !span_equals(buf_span(&back), bytes))
        abort();
    buf_clear(&back);
    (void)!codec_take_base64(bytes, 100, &back);
    codec_add_crlf(&lines, bytes);
    if (!codec_is_crlf(buf_span(&lines)))
        abort();
    buf_clear(&encoded);
    buf_clear(&back);
    codec_add_quoted_printable(&encoded, buf_span(&lines));
    if (!codec_decode_all(buf_span(&encoded), MIME_QUOTED_PRINTABLE, SIZE_MAX, &back) ||
        !span_equals(buf_span(&back), buf_span(&lines)))
        abort();
    talloc_free(arena);
    return 0;
}
