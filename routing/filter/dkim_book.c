/* dkim_book.c -- the keys of our domains in memory. */
#include "filter/dkim_book.h"

#include <glib.h>
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
const struct dkim_key *dkim_book_key(const struct dkim_book *book, const char *domain, const char *algorithm,
                                     int64_t now_us)
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

static bool has_key(const struct dkim_book *book, const char *domain, int64_t now_us)
{
    return dkim_book_key(book, domain, "rsa", now_us) || dkim_book_key(book, domain, "ed25519", now_us);
}

const char *dkim_book_domain_for(const struct dkim_book *book, const char *domain, int64_t now_us)
{
    while (domain && !has_key(book, domain, now_us)) {
        const char *dot = strchr(domain, '.');

        domain = dot ? dot + 1 : NULL;
    }
    return domain;
}

const char *dkim_book_domain_of(const struct dkim_book *book, int64_t organisation_id, int64_t now_us)
{
    for (size_t i = 0; organisation_id && i < book->count; i++)
        if (book->keys[i].organisation_id == organisation_id &&
            dkim_book_key(book, book->keys[i].domain, "rsa", now_us))
            return book->keys[i].domain;
    return NULL;
}
