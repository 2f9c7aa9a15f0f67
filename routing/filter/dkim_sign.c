/*
 * dkim_sign.c -- signatures by the keys of our domains.
 *
 * Made here and not by the library that checks them, which keeps memory of every Ed25519 signature for ever.
 */
#include "filter/dkim.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/keypair.h"
#include "directory/dkim_key.h"
#include "filter/canonical.h"
#include "filter/dkim_book.h"
#include "format/codec.h"
#include "format/header.h"

#include <inttypes.h>
#include <string.h>
#include <talloc.h>

/* ---- the signature */

/* What others may rely on (5.4.1). Those marked are named once more than they occur, so that none can be added. */
static const struct {
    const char *name;
    bool is_sealed;
} signed_fields[] = {
    { "From", true },
    { "Sender", false },
    { "Reply-To", true },
    { "Subject", true },
    { "Date", true },
    { "Message-ID", false },
    { "To", true },
    { "Cc", true },
    { "MIME-Version", false },
    { "Content-Type", true },
    { "Content-Transfer-Encoding", false },
    { "In-Reply-To", false },
    { "References", false },
    { "List-Id", false },
    { "List-Unsubscribe", false },
    { "List-Unsubscribe-Post", false },
};

enum { SAME_FIELD_MAX = 20 };

/* Fields of one name from the last to the first (5.4.2), and their name in h=. */
static void add_signed(struct buf *canonical, struct buf *names, struct span header, const char *name,
                       bool is_sealed)
{
    struct header_field fields[SAME_FIELD_MAX];
    size_t count = 0, named;

    while (count < SAME_FIELD_MAX && header_next(&header, &fields[count]))
        count += span_equals_nocase(fields[count].name, name);
    named = count + is_sealed;
    for (size_t i = 0; i < named; i++)
        buf_add_format(names, "%s%s", names->length ? ":" : "", name);
    if (named)
        buf_add_text(names, "\r\n\t"); /* white space is allowed around the colons */
    while (count-- > 0) {
        canonical_add_relaxed(canonical, fields[count].name, fields[count].value);
        buf_add_text(canonical, "\r\n");
    }
}

void dkim_add_signed_fields(struct buf *canonical, struct buf *names, struct span header,
                            bool with_signatures)
{
    for (size_t i = 0; i < COUNT_OF(signed_fields); i++)
        add_signed(canonical, names, header, signed_fields[i].name, signed_fields[i].is_sealed);
    if (with_signatures)
        add_signed(canonical, names, header, "DKIM-Signature", false);
}

static bool sign(const struct dkim_key *key, int64_t now_us, struct span message, struct buf *out,
                 struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct buf canonical = BUF_INIT(scratch), names = BUF_INIT(scratch), value = BUF_INIT(scratch);
    size_t length = header_block_length(message);
    bool is_rsa = strcmp(key->algorithm, "rsa") == 0, ok;
    uint8_t digest[SHA256_BYTES];
    char *signature;

    dkim_add_signed_fields(&canonical, &names, span_of(message.p, length), false);
    canonical_hash_body(span_part(message, length, SIZE_MAX), CANONICAL_RELAXED, digest);
    buf_add_format(&value, " v=1; a=%s-sha256; c=relaxed/relaxed;\r\n\td=%s; s=%s; t=%" PRId64 ";\r\n\th=",
                   key->algorithm, key->domain, key->selector, now_us / US_PER_S);
    buf_add_span(&value, span_trim(buf_span(&names)));
    buf_add_text(&value, ";\r\n\tbh=");
    codec_add_base64(&value, span_of(digest, sizeof digest));
    buf_add_text(&value, ";\r\n\tb=");
    canonical_add_relaxed(&canonical, span_text("DKIM-Signature"), buf_span(&value));
    ok = keypair_sign(scratch, is_rsa ? KEYPAIR_RSA : KEYPAIR_ED25519, key->private_key, buf_span(&canonical),
                      &signature, err);
    if (ok) {
        buf_add_text(out, "DKIM-Signature:");
        buf_add_span(out, buf_span(&value));
        canonical_add_folded(out, signature);
        buf_add_text(out, "\r\n");
    }
    talloc_free(scratch);
    return ok;
}

bool dkim_add_signatures(const struct dkim_book *book, const char *domain, int64_t now_us,
                         struct span message, struct buf *out, struct err *err)
{
    static const char *const algorithms[] = { "rsa", "ed25519" };
    size_t before = out->length;

    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        const struct dkim_key *key = dkim_book_key(book, domain, algorithms[i], now_us);

        if (key && !sign(key, now_us, message, out, err)) {
            out->length = before;
            return false;
        }
    }
    return true;
}
