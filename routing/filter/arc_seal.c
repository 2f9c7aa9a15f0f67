/* arc_seal.c -- one more set, of ours (RFC 8617, 5.1). */
#include "filter/arc.h"

#include "base/clock.h"
#include "base/keypair.h"
#include "filter/canonical.h"
#include "filter/dkim_book.h"
#include "filter/tags.h"
#include "format/codec.h"

#include <inttypes.h>
#include <talloc.h>

/* What is under way: the three fields of the new set, each a whole line. */
struct sealing {
    const struct arc_seal *seal;
    void *arena;
    size_t number;
    struct buf results, signature, own;
};

static bool sign(const struct sealing *s, struct buf *field, struct span canonical, struct err *err)
{
    char *signature;

    if (!keypair_sign(s->arena, KEYPAIR_RSA, s->seal->key->private_key, canonical, &signature, err))
        return false;
    canonical_add_folded(field, signature);
    buf_add_text(field, "\r\n");
    return true;
}

static struct header_field field_of(struct buf *line)
{
    struct span in = buf_span(line);
    struct header_field field;

    if (!header_next(&in, &field))
        field =
            (struct header_field){ .name = buf_span(line), .value = buf_span(line), .whole = buf_span(line) };
    return field;
}

static void add_results(struct sealing *s)
{
    buf_add_format(&s->results, "ARC-Authentication-Results: i=%zu; %s;", s->number, s->seal->authserv_id);
    buf_add_span(&s->results, s->seal->results);
    buf_add_text(&s->results, "\r\n");
}

static bool add_signature(struct sealing *s, struct span message, struct err *err)
{
    size_t length = header_block_length(message);
    struct buf canonical = BUF_INIT(s->arena), names = BUF_INIT(s->arena);
    const struct dkim_key *key = s->seal->key;
    struct header_field field;
    uint8_t digest[SHA256_BYTES];

    dkim_add_signed_fields(&canonical, &names, span_of(message.p, length), true);
    canonical_hash_body(span_part(message, length, SIZE_MAX), CANONICAL_RELAXED, digest);
    buf_add_format(
        &s->signature,
        "ARC-Message-Signature: i=%zu; a=rsa-sha256; c=relaxed/relaxed;\r\n\td=%s; s=%s; t=%" PRId64
        ";\r\n\th=",
        s->number, key->domain, key->selector, s->seal->now_us / US_PER_S);
    buf_add_span(&s->signature, span_trim(buf_span(&names)));
    buf_add_text(&s->signature, ";\r\n\tbh=");
    codec_add_base64(&s->signature, span_of(digest, sizeof digest));
    buf_add_text(&s->signature, ";\r\n\tb=");
    field = field_of(&s->signature);
    canonical_add_relaxed(&canonical, field.name, field.value);
    return sign(s, &s->signature, buf_span(&canonical), err);
}

/* The seal of a chain that came broken covers its own set alone (5.1.2). */
static bool add_seal(struct sealing *s, struct arc_sets *sets, struct err *err)
{
    struct arc_set *set = &sets->sets[s->number - 1];
    struct buf canonical = BUF_INIT(s->arena);
    const struct dkim_key *key = s->seal->key;
    size_t first = s->seal->chain == ARC_FAIL ? s->number - 1 : 0;

    buf_add_format(&s->own,
                   "ARC-Seal: i=%zu; a=rsa-sha256; t=%" PRId64 "; cv=%s;\r\n\td=%s; s=%s;\r\n\tb=", s->number,
                   s->seal->now_us / US_PER_S, arc_result_name(s->seal->chain), key->domain, key->selector);
    set->results = field_of(&s->results);
    set->signature = field_of(&s->signature);
    set->seal = field_of(&s->own);
    arc_add_sealed(&canonical, sets, first, s->number - 1);
    return sign(s, &s->own, buf_span(&canonical), err);
}

static bool was_broken(const struct arc_sets *sets)
{
    struct span mark;

    return sets->count > 0 && tags_find(sets->sets[sets->count - 1].seal.value, "cv", &mark) &&
           span_equals_nocase(mark, "fail");
}

bool arc_add_seal(const struct arc_seal *seal, struct span message, struct buf *out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct arc_sets *sets = talloc_zero(arena, struct arc_sets);
    struct sealing s = { .seal = seal,
                         .arena = arena,
                         .results = BUF_INIT(arena),
                         .signature = BUF_INIT(arena),
                         .own = BUF_INIT(arena) };
    const char *fault = arc_sets_read(sets, span_of(message.p, header_block_length(message)));
    bool ok = true;

    s.number = sets->count + 1;
    if (sets->count < ARC_SETS_MAX && !was_broken(sets) && !(fault && seal->chain != ARC_FAIL)) {
        add_results(&s);
        ok = add_signature(&s, message, err) && add_seal(&s, sets, err);
        if (ok) {
            buf_add_span(out, buf_span(&s.own));
            buf_add_span(out, buf_span(&s.signature));
            buf_add_span(out, buf_span(&s.results));
        }
    }
    talloc_free(arena);
    return ok;
}
