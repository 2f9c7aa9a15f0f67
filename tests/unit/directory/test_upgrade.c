/*
 * test_upgrade.c -- a directory that is in use, upgraded: what newer schemas compute and index is there for what was written before them.
 */
#include "db/migrate.h"
#include "db/statement.h"
#include "directory/address_book.h"
#include "kit/directory.h"
#include "kit/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>
#include <talloc.h>

#define OK(call)                                                                                             \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s / %s", #call, err.user, err.log);                                               \
    } while (0)

enum { BEFORE_ADDRESS_SEARCH = 25 };

/* Two organisations of 3,000 people each; every tenth name is one that is folded otherwise since. */
static const char people[] =
    "INSERT INTO organisation (organisation_id, name, created_us) VALUES (1001, 'Alpha', 1), (1002, 'Beta', 1);"
    "INSERT INTO administrative_group (administrative_group_id, organisation_id, name)"
    " SELECT organisation_id, organisation_id, 'Default' FROM organisation WHERE organisation_id > 1000;"
    "INSERT INTO domain (domain_id, organisation_id, administrative_group_id, name, kind)"
    " SELECT organisation_id, organisation_id, organisation_id, lower(name) || '.example', 'authoritative'"
    "   FROM organisation WHERE organisation_id > 1000;"
    "INSERT INTO recipient (recipient_id, organisation_id, administrative_group_id, kind, name, created_us, changed_us)"
    " SELECT o * 10000 + i, o, o, 'user', CASE i % 10 WHEN 0 THEN 'Łódź ' ELSE 'Person ' END || i, 1, 1"
    "   FROM unnest(ARRAY[1001, 1002]) o, generate_series(1, 3000) i;"
    "INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)"
    " SELECT organisation_id, organisation_id, recipient_id, 'p' || recipient_id || CASE organisation_id WHEN 1001"
    "   THEN '@alpha.example' ELSE '@beta.example' END, true FROM recipient WHERE organisation_id > 1000;"
    "INSERT INTO recipient_person (recipient_id, organisation_id, given_name, surname, department, phone)"
    " SELECT recipient_id, organisation_id, 'Wałęsa', 'Müller ' || recipient_id, 'Sales',"
    "        '+49 (30) ' || recipient_id || '-77' FROM recipient WHERE organisation_id > 1000;";

static int64_t number(struct db *db, const char *sql)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct err err;

    OK(db_query_built(db, scratch, sql, DB_NO_ARGS, &rows, &err));
    assert_true(db_rows_at(rows, 0, &row));
    int64_t value = db_get_i64(&row, 0);
    talloc_free(scratch);
    return value;
}

/* Does the way that is taken for this statement lead over the index? */
static bool goes_by(struct db *db, const char *sql, const char *index)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct err err;
    bool found = false;

    OK(db_query_built(db, scratch, talloc_asprintf(scratch, "EXPLAIN %s", sql), DB_NO_ARGS, &rows, &err));
    for (size_t i = 0; !found && db_rows_at(rows, i, &row); i++)
        found = strstr(span_copy(scratch, db_get_text(&row, 0)), index) != NULL;
    talloc_free(scratch);
    return found;
}

static const struct {
    const char *sql, *index;
    int64_t count;
} questions[] = {
    { "SELECT count(*) FROM recipient_person WHERE chappe_number(phone) LIKE '%001012377%'",
      "recipient_person_by_part", 1 },
    { "SELECT count(*) FROM recipient_person WHERE sort_surname LIKE '%muller 1002299%'",
      "recipient_person_by_part", 10 },
    { "SELECT count(*) FROM recipient_person WHERE sort_given_name LIKE '%walesa%'", NULL, 6000 },
    { "SELECT count(*) FROM recipient_person WHERE organisation_id = 1002 AND lower(department) = 'sales'",
      NULL, 3000 },
    { "SELECT count(*) FROM recipient WHERE sort_name LIKE '%lodz 99%'", NULL, 2 },
};

static void the_indexes_hold_what_was_there(struct db *db)
{
    struct err err;

    OK(db_exec_script(db, "ANALYZE recipient; ANALYZE recipient_person", &err));
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        assert_int_equal(number(db, questions[i].sql), questions[i].count);
        if (questions[i].index && !goes_by(db, questions[i].sql, questions[i].index))
            fail_msg("%s does not go by %s", questions[i].sql, questions[i].index);
    }
    assert_int_equal(number(db,
                            "SELECT count(*) FROM pg_class WHERE relname IN ('recipient', 'recipient_person')"
                            " AND relrowsecurity AND relforcerowsecurity"),
                     2);
}

/* As webmail and LDAP ask; and somebody new is found beside those of before. */
static void people_are_found(struct kit_directory *kit)
{
    static const struct book_query query = { .organisation_id = 1001, .text = "lodz", .limit = 1000 };
    void *scratch = talloc_new(NULL);
    struct user wanted = { .address = "new@alpha.example", .name = "Nowa Łódź", .protocols = PROTOCOLS_ALL },
                user;
    struct book_entry *entries;
    struct err err;
    size_t count;

    OK(book_search(kit->directory, scratch, &query, &entries, &count, &err));
    assert_int_equal(count, 300);
    OK(user_add(kit->directory, &kit_root, &wanted, NULL, &user, scratch, &err));
    OK(book_search(kit->directory, scratch, &query, &entries, &count, &err));
    assert_int_equal(count, 301);
    talloc_free(scratch);
}

static void a_filled_directory_gets_address_search(void **state)
{
    const struct db_schema before = { db_schema_directory.name, db_schema_directory.migrations,
                                      BEFORE_ADDRESS_SEARCH };
    void *owner = talloc_new(NULL);
    struct kit_directory kit = { .conninfo = kit_pg_database(owner, NULL) };
    struct db_pool *pool = kit_pg_pool(owner, kit.conninfo, NULL, 1);
    struct directory_options options = { .conninfo = kit.conninfo, .pool_size = 2 };
    struct db *db;
    struct err err;

    (void)state;
    OK(db_migrate(pool, &before, &err));
    db = kit_pg_acquire(pool);
    OK(db_exec_script(db, people, &err));
    assert_int_equal(number(db, "SELECT count(*) FROM recipient WHERE sort_name LIKE '%lodz%'"), 0);
    db_release(&db);
    OK(db_migrate(pool, &db_schema_directory, &err));
    db = kit_pg_acquire(pool);
    the_indexes_hold_what_was_there(db);
    db_release(&db);
    OK(directory_open(owner, &options, &kit.directory, &err));
    people_are_found(&kit);
    directory_close(&kit.directory);
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_filled_directory_gets_address_search) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
