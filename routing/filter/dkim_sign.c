/* dkim_sign.c -- the keys of our domains, and signatures by them. */
#include "directory/dkim_key.h"
#include "filter/dkim_lib.h"
#include "format/header.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

enum { SIGNATURE_MAX = 4096 };

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

/* What others may rely on (RFC 6376, 5.4.1); From twice, so that no second one can be added. */
static const char *const signed_fields[] = { "From",
                                             "Sender",
                                             "Reply-To",
                                             "Subject",
                                             "Date",
                                             "Message-ID",
                                             "To",
                                             "Cc",
                                             "MIME-Version",
                                             "Content-Type",
                                             "Content-Transfer-Encoding",
                                             "In-Reply-To",
                                             "References",
                                             "List-Id",
                                             "List-Unsubscribe",
                                             "List-Unsubscribe-Post",
                                             NULL };

static bool is_signed(struct span name)
{
    for (size_t i = 0; signed_fields[i]; i++)
        if (span_equals_nocase(name, signed_fields[i]))
            return true;
    return false;
}

static bool feed_signed(DKIM *dkim, struct span header)
{
    struct buf kept = BUF_INIT(talloc_new(NULL));
    struct header_field field;
    bool ok;

    while (header_next(&header, &field))
        if (is_signed(field.name))
            buf_add_span(&kept, field.whole);
    ok = dkim_feed_header(dkim, buf_span(&kept), 0);
    talloc_free(kept.owner);
    return ok;
}

static bool cannot(struct err *err, const struct dkim_key *key, const char *what)
{
    err_log(err, "dkim %s/%s: %s", key->domain, key->selector, what ? what : "");
    return err_set(err, ERR_INTERNAL, "The message cannot be signed just now.");
}

/* The library folds with LF and a tab. */
static void add_field(struct buf *out, const char *value)
{
    buf_add_text(out, "DKIM-Signature: ");
    for (; *value; value++) {
        if (*value == '\n')
            buf_add_byte(out, '\r');
        if (*value != '\r')
            buf_add_byte(out, *value);
    }
    buf_add_text(out, "\r\n");
}

static bool sign_with(DKIM *dkim, const struct dkim_key *key, struct span message, struct buf *out,
                      struct err *err)
{
    size_t length = header_block_length(message);
    unsigned char value[SIGNATURE_MAX];

    if (!feed_signed(dkim, span_of(message.p, length)) || dkim_eoh(dkim) != DKIM_STAT_OK ||
        !dkim_feed_body(dkim, span_part(message, length, SIZE_MAX)) || dkim_eom(dkim, NULL) != DKIM_STAT_OK)
        return cannot(err, key, dkim_geterror(dkim));
    if (dkim_getsighdr(dkim, value, sizeof value, strlen("DKIM-Signature: ")) != DKIM_STAT_OK)
        return cannot(err, key, dkim_geterror(dkim));
    add_field(out, (const char *)value);
    return true;
}

static bool sign(struct dkim_lib *lib, const struct dkim_key *key, struct span message, struct buf *out,
                 struct err *err)
{
    bool is_rsa = strcmp(key->algorithm, "rsa") == 0;
    unsigned char *pem = (unsigned char *)talloc_strdup(NULL, key->private_key);
    DKIM_STAT status;
    DKIM *dkim = dkim_sign(lib->lib, (const unsigned char *)"chappe", NULL, (dkim_sigkey_t)pem,
                           (const unsigned char *)key->selector, (const unsigned char *)key->domain,
                           DKIM_CANON_RELAXED, DKIM_CANON_RELAXED,
                           is_rsa ? DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256, -1, &status);
    bool ok = dkim ? sign_with(dkim, key, message, out, err) : cannot(err, key, dkim_getresultstr(status));

    if (dkim)
        dkim_free(dkim);
    talloc_free(pem);
    return ok;
}

bool dkim_add_signatures(struct dkim_lib *lib, const struct dkim_book *book, const char *domain,
                         int64_t now_us, struct span message, struct buf *out, struct err *err)
{
    static const char *const algorithms[] = { "rsa", "ed25519" };
    size_t before = out->length;

    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        const struct dkim_key *key = active_key(book, domain, algorithms[i], now_us);

        if (key && !sign(lib, key, message, out, err)) {
            out->length = before;
            return false;
        }
    }
    return true;
}
