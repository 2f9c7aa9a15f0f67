/* test_folders.c -- making, finding, renaming, deleting and sharing folders. */
#include "world.h"

#include "mailbox/annotation.h"
#include "mailbox/copy.h"
#include "mailbox/expunge.h"

static struct world *world;

static struct folder *find(const char *name)
{
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    OK(folder_find(world->ada, &world->as_ada, name, 0, world, &folder, &err));
    return folder;
}

static struct folder *make(const char *name)
{
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    OK(folder_create(world->ada, &world->as_ada, name, NULL, world, &folder, &err));
    return folder;
}

static void parents_come_along_and_uidvalidity_grows(void **state)
{
    struct folder *folder, **list;
    struct err err = ERR_INIT;
    size_t count;

    (void)state;
    folder = make("Projects/2031/Telegraph");
    assert_string_equal(folder->name, "Projects/2031/Telegraph");
    assert_int_equal(folder->uidnext, 1);
    assert_true(folder->uidvalidity > find("Projects/2031")->uidvalidity);
    assert_true(find("Projects/2031")->uidvalidity > find("Projects")->uidvalidity);
    REFUSED(folder_create(world->ada, &world->as_ada, "Projects", NULL, world, &folder, &err), ERR_EXISTS);
    REFUSED(folder_create(world->ada, &world->as_ada, "a//b", NULL, world, &folder, &err), ERR_INVALID);
    REFUSED(folder_create(world->ada, &world->as_ada, "inbox", NULL, world, &folder, &err), ERR_INVALID);
    OK(folder_list(world->ada, &world->as_ada, world, &list, &count, &err));
    assert_int_equal(count, 4);
    assert_string_equal(list[0]->name, "INBOX");
    assert_string_equal(list[1]->name, "Projects");
    assert_true(list[1]->has_children && list[2]->has_children);
    assert_false(list[3]->has_children || list[0]->has_children);
}

static void a_special_use_is_given_once(void **state)
{
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    (void)state;
    OK(folder_create(world->ada, &world->as_ada, "Gesendet", "\\SENT", world, &folder, &err));
    assert_string_equal(folder->special_use, "\\Sent");
    REFUSED(folder_create(world->ada, &world->as_ada, "Envoyés", "\\Sent", world, &folder, &err), ERR_EXISTS);
    REFUSED(folder_create(world->ada, &world->as_ada, "Envoyés", "\\Nope", world, &folder, &err),
            ERR_INVALID);
    OK(folder_find_special(world->ada, &world->as_ada, "\\Sent", world, &folder, &err));
    assert_string_equal(folder->name, "Gesendet");
    OK(folder_set_special_use(world->ada, &world->as_ada, "Gesendet", NULL, &err));
    REFUSED(folder_find_special(world->ada, &world->as_ada, "\\Sent", world, &folder, &err), ERR_NOT_FOUND);
}

static void a_deleted_name_comes_back_with_another_uidvalidity(void **state)
{
    struct folder *first = make("Once");
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, first->folder_id, 0, 3);
    OK(view_latest(world->ada, first->folder_id, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_count(view), 3);
    view_release(&view);
    REFUSED(folder_delete(world->ada, &world->as_ada, "INBOX", &err), ERR_DENIED);
    REFUSED(folder_delete(world->ada, &world->as_ada, "Never", &err), ERR_NOT_FOUND);
    OK(folder_delete(world->ada, &world->as_ada, "Once", &err));
    REFUSED(view_latest(world->ada, first->folder_id, VIEW_TRUST_WAKE, &view, &err), ERR_NOT_FOUND);
    assert_int_equal(kit_store_number(world->store,
                                      "SELECT used_bytes + used_messages FROM mailbox WHERE mailbox_id = $1",
                                      ADA),
                     0);
    assert_true(make("Once")->uidvalidity > first->uidvalidity);
    make("Once/Child");
    REFUSED(folder_delete(world->ada, &world->as_ada, "Once", &err), ERR_DEPENDED_ON);
}

static void children_are_renamed_too(void **state)
{
    struct folder *child = make("Old/Deep/Child"), *folder;
    struct err err = ERR_INIT;

    (void)state;
    make("Taken");
    REFUSED(folder_rename(world->ada, &world->as_ada, "Old", "Taken", &err), ERR_EXISTS);
    REFUSED(folder_rename(world->ada, &world->as_ada, "Old", "Old/Below", &err), ERR_INVALID);
    OK(folder_rename(world->ada, &world->as_ada, "Old", "New/Place", &err));
    assert_int_equal(find("New/Place/Deep/Child")->folder_id, child->folder_id);
    assert_int_equal(find("New/Place/Deep/Child")->uidvalidity, child->uidvalidity);
    REFUSED(folder_find(world->ada, &world->as_ada, "Old/Deep", 0, world, &folder, &err), ERR_NOT_FOUND);
    find("New");
}

static void renaming_the_inbox_moves_its_messages(void **state)
{
    int64_t inbox = world_inbox(world, world->ada);
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    world_deliver(world, ADA, inbox, FLAG_FLAGGED, 5);
    OK(folder_rename(world->ada, &world->as_ada, "INBOX", "Before", &err));
    assert_int_equal(find("INBOX")->messages, 0);
    assert_int_equal(find("INBOX")->uidnext, 6);
    assert_int_equal(find("Before")->messages, 5);
    OK(view_latest(world->ada, find("Before")->folder_id, VIEW_TRUST_WAKE, &view, &err));
    assert_int_equal(view_count(view), 5);
    view_release(&view);
    assert_int_equal(
        kit_store_number(world->store, "SELECT used_messages FROM mailbox WHERE mailbox_id = $1", ADA), 5);
}

static void names_may_be_subscribed_that_do_not_exist(void **state)
{
    struct folder **list;
    struct err err = ERR_INIT;
    size_t count;

    (void)state;
    OK(folder_subscribe(world->ada, "Ghost", &err));
    OK(folder_subscribe(world->ada, "Ghost", &err));
    OK(folder_list(world->ada, &world->as_ada, world, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[1]->name, "Ghost");
    assert_int_equal(list[1]->folder_id, 0);
    assert_true(list[1]->is_subscribed && list[0]->is_subscribed);
    OK(folder_unsubscribe(world->ada, "Ghost", &err));
    OK(folder_unsubscribe(world->ada, "Ghost", &err));
    OK(folder_list(world->ada, &world->as_ada, world, &list, &count, &err));
    assert_int_equal(count, 1);
}

static void grant(const char *folder_name, enum rights_subject subject, int64_t recipient, bool is_negative,
                  const char *letters)
{
    struct rights_entry entry = { .subject = subject, .recipient_id = recipient, .is_negative = is_negative };
    struct err err = ERR_INIT;

    assert_true(rights_parse(span_text(letters), &entry.rights));
    OK(rights_change(world->ada, &world->as_ada, folder_name, RIGHTS_SET, &entry, &err));
}

static void forbidden_looks_like_absent(void **state)
{
    struct folder *folder = NULL, **list;
    struct mailbox_reader stranger = { 1003, 3, KIT_ORGANISATION_ID + 1 };
    struct err err = ERR_INIT, absent = ERR_INIT;
    char text[RIGHTS_TEXT_MAX];
    const int64_t both[] = { ADA, 99 };
    struct folder_found *found;
    int64_t *shared;
    size_t count;
    unsigned rights;

    (void)state;
    make("Team");
    assert_false(folder_find(world->ada, &world->as_bob, "Nothing", RIGHT_READ, world, &folder, &absent));
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ, world, &folder, &err), ERR_NOT_FOUND);
    assert_string_equal(err.user, absent.user);
    REFUSED(rights_mine(world->ada, &world->as_bob, "Team", &rights, &err), ERR_NOT_FOUND);
    assert_string_equal(err.user, absent.user);

    grant("Team", RIGHTS_ANYONE, 0, false, "lrsw");
    grant("Team", RIGHTS_RECIPIENT, 1002, true, "w");
    OK(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ | RIGHT_SEEN, world, &folder, &err));
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_WRITE, world, &folder, &err), ERR_DENIED);
    OK(rights_mine(world->ada, &world->as_bob, "Team", &rights, &err));
    rights_render(rights, text);
    assert_string_equal(text, "lrs");
    OK(folder_list(world->ada, &world->as_bob, world, &list, &count, &err));
    assert_int_equal(count, 1);
    OK(folder_list_many(world->cache, world->store->group, &world->as_bob, both, 2, world, &found, &count,
                        &err));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].mailbox_id, ADA);
    assert_string_equal(found[0].folder->name, "Team");
    assert_int_equal(found[0].folder->rights, rights);
    OK(rights_shared_mailboxes(world->cache, world->store->group, &world->as_bob, world, &shared, &count,
                               &err));
    assert_int_equal(count, 1);
    assert_int_equal(shared[0], ADA);
    REFUSED(folder_find(world->ada, &stranger, "Team", RIGHT_READ, world, &folder, &err), ERR_NOT_FOUND);
    OK(rights_shared_mailboxes(world->cache, world->store->group, &stranger, world, &shared, &count, &err));
    assert_int_equal(count, 0);

    grant("Team", RIGHTS_RECIPIENT, 1002, true, "l");
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ | RIGHT_LOOKUP, world, &folder, &err),
            ERR_NOT_FOUND);
    grant("Team", RIGHTS_RECIPIENT, 1002, true, "");
    OK(rights_list(world->ada, &world->as_ada, "Team", world, &(struct rights_entry *){ NULL }, &count,
                   &err));
    assert_int_equal(count, 1);
}

static void new_folders_are_shared_like_their_parent(void **state)
{
    struct folder *folder = NULL;
    struct err err = ERR_INIT;

    (void)state;
    make("Team");
    grant("Team", RIGHTS_RECIPIENT, 1002, false, "lrk");
    REFUSED(folder_create(world->ada, &world->as_bob, "Top", NULL, world, &folder, &err), ERR_NOT_FOUND);
    OK(folder_create(world->ada, &world->as_bob, "Team/Bob", NULL, world, &folder, &err));
    assert_true(folder->rights & RIGHT_CREATE);
    REFUSED(folder_delete(world->ada, &world->as_bob, "Team/Bob", &err), ERR_DENIED);
}

/* Whom the group 900 holds, while the test says so. */
static bool holds_bob;
static int asked_groups;

static bool find_groups(void *arg, const void *owner, int64_t recipient_id, const int64_t *group_ids,
                        size_t count, int64_t **held_out, size_t *held_count_out, struct err *err)
{
    (void)arg;
    (void)err;
    asked_groups++;
    *held_out = talloc_zero_array(owner, int64_t, (unsigned)count + 1);
    *held_count_out = 0;
    for (size_t i = 0; i < count; i++)
        if (group_ids[i] == 900 && recipient_id == world->as_bob.recipient_id && holds_bob)
            (*held_out)[(*held_count_out)++] = 900;
    return true;
}

static void groups_hold_whoever_is_in_them_now(void **state)
{
    struct folder *folder = NULL, **list;
    struct err err = ERR_INIT;
    int64_t *shared;
    size_t count;

    (void)state;
    make("Team");
    make("Team/One");
    make("Team/Two");
    grant("Team", RIGHTS_GROUP, 900, false, "lr");
    grant("Team/One", RIGHTS_GROUP, 900, false, "lrs");
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ, world, &folder, &err), ERR_NOT_FOUND);
    rights_use(world->cache, find_groups, NULL);
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ, world, &folder, &err), ERR_NOT_FOUND);
    OK(rights_shared_mailboxes(world->cache, world->store->group, &world->as_bob, world, &shared, &count,
                               &err));
    assert_int_equal(count, 0);
    holds_bob = true;
    OK(folder_find(world->ada, &world->as_bob, "Team", RIGHT_READ, world, &folder, &err));
    OK(rights_shared_mailboxes(world->cache, world->store->group, &world->as_bob, world, &shared, &count,
                               &err));
    assert_int_equal(count, 1);
    assert_int_equal(shared[0], ADA);
    asked_groups = 0;
    OK(folder_list(world->ada, &world->as_bob, world, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(asked_groups, 1); /* once, however many folders there are */
    OK(folder_list(world->ada, &world->as_ada, world, &list, &count, &err));
    assert_int_equal(asked_groups, 1); /* and never for the owner */
    grant("Team", RIGHTS_GROUP, 900, true, "l");
    grant("Team/One", RIGHTS_GROUP, 900, true, "l");
    OK(rights_shared_mailboxes(world->cache, world->store->group, &world->as_bob, world, &shared, &count,
                               &err));
    assert_int_equal(count, 0);
    holds_bob = false;
    REFUSED(folder_find(world->ada, &world->as_bob, "Team/One", RIGHT_READ, world, &folder, &err),
            ERR_NOT_FOUND);
    rights_use(world->cache, NULL, NULL);
}

static void what_is_given_in_the_whole_mailbox_is_given_in_what_comes(void **state)
{
    struct rights_entry entry = { .subject = RIGHTS_RECIPIENT, .recipient_id = 1002 };
    struct rights_exception but[] = { { "INBOX", 0 }, { "Team", RIGHT_LOOKUP | RIGHT_READ } },
                            absent = { "Nowhere", 0 };
    struct folder *folder = NULL;
    struct rights_row *rows;
    struct err err = ERR_INIT;
    int64_t folders, id = ADA;
    size_t count;
    unsigned rights;

    (void)state;
    make("Team");
    make("Other");
    assert_true(rights_parse(span_text("lrswitek"), &entry.rights));
    REFUSED(rights_change_all(world->ada, &world->as_bob, &entry, NULL, 0, &folders, &err), ERR_NOT_FOUND);
    REFUSED(rights_change_all(world->ada, &world->as_ada, &entry, &absent, 1, &folders, &err), ERR_NOT_FOUND);
    OK(rights_change_all(world->ada, &world->as_ada, &entry, but, 2, &folders, &err));
    assert_true(folders >= 3);
    REFUSED(folder_find(world->ada, &world->as_bob, "INBOX", RIGHT_READ, world, &folder, &err),
            ERR_NOT_FOUND);
    REFUSED(folder_find(world->ada, &world->as_bob, "Team", RIGHT_INSERT, world, &folder, &err), ERR_DENIED);
    OK(folder_find(world->ada, &world->as_bob, "Other", RIGHT_INSERT, world, &folder, &err));
    OK(rights_at_tops(world->cache, world->store->group, &world->as_bob, &id, 1, &rights, &err));
    assert_true(rights & RIGHT_CREATE);
    OK(folder_create(world->ada, &world->as_bob, "Mine/Below", NULL, world, &folder, &err));
    OK(folder_create(world->ada, &world->as_ada, "Hers", NULL, world, &folder, &err));
    OK(folder_find(world->ada, &world->as_bob, "Mine", RIGHT_INSERT, world, &folder, &err));
    OK(folder_find(world->ada, &world->as_bob, "Hers", RIGHT_INSERT, world, &folder, &err));
    OK(rights_rows(world->store->group, world, &id, 1, &rows, &count, &err));
    assert_null(rows[0].folder);
    assert_int_equal(rows[0].entry.rights, entry.rights);
    entry.rights = 0;
    OK(rights_change_all(world->ada, &world->as_ada, &entry, NULL, 0, &folders, &err));
    OK(rights_rows(world->store->group, world, &id, 1, &rows, &count, &err));
    assert_int_equal(count, 0);
    REFUSED(folder_create(world->ada, &world->as_bob, "Again", NULL, world, &folder, &err), ERR_NOT_FOUND);
}

static void annotations_are_shared_or_private(void **state)
{
    struct annotation set[] = { { "/shared/comment", span_text("for all") },
                                { "/private/Comment", span_text("mine") },
                                { "/private/vendor/x/y", span_text("deep") } };
    struct span asked[] = { span_text("/PRIVATE"), span_text("/shared/comment") },
                one = span_text("/private/comment");
    struct annotation *got;
    struct err err = ERR_INIT;
    size_t count;
    char *big = talloc_zero_size(world, ANNOTATION_BYTES_MAX + 1);

    (void)state;
    OK(annotation_set(world->ada, &world->as_ada, "INBOX", set, 3, &err));
    OK(annotation_get(world->ada, &world->as_ada, "INBOX", asked, 2, ANNOTATION_INFINITY, world, &got, &count,
                      &err));
    assert_int_equal(count, 3);
    assert_string_equal(got[0].entry, "/private/comment");
    OK(annotation_get(world->ada, &world->as_ada, "INBOX", asked, 1, ANNOTATION_CHILDREN, world, &got, &count,
                      &err));
    assert_int_equal(count, 1);
    grant("INBOX", RIGHTS_ANYONE, 0, false, "lr");
    OK(annotation_get(world->ada, &world->as_bob, "INBOX", asked, 2, ANNOTATION_INFINITY, world, &got, &count,
                      &err));
    assert_int_equal(count, 1);
    assert_string_equal(got[0].entry, "/shared/comment");
    REFUSED(annotation_set(world->ada, &world->as_bob, "INBOX", set, 1, &err), ERR_DENIED);
    OK(annotation_set(world->ada, &world->as_bob, "INBOX", set + 1, 1, &err));
    OK(annotation_get(world->ada, &world->as_ada, "INBOX", &one, 1, ANNOTATION_ENTRY, world, &got, &count,
                      &err));
    assert_true(span_equals_text(got[0].value, "mine"));
    set[0].value = span_of(big, ANNOTATION_BYTES_MAX + 1);
    REFUSED(annotation_set(world->ada, &world->as_ada, "INBOX", set, 1, &err), ERR_LIMIT);
    assert_true(annotation_is_too_big(&err));
    set[0].value = (struct span){ NULL, NULL };
    OK(annotation_set(world->ada, &world->as_ada, "INBOX", set, 1, &err));
    OK(annotation_get(world->ada, &world->as_ada, "INBOX", asked, 2, ANNOTATION_INFINITY, world, &got, &count,
                      &err));
    assert_int_equal(count, 2);
}

static void recent_messages_are_claimed_once(void **state)
{
    int64_t inbox = world_inbox(world, world->ada);
    struct err err = ERR_INIT;
    uint32_t first;

    (void)state;
    world_deliver(world, ADA, inbox, 0, 3);
    OK(folder_claim_recent(world->ada, inbox, &first, &err));
    assert_int_equal(first, 1);
    OK(folder_claim_recent(world->ada, inbox, &first, &err));
    assert_int_equal(first, UINT32_MAX);
    world_deliver(world, ADA, inbox, 0, 1);
    OK(folder_claim_recent(world->ada, inbox, &first, &err));
    assert_int_equal(first, 4);
}

static void a_dismounted_store_is_busy_not_absent(void **state)
{
    int64_t inbox = world_inbox(world, world->ada);
    struct folder *folder;
    struct mailbox *again;
    struct err err = ERR_INIT;
    struct view *view;

    (void)state;
    kit_store_exec(world->store, "UPDATE store SET is_mounted = $1 = 0", 1);
    REFUSED(folder_find(world->ada, &world->as_ada, "INBOX", 0, world, &folder, &err), ERR_BUSY);
    REFUSED(view_latest(world->ada, inbox, VIEW_CHECK, &view, &err), ERR_BUSY);
    REFUSED(mailbox_open(world->other_cache, world->store->group, ADA, &again, &err), ERR_BUSY);
}

static int set_up(void **state)
{
    (void)state;
    world = world_open();
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
        TEST(parents_come_along_and_uidvalidity_grows),
        TEST(a_special_use_is_given_once),
        TEST(a_deleted_name_comes_back_with_another_uidvalidity),
        TEST(children_are_renamed_too),
        TEST(renaming_the_inbox_moves_its_messages),
        TEST(names_may_be_subscribed_that_do_not_exist),
        TEST(forbidden_looks_like_absent),
        TEST(new_folders_are_shared_like_their_parent),
        TEST(groups_hold_whoever_is_in_them_now),
        TEST(what_is_given_in_the_whole_mailbox_is_given_in_what_comes),
        TEST(annotations_are_shared_or_private),
        TEST(recent_messages_are_claimed_once),
        TEST(a_dismounted_store_is_busy_not_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
