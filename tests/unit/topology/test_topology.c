/* test_topology.c -- from the rows an administrator wrote to a route, and how soon a change is seen by another server. */
#include "base/clock.h"
#include "base/wake.h"
#include "db/statement.h"
#include "directory/routing.h"
#include "kit/directory.h"
#include "kit/pg.h"
#include "topology/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

static struct err err;

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)
#define FAILS(call, wanted)                                                                                  \
    do {                                                                                                     \
        assert_false(call);                                                                                  \
        assert_int_equal(err.kind, wanted);                                                                  \
    } while (0)

struct fixture {
    struct kit_directory *kit;
    struct directory *d;
    int64_t near, far;
    struct topology *of_near, *of_far;
};

static struct topology *open_as(struct fixture *f, const char *server)
{
    struct topology_options options = { .directory = f->d, .server = server };
    struct topology *topology;

    OK(topology_open(f, &options, &topology, &err));
    return topology;
}

/* Two servers in two groups; a second storage group belongs to the far one. */
static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    struct storage_group group = { .name = "Far Storage" };
    int64_t id;

    f->kit = kit_directory(f);
    f->d = f->kit->directory;
    OK(server_register(f->d, "near.example.org", &f->near, &err));
    OK(server_register(f->d, "far.example.org", &f->far, &err));
    OK(routing_group_add(f->d, &kit_root, "Far", &err));
    OK(server_set_routing_group(f->d, &kit_root, "far.example.org", "Far", &err));
    OK(server_set_address(f->d, &kit_root, "far.example.org", "[127.0.0.9]:2525", &err));
    OK(storage_group_add(f->d, &kit_root, &group, &id, &err));
    OK(storage_group_set_routing_group(f->d, &kit_root, "Far Storage", "Far", &err));
    f->of_near = open_as(f, "near.example.org");
    f->of_far = open_as(f, "far.example.org");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    topology_close(&f->of_near);
    topology_close(&f->of_far);
    talloc_free(f);
    return 0;
}

static struct connector wanted(const char *name, enum connector_kind kind)
{
    return (struct connector){ .name = name,
                               .kind = kind,
                               .is_enabled = true,
                               .cost = 10,
                               .schedule = "always",
                               .priorities = CONNECTOR_ALL,
                               .tls = "opportunistic" };
}

static struct route ask(struct fixture *f, struct topology *topology, int64_t storage_group_id,
                        const char *domain)
{
    struct topology_question question = { .sender = "ada@example.org",
                                          .domain = domain,
                                          .storage_group_id = storage_group_id };
    struct route route;

    OK(topology_route(topology, f, &question, &route, &err));
    return route;
}

/* Asks until the answer is of this kind; the time it took. */
static int64_t until(struct fixture *f, struct topology *topology, int64_t storage_group_id,
                     const char *domain, enum route_kind kind)
{
    int64_t start_us = clock_monotonic_us();

    while (ask(f, topology, storage_group_id, domain).kind != kind)
        usleep(50000);
    return clock_monotonic_us() - start_us;
}

static void what_is_written_is_routed(void **state)
{
    struct fixture *f = *state;
    struct connector link = wanted("to Far", CONNECTOR_ROUTING_GROUP), found;
    struct connector_server bridgehead = { .name = "far.example.org" };
    struct route route;

    assert_int_equal(ask(f, f->of_near, 1, NULL).kind, ROUTE_STORE);
    assert_int_equal(ask(f, f->of_near, 2, NULL).kind, ROUTE_WAIT);
    assert_int_equal(ask(f, f->of_far, 2, NULL).kind, ROUTE_STORE);
    link.target_group = "Far";
    link.targets = &bridgehead;
    link.target_count = 1;
    OK(connector_add(f->d, &kit_root, &link, &err));
    (void)until(f, f->of_near, 2, NULL, ROUTE_HOST);
    route = ask(f, f->of_near, 2, NULL);
    assert_string_equal(route.hosts[0].host, "127.0.0.9");
    assert_int_equal(route.hosts[0].port, 2525);
    assert_true(route.is_internal);
    OK(connector_find(f->d, &kit_root, f, "to Far", &found, &err));
    assert_int_equal(found.target_count, 1);
    assert_string_equal(found.targets[0].name, "far.example.org");
    assert_string_equal(found.target_group, "Far");
    FAILS(routing_group_remove(f->d, &kit_root, "Far", &err), ERR_DEPENDED_ON);
    FAILS(server_set_routing_group(f->d, &kit_root, "far.example.org", "First Routing Group", &err),
          ERR_DEPENDED_ON);
    OK(connector_remove(f->d, &kit_root, "to Far", &err));
    (void)until(f, f->of_near, 2, NULL, ROUTE_WAIT);
}

static void a_fault_is_seen_by_all(void **state)
{
    struct fixture *f = *state;
    struct connector out = wanted("out", CONNECTOR_SMTP), found;
    struct connector_space space = { "*", 5 };
    struct topology *third = open_as(f, "near.example.org");
    struct route route;

    out.spaces = &space;
    out.space_count = 1;
    out.smarthost = "[smart.example.com]:587";
    out.tls = "verify";
    out.login = "us";
    out.password = "very secret";
    OK(connector_add(f->d, &kit_root, &out, &err));
    (void)until(f, f->of_near, 0, "x.example.com", ROUTE_HOST);
    (void)until(f, third, 0, "x.example.com", ROUTE_HOST);
    route = ask(f, f->of_near, 0, "x.example.com");
    assert_string_equal(route.password, "very secret");
    OK(connector_find(f->d, &kit_root, f, "out", &found, &err));
    assert_string_equal(found.login, "us");
    assert_null(found.password);

    OK(topology_report(f->of_near, route.connector_id, "smart.example.com", false, "no answer", &err));
    assert_int_equal(ask(f, f->of_near, 0, "x.example.com").kind, ROUTE_WAIT);
    assert_true(until(f, third, 0, "x.example.com", ROUTE_WAIT) < 5 * US_PER_S);
    route = ask(f, third, 0, "x.example.com");
    assert_true(route.opens_us > clock_now_us() &&
                route.opens_us <= clock_now_us() + TOPOLOGY_DOWN_S * US_PER_S);
    OK(topology_report(third, found.connector_id, "smart.example.com", true, NULL, &err));
    assert_int_equal(ask(f, third, 0, "x.example.com").kind, ROUTE_HOST);
    assert_true(until(f, f->of_near, 0, "x.example.com", ROUTE_HOST) < 5 * US_PER_S);

    /* changed settings are tried at once, and keep the login that was not named again */
    OK(topology_report(f->of_near, found.connector_id, "smart.example.com", false, "no answer", &err));
    found.password = NULL;
    found.login = NULL;
    found.cost = 20;
    OK(connector_set(f->d, &kit_root, &found, &err));
    (void)until(f, f->of_near, 0, "x.example.com", ROUTE_HOST);
    assert_string_equal(ask(f, f->of_near, 0, "x.example.com").password, "very secret");
    found.login = "";
    OK(connector_set(f->d, &kit_root, &found, &err));
    assert_true(until(f, third, 0, "x.example.com", ROUTE_HOST) < 5 * US_PER_S);
    sleep(1);
    usleep(200000);
    assert_null(ask(f, third, 0, "x.example.com").password);
    OK(connector_remove(f->d, &kit_root, "out", &err));
    OK(topology_report(f->of_near, found.connector_id, "smart.example.com", false, "gone since", &err));
    topology_close(&third);
}

static void what_the_bus_tells_is_seen_at_once(void **state)
{
    struct fixture *f = *state;
    struct topology_options options = { .directory = f->d, .server = "near.example.org" };
    struct connector link = wanted("to Far", CONNECTOR_ROUTING_GROUP);
    struct connector_server bridgehead = { .name = "far.example.org" };
    struct topology *told, *reporter;

    OK(wake_start(NULL, "test", &options.wake, &err));
    OK(topology_open(f, &options, &told, &err));
    OK(topology_open(f, &options, &reporter, &err));
    assert_int_equal(ask(f, told, 2, NULL).kind, ROUTE_WAIT);
    link.target_group = "Far";
    link.targets = &bridgehead;
    link.target_count = 1;
    OK(connector_add(f->d, &kit_root, &link, &err));
    wake_publish(options.wake, DIRECTORY_WAKE_GROUP, DIRECTORY_WAKE_CHANGED, 0);
    struct route route = ask(f, told, 2, NULL);
    assert_int_equal(route.kind, ROUTE_HOST);
    OK(topology_report(reporter, route.connector_id, route.hosts[0].host, false, "gone", &err));
    assert_int_equal(ask(f, told, 2, NULL).kind, ROUTE_WAIT);
    topology_close(&told);
    topology_close(&reporter);
    wake_stop(&options.wake);
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct actor alpha = { .name = "ada@example.org", .organisation_id = f->kit->ada_org };
    struct connector good = wanted("good", CONNECTOR_SMTP), bad;
    struct connector_space star = { "*", 1 }, poor = { "no domain", 1 };
    struct connector_server stranger = { .name = "far.example.org" };
    struct connector *list;
    size_t count;

    good.spaces = &star;
    good.space_count = 1;
    FAILS(connector_add(f->d, &alpha, &good, &err), ERR_DENIED);
    FAILS(connector_list(f->d, &alpha, f, &list, &count, &err), ERR_DENIED);
    FAILS(routing_group_add(f->d, &alpha, "mine", &err), ERR_DENIED);
#define BAD(change, kind)                                                                                    \
    do {                                                                                                     \
        bad = good;                                                                                          \
        change;                                                                                              \
        FAILS(connector_add(f->d, &kit_root, &bad, &err), kind);                                             \
    } while (0)
    BAD(bad.name = "", ERR_INVALID);
    BAD(bad.cost = 0, ERR_INVALID);
    BAD(bad.cost = 101, ERR_INVALID);
    BAD(bad.schedule = "sometimes", ERR_INVALID);
    BAD(bad.space_count = 0, ERR_INVALID);
    BAD(bad.spaces = &poor, ERR_INVALID);
    BAD(bad.smarthost = "[unclosed", ERR_INVALID);
    BAD(bad.smarthost = "a.example:99999", ERR_INVALID);
    BAD(bad.smarthost = ",", ERR_INVALID);
    BAD(bad.tls = "perhaps", ERR_INVALID);
    BAD(bad.source_address = "here", ERR_INVALID);
    BAD(bad.login = "us"; bad.password = "x", ERR_INVALID);
    BAD(bad.login = "us"; bad.password = "x"; bad.smarthost = "a.example"; bad.tls = "never", ERR_INVALID);
    BAD(bad.target_group = "Far", ERR_INVALID);
    BAD(bad.routing_group = "Nowhere", ERR_NOT_FOUND);
    BAD(bad.organisation_id = 999, ERR_NOT_FOUND);
    BAD(bad.sources = &stranger; bad.source_count = 1, ERR_NOT_FOUND); /* not of its routing group */
    BAD(bad.priorities = 0, ERR_INVALID);
#undef BAD
    OK(connector_add(f->d, &kit_root, &good, &err));
    FAILS(connector_add(f->d, &kit_root, &good, &err), ERR_EXISTS);
    FAILS(connector_remove(f->d, &kit_root, "bad", &err), ERR_NOT_FOUND);
    FAILS(server_set_address(f->d, &kit_root, "far.example.org", "a b", &err), ERR_INVALID);
    FAILS(server_set_routing_group(f->d, &kit_root, "nobody", "Far", &err), ERR_NOT_FOUND);
}

static void the_path_of_a_message(void **state)
{
    struct fixture *f = *state;
    const int64_t visited[] = { 7, 1234567 };
    int64_t ids[TOPOLOGY_PATH_MAX];
    struct span value;

    assert_int_equal(ask(f, f->of_near, 1, NULL).kind, ROUTE_STORE);
    value = span_text(topology_path_field(f, f->of_near, visited, 2));
    value.p += strlen("X-Chappe-Path:");
    assert_int_equal(topology_read_path(value, ids), 3);
    assert_int_equal(ids[0], 7);
    assert_int_equal(ids[1], 1234567);
    assert_int_equal(ids[2], f->near);
    assert_int_equal(topology_read_path(span_text(" 1 x 2"), ids), 1);
    assert_int_equal(topology_read_path(span_text("99999999999"), ids), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_routed),
        TEST(a_fault_is_seen_by_all),
        TEST(what_the_bus_tells_is_seen_at_once),
        TEST(what_is_refused),
        TEST(the_path_of_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
