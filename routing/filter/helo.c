/* helo.c -- what a peer calls itself (RFC 5321, 4.1.1.1): a name that could be its own, or its own address. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dns/dns.h"
#include "filter/access.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { BOOK_AGE_US = 1000000, DEADLINE_S = 5, LABEL_MAX = 63 };

METRIC_COUNTER(false_greetings, "chappe_filter_helo_total",
               "Peers whose EHLO names no host that could be theirs")

static const struct {
    enum dns_type type;
} asked[] = { { DNS_A }, { DNS_AAAA }, { DNS_MX } };

/* Letters, digits and hyphens, at least two labels, the last of which is no number. */
static bool is_full_name(const char *name)
{
    size_t label = 0, labels = 0;
    bool is_number = true;

    for (;; name++) {
        if (*name == '.' || *name == '\0') {
            if (label == 0 || label > LABEL_MAX || name[-1] == '-')
                return false;
            labels++;
            if (*name == '\0' || name[1] == '\0')
                return labels > 1 && !is_number;
            label = 0;
            is_number = true;
            continue;
        }
        if (!isalnum((unsigned char)*name) && (unsigned char)*name < 128 && (*name != '-' || label == 0))
            return false;
        is_number = is_number && isdigit((unsigned char)*name);
        label++;
    }
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" of the peer itself. */
static const char *literal_fault(const char *helo, const struct net_address *peer)
{
    struct span text = span_part(span_text(helo), 1, SIZE_MAX), inside;
    struct net_address named;

    if (!span_take_until(&text, ']', &inside) || !span_is_empty(text))
        return "a bad address literal";
    if (span_starts_nocase(inside, "IPv6:"))
        inside.p += strlen("IPv6:");
    if (!net_address_parse(inside, &named))
        return "a bad address literal";
    return net_address_equals(&named, peer) ? NULL : "another's address";
}

const char *helo_fault(const char *helo, const struct net_address *peer, const char *host_name)
{
    size_t length = strlen(helo);

    if (length > 0 && *helo == '[')
        return literal_fault(helo, peer);
    if (length > 0 && helo[length - 1] == '.')
        length--;
    if ((length == strlen(host_name) && strncasecmp(helo, host_name, length) == 0) ||
        strncasecmp(helo, "localhost", strlen("localhost")) == 0)
        return "our own name";
    return is_full_name(helo) ? NULL : "no full host name";
}

/* Trouble with the DNS is not held against it. */
static bool exists(struct dns *dns, void *arena, const char *name)
{
    int64_t deadline_us = clock_monotonic_us() + DEADLINE_S * US_PER_S;
    struct dns_answer answer;

    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        dns_ask(dns, arena, name, asked[i].type, deadline_us, &answer);
        if (answer.count > 0 || answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS)
            return true;
    }
    return false;
}

static const char *fault_of(struct filter *filter, void *arena, const struct net_address *peer,
                            const char *helo)
{
    const char *fault = helo_fault(helo, peer, filter->options.host_name);

    if (!fault && filter->options.dns && *helo != '[' && !exists(filter->options.dns, arena, helo))
        fault = "a name that does not exist";
    return fault;
}

bool filter_helo(struct filter *filter, const struct net_address *peer, const char *helo)
{
    struct book *book = book_take(&filter->shelf, BOOK_AGE_US);
    const char *fault = NULL;
    char text[NET_ADDRESS_TEXT];
    bool is_refused = false;
    void *arena;

    if (book && book->installation.helo_check != SENDER_CHECK_OFF && !net_is_loopback(peer) &&
        access_of_peer(book, 0, peer) != ACCESS_SAYS_ALLOW) {
        arena = talloc_new(NULL);
        fault = fault_of(filter, arena, peer, helo ? helo : "");
        is_refused = fault && book->installation.helo_check == SENDER_CHECK_ENFORCE;
        talloc_free(arena);
    }
    book_release(&filter->shelf, &book);
    if (fault) {
        metric_add(&false_greetings, 1);
        log_event(LOG_LEVEL_INFO, "filter.helo", log_text("peer", net_address_text(peer, text)),
                  log_text("helo", helo ? helo : ""), log_text("fault", fault),
                  log_text("action", is_refused ? "refuse" : "accept"));
    }
    return !is_refused;
}
