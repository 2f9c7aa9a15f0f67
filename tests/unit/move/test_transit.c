/*
 * test_transit.c -- a mailbox goes into another storage group and back while it is in use: what clients know of it is the same
 * afterwards, nothing is there twice or missing, and both groups hold together.
 */
#include "move/transit.h"

#include "db/statement.h"
#include "group/quota.h"
#include "group/store.h"
#include "mailbox/expunge.h"
#include "mailbox/housekeeping.h"
#include "mailbox/recover.h"
#include "mailbox/verify.h"
#include "mailbox/verify_messages.h"
#include "mailbox/writer.h"
#include "world.h"

enum { OTHER_GROUP = 2, OTHER_STORE = 7 };

static struct group *open_other(struct world *world)
{
    struct err err = ERR_INIT;
    struct group *other;
    char *conninfo = kit_pg_database(world, &db_schema_group);

    OK(groups_put(world->store->groups, OTHER_GROUP, conninfo, &err));
    OK(group_find(world->store->groups, OTHER_GROUP, &other, &err));
    OK(group_initialise(group_pool(other), OTHER_GROUP, &err));
    OK(store_put(
        other,
        &(struct store_options){
            .store_id = OTHER_STORE, .name = "other", .deleted_item_days = -1, .deleted_mailbox_days = -1 },
        &err));
    OK(quota_root_set(other, QUOTA_ROOT_DOMAIN, KIT_DOMAIN_ID, 1 << 30, &err));
    return other;
}

static int64_t number(struct group *group, const char *sql)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    struct db *db;
    struct db_row row;

    OK(group_acquire(group, DB_INTERACTIVE, &db, &err));
    OK(db_one_row(db, arena, sql, DB_NO_ARGS, &row, &err));
    int64_t found = db_get_i64(&row, 0);
    db_release(&db);
    talloc_free(arena);
    return found;
}

/* All that a client or its owner can know of ada's mailbox, as text. */
static char *portrait(const void *owner, struct group *group)
{
    static const char MESSAGES[] =
        "SELECT f.folder_id, m.item_id, i.thread_id,"
        "       concat_ws(' ', f.name, f.deleted_us, f.uidvalidity, f.uidnext, f.modseq, f.messages, f.unseen, f.bytes,"
        "                 f.special_use, m.uid, m.modseq, m.flags, m.size, m.received_us, m.saved_us,"
        "                 encode(g.content_hash, 'hex'), (SELECT count(*) FROM body b WHERE b.message_id = g.message_id))"
        "  FROM folder f LEFT JOIN membership m USING (folder_id) LEFT JOIN item i USING (item_id)"
        "  LEFT JOIN message g ON g.message_id = i.message_id"
        " WHERE f.mailbox_id = 1 ORDER BY f.uidvalidity, m.uid";
    static const char OTHERS[] =
        "SELECT concat_ws(E'\\n', (SELECT string_agg(concat_ws(' ', f.uidvalidity, c.modseq, c.part, c.kind,"
        "         encode(c.uids, 'hex'), c.clear_bits, c.set_bits, c.at_us), E'\\n' ORDER BY f.uidvalidity, c.modseq, c.part)"
        "         FROM folder_change c JOIN folder f USING (folder_id) WHERE f.mailbox_id = 1),"
        "       (SELECT string_agg(name, ' ' ORDER BY name) FROM subscription WHERE mailbox_id = 1),"
        "       (SELECT string_agg(f.name || identifier || rights, ' ' ORDER BY f.name, identifier)"
        "          FROM folder_right JOIN folder f USING (folder_id) WHERE f.mailbox_id = 1),"
        "       (SELECT string_agg(concat_ws(' ', f.name, a.recipient_id, entry, value, a.modseq), ' ' ORDER BY entry, f.name)"
        "          FROM annotation a LEFT JOIN folder f USING (folder_id) WHERE a.mailbox_id = 1),"
        "       (SELECT string_agg(concat_ws(' ', name, content, is_active, version), ' ') FROM sieve_script),"
        "       (SELECT string_agg(inside_text, ' ') FROM automatic_reply),"
        "       (SELECT string_agg(encode(key, 'hex'), ' ') FROM sieve_mark WHERE mailbox_id = 1),"
        "       (SELECT string_agg(encode(source_hash, 'hex'), ' ') FROM import_receipt WHERE mailbox_id = 1),"
        "       (SELECT count(*) FROM thread_reference WHERE mailbox_id = 1)::text,"
        "       (SELECT concat_ws(' ', modseq, next_uidvalidity, used_bytes, used_messages, quota_bytes, keywords, script_version,"
        "                          forgotten_modseq) FROM mailbox WHERE mailbox_id = 1),"
        "       (SELECT string_agg((jsonb_populate_record(j, '{\"identity_id\": 0}'))::text, E'\\n'"
        "               ORDER BY created_modseq, place) FROM jmap_identity j WHERE mailbox_id = 1),"
        "       (SELECT string_agg((jsonb_populate_record(j,"
        "               '{\"submission_id\": 0, \"identity_id\": 0, \"item_id\": 0, \"thread_id\": 0}'))::text, E'\\n'"
        "               ORDER BY created_modseq) FROM jmap_submission j WHERE mailbox_id = 1))";
    /* numbers of the group: each must be shown as it was, and belong to what it belonged to */
    static const char LETTERS[] =
        "SELECT i.identity_id, NULL::bigint, NULL::bigint, NULL::bigint, i.created_modseq, i.place FROM jmap_identity i"
        " WHERE i.mailbox_id = 1 UNION ALL"
        " SELECT w.identity_id, s.submission_id, i.item_id, s.thread_id, s.created_modseq, 0 FROM jmap_submission s"
        "   LEFT JOIN jmap_identity w USING (identity_id) LEFT JOIN item i USING (item_id)"
        "  WHERE s.mailbox_id = 1 ORDER BY 5, 6, 2 NULLS FIRST";
    static const enum group_id_kind kinds[] = { GROUP_ID_IDENTITY, GROUP_ID_SUBMISSION, GROUP_ID_ITEM,
                                                GROUP_ID_THREAD };
    char *text = talloc_strdup(owner, "");
    struct err err = ERR_INIT;
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    OK(group_acquire(group, DB_INTERACTIVE, &db, &err));
    OK(db_query(db, owner, MESSAGES, DB_NO_ARGS, &rows, &err));
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        char folder[GROUP_PUBLIC_ID_SIZE], item[GROUP_PUBLIC_ID_SIZE] = "", thread[GROUP_PUBLIC_ID_SIZE] = "";
        group_public_id(group, GROUP_ID_FOLDER, db_get_i64(&row, 0), folder);
        if (!db_is_null(&row, 1)) {
            group_public_id(group, GROUP_ID_ITEM, db_get_i64(&row, 1), item);
            group_public_id(group, GROUP_ID_THREAD, db_get_i64(&row, 2), thread);
        }
        text =
            talloc_asprintf_append(text, "%s %s %s %s\n", folder, item, thread, db_copy_text(owner, &row, 3));
    }
    OK(db_query(db, owner, OTHERS, DB_NO_ARGS, &rows, &err));
    assert_true(db_rows_at(rows, 0, &row));
    text = talloc_asprintf_append(text, "%s\n", db_copy_text(owner, &row, 0));
    OK(db_query(db, owner, LETTERS, DB_NO_ARGS, &rows, &err));
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++) {
            char id[GROUP_PUBLIC_ID_SIZE] = "";
            if (!db_is_null(&row, (int)k))
                group_public_id(group, kinds[k], db_get_i64(&row, (int)k), id);
            text = talloc_asprintf_append(text, "%s%s", id, k + 1 < COUNT_OF(kinds) ? " " : "\n");
        }
    db_release(&db);
    return text;
}

static void keep_house(struct group *group)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < housekeeping_job_count; i++)
        for (bool is_done = false; !is_done;)
            OK(housekeeping_jobs[i].run(group, &is_done, &err));
}

static void tell_difference(const struct verify_difference *difference, void *arg)
{
    (void)arg;
    print_message("mailbox %lld folder %lld: %s\n", (long long)difference->mailbox_id,
                  (long long)difference->folder_id, difference->what);
}

static void tell_finding(void *arg, const struct verify_finding *finding)
{
    (void)arg;
    print_message("%s: %s\n", finding->what, finding->text);
}

static void verify_group(struct group *group)
{
    struct verify_options options = { .found = tell_finding };
    struct verify_totals totals;
    struct err err = ERR_INIT;

    OK(verify_messages(group, &options, &totals, &err));
    assert_int_equal(totals.findings, 0);
}

static void verify_ada(struct world *world, struct group *group)
{
    struct mailbox *mailbox;
    struct err err = ERR_INIT;
    uint64_t differences;

    OK(mailbox_open(world->cache, group, ADA, &mailbox, &err));
    OK(verify_mailbox(mailbox, VERIFY_REPORT, tell_difference, NULL, &differences, &err));
    assert_int_equal(differences, 0);
    mailbox_close(&mailbox);
}

static void flag(struct world *world, int64_t folder_id, uint32_t first, uint32_t last, uint64_t bits)
{
    struct uid_set uids = UID_SET_INIT(world);
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .system = bits },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct flags_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(flags_store(world->ada, folder_id, &uids, &change, world, &result, &err));
    flags_result_release(&result);
}

static void expunge(struct world *world, int64_t folder_id, uint32_t first, uint32_t last)
{
    struct uid_set uids = UID_SET_INIT(world);
    struct expunge_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    flag(world, folder_id, first, last, FLAG_DELETED);
    OK(folder_expunge(world->ada, folder_id, &uids, EXPUNGE_DELETED, world, &result, &err));
    expunge_result_release(&result);
}

/* Some of everything. */
static int64_t furnish(struct world *world)
{
    static const char *const rows[] = {
        "INSERT INTO folder_right SELECT folder_id, 'r:77', 'lr' FROM folder WHERE mailbox_id = $1 AND name = 'INBOX'",
        ("INSERT INTO annotation SELECT 1, folder_id, 0, '/shared/comment', 'x', 3 FROM folder WHERE mailbox_id = $1"
         "   AND name = 'INBOX'"),
        "INSERT INTO annotation VALUES ($1, NULL, 5, '/private/comment', E'\\\\x0001ff', 4)",
        "INSERT INTO sieve_script VALUES ($1, E'été \"1\"', E'keep; # \\\\ \\'x\\'\\r\\n', true, 4711, 5)",
        "INSERT INTO automatic_reply VALUES ($1, NULL, NULL, NULL, 'gone, \"fishing\"', NULL, 5)",
        "INSERT INTO sieve_mark VALUES ($1, 'vacation', '\\x00ff', 99)",
        "INSERT INTO import_receipt VALUES ($1, '\\xabcd')",
        "UPDATE mailbox SET script_version = 4711, forgotten_modseq = 2 WHERE mailbox_id = $1",
    };
    static const char *const letters[] = {
        "INSERT INTO jmap_identity (mailbox_id, email, name, reply_to, text_signature, is_default, created_modseq, place, modseq)"
        " VALUES ($1, 'ada@example.org', 'Ada', '[{\"email\": \"x@example.org\"}]', E'--\\n\"Ada\"', true, 3, 2, 7),"
        "        ($1, 'a@example.org', 'Ada', NULL, '', true, 3, 1, 3), ($1, 'b@example.org', 'B', NULL, '', false, 4, 0, 9)",
        "INSERT INTO jmap_submission (mailbox_id, identity_id, item_id, thread_id, envelope, name, send_at_us, status,"
        "                             created_modseq, modseq)"
        " SELECT $1, w.identity_id, i.item_id, i.thread_id, '{\"mailFrom\": {\"email\": \"ada@example.org\"}}', 'q' || i.n, 4711,"
        "        CASE WHEN i.n = 1 THEN 'pending' ELSE 'final' END, 10 + i.n, 20 + i.n"
        "   FROM (SELECT item_id, thread_id, row_number() OVER (ORDER BY item_id) AS n FROM item WHERE mailbox_id = $1) AS i"
        "   JOIN jmap_identity w ON w.mailbox_id = $1 AND w.place = 2 WHERE i.n IN (1, 2, 60)",
    };
    int64_t inbox = world_inbox(world, world->ada);
    struct folder *folder;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        kit_store_exec(world->store, rows[i], ADA);
    OK(folder_create(world->ada, &world->as_ada, "Projects/2031", NULL, world, &folder, &err));
    world_deliver(world, ADA, inbox, 0, 230);
    world_deliver(world, ADA, folder->folder_id, FLAG_SEEN, 3);
    world_deliver(world, BOB, 0, 0, 2);
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        kit_store_exec(world->store, letters[i], ADA);
    flag(world, inbox, 2, 90, FLAG_SEEN | FLAG_FLAGGED);
    expunge(world, inbox, 10, 20);
    return inbox;
}

static struct transit_options way(struct world *world, struct group *from, struct group *to, int64_t arrival)
{
    return (struct transit_options){ .from = from,
                                     .to = to,
                                     .mailbox_id = ADA,
                                     .store_id = from == world->store->group ? OTHER_STORE : KIT_STORE_ID,
                                     .arrival = arrival };
}

static void cross(struct world *world, struct group *from, struct group *to, int64_t arrival)
{
    struct transit_options options = way(world, from, to, arrival);
    struct transit *transit;
    struct err err = ERR_INIT;
    uint64_t differences;

    OK(transit_begin(world, &options, &transit, &err));
    OK(transit_copy(transit, &differences, &err));
    OK(transit_close(transit, &err));
    OK(transit_finish(transit, NULL, 0, &err));
    OK(transit_open(to, ADA, &err));
    OK(transit_leave(from, ADA, &err));
    transit_end(&transit);
}

static void remove_all(struct group *group)
{
    struct err err = ERR_INIT;
    bool is_done = false;

    while (!is_done)
        OK(transit_remove(group, ADA, &is_done, &err));
}

static void a_mailbox_in_use_moves_whole(void **state)
{
    struct world *world = world_open();
    struct group *here = world->store->group, *there = open_other(world);
    int64_t inbox = furnish(world), bytes;
    struct transit_options options = way(world, here, there, 1);
    struct transit *transit;
    struct folder *found;
    struct filing_target refused = { .mailbox_id = ADA };
    struct err err = ERR_INIT;
    uint64_t differences;
    char *before, *after;

    (void)state;
    OK(transit_begin(world, &options, &transit, &err));
    OK(transit_copy(transit, &differences, &err));
    assert_true(differences > 230);
    keep_house(there); /* makes nothing of a copy that is not whole */
    assert_int_equal(number(there, "SELECT count(*) FROM search_state"), 0);
    /* its owner and others go on */
    world_deliver(world, ADA, inbox, 0, 5);
    flag(world, inbox, 1, 231, FLAG_ANSWERED);
    expunge(world, inbox, 100, 102);
    OK(folder_rename(world->ada, &world->as_ada, "Projects/2031", "Archive 2031", &err));
    OK(folder_create(world->ada, &world->as_ada, "Projects/2031", NULL, world, &found, &err));
    kit_store_exec(world->store, "DELETE FROM sieve_mark WHERE mailbox_id = $1", ADA);
    kit_store_exec(
        world->store,
        "UPDATE jmap_identity SET name = 'Ada L.', modseq = 30 WHERE mailbox_id = $1 AND place = 2", ADA);
    kit_store_exec(world->store,
                   "UPDATE jmap_submission SET status = 'canceled' WHERE mailbox_id = $1 AND name = 'q1'",
                   ADA);
    kit_store_exec(world->store, "DELETE FROM jmap_submission WHERE mailbox_id = $1 AND name = 'q2'", ADA);
    OK(transit_copy(transit, &differences, &err));
    assert_in_range(differences, 8, 60);

    OK(transit_close(transit, &err));
    REFUSED(folder_find(world->ada, &world->as_ada, FOLDER_INBOX, 0, world, &found, &err), ERR_BUSY);
    assert_true(mailbox_is_away(world->ada));
    REFUSED(writers_ensure(world->ada, (const char *const[]){ "late@example.org" }, 1, "Late", &err),
            ERR_BUSY);
    before = portrait(world, here);
    OK(transit_finish(transit, NULL, 0, &err));
    assert_false(refused.is_filed);
    OK(transit_open(there, ADA, &err));
    OK(transit_leave(here, ADA, &err));
    transit_end(&transit);

    after = portrait(world, there);
    assert_string_equal(before, after);
    keep_house(there);
    assert_int_not_equal(number(there, "SELECT count(*) FROM search_state"), 0);
    verify_ada(world, there);
    verify_group(there);
    bytes = number(there, "SELECT used_bytes FROM mailbox WHERE mailbox_id = 1");
    assert_int_equal(number(there, "SELECT used_bytes FROM quota_root"), bytes);

    remove_all(here);
    assert_int_equal(number(here, "SELECT count(*) FROM folder WHERE mailbox_id = 1"), 0);
    assert_int_equal(number(here, "SELECT count(*) FROM item WHERE mailbox_id = 1"), 0);
    assert_int_equal(number(here, "SELECT count(*) FROM message"), 2); /* bob's */
    assert_int_equal(
        number(here, "SELECT (SELECT count(*) FROM jmap_identity) + (SELECT count(*) FROM jmap_submission)"),
        0);
    verify_group(here);
    /* whoever comes late is told to come back, not that there is nothing */
    REFUSED(mailbox_check_mounted(here, ADA, &err), ERR_BUSY);
    world_close(world);
}

static void it_comes_back_to_who_remembers_it(void **state)
{
    struct world *world = world_open();
    struct group *here = world->store->group, *there = open_other(world);
    int64_t inbox = furnish(world);
    struct view *view;
    struct view_message message;
    struct err err = ERR_INIT;
    struct span header;
    char *before;

    (void)state;
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    view_release(&view);
    before = portrait(world, here);
    cross(world, here, there, 1);
    remove_all(here);
    cross(world, there, here, 2);
    remove_all(there);
    assert_string_equal(before, portrait(world, here));
    assert_int_equal(number(there, "SELECT used_bytes FROM quota_root"), 0);
    verify_group(here);
    verify_group(there);

    /* numbers of messages are others now: a view from before is not believed */
    OK(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err));
    assert_int_equal(view_count(view), 230 - 11);
    struct view_at at = view_from(view, 1);
    assert_true(view_next(&at, &message));
    OK(message_read(here, world, message.message_id, 0, 100, &header, &err));
    view_release(&view);
    verify_ada(world, here);
    world_close(world);
}

static bool stop_after_some(void *arg, int64_t done, int64_t total)
{
    int *left = arg;

    (void)done;
    (void)total;
    return (*left)-- > 0;
}

/* Wherever it stops, the next one goes on there; and what was stopped can be given up. */
static void it_may_stop_anywhere(void **state)
{
    struct world *world = world_open();
    struct group *here = world->store->group, *there = open_other(world);
    struct transit_options options = way(world, here, there, 1);
    struct transit *transit, *other;
    struct err err = ERR_INIT;
    uint64_t differences;
    bool is_done = false;
    char *before;

    (void)state;
    (void)furnish(world);
    before = portrait(world, here);
    options.may_go_on = stop_after_some;
    for (int steps = 0; !is_done; steps++) {
        int left = steps;
        options.arg = &left;
        OK(transit_begin(world, &options, &transit, &err));
        is_done = transit_copy(transit, &differences, &err);
        if (!is_done)
            assert_int_equal(err.kind, ERR_LIMIT);
        transit_end(&transit);
        assert_in_range(steps, 0, 40);
    }
    /* given up */
    remove_all(there);
    assert_int_equal(number(there, "SELECT count(*) FROM mailbox"), 0);
    assert_int_equal(number(there, "SELECT count(*) FROM message"), 0);
    assert_int_equal(number(there, "SELECT count(*) FROM body"), 0);
    OK(mailbox_check_mounted(here, ADA, &err));

    /* two at once: the second has it */
    options.may_go_on = NULL;
    OK(transit_begin(world, &options, &transit, &err));
    OK(transit_begin(world, &options, &other, &err));
    REFUSED(transit_copy(transit, &differences, &err), ERR_CONFLICT);
    OK(transit_close(other, &err));
    OK(transit_reopen(here, ADA, &err));
    OK(mailbox_check_mounted(here, ADA, &err));
    OK(transit_close(other, &err));
    OK(transit_close(other, &err));
    OK(transit_finish(other, NULL, 0, &err));
    OK(transit_finish(other, NULL, 0, &err));
    OK(transit_open(there, ADA, &err));
    OK(transit_open(there, ADA, &err));
    transit_end(&transit);
    transit_end(&other);
    assert_string_equal(before, portrait(world, there));
    assert_int_equal(
        number(there, "SELECT used_bytes - (SELECT sum(used_bytes) FROM quota_root)::bigint FROM mailbox"),
        0);
    world_close(world);
}

static void what_may_be_recovered_may_be_there(void **state)
{
    struct world *world = world_open();
    struct group *here = world->store->group, *there = open_other(world);
    struct recoverable *found;
    struct recovered recovered;
    struct err err = ERR_INIT;
    size_t count;

    (void)state;
    (void)furnish(world);
    cross(world, here, there, 1);
    OK(mailbox_recoverable(there, world, ADA, 0, 100, &found, &count, &err));
    assert_int_equal(count, 11);
    OK(mailbox_recover(there, ADA, found, count, 0, &recovered, &err));
    assert_int_equal(recovered.count, 11);
    verify_ada(world, there);
    world_close(world);
}

/* A copy that a queue may bring again is known at the new place. */
static void receipts_go_with_it(void **state)
{
    struct world *world = world_open();
    struct group *here = world->store->group, *there = open_other(world);
    struct transit_options options = way(world, here, there, 1);
    struct transit *transit;
    struct err err = ERR_INIT;
    uint8_t filed[FILING_RECEIPT_BYTES], unknown[FILING_RECEIPT_BYTES];
    struct span receipts[] = { span_of(filed, sizeof filed), span_of(unknown, sizeof unknown) };

    (void)state;
    filing_receipt(filed, 12, 1000000);
    filing_receipt(unknown, 13, 1000000);
    kit_store_exec(
        world->store,
        "INSERT INTO delivery_receipt SELECT '0009a7ec-8000-8000-8000-000000000000'::uuid, false, $1", 1);
    void *arena = talloc_new(world);
    char *hex = talloc_strdup(arena, "");
    for (size_t i = 0; i < sizeof filed; i++)
        hex = talloc_asprintf_append(hex, "%02x", filed[i]);
    struct db *db;
    OK(group_acquire(here, DB_INTERACTIVE, &db, &err));
    OK(db_exec(db, "INSERT INTO delivery_receipt SELECT $1::text::uuid, false, 1", DB_ARGS(db_text(hex)),
               NULL, &err));
    db_release(&db);

    OK(transit_begin(world, &options, &transit, &err));
    OK(transit_close(transit, &err));
    OK(transit_finish(transit, receipts, 2, &err));
    OK(transit_open(there, ADA, &err));
    transit_end(&transit);
    assert_int_equal(number(there, "SELECT count(*) FROM delivery_receipt"), 1);
    world_close(world);
}

/* A table that a later schema adds has to be thought of here. */
static void every_table_of_a_mailbox_is_known(void **state)
{
    struct world *world = world_open();

    (void)state;
    assert_int_equal(
        number(
            world->store->group,
            "SELECT count(DISTINCT c.relname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname IN ('mailbox_id', 'folder_id', 'item_id') AND c.relkind = 'r' AND a.attnum > 0"
            "   AND c.relnamespace = 'public'::regnamespace AND c.relname <> ALL (ARRAY["
            /* moved */
            " 'mailbox', 'folder', 'item', 'membership', 'thread_reference', 'folder_change', 'folder_right',"
            " 'annotation', 'subscription', 'import_receipt', 'sieve_script', 'automatic_reply', 'sieve_mark',"
            " 'client_setting', 'sender_rule', 'snooze', 'search_folder', 'search_shown', 'openpgp_key', 'mailbox_right',"
            " 'jmap_identity', 'jmap_submission',"
            /* left behind: of a day, and can be brought again */
            " 'upload',"
            /* made anew */
            " 'folder_snapshot', 'folder_pack', 'search_text', 'search_word', 'search_lexeme', 'search_attachment',"
            " 'search_state',"
            /* of the place */
            " 'maildrop_lock', 'mailbox_transit'])"),
        0);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mailbox_in_use_moves_whole), cmocka_unit_test(it_comes_back_to_who_remembers_it),
        cmocka_unit_test(it_may_stop_anywhere),         cmocka_unit_test(what_may_be_recovered_may_be_there),
        cmocka_unit_test(receipts_go_with_it),          cmocka_unit_test(every_table_of_a_mailbox_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
