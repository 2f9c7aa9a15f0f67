/* test_search_folder.c -- a search folder follows its mailbox: what it asks about, and that it always shows what a search would find. */
#include "world.h"

#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/search_folder.h"
#include "mailbox/uid_set.h"

static struct world *world;
static int64_t inbox, archive;

/* Finds the flagged messages of both folders, or those with the flag that the filter names. */
struct finder {
    int searches;
    size_t asked;
};
static struct finder ours, theirs;

static bool is_among(const struct search_place *among, size_t count, int64_t folder_id, uint32_t uid)
{
    for (size_t i = 0; i < count; i++)
        if (among[i].folder_id == folder_id && among[i].uid == uid)
            return true;
    return !among;
}

static bool find(void *arg, struct mailbox *mailbox, const char *filter, const struct search_place *among,
                 size_t among_count, const void *owner, struct search_place **places_out, size_t *count_out,
                 struct err *err)
{
    uint64_t flag = strcmp(filter, "seen") == 0 ? FLAG_SEEN : FLAG_FLAGGED;
    int64_t folders[] = { archive, inbox };
    struct finder *finder = arg;

    finder->searches += !among;
    finder->asked += among_count;
    *count_out = 0;
    *places_out = talloc_array(owner, struct search_place, 5000);
    for (size_t i = 0; i < 2; i++) {
        struct view *view;
        struct view_message m;

        if (!view_latest(mailbox, folders[i], VIEW_CHECK, &view, err)) {
            *err = ERR_INIT;
            continue;
        }
        for (struct view_at at = view_from(view, 1); view_next(&at, &m);)
            if ((m.flags & flag) && is_among(among, among_count, folders[i], m.uid))
                (*places_out)[(*count_out)++] = (struct search_place){ folders[i], m.uid };
        view_release(&view);
    }
    return true;
}

static int64_t keep(const char *filter, int64_t folder_id)
{
    struct search_folder folder = {
        .folder_id = folder_id, .name = "Kept", .filter = filter, .sort = "null"
    };
    struct err err = ERR_INIT;

    OK(search_folder_put(world->ada, &folder, &folder_id, &err));
    return folder_id;
}

static struct view *look(struct mailbox *mailbox, int64_t folder_id)
{
    struct err err = ERR_INIT;
    struct folder **folders;
    struct view *view;
    size_t count;

    OK(search_folders_as_folders(mailbox, &world->as_ada, world, &folders, &count, &err));
    OK(view_latest(mailbox, folder_id, VIEW_CHECK, &view, &err));
    return view;
}

static void shows(int64_t folder_id, const char *uids)
{
    struct view *view = look(world->ada, folder_id);
    struct uid_set all = UID_SET_INIT(world), there;
    struct buf text = buf_owned_by(world);

    uid_set_add(&all, 1, UINT32_MAX);
    there = view_existing(world, view, &all);
    uid_set_render(&text, &there);
    buf_add_byte(&text, '\0');
    assert_string_equal(text.p, uids);
    view_release(&view);
}

static void store(int64_t folder_id, enum flags_operation operation, uint64_t flags, uint32_t first,
                  uint32_t last)
{
    struct flags_change change = { .operation = operation,
                                   .flags = { .system = flags },
                                   .allowed = ~UINT64_C(0),
                                   .unchanged_since = UINT64_MAX };
    struct uid_set uids = UID_SET_INIT(world);
    struct flags_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(flags_store(world->ada, folder_id, &uids, &change, world, &result, &err));
    flags_result_release(&result);
}

static void expunge(int64_t folder_id, uint32_t first, uint32_t last)
{
    struct uid_set uids = UID_SET_INIT(world);
    struct expunge_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(folder_expunge(world->ada, folder_id, &uids, EXPUNGE_ALL, world, &result, &err));
    expunge_result_release(&result);
}

static void copy(int64_t from, uint32_t first, uint32_t last, int64_t to, enum copy_kind kind)
{
    struct uid_set uids = UID_SET_INIT(world);
    struct copy_result result;
    struct err err = ERR_INIT;

    uid_set_add(&uids, first, last);
    OK(folder_copy(world->ada, from, &uids, world->ada, to, kind, world, &result, &err));
    copy_result_release(&result);
}

static void what_changed_is_asked_about_and_nothing_else(void **state)
{
    struct view_message m;
    struct uid_set gone;
    struct view *before, *after;
    struct err err = ERR_INIT;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 20);
    world_deliver(world, ADA, inbox, FLAG_FLAGGED, 3);
    int64_t kept = keep("flagged", 0);
    shows(kept, "1:3");
    assert_int_equal(ours.searches, 1);
    world_deliver(world, ADA, inbox, FLAG_FLAGGED, 1);
    world_deliver(world, ADA, inbox, 0, 1);
    shows(kept, "1:4");
    assert_int_equal(ours.asked, 2);
    before = look(world->ada, kept);
    store(inbox, FLAGS_REMOVE, FLAG_FLAGGED, 22, 22);
    store(inbox, FLAGS_ADD, FLAG_SEEN, 21, 21);
    shows(kept, "1,3:4");
    assert_int_equal(ours.asked, 4);
    after = look(world->ada, kept);
    assert_true(view_find(after, 1, &m) && m.flags == (FLAG_FLAGGED | FLAG_SEEN));
    assert_int_equal(view_unseen(after), 2);
    OK(view_expunged_since(world->ada, after, view_modseq(before), NULL, world, &gone, &err));
    assert_int_equal(uid_set_size(&gone), 1);
    assert_true(uid_set_contains(&gone, 2));
    view_release(&before);
    view_release(&after);
    expunge(inbox, 21, 21);
    shows(kept, "3:4");
    copy(inbox, 23, 23, archive, COPY_MOVE);
    shows(kept, "4:5");
    assert_int_equal(ours.asked, 5);
    shows(kept, "4:5");
    assert_int_equal(ours.asked, 5);
    OK(folder_delete(world->ada, &world->as_ada, "Elsewhere", &err));
    shows(kept, "4");
    assert_int_equal(ours.searches, 1);
}

static void all_is_searched_where_little_is_known(void **state)
{
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, FLAG_FLAGGED, 8);
    world_deliver(world, ADA, inbox, FLAG_SEEN, 1);
    int64_t kept = keep("flagged", 0);
    shows(kept, "1:8");
    keep("seen", kept);
    shows(kept, "9");
    assert_int_equal(ours.searches, 2);
    store(inbox, FLAGS_ADD, FLAG_SEEN, 1, 2);
    shows(kept, "9:11");
    assert_int_equal(ours.searches, 2);
    for (int i = 0; i < 126; i++) /* more than are followed */
        copy(inbox, 1, 8, archive, COPY_KEEP);
    shows(kept, "9:263");
    assert_int_equal(ours.searches, 3);
    /* another process gives out a UID: rows are not as we know them */
    world_deliver(world, ADA, inbox, FLAG_SEEN, 1);
    struct mailbox *other;
    struct err err = ERR_INIT;
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    view = look(other, kept);
    assert_int_equal(view_last_uid(view), 264);
    view_release(&view);
    mailbox_close(&other);
    shows(kept, "9:264");
    world_deliver(world, ADA, inbox, FLAG_SEEN, 1);
    shows(kept, "9:265");
    assert_int_equal(ours.searches, 4);
}

/* ---- the same as a search, whatever happens */

static uint32_t chance(uint32_t n)
{
    static uint32_t seed = 11;

    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void happen(void)
{
    int64_t folder = chance(2) ? inbox : archive;
    uint32_t uid = 1 + chance(60), last = uid + chance(4);

    switch (chance(7)) {
    case 0:
    case 1:
        world_deliver(world, ADA, folder, chance(2) ? FLAG_FLAGGED : 0, 1 + (int)chance(3));
        break;
    case 2:
        store(folder, FLAGS_ADD, FLAG_FLAGGED, uid, last);
        break;
    case 3:
        store(folder, FLAGS_REMOVE, FLAG_FLAGGED, uid, last);
        break;
    case 4:
        store(folder, chance(2) ? FLAGS_ADD : FLAGS_REMOVE, FLAG_SEEN, uid, last);
        break;
    case 5:
        expunge(folder, uid, uid + 1);
        break;
    default:
        copy(folder, uid, last, folder == inbox ? archive : inbox, chance(2) ? COPY_KEEP : COPY_MOVE);
    }
}

static void whatever_happens_it_shows_what_a_search_finds(void **state)
{
    struct mailbox *other;
    struct err err = ERR_INIT;

    (void)state;
    int64_t kept = keep("flagged", 0);
    OK(mailbox_open(world->other_cache, world->store->group, ADA, &other, &err));
    for (int i = 0; i < 80; i++) {
        struct view_message a, b;
        bool is_more;

        for (uint32_t n = 1 + chance(3); n; n--)
            happen();
        struct view *followed = look(world->ada, kept);
        mailbox_cache_clear(world->other_cache);
        struct view *searched = look(other, kept);
        assert_int_equal(view_count(followed), view_count(searched));
        assert_int_equal(view_unseen(followed), view_unseen(searched));
        assert_int_equal(view_uidnext(followed), view_uidnext(searched));
        assert_int_equal(view_modseq(followed), view_modseq(searched));
        struct view_at at = view_from(followed, 1), also = view_from(searched, 1);
        while ((is_more = view_next(&at, &a)) == view_next(&also, &b) && is_more) {
            assert_int_equal(a.uid, b.uid);
            assert_int_equal(a.item_id, b.item_id);
            assert_int_equal(a.flags, b.flags);
            assert_int_equal(a.modseq, b.modseq);
        }
        view_release(&followed);
        view_release(&searched);
    }
    mailbox_close(&other);
    assert_int_equal(ours.searches, 1);
    assert_true(theirs.searches > 50);
}

static int set_up(void **state)
{
    struct folder *folder;
    struct err err = ERR_INIT;

    (void)state;
    world = world_open();
    inbox = world_inbox(world, world->ada);
    OK(folder_create(world->ada, &world->as_ada, "Elsewhere", NULL, world, &folder, &err));
    archive = folder->folder_id;
    ours = theirs = (struct finder){ 0 };
    search_folder_use(world->cache, find, &ours);
    search_folder_use(world->other_cache, find, &theirs);
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
        TEST(what_changed_is_asked_about_and_nothing_else),
        TEST(all_is_searched_where_little_is_known),
        TEST(whatever_happens_it_shows_what_a_search_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
