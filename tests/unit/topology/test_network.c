/* test_network.c -- decisions on networks written in a few lines: costs, schedules, links, senders, loops; and on random
 * ones, compared with all simple paths tried one by one. */
#include "base/clock.h"
#include "topology/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

/* Wednesday 2031-01-08 12:00 UTC */
#define NOON_US (INT64_C(1925640000) * US_PER_S)

/* Groups are A=1, B=2 ...; server number 10 * group + n is "a1", "a2" ...; storage group n lives in group n. */
struct builder {
    struct routing routing;
    struct connector connectors[64];
    struct routing_link links[16];
};

static struct builder *begin(void *owner, int groups, int servers_each)
{
    struct builder *b = talloc_zero(owner, struct builder);
    struct routing *r = &b->routing;

    r->groups = talloc_zero_array(b, struct routing_group, (unsigned)groups);
    r->servers = talloc_zero_array(b, struct server, (unsigned)(groups * servers_each));
    r->homes = talloc_zero_array(b, struct routing_home, (unsigned)groups);
    r->connectors = b->connectors;
    r->links = b->links;
    for (int g = 0; g < groups; g++) {
        r->groups[r->group_count++] =
            (struct routing_group){ .routing_group_id = g + 1, .name = talloc_asprintf(b, "%c", 'A' + g) };
        r->homes[r->home_count++] = (struct routing_home){ g + 1, g + 1 };
        for (int s = 1; s <= servers_each; s++)
            r->servers[r->server_count++] = (struct server){
                .server_id = 10 * (g + 1) + s,
                .routing_group_id = g + 1,
                .name = talloc_asprintf(b, "%c%d", 'a' + g, s),
            };
    }
    return b;
}

static struct connector *add(struct builder *b, const char *name, enum connector_kind kind, char from,
                             int cost)
{
    struct connector *c = &b->connectors[b->routing.connector_count++];

    *c = (struct connector){ .connector_id = (int64_t)b->routing.connector_count,
                             .name = name,
                             .kind = kind,
                             .routing_group_id = from - 'A' + 1,
                             .is_enabled = true,
                             .cost = cost,
                             .schedule = "always",
                             .priorities = CONNECTOR_ALL,
                             .tls = "opportunistic" };
    return c;
}

static struct connector *link_groups(struct builder *b, const char *name, char from, char to, int cost)
{
    struct connector *c = add(b, name, CONNECTOR_ROUTING_GROUP, from, cost);

    c->target_group_id = to - 'A' + 1;
    return c;
}

static struct connector *smtp(struct builder *b, const char *name, char from, const char *space, int cost,
                              const char *smarthost)
{
    struct connector *c = add(b, name, CONNECTOR_SMTP, from, cost);

    c->spaces = talloc_array(b, struct connector_space, 1);
    c->spaces[0] = (struct connector_space){ space, cost };
    c->space_count = 1;
    c->smarthost = smarthost;
    return c;
}

static void bridgeheads(struct builder *b, struct connector_server **servers, size_t *count, int64_t id)
{
    *servers = talloc_realloc(b, *servers, struct connector_server, (unsigned)*count + 1);
    (*servers)[(*count)++] = (struct connector_server){ id, NULL };
}

static void down(struct builder *b, const struct connector *c, const char *host, int64_t until_us)
{
    b->links[b->routing.link_count++] = (struct routing_link){
        .connector_id = c->connector_id, .host = host, .until_us = until_us, .reason = ""
    };
}

/* "kind connector host,host" of the answer, hosts as they come. */
static const char *ask(struct builder *b, struct topology_question question, unsigned turn,
                       struct route *route)
{
    static const char *const kinds[ROUTE_KINDS] = { [ROUTE_MX] = "mx",
                                                    [ROUTE_HOST] = "host",
                                                    [ROUTE_WAIT] = "wait",
                                                    [ROUTE_NONE] = "none",
                                                    [ROUTE_STORE] = "store" };
    char *text;

    if (!question.now_us)
        question.now_us = NOON_US;
    if (!question.sender)
        question.sender = "ada@example.org";
    network_route(network_new(b, &b->routing), b, &question, turn, route);
    text = talloc_strdup(b, kinds[route->kind]);
    if (route->connector_name)
        text = talloc_asprintf_append(text, " %s", route->connector_name);
    for (size_t i = 0; i < route->host_count; i++)
        text = talloc_asprintf_append(text, "%c%s", i ? ',' : ' ', route->hosts[i].host);
    return text;
}

#define MAILBOX(from, group) ((struct topology_question){ .server_id = (from), .storage_group_id = (group) })
#define ELSEWHERE(from, to) ((struct topology_question){ .server_id = (from), .domain = (to) })

static void between_two_groups(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 2, 2);
    struct route route;

    (void)state;
    link_groups(b, "AB", 'A', 'B', 10);
    assert_string_equal(ask(b, MAILBOX(11, 1), 0, &route), "store");
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "host AB b1,b2");
    assert_true(route.is_internal);
    assert_string_equal(ask(b, MAILBOX(11, 2), 1, &route), "host AB b2,b1");
    assert_string_equal(ask(b, MAILBOX(21, 2), 0, &route), "store");
    assert_string_equal(ask(b, MAILBOX(21, 1), 0, &route), "wait"); /* one way only */
    assert_string_equal(ask(b, MAILBOX(0, 1), 0, &route), "store"); /* not registered: in the first group */
    talloc_free(owner);
}

static void bridgeheads_carry_it(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 2, 3);
    struct connector *c = link_groups(b, "AB", 'A', 'B', 10);
    const int64_t from_a1[] = { 11 };
    struct topology_question came = MAILBOX(13, 2);
    struct route route;

    (void)state;
    bridgeheads(b, &c->sources, &c->source_count, 12);
    bridgeheads(b, &c->targets, &c->target_count, 22);
    assert_string_equal(ask(b, MAILBOX(12, 2), 0, &route), "host AB b2");
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "host AB a2");
    assert_true(route.is_internal);
    came.visited = from_a1;
    came.visited_count = 1;
    assert_string_equal(ask(b, came, 0, &route), "wait"); /* no second server of our own group */
    came.server_id = 12;
    assert_string_equal(ask(b, came, 0, &route), "host AB b2");
    down(b, c, "a2", NOON_US + US_PER_S);
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "wait");
    assert_string_equal(ask(b, MAILBOX(12, 2), 0, &route), "host AB b2"); /* itself knows better */
    talloc_free(owner);
}

static void the_cheapest_of_three(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 3, 1);
    struct connector *direct = link_groups(b, "AC", 'A', 'C', 30), *first, *second;
    struct route route;

    (void)state;
    first = link_groups(b, "AB", 'A', 'B', 10);
    second = link_groups(b, "BC", 'B', 'C', 10);
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "host AB b1");
    second->cost = 20; /* equal: in turns */
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "host AC c1");
    assert_string_equal(ask(b, MAILBOX(11, 3), 1, &route), "host AB b1");
    second->cost = 21;
    assert_string_equal(ask(b, MAILBOX(11, 3), 1, &route), "host AC c1");
    direct->is_enabled = false;
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "host AB b1");
    first->is_enabled = false;
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "wait");
    assert_int_equal(route.opens_us, 0);
    talloc_free(owner);
}

static void a_way_that_closes_is_left_for_the_next(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 3, 1);
    struct connector *direct = link_groups(b, "AC", 'A', 'C', 30), *second;
    struct topology_question evening = MAILBOX(11, 3);
    struct route route;

    (void)state;
    link_groups(b, "AB", 'A', 'B', 10);
    second = link_groups(b, "BC", 'B', 'C', 10);
    second->schedule = "20:00-06:00";
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "host AC c1"); /* closed two hops away */
    evening.now_us = NOON_US + 9 * 3600 * US_PER_S;
    assert_string_equal(ask(b, evening, 0, &route), "host AB b1");
    direct->schedule = "18:00-19:00";
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "wait");
    assert_int_equal(route.opens_us, NOON_US + 6 * 3600 * US_PER_S);
    direct->schedule = "always";
    down(b, direct, "c1", NOON_US + 60 * US_PER_S);
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "wait");
    assert_int_equal(route.opens_us, NOON_US + 60 * US_PER_S);
    evening.now_us = NOON_US + 61 * US_PER_S; /* tried again */
    assert_string_equal(ask(b, evening, 0, &route), "host AC c1");
    talloc_free(owner);
}

static void limits_of_a_connector(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 2, 1);
    struct connector *small = link_groups(b, "small", 'A', 'B', 1), *big;
    const char *ada[] = { "ada@example.org" }, *org[] = { "@example.org" };
    struct topology_question large = MAILBOX(11, 2), low = MAILBOX(11, 2), eve = MAILBOX(11, 2);
    struct route route;

    (void)state;
    small->max_bytes = 1000;
    small->priorities = CONNECTOR_NORMAL;
    large.size_bytes = 1001;
    low.priority = TOPOLOGY_LOW;
    eve.sender = "eve@elsewhere.example";
    assert_string_equal(ask(b, large, 0, &route), "none");
    assert_string_equal(ask(b, low, 0, &route), "none");
    big = link_groups(b, "big", 'A', 'B', 9);
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "host small b1");
    assert_string_equal(ask(b, large, 0, &route), "host big b1");
    assert_string_equal(ask(b, low, 0, &route), "host big b1");
    small->allowed = org;
    small->allowed_count = 1;
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "host small b1");
    assert_string_equal(ask(b, eve, 0, &route), "host big b1");
    small->refused = ada;
    small->refused_count = 1;
    assert_string_equal(ask(b, MAILBOX(11, 2), 0, &route), "host big b1");
    big->is_enabled = false;
    assert_string_equal(ask(b, eve, 0, &route), "wait"); /* the administrator may yet allow it */
    talloc_free(owner);
}

static void spaces_fit_from_narrow_to_wide(void **state)
{
    static const struct {
        const char *domain, *route;
    } cases[] = {
        { "example.com", "host exact exact.example" },      { "EXAMPLE.com", "host exact exact.example" },
        { "a.example.com", "host sub sub.example" },        { "b.a.example.com", "host sub sub.example" },
        { "x.deep.example.com", "host deep deep.example" }, { "deep.example.com", "host sub sub.example" },
        { "notexample.com", "host all all.example" },       { "com", "host all all.example" },
    };
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 1, 1);
    struct route route;

    (void)state;
    assert_string_equal(ask(b, ELSEWHERE(11, "example.com"), 0, &route), "mx");
    assert_string_equal(route.destination, "mx example.com");
    smtp(b, "all", 'A', "*", 1, "all.example");
    smtp(b, "sub", 'A', "*.example.com", 50, "sub.example");
    smtp(b, "deep", 'A', "*.deep.example.com", 60, "deep.example");
    smtp(b, "exact", 'A', "example.com", 99, "exact.example");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].domain);
        assert_string_equal(ask(b, ELSEWHERE(11, cases[i].domain), 0, &route), cases[i].route);
    }
    talloc_free(owner);
}

static void a_narrow_way_that_is_closed_is_waited_for(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 1, 1);
    struct connector *narrow, *second;
    struct route route;

    (void)state;
    smtp(b, "all", 'A', "*", 1, "all.example");
    narrow = smtp(b, "partner", 'A', "partner.example", 10, "[192.0.2.1]:587");
    narrow->tls = "verify";
    narrow->login = "us";
    narrow->password = "secret";
    narrow->source_address = "192.0.2.9";
    assert_string_equal(ask(b, ELSEWHERE(11, "partner.example"), 0, &route), "host partner 192.0.2.1");
    assert_int_equal(route.hosts[0].port, 587);
    assert_false(route.hosts[0].has_mail_exchanger);
    assert_int_equal(route.tls, ROUTE_TLS_VERIFY);
    assert_string_equal(route.login, "us");
    assert_string_equal(route.password, "secret");
    assert_string_equal(route.source_address, "192.0.2.9");
    down(b, narrow, "192.0.2.1", NOON_US + 10);
    assert_string_equal(ask(b, ELSEWHERE(11, "partner.example"), 0, &route), "wait");
    second = smtp(b, "second", 'A', "partner.example", 20, NULL);
    assert_string_equal(ask(b, ELSEWHERE(11, "partner.example"), 0, &route), "mx second");
    down(b, second, "", NOON_US + 20); /* its uplink as a whole */
    assert_string_equal(ask(b, ELSEWHERE(11, "partner.example"), 0, &route), "wait");
    assert_int_equal(route.opens_us, NOON_US + 10);
    talloc_free(owner);
}

static void smarthosts_in_their_order(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 1, 1);
    struct connector *c = smtp(b, "out", 'A', "*", 1, "one.example, [two.example]:26 [IPv6:2001:db8::1]");
    struct route route;

    (void)state;
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 1, &route),
                        "host out one.example,two.example,2001:db8::1");
    assert_true(route.hosts[0].has_mail_exchanger);
    assert_false(route.hosts[1].has_mail_exchanger);
    assert_int_equal(route.hosts[1].port, 26);
    assert_false(route.hosts[2].has_mail_exchanger);
    down(b, c, "one.example", NOON_US + 10);
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 0, &route), "host out two.example,2001:db8::1");
    talloc_free(owner);
}

static void for_whom_a_connector_is(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 1, 1);
    struct connector *alpha, *ada;
    const char *senders[] = { "ada@example.org" };
    struct topology_question of_alpha = ELSEWHERE(11, "x.example"), of_beta = ELSEWHERE(11, "x.example");
    struct route route;

    (void)state;
    of_alpha.organisation_id = 1;
    of_alpha.sender = "bob@example.org";
    of_beta.organisation_id = 2;
    of_beta.sender = "eve@example.net";
    smtp(b, "all", 'A', "*", 1, "all.example");
    alpha = smtp(b, "alpha", 'A', "*", 50, "alpha.example");
    alpha->organisation_id = 1;
    ada = smtp(b, "ada", 'A', "*", 90, "ada.example");
    ada->allowed = senders;
    ada->allowed_count = 1;
    assert_string_equal(ask(b, of_alpha, 0, &route), "host alpha alpha.example");
    assert_string_equal(ask(b, of_beta, 0, &route), "host all all.example");
    of_alpha.sender = "Ada@example.org";
    assert_string_equal(ask(b, of_alpha, 0, &route), "host ada ada.example");
    down(b, ada, "ada.example", NOON_US + 10);
    assert_string_equal(ask(b, of_alpha, 0, &route), "host alpha alpha.example");
    talloc_free(owner);
}

static void the_way_to_a_connector_counts(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 2, 1);
    struct connector *near = smtp(b, "near", 'A', "*", 30, "near.example");
    const int64_t from_a[] = { 11 };
    struct topology_question back = ELSEWHERE(21, "x.example");
    struct route route;

    (void)state;
    smtp(b, "far", 'B', "*", 5, "far.example");
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 0, &route), "host near near.example");
    link_groups(b, "AB", 'A', 'B', 10);
    link_groups(b, "BA", 'B', 'A', 10);
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 0, &route), "host AB b1");
    assert_string_equal(ask(b, ELSEWHERE(21, "x.example"), 0, &route), "host far far.example");
    near->cost = near->spaces[0].cost = 15; /* equal: in turns */
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 0, &route), "host near near.example");
    assert_string_equal(ask(b, ELSEWHERE(11, "x.example"), 1, &route), "host AB b1");
    /* it came from A because B's was open then; it does not go back */
    down(b, &b->connectors[1], "far.example", NOON_US + 10);
    assert_string_equal(ask(b, back, 0, &route), "host BA a1");
    back.visited = from_a;
    back.visited_count = 1;
    assert_string_equal(ask(b, back, 0, &route), "wait");
    talloc_free(owner);
}

static void backup_never_meets_a_smarthost(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 2, 1);
    struct topology_question backup = ELSEWHERE(11, "backed.example");
    struct route route;

    (void)state;
    backup.is_backup = true;
    smtp(b, "all", 'A', "*", 1, "smart.example");
    smtp(b, "exact", 'A', "backed.example", 1, "smart.example");
    smtp(b, "far", 'B', "*", 1, NULL);
    link_groups(b, "AB", 'A', 'B', 1);
    assert_string_equal(ask(b, backup, 0, &route), "mx");
    assert_true(route.is_backup);
    smtp(b, "second uplink", 'A', "*", 7, NULL)->source_address = "192.0.2.9";
    assert_string_equal(ask(b, backup, 0, &route), "mx second uplink");
    assert_true(route.is_backup);
    assert_string_equal(route.source_address, "192.0.2.9");
    talloc_free(owner);
}

static void an_internal_relay_needs_its_own_connector(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 1, 1);
    struct topology_question relay = ELSEWHERE(11, "shared.example");
    struct route route;

    (void)state;
    relay.is_relay = true;
    smtp(b, "all", 'A', "*", 1, "smart.example");
    assert_string_equal(ask(b, relay, 0, &route), "wait");
    smtp(b, "old", 'A', "shared.example", 1, "[old.shared.example]");
    assert_string_equal(ask(b, relay, 0, &route), "host old old.shared.example");
    talloc_free(owner);
}

/* ---- random networks */

enum { RANDOM_GROUPS = 6, RANDOM_NETWORKS = 120 };

/* Least cost from `at` to `target` over simple paths, all of them tried. */
static int brute_force(const struct builder *b, int at, int target, unsigned been)
{
    int best = UNREACHABLE;

    if (at == target)
        return 0;
    for (size_t i = 0; i < b->routing.connector_count; i++) {
        const struct connector *c = &b->connectors[i];
        int to = (int)c->target_group_id, rest;

        if (c->routing_group_id != at || (been & 1u << to) || strcmp(c->schedule, "always") != 0)
            continue;
        rest = brute_force(b, to, target, been | 1u << to);
        if (rest != UNREACHABLE && c->cost + rest < best)
            best = c->cost + rest;
    }
    return best;
}

static const struct connector *connector_of(const struct builder *b, int64_t id)
{
    return &b->connectors[id - 1];
}

/* From group to group until it is there: each hop leaves exactly what brute force says is left. */
static void walk(struct builder *b, int from, int to, int expected, unsigned turn)
{
    int64_t visited[RANDOM_GROUPS];
    size_t count = 0;
    int left = expected;

    for (int at = from; at != to;) {
        struct topology_question question = MAILBOX(10 * at + 1, to);
        struct route route;

        question.visited = visited;
        question.visited_count = count;
        (void)ask(b, question, turn + (unsigned)count, &route);
        if (expected == UNREACHABLE) {
            assert_int_equal(route.kind, ROUTE_WAIT);
            return;
        }
        assert_int_equal(route.kind, ROUTE_HOST);
        const struct connector *c = connector_of(b, route.connector_id);
        assert_int_equal(c->routing_group_id, at);
        visited[count++] = question.server_id;
        at = (int)c->target_group_id;
        left -= c->cost;
        assert_int_equal(left, brute_force(b, at, to, 1u << at));
        assert_true(count < RANDOM_GROUPS);
    }
}

static void random_networks(void **state)
{
    unsigned reached = 0, unreachable = 0;

    (void)state;
    srand(20310108);
    for (int n = 0; n < RANDOM_NETWORKS; n++) {
        void *owner = talloc_new(NULL);
        struct builder *b = begin(owner, RANDOM_GROUPS, 1);
        int edges = rand() % 16;

        for (int i = 0; i < edges; i++) {
            char from = (char)('A' + rand() % RANDOM_GROUPS), to = (char)('A' + rand() % RANDOM_GROUPS);
            if (from != to)
                link_groups(b, "x", from, to, 1 + rand() % 5)->schedule = rand() % 6 ? "always" : "never";
        }
        for (int from = 1; from <= RANDOM_GROUPS; from++)
            for (int to = 1; to <= RANDOM_GROUPS; to++) {
                int expected = brute_force(b, from, to, 1u << from);
                *(expected == UNREACHABLE ? &unreachable : &reached) += 1;
                walk(b, from, to, expected, (unsigned)n);
            }
        talloc_free(owner);
    }
    print_message("  %u reached, %u not\n", reached, unreachable);
    assert_true(reached > 500 && unreachable > 500);
}

/* Links come and go between the hops: whatever happens, no message enters a group twice. */
static void no_loop_while_links_come_and_go(void **state)
{
    unsigned arrived = 0, waited = 0;

    (void)state;
    srand(7);
    for (int n = 0; n < RANDOM_NETWORKS; n++) {
        void *owner = talloc_new(NULL);
        struct builder *b = begin(owner, RANDOM_GROUPS, 2);
        int64_t visited[2 * RANDOM_GROUPS], at = 11;
        unsigned been = 0;
        size_t count = 0;

        for (int from = 0; from < RANDOM_GROUPS; from++)
            for (int to = 0; to < RANDOM_GROUPS; to++)
                if (from != to && b->routing.connector_count < COUNT_OF(b->connectors)) {
                    struct connector *c =
                        link_groups(b, "x", (char)('A' + from), (char)('A' + to), 1 + rand() % 9);
                    bridgeheads(b, &c->sources, &c->source_count, 10 * (from + 1) + 1 + rand() % 2);
                    bridgeheads(b, &c->targets, &c->target_count, 10 * (to + 1) + 1 + rand() % 2);
                }
        while (at / 10 != RANDOM_GROUPS) {
            struct topology_question question = MAILBOX(at, RANDOM_GROUPS);
            struct route route;

            for (size_t i = 0; i < b->routing.connector_count; i++)
                b->connectors[i].schedule = rand() % 2 ? "always" : "never";
            question.visited = visited;
            question.visited_count = count;
            (void)ask(b, question, (unsigned)rand(), &route);
            if (route.kind == ROUTE_WAIT) {
                waited++;
                break;
            }
            assert_int_equal(route.kind, ROUTE_HOST);
            visited[count++] = at;
            int64_t next = 10 * (route.hosts[0].host[0] - 'a' + 1) + route.hosts[0].host[1] - '0';
            if (next / 10 != at / 10) {
                been |= 1u << at / 10;
                assert_false(been & 1u << next / 10);
            }
            at = next;
            assert_true(count < COUNT_OF(visited));
        }
        arrived += at / 10 == RANDOM_GROUPS;
        talloc_free(owner);
    }
    print_message("  %u arrived, %u waited\n", arrived, waited);
    assert_true(arrived > 15);
}

/* A server that has not seen yet where a storage group went: the other one sends the message back to it, and it waits there
 * instead of going round. */
static void two_servers_that_believe_each_other_responsible(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *a = begin(owner, 2, 1), *b = begin(owner, 2, 1);
    const int64_t from_a[] = { 11 }, from_both[] = { 11, 21 };
    struct topology_question back = MAILBOX(21, 1), again = MAILBOX(11, 1);
    struct route route;

    (void)state;
    link_groups(a, "AB", 'A', 'B', 10), link_groups(a, "BA", 'B', 'A', 10);
    link_groups(b, "AB", 'A', 'B', 10), link_groups(b, "BA", 'B', 'A', 10);
    a->routing.homes[0].routing_group_id = 2; /* A: it lives in B; B: it lives in A */
    assert_string_equal(ask(a, MAILBOX(11, 1), 0, &route), "host AB b1");
    back.visited = from_a;
    back.visited_count = 1;
    assert_string_equal(ask(b, back, 0, &route), "wait");
    assert_non_null(strstr(route.reason, "leads back"));
    again.visited = from_both; /* and should it have come back all the same */
    again.visited_count = 2;
    assert_string_equal(ask(a, again, 0, &route), "wait");
    talloc_free(owner);
}

/* Connectors in a ring, and a group that none leads to. */
static void a_ring_without_an_exit(void **state)
{
    void *owner = talloc_new(NULL);
    struct builder *b = begin(owner, 4, 1);
    struct route route;

    (void)state;
    link_groups(b, "AB", 'A', 'B', 1), link_groups(b, "BC", 'B', 'C', 1), link_groups(b, "CA", 'C', 'A', 1);
    assert_string_equal(ask(b, MAILBOX(11, 4), 0, &route), "wait");
    assert_string_equal(ask(b, MAILBOX(11, 3), 0, &route), "host AB b1");
    link_groups(b, "CD", 'C', 'D', 1)->schedule = "never";
    assert_string_equal(ask(b, MAILBOX(11, 4), 0, &route), "wait");
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_two_groups),
        cmocka_unit_test(bridgeheads_carry_it),
        cmocka_unit_test(the_cheapest_of_three),
        cmocka_unit_test(a_way_that_closes_is_left_for_the_next),
        cmocka_unit_test(limits_of_a_connector),
        cmocka_unit_test(spaces_fit_from_narrow_to_wide),
        cmocka_unit_test(a_narrow_way_that_is_closed_is_waited_for),
        cmocka_unit_test(smarthosts_in_their_order),
        cmocka_unit_test(for_whom_a_connector_is),
        cmocka_unit_test(the_way_to_a_connector_counts),
        cmocka_unit_test(backup_never_meets_a_smarthost),
        cmocka_unit_test(an_internal_relay_needs_its_own_connector),
        cmocka_unit_test(random_networks),
        cmocka_unit_test(no_loop_while_links_come_and_go),
        cmocka_unit_test(two_servers_that_believe_each_other_responsible),
        cmocka_unit_test(a_ring_without_an_exit),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
