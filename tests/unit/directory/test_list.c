/* test_list.c -- settings of groups, members by a query, and joining and leaving, in a real directory. */
#include "directory/alias.h"
#include "directory/book_card.h"
#include "directory/list.h"
#include "directory/membership.h"
#include "directory/organisation.h"
#include "directory/query_memory.h"
#include "format/link_token.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include "base/clock.h"
#include "db/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

struct fixture {
    struct kit_directory *kit;
    struct directory *directory;
    int64_t ada, bob, group;
    struct err err;
};

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, f->err.user, f->err.log);                                         \
    } while (0)

static int64_t add_group(struct fixture *f, const char *address, const char **members, size_t count)
{
    struct alias wanted = { .kind = RECIPIENT_GROUP,
                            .address = address,
                            .name = "Group",
                            .targets = members,
                            .target_count = count,
                            .is_enabled = true };
    int64_t id = 0;

    OK(alias_add(f->directory, &kit_root, &wanted, &id, &f->err));
    return id;
}

static int set_up(void **state)
{
    struct fixture *f = talloc_zero(NULL, struct fixture);
    const char *members[] = { "ada@example.org", "Guest@far.example" };

    f->kit = kit_directory(f);
    f->directory = f->kit->directory;
    f->ada = kit_user(f->kit, "ada@example.org", NULL);
    f->bob = kit_user(f->kit, "bob@example.org", NULL);
    kit_user(f->kit, "eve@example.net", NULL);
    f->group = add_group(f, "group@example.org", members, 2);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    talloc_free(*state);
    return 0;
}

static void set_query(struct fixture *f, int64_t group, const char *query)
{
    struct list_settings wanted = { .query = query };

    OK(list_set(f->directory, &kit_root, group, LIST_QUERY, &wanted, &f->err));
}

static void settings_are_kept_and_people_found(void **state)
{
    struct fixture *f = *state;
    struct list_person people[] = { { 0, "bob@example.org" }, { 0, "x@far.example" } };
    struct list_settings wanted = { .is_list = true,
                                    .is_moderated = true,
                                    .joining = LIST_BY_APPROVAL,
                                    .hold_days = 3,
                                    .owners = people,
                                    .owner_count = 2 },
                         found;
    const struct actor beta = { .name = "beta", .organisation_id = f->kit->bob_org };
    bool has;

    OK(list_get(f->directory, &kit_root, f, f->group, &found, &f->err));
    assert_false(found.is_list || found.is_moderated || found.query);
    OK(list_set(f->directory, &kit_root, f->group,
                LIST_IS_LIST | LIST_IS_MODERATED | LIST_JOINING | LIST_HOLD | LIST_OWNERS, &wanted, &f->err));
    OK(list_load(f->directory, f, f->group, &found, &f->err));
    assert_true(found.is_list && found.is_moderated);
    assert_int_equal(found.joining, LIST_BY_APPROVAL);
    assert_int_equal(found.hold_days, 3);
    assert_int_equal(found.owner_count, 2);
    assert_int_equal(found.owners[0].recipient_id, f->bob);
    assert_string_equal(found.owners[1].address, "x@far.example");
    OK(list_has_person(f->directory, f->group, f->bob, &has, &f->err));
    assert_true(has);
    OK(list_has_person(f->directory, f->group, f->ada, &has, &f->err));
    assert_false(has);
    assert_false(list_get(f->directory, &beta, f, f->group, &found, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_false(list_set(f->directory, &beta, f->group, LIST_IS_LIST, &wanted, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
    assert_false(list_get(f->directory, &kit_root, f, f->ada, &found, &f->err)); /* no group */
    wanted.owner_count = 0; /* nobody would be left to decide */
    assert_false(list_set(f->directory, &kit_root, f->group, LIST_OWNERS, &wanted, &f->err));
    assert_int_equal(f->err.kind, ERR_INVALID);
}

/* ---- queries */

static const struct {
    const char *what, *query, *selected; /* NULL: refused */
} queries[] = {
    { "by address", "(address=ada@example.org)", "ada@example.org" },
    { "whatever case", "(mail=ADA@Example.org)", "ada@example.org" },
    { "part of it", "(address=*@example.org)", "ada@example.org bob@example.org" },
    { "pieces in order", "(address=a*a@*org)", "ada@example.org" },
    { "pieces out of order", "(address=*org*ada*)", "" },
    { "another's domain is another's", "(domain=example.net)", "" },
    { "not", "(&(kind=user)(!(address=ada@*)))", "bob@example.org" },
    { "or", "(|(address=ada@*)(address=bob@*)(address=group@*))", "ada@example.org bob@example.org" },
    { "presence", "(store=*)", "ada@example.org bob@example.org" },
    { "nothing has it", "(name=)", NULL },
    { "a percent is a percent", "(name=%)", "" },
    { "an underscore is one", "(address=_da@example.org)", "" },
    { "an underscore between stars", "(address=*_da*)", "" },
    { "a quote is a value", "(name=' OR '1'='1)", "" },
    { "a member of a group", "(member_of=group@example.org)", "ada@example.org" },
    { "not a member of it", "(!(member_of=group@example.org))", "bob@example.org" },
    { "an attribute that nobody knows", "(password=x)", NULL },
    { "no filter", "kind=user", NULL },
};

static void queries_select(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        void *arena = talloc_new(NULL);
        char *found = talloc_strdup(arena, "");
        const char **addresses;
        size_t count = 0;
        bool is_good = list_query_check(queries[i].query, &f->err);

        print_message("  %s\n", queries[i].what);
        assert_int_equal(is_good, queries[i].selected != NULL);
        if (is_good) {
            OK(list_query_preview(f->directory, &kit_root, arena, f->kit->ada_org, queries[i].query,
                                  LIST_WITHOUT_GROUPS, 100, &addresses, &count, &f->err));
            for (size_t k = 0; k < count; k++)
                found = talloc_asprintf_append(found, "%s%s", k ? " " : "", addresses[k]);
            assert_string_equal(found, queries[i].selected);
        }
        talloc_free(arena);
    }
}

static void members_are_known_by_name_group_and_query(void **state)
{
    struct fixture *f = *state;
    const char *members[] = { "group@example.org" };
    int64_t outer = add_group(f, "outer@example.org", members, 1);
    bool has;

    OK(group_has_member(f->directory, outer, "ada@example.org", true, &has, &f->err));
    assert_true(has);
    OK(group_has_member(f->directory, outer, "ada@example.org", false, &has, &f->err));
    assert_false(has); /* who only says so */
    OK(group_has_member(f->directory, outer, "guest@far.example", false, &has, &f->err));
    assert_true(has);
    OK(group_has_member(f->directory, outer, "bob@example.org", true, &has, &f->err));
    assert_false(has);
    set_query(f, f->group, "(address=bob@*)");
    OK(group_has_member(f->directory, outer, "bob@example.org", true, &has, &f->err));
    assert_true(has);
    OK(group_has_member(f->directory, outer, "bob@example.org", false, &has, &f->err));
    assert_false(has);
    OK(group_has_member(f->directory, outer, "eve@example.net", true, &has, &f->err));
    assert_false(has);
}

/* How many of two groups hold this one. */
static size_t held_by(struct fixture *f, int64_t recipient_id, int64_t one, int64_t other)
{
    const int64_t groups[] = { one, other };
    int64_t *held;
    size_t count;

    OK(membership_among(f->directory, f, recipient_id, groups, 2, &held, &count, &f->err));
    return count;
}

static void groups_are_found_from_their_members_upwards(void **state)
{
    struct fixture *f = *state;
    const char *members[] = { "group@example.org" };
    int64_t outer = add_group(f, "outer@example.org", members, 1), bob = f->bob;

    OK(group_member_add(f->directory, &kit_root, "group@example.org", "outer@example.org",
                        &f->err)); /* a circle */
    assert_int_equal(held_by(f, f->ada, f->group, outer), 2);
    assert_int_equal(held_by(f, f->ada, outer, 999), 1);
    assert_int_equal(held_by(f, bob, f->group, outer), 0);
    set_query(f, f->group, "(address=bob@*)");
    assert_int_equal(held_by(f, bob, f->group, outer), 2);
    assert_int_equal(held_by(f, bob, outer, 999), 1);
    set_query(f, f->group, NULL);
    assert_int_equal(held_by(f, bob, f->group, outer), 0);
    OK(group_member_remove(f->directory, &kit_root, "group@example.org", "ada@example.org", &f->err));
    assert_int_equal(held_by(f, f->ada, f->group, outer), 0);
}

static void a_selection_is_never_older_than_the_directory(void **state)
{
    struct fixture *f = *state;
    int64_t *ids, began_us, cold_us, warm_us;
    size_t count;

    set_query(f, f->group, "(kind=user)");
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    assert_int_equal(count, 2);
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err)); /* from memory */
    assert_int_equal(count, 2);
    kit_user(f->kit, "carl@example.org", NULL);
    do { /* at most a second later */
        OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    } while (count == 2);
    assert_int_equal(count, 3);
    set_query(f, f->group, NULL);
    do {
        OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    } while (count != 0);
    if (!getenv("LIST_COST")) /* how much it costs among many is for people who ask */
        return;
    struct db_pool *pool = kit_pg_pool(f, f->kit->conninfo, NULL, 1);
    struct db *db = kit_pg_acquire(pool);
    OK(db_exec_script(
        db,
        "INSERT INTO recipient (organisation_id, administrative_group_id, kind, name, created_us, changed_us)"
        " SELECT organisation_id, administrative_group_id, 'user', 'User ' || n, 1, 1"
        "   FROM recipient, generate_series(1, 100000) n WHERE name = 'Group';"
        "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)"
        " SELECT r.organisation_id, d.domain_id, r.recipient_id, 'u' || r.recipient_id || '@example.org', true"
        "   FROM recipient r JOIN domain d ON d.name = 'example.org' WHERE r.name LIKE 'User %';"
        "ANALYZE",
        &f->err));
    db_release(&db);
    set_query(f, f->group, "(&(kind=user)(|(name=user 1*)(name=*77))(!(address=*5@example.org)))");
    began_us = clock_monotonic_us();
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    cold_us = clock_monotonic_us() - began_us;
    began_us = clock_monotonic_us();
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    warm_us = clock_monotonic_us() - began_us;
    print_message("  among 100,000: %zu selected, %lld us, again %lld us\n", count, (long long)cold_us,
                  (long long)warm_us);
}

/* However many groups by query are asked about, so many selections are kept; what is not is asked for again. */
static void the_memory_of_selections_is_bounded(void **state)
{
    struct fixture *f = *state;
    enum { GROUPS = QUERY_GROUPS_MAX + 40, OTHER = 1000000 };
    int64_t some[] = { f->ada, f->bob, 0 }, *large = talloc_zero_array(f, int64_t, QUERY_IDS_MAX + 2), *ids;
    int64_t stamp, now_us;
    size_t kept = 0, count;

    set_query(f, f->group, "(kind=user)");
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err)); /* the stamp is known now */
    assert_true(query_memory_recall(f->directory, f, f->group, &ids, &count));
    OK(book_stamp(f->directory, &stamp, &f->err));
    now_us = clock_monotonic_us();
    for (int64_t i = 0; i < GROUPS; i++)
        query_memory_keep(f->directory, OTHER + i, stamp, now_us, some, 1);
    for (int64_t i = 0; i < GROUPS; i++)
        kept += query_memory_recall(f->directory, f, OTHER + i, &ids, &count);
    assert_in_range(kept, 1, QUERY_GROUPS_MAX);
    assert_true(query_memory_recall(f->directory, f, OTHER + GROUPS - 1, &ids, &count));
    assert_int_equal(count, 1);
    query_memory_keep(f->directory, OTHER, stamp, now_us, large,
                      QUERY_IDS_MAX + 1); /* more than all may have */
    assert_false(query_memory_recall(f->directory, f, OTHER, &ids, &count));
    query_memory_keep(f->directory, OTHER, stamp, now_us, large, QUERY_IDS_MAX - 1);
    query_memory_keep(f->directory, OTHER + 1, stamp, now_us, some, 2); /* both together are too many */
    assert_false(query_memory_recall(f->directory, f, OTHER, &ids, &count));
    assert_true(query_memory_recall(f->directory, f, OTHER + 1, &ids, &count));
    OK(group_query_members(f->directory, f, f->group, &ids, &count, &f->err));
    assert_int_equal(count, 2);
}

/* ---- joining and leaving */

static void a_token_ends_one_membership_once(void **state)
{
    struct fixture *f = *state;
    const struct actor link = { .name = "link" };
    const char *address;
    struct alias group;

    OK(list_leave(f->directory, &link, f, f->group, link_member(f->bob, NULL), &address, &f->err));
    assert_null(address); /* is no member */
    OK(list_leave(f->directory, &link, f, f->group, link_member(0, "guest@FAR.example"), &address, &f->err));
    assert_string_equal(address, "Guest@far.example");
    OK(list_leave(f->directory, &link, f, f->group, link_member(0, "guest@far.example"), &address, &f->err));
    assert_null(address);
    OK(alias_find(f->directory, &kit_root, f, RECIPIENT_GROUP, "group@example.org", &group, &f->err));
    assert_int_equal(group.target_count, 1);
    OK(list_leave(f->directory, &link, f, f->group, link_member(f->ada, NULL), &address, &f->err));
    assert_string_equal(address, "ada@example.org");
    OK(list_leave(f->directory, &link, f, 999999, link_member(f->ada, NULL), &address, &f->err));
    assert_null(address); /* a list that is gone */
    OK(list_leave(f->directory, &link, f, f->ada, link_member(f->ada, NULL), &address, &f->err));
    assert_null(address); /* no list */
}

static void requests_wait_and_end(void **state)
{
    struct fixture *f = *state;
    struct list_request request;
    int64_t id, again;

    OK(list_request_add(f->directory, f->group, "x@far.example", false, false, &id, &f->err));
    OK(list_request_find(f->directory, f, id, &request, &f->err));
    assert_string_equal(request.address, "x@far.example");
    assert_false(request.is_confirmed || request.leaves);
    /* asked again at once: nobody is sent a second letter */
    assert_false(list_request_add(f->directory, f->group, "X@far.example", false, false, &again, &f->err));
    assert_int_equal(f->err.kind, ERR_LIMIT);
    OK(list_request_add(f->directory, f->group, "x@far.example", true, false, &again, &f->err));
    assert_int_not_equal(again, id);
    OK(list_request_confirm(f->directory, id, &f->err));
    OK(list_request_find(f->directory, f, id, &request, &f->err));
    assert_true(request.is_confirmed);
    OK(list_request_remove(f->directory, id, &f->err));
    assert_false(list_request_find(f->directory, f, id, &request, &f->err));
    OK(list_request_tidy(f->directory, clock_now_us(), &f->err));
    OK(list_request_find(f->directory, f, again, &request, &f->err));
    OK(list_request_tidy(f->directory, clock_now_us() + 8 * 86400 * US_PER_S, &f->err));
    assert_false(list_request_find(f->directory, f, again, &request, &f->err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_are_kept_and_people_found),
        TEST(queries_select),
        TEST(members_are_known_by_name_group_and_query),
        TEST(a_selection_is_never_older_than_the_directory),
        TEST(groups_are_found_from_their_members_upwards),
        TEST(the_memory_of_selections_is_bounded),
        TEST(a_token_ends_one_membership_once),
        TEST(requests_wait_and_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
