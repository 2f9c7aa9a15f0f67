/* access.c -- lists as words in one hash: "7 block domain example.org", "0 allow network 120 <32 digits>". */
#include "filter/access.h"

#include "base/clock.h"
#include "base/digest.h"
#include "directory/access_list.h"
#include "filter/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

enum { WORD_MAX = 700 };

static void network_word(char word[WORD_MAX], int64_t organisation_id, enum access_list list,
                         const struct net_network *network)
{
    char hex[33];

    hex_encode(span_of(network->bytes, sizeof network->bytes), hex);
    snprintf(word, WORD_MAX, "%" PRId64 " %s network %u %s", organisation_id, access_list_name(list),
             network->bits, hex);
}

static void name_word(char word[WORD_MAX], int64_t organisation_id, enum access_list list,
                      enum access_kind kind, const char *name)
{
    snprintf(word, WORD_MAX, "%" PRId64 " %s %s %s", organisation_id, access_list_name(list),
             access_kind_name(kind), name);
}

static void add(struct book *book, const struct access_entry *entry)
{
    int64_t *until = talloc(book, int64_t);
    struct net_network network;
    char word[WORD_MAX];

    *until = entry->expires_us;
    if (entry->kind == ACCESS_NETWORK) {
        if (!net_network_parse(span_text(entry->value), &network))
            return; /* was checked when it was added */
        book->has_bits[network.bits] = true;
        network_word(word, entry->organisation_id, entry->list, &network);
    } else {
        name_word(word, entry->organisation_id, entry->list, entry->kind, entry->value);
    }
    g_hash_table_insert(book->access, talloc_strdup(until, word), until);
}

bool access_read(struct book *book, struct directory *directory, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct access_entry *entries;
    size_t count = 0;
    bool ok = access_load(directory, scratch, clock_now_us(), &entries, &count, err);

    for (size_t i = 0; ok && i < count; i++)
        add(book, &entries[i]);
    talloc_free(scratch);
    return ok;
}

static bool has(const struct book *book, const char *word)
{
    const int64_t *until = g_hash_table_lookup(book->access, word);

    return until && (*until == 0 || *until > clock_now_us());
}

static struct net_network network_of(const struct net_address *peer, unsigned bits)
{
    struct net_network network = { .bits = (uint8_t)bits };

    memcpy(network.bytes, peer->bytes, bits / 8);
    if (bits % 8)
        network.bytes[bits / 8] = (uint8_t)(peer->bytes[bits / 8] & (0xff00u >> (bits % 8)));
    return network;
}

static bool list_has_peer(const struct book *book, int64_t organisation_id, enum access_list list,
                          const struct net_address *peer)
{
    char word[WORD_MAX];

    for (unsigned bits = 0; bits <= 128; bits++) {
        struct net_network network;

        if (!book->has_bits[bits])
            continue;
        network = network_of(peer, bits);
        network_word(word, organisation_id, list, &network);
        if (has(book, word))
            return true;
    }
    return false;
}

static bool list_has_domain(const struct book *book, int64_t organisation_id, enum access_list list,
                            const char *domain)
{
    char word[WORD_MAX];

    for (; domain && *domain; domain = strchr(domain, '.')) {
        domain += *domain == '.';
        name_word(word, organisation_id, list, ACCESS_DOMAIN, domain);
        if (has(book, word))
            return true;
    }
    return false;
}

static bool list_has_sender(const struct book *book, int64_t organisation_id, enum access_list list,
                            const char *address)
{
    const char *at = strrchr(address, '@');
    char word[WORD_MAX];

    name_word(word, organisation_id, list, ACCESS_ADDRESS, address);
    return has(book, word) || list_has_domain(book, organisation_id, list, at ? at + 1 : NULL);
}

static enum access_answer answer(bool is_allowed, bool is_blocked)
{
    return is_allowed ? ACCESS_SAYS_ALLOW : is_blocked ? ACCESS_SAYS_BLOCK : ACCESS_SAYS_NOTHING;
}

enum access_answer access_of_peer(const struct book *book, int64_t organisation_id,
                                  const struct net_address *peer)
{
    if (peer->is_local)
        return ACCESS_SAYS_NOTHING;
    return answer(list_has_peer(book, organisation_id, ACCESS_ALLOW, peer),
                  list_has_peer(book, organisation_id, ACCESS_BLOCK, peer));
}

enum access_answer access_of_sender(const struct book *book, int64_t organisation_id, const char *address)
{
    if (!*address)
        return ACCESS_SAYS_NOTHING;
    return answer(list_has_sender(book, organisation_id, ACCESS_ALLOW, address),
                  list_has_sender(book, organisation_id, ACCESS_BLOCK, address));
}

enum access_answer access_of_domain(const struct book *book, int64_t organisation_id, const char *domain)
{
    return answer(list_has_domain(book, organisation_id, ACCESS_ALLOW, domain),
                  list_has_domain(book, organisation_id, ACCESS_BLOCK, domain));
}
