/* connection.c -- the peer at the greeting: our lists first, then those in the DNS. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dns/dns.h"
#include "filter/access.h"

#include <stdio.h>
#include <talloc.h>

enum { ZONES_MAX = 32, STANDARD_SCORE = 10, NO_HOST_SCORE = 5, LISTS_DEADLINE_S = 5 };

static const char *const actions[] = { "accept", "tarpit", "refuse" };
METRIC_COUNTER_BY(connections, "chappe_filter_connections_total", "Peers judged at the greeting", "action",
                  actions)

struct zone {
    const char *name;
    int64_t score;
};

static size_t read_zones(void *arena, const char *text, int sign, struct zone zones[ZONES_MAX], size_t count)
{
    struct span left = span_text(text), word;

    while (count < ZONES_MAX && filter_next_word(&left, &word)) {
        struct span name = word;
        uint32_t score = STANDARD_SCORE;

        if (span_take_until(&word, '=', &name) && !span_take_u32(&word, &score))
            score = STANDARD_SCORE;
        zones[count++] = (struct zone){ span_copy(arena, name), sign * (int64_t)score };
    }
    return count;
}

/* "1.2.0.192" of "1.2.0.192.in-addr.arpa". */
static const char *reversed(void *arena, const struct net_address *peer)
{
    char *name = dns_reverse_name(arena, peer),
         *suffix = strstr(name, net_is_ipv4(peer) ? ".in-addr.arpa" : ".ip6.arpa");

    if (suffix)
        *suffix = '\0';
    return name;
}

/* RFC 5782, 2.1: a hit is in 127.0.0.0/8; we read 127.0.0.x only: 127.255.255.x tells of refusals by the list. */
static bool is_hit(const struct dns_answer *answer)
{
    static const uint8_t prefix[15] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0 };

    for (size_t i = 0; i < answer->count; i++)
        if (memcmp(answer->records[i].address.bytes, prefix, sizeof prefix) == 0)
            return true;
    return false;
}

static int64_t ask_lists(struct filter *filter, void *arena, const struct filter_settings *s,
                         const struct net_address *peer, const char **detail_out)
{
    struct zone zones[ZONES_MAX];
    struct dns_question questions[ZONES_MAX];
    size_t count = read_zones(arena, s->dnsbl, 1, zones, 0);
    const char *address;
    int64_t score = 0;

    count = read_zones(arena, s->dnswl, -1, zones, count);
    if (count == 0)
        return 0;
    address = reversed(arena, peer);
    for (size_t i = 0; i < count; i++)
        questions[i] = (struct dns_question){
            .name = talloc_asprintf(arena, "%s.%s", address, zones[i].name),
            .type = DNS_A,
        };
    dns_ask_all(filter->options.dns, arena, questions, count,
                clock_monotonic_us() + LISTS_DEADLINE_S * US_PER_S);
    for (size_t i = 0; i < count; i++)
        if (is_hit(&questions[i].answer)) {
            score += zones[i].score;
            *detail_out = zones[i].name;
        }
    return score;
}

/* Does the peer's reverse name lead back to it? Trouble with the DNS is not held against it. */
static bool has_host_name(struct filter *filter, void *arena, const struct net_address *peer)
{
    int64_t deadline_us = clock_monotonic_us() + LISTS_DEADLINE_S * US_PER_S;
    struct dns_answer names, addresses;

    dns_ask(filter->options.dns, arena, dns_reverse_name(arena, peer), DNS_PTR, deadline_us, &names);
    if (names.status == DNS_TEMPORARY || names.status == DNS_BOGUS)
        return true;
    for (size_t i = 0; i < names.count && i < SPF_NAMES_MAX; i++) {
        dns_ask(filter->options.dns, arena, names.records[i].name, net_is_ipv4(peer) ? DNS_A : DNS_AAAA,
                deadline_us, &addresses);
        if (addresses.status == DNS_TEMPORARY)
            return true;
        for (size_t k = 0; k < addresses.count; k++)
            if (net_address_equals(&addresses.records[k].address, peer))
                return true;
    }
    return false;
}

static int64_t score_of(struct filter *filter, void *arena, const struct filter_settings *s,
                        const struct net_address *peer, const char **detail_out)
{
    int64_t score;

    if (!filter->options.dns || net_is_loopback(peer))
        return 0;
    score = ask_lists(filter, arena, s, peer, detail_out);
    if (s->host_check && !has_host_name(filter, arena, peer)) {
        score += NO_HOST_SCORE;
        if (!**detail_out)
            *detail_out = "no host name";
    }
    return score;
}

static void note(const struct net_address *peer, const struct filter_peer_verdict *v, int64_t score)
{
    char text[NET_ADDRESS_TEXT];

    metric_add_at(&connections, 1, v->action == FILTER_REFUSE ? 2 : v->tarpit_ms > 0, 0);
    if (v->reason == FILTER_CLEAN)
        return;
    log_event(LOG_LEVEL_INFO, "filter.connection", log_text("peer", net_address_text(peer, text)),
              log_text("action", filter_action_name(v->action)),
              log_text("reason", filter_reason_name(v->reason)), log_text("detail", v->detail),
              log_i64("score", score));
}

static void judge(struct filter *filter, const struct book *book, void *arena, const struct net_address *peer,
                  bool is_submission, struct filter_peer_verdict *v, int64_t *score)
{
    const struct filter_settings *s = &book->installation;

    switch (access_of_peer(book, 0, peer)) {
    case ACCESS_SAYS_ALLOW:
        v->reason = FILTER_ALLOWED;
        return;
    case ACCESS_SAYS_BLOCK:
        v->action = FILTER_REFUSE;
        v->reason = FILTER_BLOCKED;
        v->tarpit_ms = (int)s->tarpit_s * 1000;
        return;
    case ACCESS_SAYS_NOTHING:
        break;
    }
    if (is_submission)
        return;
    *score = score_of(filter, arena, s, peer, &v->detail);
    if (*score <= 0)
        return;
    v->reason = FILTER_DNS_LISTED;
    v->action = *score >= s->dnsbl_refuse ? FILTER_REFUSE : FILTER_ACCEPT;
    v->tarpit_ms = (int)s->tarpit_s * 1000;
}

void filter_connection(struct filter *filter, const void *owner, const struct net_address *peer,
                       bool is_submission, struct filter_peer_verdict *verdict_out)
{
    struct book *book;
    int64_t score = 0;

    *verdict_out =
        (struct filter_peer_verdict){ .action = FILTER_ACCEPT, .reason = FILTER_CLEAN, .detail = "" };
    if (peer->is_local)
        return;
    book = book_take(&filter->shelf, 0);
    if (!book)
        return; /* the directory is down: RCPT will say so */
    judge(filter, book, talloc_new(owner), peer, is_submission, verdict_out, &score);
    note(peer, verdict_out, score);
    book_release(&filter->shelf, &book);
}
