/* introduction.c -- proofs, and the words in which they are said. */
#include "format/introduction.h"

#include "format/codec.h"

#include <ctype.h>
#include <string.h>
#include <talloc.h>

enum { NAME_MAX_BYTES = 255 };

/* Every piece with its length before it: no two introductions are the same bytes. */
static void add_piece(struct buf *out, struct span piece)
{
    size_t length = span_length(piece);

    buf_add_byte(out, (char)(length >> 8));
    buf_add_byte(out, (char)length);
    buf_add_span(out, piece);
}

static void add_name(struct buf *out, const char *name)
{
    size_t from = out->length + 2;

    add_piece(out, span_text(name));
    for (size_t i = from; i < out->length; i++)
        out->p[i] = (char)tolower((unsigned char)out->p[i]);
}

void introduction_proof(const uint8_t key[INTRODUCTION_KEY_BYTES], const struct introduction *introduction,
                        enum introduction_side side, uint8_t proof_out[SHA256_BYTES])
{
    void *scratch = talloc_new(NULL);
    struct buf text = BUF_INIT(scratch);

    add_piece(&text, span_text(side == INTRODUCTION_CALLER ? "chappe caller 1" : "chappe called 1"));
    add_name(&text, introduction->caller);
    add_name(&text, introduction->called);
    add_piece(&text, span_of(introduction->caller_nonce, INTRODUCTION_NONCE_BYTES));
    add_piece(&text, span_of(introduction->called_nonce, INTRODUCTION_NONCE_BYTES));
    add_piece(&text, introduction->binding);
    hmac_sha256(span_of(key, INTRODUCTION_KEY_BYTES), buf_span(&text), proof_out);
    talloc_free(scratch);
}

/* One word, and the blanks behind it. */
static struct span take_word(struct span *in)
{
    struct span word = *in;

    if (!span_take_until(in, ' ', &word))
        in->p = in->end;
    *in = span_trim(*in);
    return word;
}

/* Exactly `length` bytes. */
static bool take_bytes(struct span *in, uint8_t *out, size_t length)
{
    void *scratch = talloc_new(NULL);
    struct buf bytes = BUF_INIT(scratch);
    bool is_good = codec_take_base64(take_word(in), length, &bytes) && bytes.length == length;

    if (is_good)
        memcpy(out, bytes.p, length);
    talloc_free(scratch);
    return is_good;
}

static bool is_name(struct span name)
{
    if (span_is_empty(name) || span_length(name) > NAME_MAX_BYTES)
        return false;
    for (; name.p < name.end; name.p++)
        if (!isalnum((unsigned char)*name.p) && !strchr("-_.", *name.p))
            return false;
    return true;
}

bool introduction_take_hello(const void *owner, struct span in, const char **caller_out,
                             uint8_t nonce_out[INTRODUCTION_NONCE_BYTES])
{
    struct span name = take_word(&in);

    if (!is_name(name) || !take_bytes(&in, nonce_out, INTRODUCTION_NONCE_BYTES) || !span_is_empty(in))
        return false;
    *caller_out = span_copy(owner, name);
    return true;
}

bool introduction_take_answer(struct span in, uint8_t nonce_out[INTRODUCTION_NONCE_BYTES],
                              uint8_t proof_out[SHA256_BYTES])
{
    return take_bytes(&in, nonce_out, INTRODUCTION_NONCE_BYTES) && take_bytes(&in, proof_out, SHA256_BYTES) &&
           span_is_empty(in);
}

bool introduction_take_proof(struct span in, uint8_t proof_out[SHA256_BYTES])
{
    return take_bytes(&in, proof_out, SHA256_BYTES) && span_is_empty(in);
}
