/* familiar.c -- keys of authors and lists. */
#include "filter/familiar.h"

#include "base/buf.h"
#include "base/net.h"
#include "filter/auth_results.h"
#include "filter/dmarc.h"
#include "format/address.h"
#include "format/header.h"

#include <ctype.h>
#include <stdio.h>
#include <talloc.h>

enum { PASSED_MAX = 8, DOMAIN_MAX = 256, LIST_ID_MAX = 255 };

/* Domains that stood for this message. */
struct passed {
    char domains[PASSED_MAX][DOMAIN_MAX];
    size_t count;
};

static void note_domain(struct passed *passed, const char *text)
{
    const char *at = strrchr(text, '@'), *domain = at ? at + 1 : text;
    size_t length = strlen(domain);

    if (passed->count == PASSED_MAX || length == 0 || length >= DOMAIN_MAX)
        return;
    for (size_t i = 0; i <= length; i++)
        passed->domains[passed->count][i] = (char)tolower((unsigned char)domain[i]);
    passed->count++;
}

/* Ours is the first that bears our name: those of others were taken out. */
static void read_results(struct passed *passed, struct span header, const char *host_name)
{
    static const struct {
        const char *method, *property;
    } wanted[] = { { "dkim", "header.d" }, { "spf", "smtp.mailfrom" } };
    struct header_field field;
    struct auth_method method;
    char value[512];

    while (header_next(&header, &field)) {
        struct span in = field.value;

        if (!span_equals_nocase(field.name, "Authentication-Results") || !auth_results_begin(&in, host_name))
            continue;
        while (auth_results_next(&in, &method))
            for (size_t i = 0; i < COUNT_OF(wanted); i++)
                if (span_equals_nocase(method.method, wanted[i].method) &&
                    span_equals_nocase(method.result, "pass") &&
                    auth_results_property(&method, wanted[i].property, value, sizeof value))
                    note_domain(passed, value);
        return;
    }
}

/* "192.0.2.0" of our own Received, the topmost one. What a peer called itself stands before the parenthesis and cannot contain one.
 * False where it came by a neighbour on this machine, who hands on what anybody wrote. */
static bool read_network(struct span header, char out[NET_ADDRESS_TEXT])
{
    struct header_field field;
    struct net_address peer;
    struct span rest, before;

    if (!header_find(header, "Received", &field))
        return false;
    rest = field.value;
    if (!span_take_until(&rest, '(', &before) || !span_take_until(&rest, '[', &before) ||
        !span_take_until(&rest, ']', &before))
        return false;
    if (span_starts_nocase(before, "IPv6:"))
        before.p += strlen("IPv6:");
    if (!net_address_parse(before, &peer) || net_is_loopback(&peer))
        return false;
    memset(peer.bytes + (net_is_ipv4(&peer) ? 15 : 8), 0, net_is_ipv4(&peer) ? 1 : 8);
    net_address_text(&peer, out);
    return true;
}

static void add_key(struct familiar_keys *keys, const char *kind, const char *name, const char *how,
                    const char *detail)
{
    char text[2048];
    int length = snprintf(text, sizeof text, "%s\n%s\n%s\n%s", kind, name, how, detail);

    if (length < 0 || (size_t)length >= sizeof text || keys->count == FAMILIAR_KEYS_MAX)
        return;
    sha256(span_of(text, (size_t)length), keys->bytes[keys->count]);
    keys->spans[keys->count] = span_of(keys->bytes[keys->count], SHA256_BYTES);
    keys->count++;
}

/* The one author's address and domain. */
static bool read_author(void *arena, struct span header, const char **key_out, const char **domain_out)
{
    struct header_field field;
    struct address_list list;
    struct address address;

    if (header_count(header, "From") != 1 || !header_find(header, "From", &field))
        return false;
    address_list_parse(arena, field.value, &list);
    if (list.count != 1 || list.items[0].kind != ADDRESS_MAILBOX ||
        address_of_item(arena, &list.items[0], &address) != ADDRESS_GOOD)
        return false;
    *key_out = address_key(arena, &address);
    *domain_out = address.domain;
    return true;
}

/* What stands in the angle brackets of List-Id, in lower case. */
static bool read_list(struct span header, char out[LIST_ID_MAX + 1])
{
    struct header_field field;
    struct span rest, id;
    size_t length = 0;

    if (!header_find(header, "List-Id", &field))
        return false;
    rest = field.value;
    if (!span_take_until(&rest, '<', &id) || !span_take_until(&rest, '>', &id))
        return false;
    for (; id.p < id.end && length < LIST_ID_MAX; id.p++)
        if ((unsigned char)*id.p > ' ')
            out[length++] = (char)tolower((unsigned char)*id.p);
    out[length] = '\0';
    return length > 0;
}

static const char *aligned(const struct passed *passed, const char *domain)
{
    for (size_t i = 0; i < passed->count; i++)
        if (dmarc_is_aligned(passed->domains[i], domain, false))
            return dmarc_organisational_domain(domain);
    return NULL;
}

void familiar_keys_of(struct familiar_keys *keys_out, const char *host_name, struct span message)
{
    struct span header = span_of(message.p, header_block_length(message));
    struct passed passed = { .count = 0 };
    char network[NET_ADDRESS_TEXT], list[LIST_ID_MAX + 1];
    const char *author, *domain, *good;
    void *arena = talloc_new(NULL);
    bool has_network = read_network(header, network);

    keys_out->count = 0;
    read_results(&passed, header, host_name);
    if (read_author(arena, header, &author, &domain)) {
        good = aligned(&passed, domain);
        if (good || has_network)
            add_key(keys_out, "author", author, good ? "passed" : "network", good ? good : network);
    }
    if (read_list(header, list)) {
        for (size_t i = 0; i < passed.count && i < 2; i++)
            add_key(keys_out, "list", list, "passed", dmarc_organisational_domain(passed.domains[i]));
        if (passed.count == 0 && has_network)
            add_key(keys_out, "list", list, "network", network);
    }
    talloc_free(arena);
}
