/*
 * dkim_sign.c -- the keys of our domains, and signatures by them.
 *
 * Made here and not by the library that checks them, which keeps memory of every Ed25519 signature for ever.
 */
#include "filter/dkim.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/keypair.h"
#include "directory/dkim_key.h"
#include "format/codec.h"
#include "format/header.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <talloc.h>

struct dkim_book {
    struct dkim_key *keys;
    size_t count;
    GHashTable *domains; /* name -> its first key + 1; keys are sorted by domain */
};

static int book_free(struct dkim_book *book)
{
    g_hash_table_destroy(book->domains);
    return 0;
}

bool dkim_book_read(const void *owner, struct directory *directory, struct dkim_book **book_out,
                    struct err *err)
{
    struct dkim_book *book = talloc_zero(owner, struct dkim_book);

    book->domains = g_hash_table_new(g_str_hash, g_str_equal);
    talloc_set_destructor(book, book_free);
    *book_out = book;
    if (!dkim_key_load(directory, book, &book->keys, &book->count, err))
        return false;
    for (size_t i = book->count; i-- > 0;)
        g_hash_table_insert(book->domains, (gpointer)(uintptr_t)book->keys[i].domain,
                            GSIZE_TO_POINTER(i + 1));
    return true;
}

/* Of each algorithm the key that became active last. */
static const struct dkim_key *active_key(const struct dkim_book *book, const char *domain,
                                         const char *algorithm, int64_t now_us)
{
    size_t i = GPOINTER_TO_SIZE(g_hash_table_lookup(book->domains, domain));
    const struct dkim_key *best = NULL;

    for (; i > 0 && i <= book->count && strcmp(book->keys[i - 1].domain, domain) == 0; i++) {
        const struct dkim_key *key = &book->keys[i - 1];

        if (strcmp(key->algorithm, algorithm) == 0 && key->active_from_us <= now_us &&
            (!best || key->active_from_us > best->active_from_us))
            best = key;
    }
    return best;
}

/* ---- the relaxed forms (RFC 6376, 3.4.2 and 3.4.4): runs of white space are one space, none at the end of a line */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_reduced(struct buf *out, struct span line)
{
    while (line.end > line.p && is_blank(line.end[-1]))
        line.end--;
    while (!span_is_empty(line)) {
        const char *p = line.p;

        if (is_blank(*p)) {
            while (is_blank(*line.p))
                line.p++;
            buf_add_byte(out, ' ');
            continue;
        }
        while (p < line.end && !is_blank(*p))
            p++;
        buf_add_span(out, (struct span){ line.p, p });
        line.p = p;
    }
}

static void add_field(struct buf *out, struct span name, struct span value)
{
    struct buf flat = BUF_INIT(out->owner);

    for (; name.p < name.end; name.p++)
        buf_add_byte(out, g_ascii_tolower(*name.p));
    buf_add_byte(out, ':');
    for (; value.p < value.end; value.p++)
        if (*value.p != '\r' && *value.p != '\n')
            buf_add_byte(&flat, *value.p);
    if (flat.length)
        add_reduced(out, span_trim(buf_span(&flat)));
}

/* Empty lines at the end do not count; the lines are hashed as they are found. */
static void hash_body(struct span body, uint8_t digest_out[SHA256_BYTES])
{
    void *scratch = talloc_new(NULL);
    struct sha256 *sha = sha256_new(scratch);
    struct buf line = BUF_INIT(scratch);
    size_t empty = 0;
    struct span one;

    while (span_take_line(&body, &one)) {
        buf_clear(&line);
        add_reduced(&line, one);
        if (line.length == 0) {
            empty++;
            continue;
        }
        for (; empty > 0; empty--)
            sha256_add(sha, span_text("\r\n"));
        buf_add_text(&line, "\r\n");
        sha256_add(sha, buf_span(&line));
    }
    sha256_finish(sha, digest_out);
    talloc_free(scratch);
}

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
static void add_signed(struct buf *canonical, struct buf *names, struct span header, size_t which)
{
    const char *name = signed_fields[which].name;
    struct header_field fields[SAME_FIELD_MAX];
    size_t count = 0, named;

    while (count < SAME_FIELD_MAX && header_next(&header, &fields[count]))
        count += span_equals_nocase(fields[count].name, name);
    named = count + signed_fields[which].is_sealed;
    for (size_t i = 0; i < named; i++)
        buf_add_format(names, "%s%s", names->length ? ":" : "", name);
    if (named)
        buf_add_text(names, "\r\n\t"); /* white space is allowed around the colons */
    while (count-- > 0) {
        add_field(canonical, fields[count].name, fields[count].value);
        buf_add_text(canonical, "\r\n");
    }
}

static void add_folded(struct buf *out, const char *base64)
{
    enum { WIDTH = 72 };

    for (size_t left = strlen(base64); left > 0;) {
        size_t length = left < WIDTH ? left : WIDTH;

        buf_add(out, base64, length);
        base64 += length;
        left -= length;
        if (left)
            buf_add_text(out, "\r\n\t");
    }
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

    for (size_t i = 0; i < COUNT_OF(signed_fields); i++)
        add_signed(&canonical, &names, span_of(message.p, length), i);
    hash_body(span_part(message, length, SIZE_MAX), digest);
    buf_add_format(&value, " v=1; a=%s-sha256; c=relaxed/relaxed;\r\n\td=%s; s=%s; t=%" PRId64 ";\r\n\th=",
                   key->algorithm, key->domain, key->selector, now_us / US_PER_S);
    buf_add_span(&value, span_trim(buf_span(&names)));
    buf_add_text(&value, ";\r\n\tbh=");
    codec_add_base64(&value, span_of(digest, sizeof digest));
    buf_add_text(&value, ";\r\n\tb=");
    add_field(&canonical, span_text("DKIM-Signature"), buf_span(&value));
    ok = keypair_sign(scratch, is_rsa ? KEYPAIR_RSA : KEYPAIR_ED25519, key->private_key, buf_span(&canonical),
                      &signature, err);
    if (ok) {
        buf_add_text(out, "DKIM-Signature:");
        buf_add_span(out, buf_span(&value));
        add_folded(out, signature);
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
        const struct dkim_key *key = active_key(book, domain, algorithms[i], now_us);

        if (key && !sign(key, now_us, message, out, err)) {
            out->length = before;
            return false;
        }
    }
    return true;
}
