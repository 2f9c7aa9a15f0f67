/* test_derived.c -- snapshots and packs say what the rows say, and verify finds and repairs what does not. */
#include "world.h"

#include "db/statement.h"
#include "mailbox/expunge.h"
#include "mailbox/maintain.h"
#include "mailbox/pack.h"
#include "mailbox/verify.h"
#include <time.h>

static struct world *world;
static int64_t inbox;

enum { MANY = 700 };

/* Copies of one delivered message's rows, so that many come quickly, each with texts of its own. */
static const char MULTIPLY[] =
    "WITH m AS (INSERT INTO message SELECT 1000000 + n, sha256(n::text::bytea), g.size, g.header_size, 1, g.part_index,"
    "            ('(\"envelope ' || n || '\")')::bytea, ('(\"structure ' || n || '\")')::bytea, g.header, g.columns,"
    "            'preview ' || n, 0 FROM message g, generate_series(1, 700) AS n LIMIT 700),"
    " i AS (INSERT INTO item SELECT 1000000 + n, 1, 1000000 + n, 1000000 + n / 3, 2, 77 + n FROM generate_series(1, 700) AS n),"
    " s AS (INSERT INTO membership SELECT $1, 1 + n, 3, n % 2, 1000000 + n, 1000000 + n, 100 + n, 5000 * n, 77 + n"
    "         FROM generate_series(1, 700) AS n),"
    " f AS (UPDATE folder SET uidnext = 702, messages = 701, modseq = 3, unseen = 1 + 350, bytes = bytes + 315350"
    "        WHERE folder_id = $1)"
    " UPDATE mailbox SET modseq = 3, used_messages = 701, used_bytes = used_bytes + 315350"
    "  WHERE mailbox_id = (SELECT mailbox_id FROM folder WHERE folder_id = $1)";

static struct view *latest(void)
{
    struct err err = ERR_INIT;
    struct view *view;

    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    return view;
}

static bool check_row(const struct view_message *message, const struct pack_row *row, void *arg,
                      struct err *err)
{
    uint32_t *expected = arg, n = message->uid - 1;

    (void)err;
    assert_int_equal(row->uid, message->uid);
    assert_int_equal(row->number, message->number);
    if (n > 0) {
        assert_true(span_equals_text(row->envelope, talloc_asprintf(world, "(\"envelope %u\")", n)));
        assert_true(span_equals_text(row->body_structure, talloc_asprintf(world, "(\"structure %u\")", n)));
        assert_true(span_equals_text(row->preview, talloc_asprintf(world, "preview %u", n)));
        assert_int_equal(row->thread_id, 1000000 + n / 3);
        assert_int_equal(row->saved_us, 77 + n);
        assert_true(row->header_size > 0 && !span_is_empty(row->columns));
    }
    ++*expected;
    return true;
}

static void scan_all(void)
{
    struct view *view = latest();
    struct err err = ERR_INIT;
    uint32_t seen = 0;

    OK(pack_scan(world->ada, view, NULL, PACK_ENVELOPE | PACK_COLUMNS, check_row, &seen, &err));
    assert_int_equal(seen, view_count(view));
    view_release(&view);
}

static void packs_read_like_rows(void **state)
{
    struct maintain_report report;
    struct expunge_result expunged;
    struct mailbox_cache_stats stats;
    struct err err = ERR_INIT;
    struct uid_set some = UID_SET_INIT(world);

    (void)state;
    scan_all();
    OK(maintain_folder(world->ada, inbox, &report, &err));
    assert_int_equal(report.packs, 3);
    assert_int_equal(
        kit_store_number(world->store, "SELECT packed_uid FROM folder WHERE folder_id = $1", inbox), 701);
    scan_all();
    mailbox_cache_stats(world->cache, &stats);
    assert_int_equal(stats.packs, 6);
    scan_all();
    uid_set_add(&some, 100, 400);
    OK(folder_expunge(world->ada, inbox, &some, EXPUNGE_ALL, world, &expunged, &err));
    expunge_result_release(&expunged);
    scan_all();
    world_deliver(world, ADA, inbox, 0, 2);
    mailbox_cache_clear(world->cache);
    {
        struct view *view = latest();

        assert_int_equal(view_count(view), 402);
        view_release(&view);
    }
    OK(maintain_folder(world->ada, inbox, &report, &err));
    assert_int_equal(report.packs, 0);
}

static void housekeeping_finds_what_is_worth_it(void **state)
{
    struct err err = ERR_INIT;
    bool is_done = false;
    int steps = 0;

    (void)state;
    do
        OK(maintain_step(world->store->group, &is_done, &err));
    while (!is_done && ++steps < 5);
    assert_true(is_done);
    assert_int_equal(
        kit_store_number(world->store, "SELECT messages FROM folder_snapshot WHERE folder_id = $1", inbox),
        MANY + 1);
    assert_int_equal(
        kit_store_number(world->store, "SELECT count(*) FROM folder_pack WHERE folder_id = $1", inbox), 3);
    mailbox_cache_clear(world->cache);
    scan_all();
}

static struct verify_difference told[20];
static size_t told_count;

static void tell(const struct verify_difference *difference, void *arg)
{
    (void)arg;
    if (told_count < COUNT_OF(told))
        told[told_count++] = *difference;
}

static uint64_t verify(enum verify_action action)
{
    struct err err = ERR_INIT;
    uint64_t differences = 0;

    told_count = 0;
    OK(verify_mailbox(world->ada, action, tell, NULL, &differences, &err));
    assert_int_equal(differences, told_count);
    return differences;
}

static const struct {
    const char *what, *damage, *told;
    int64_t right; /* -1: no number */
} damages[] = {
    { "a counter", "UPDATE folder SET unseen = unseen + 3 WHERE folder_id = $1", "unseen", 351 },
    { "the size", "UPDATE folder SET bytes = 5 WHERE folder_id = $1", "bytes", -1 },
    { "a uidnext that would give a UID twice", "UPDATE folder SET uidnext = 10 WHERE folder_id = $1",
      "uidnext", 702 },
    { "a snapshot that lacks a change it claims to have",
      "WITH c AS (INSERT INTO folder_change VALUES ($1, 4, 0, 1, '\\x010000', 0, 2, 0)),"
      " f AS (UPDATE folder SET modseq = 4 WHERE folder_id = $1),"
      " m AS (UPDATE mailbox SET modseq = 4 WHERE mailbox_id = 1)"
      " UPDATE folder_snapshot SET modseq = 4 WHERE folder_id = $1",
      "snapshot", -1 },
    { "a snapshot of noise", "UPDATE folder_snapshot SET data = 'noise' WHERE folder_id = $1", "snapshot",
      -1 },
    { "a pack of noise", "UPDATE folder_pack SET searched = 'noise' WHERE folder_id = $1 AND first_uid = 1",
      "pack", -1 },
    { "a pack of other messages",
      "UPDATE folder_pack p SET shown = q.shown FROM folder_pack q"
      " WHERE p.folder_id = $1 AND q.folder_id = $1 AND p.first_uid = 1 AND q.first_uid > 200",
      "pack", -1 },
    { "the mailbox's sum",
      "UPDATE mailbox SET used_bytes = 1 WHERE mailbox_id = (SELECT mailbox_id FROM folder WHERE folder_id = $1)",
      "used_bytes", -1 },
};

static void damage_is_found_told_and_repaired(void **state)
{
    struct maintain_report report;
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        bool was_told = false;

        OK(maintain_folder(world->ada, inbox, &report, &err));
        assert_int_equal(verify(VERIFY_REPORT), 0);
        print_message("%s\n", damages[i].what);
        kit_store_exec(world->store, damages[i].damage, inbox);
        assert_true(verify(VERIFY_REPORT) > 0);
        assert_true(verify(VERIFY_REPAIR) > 0);
        for (size_t k = 0; k < told_count; k++) {
            if (strcmp(told[k].what, damages[i].told) != 0)
                continue;
            was_told = true;
            assert_true(told[k].is_repaired);
            if (damages[i].right >= 0)
                assert_int_equal(told[k].right, damages[i].right);
        }
        assert_true(was_told);
        assert_int_equal(verify(VERIFY_REPORT), 0);
        mailbox_cache_clear(world->cache);
        scan_all();
    }
}

/* What the messages of the inbox are: UIDs and flags, as one number. */
static uint64_t picture(void)
{
    struct view *view;
    struct view_at at;
    uint64_t sum = 0;

    mailbox_cache_clear(world->cache);
    view = latest();
    at = view_from(view, 1);
    for (struct view_message m; view_next(&at, &m);)
        sum = sum * 31 + m.uid * 7 + m.flags * 3 + m.modseq;
    view_release(&view);
    return sum;
}

static void flag(uint32_t first, uint32_t last, uint64_t bits)
{
    const struct flags_change change = {
        .operation = FLAGS_ADD, .flags = { .system = bits }, .allowed = bits, .unchanged_since = UINT64_MAX
    };
    struct uid_set uids = UID_SET_INIT(world);
    struct flags_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(flags_store(world->ada, inbox, &uids, &change, world, &result, &err));
    flags_result_release(&result);
}

static void expunge(uint32_t first, uint32_t last)
{
    struct uid_set uids = UID_SET_INIT(world);
    struct expunge_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(folder_expunge(world->ada, inbox, &uids, EXPUNGE_ALL, world, &result, &err));
    expunge_result_release(&result);
}

/* Two flag changes, an expunge, a flag change: modseqs from the folder's on, upwards. Returns the first. */
static int64_t write_journal(void)
{
    int64_t first =
        kit_store_number(world->store, "SELECT modseq FROM folder WHERE folder_id = $1", inbox) + 1;

    flag(10, 20, FLAG_FLAGGED);
    flag(15, 300, FLAG_ANSWERED);
    expunge(100, 110);
    flag(400, 410, FLAG_FLAGGED);
    return first;
}

/* The rows of write_journal() by their places, from 0. */
static const char SPOIL_SECOND_AND_THIRD[] =
    "UPDATE folder_change SET uids = '\\xff' WHERE folder_id = $1 AND modseq IN"
    " (SELECT modseq FROM folder_change WHERE folder_id = $1 ORDER BY modseq OFFSET 1 LIMIT 2)";
static const char SPOIL_EXPUNGES[] =
    "UPDATE folder_change SET uids = '\\xff' WHERE folder_id = $1 AND kind = 2";
static const char SPOIL_FLAGS[] = "UPDATE folder_change SET uids = '\\xff' WHERE folder_id = $1 AND kind = 1";

static void spoil(const char *sql)
{
    kit_store_exec(world->store, sql, inbox);
    mailbox_cache_clear(world->cache);
}

static size_t told_as_journal(int64_t found, int64_t right)
{
    size_t count = 0;

    for (size_t i = 0; i < told_count; i++)
        count += strcmp(told[i].what, "journal") == 0 && told[i].found == found && told[i].right == right;
    return count;
}

static void a_damaged_journal_is_mended_from_the_snapshot(void **state)
{
    struct maintain_report report;
    struct err err = ERR_INIT;
    int64_t first = write_journal();
    uint64_t before;

    (void)state;
    OK(maintain_folder(world->ada, inbox, &report, &err));
    flag(500, 510, FLAG_SEEN); /* after the snapshot */
    before = picture();
    spoil(SPOIL_SECOND_AND_THIRD);
    assert_int_equal(verify(VERIFY_REPORT), 2);
    assert_int_equal(told_as_journal(first + 1, 0), 1);
    assert_int_equal(told_as_journal(first + 2, 0), 1);
    assert_true(verify(VERIFY_REPAIR) >= 2);
    assert_int_equal(told_as_journal(first + 1, first + 1), 1);
    assert_int_equal(told_as_journal(first + 2, first + 2), 1);
    assert_int_equal(verify(VERIFY_REPORT), 0);
    assert_int_equal(picture(), before);
    /* also without the snapshot: the journal says it all again */
    kit_store_exec(world->store, "DELETE FROM folder_snapshot WHERE folder_id = $1", inbox);
    assert_int_equal(picture(), before);
    assert_int_equal(kit_store_number(world->store,
                                      "SELECT count(*) FROM folder_change WHERE folder_id = $1 AND kind = 2",
                                      inbox),
                     1);
}

static void a_damaged_journal_without_a_snapshot_lets_the_folder_be_opened(void **state)
{
    struct view *view;
    struct err err = ERR_INIT;
    int64_t first = write_journal();

    (void)state;
    kit_store_exec(world->store, "DELETE FROM folder_snapshot WHERE folder_id = $1", inbox);
    spoil(SPOIL_EXPUNGES);
    REFUSED(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err), ERR_INTERNAL);
    assert_true(verify(VERIFY_REPAIR) > 1); /* and the counters, which knew better */
    assert_int_equal(told_as_journal(first + 2, 0), 1);
    assert_int_equal(verify(VERIFY_REPORT), 0);
    view = latest();
    assert_int_equal(view_count(view), MANY + 1); /* what was expunged is back */
    view_release(&view);
}

/* Another folder of the mailbox is looked at nevertheless. */
static void verify_goes_on_behind_a_damaged_journal(void **state)
{
    struct folder *work;
    struct err err = ERR_INIT;

    (void)state;
    write_journal();
    OK(folder_create(world->ada, &world->as_ada, "Work", NULL, world, &work, &err));
    kit_store_exec(world->store, "DELETE FROM folder_snapshot WHERE folder_id = $1", inbox);
    spoil(SPOIL_FLAGS);
    kit_store_exec(world->store, "UPDATE folder SET unseen = 7 WHERE folder_id = $1", work->folder_id);
    assert_int_equal(verify(VERIFY_REPORT), 4);
    assert_string_equal(told[3].what, "unseen");
    assert_int_equal(told[3].folder_id, work->folder_id);
}

static void a_slow_cold_open_writes_a_snapshot(void **state)
{
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    kit_store_exec(world->store,
                   "INSERT INTO membership SELECT $1, 1000 + n, 3, 0, 1000001, 1000001, 1, 1, 1"
                   "  FROM generate_series(1, 1000) AS n",
                   inbox);
    mailbox_cache_clear(world->cache);
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    view_release(&view);
    for (int i = 0; i < 100; i++) {
        if (kit_store_number(world->store, "SELECT count(*) FROM folder_snapshot WHERE folder_id = $1",
                             inbox))
            return;
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    fail_msg("no snapshot was written");
}

static int set_up(void **state)
{
    (void)state;
    world = world_open();
    inbox = world_inbox(world, world->ada);
    world_deliver(world, ADA, inbox, 0, 1);
    kit_store_exec(world->store, MULTIPLY, inbox);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packs_read_like_rows),
        TEST(housekeeping_finds_what_is_worth_it),
        TEST(damage_is_found_told_and_repaired),
        TEST(a_damaged_journal_is_mended_from_the_snapshot),
        TEST(a_damaged_journal_without_a_snapshot_lets_the_folder_be_opened),
        TEST(verify_goes_on_behind_a_damaged_journal),
        TEST(a_slow_cold_open_writes_a_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
