/* test_policy.c -- quota, asked at RCPT: full is said at once, room is believed for a moment, trouble is never "full". */
#include "directory/list.h"
#include "kit/store.h"
#include "mailbox/mailbox.h"
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <talloc.h>

enum { FREE_ID = 1, SMALL_ID = 2, GONE_ID = 3, BOB = 1002 };

static struct kit_store *store;
static struct policy *policy;
static struct mailbox_cache *cache;

static enum err_kind ask(int64_t mailbox_id, int64_t group_id, int64_t size_bytes)
{
    const struct policy_question question = { .sender = "x@example.com", .size_bytes = size_bytes };
    const struct resolve_target target = { .mailbox_id = mailbox_id, .group_id = group_id };
    struct err err = ERR_INIT;
    bool may = policy_check(policy, &question, &target, &err);

    assert_int_equal(may, err.kind == ERR_NONE || may);
    return may ? ERR_NONE : err.kind;
}

static void quota_is_asked(void **state)
{
    (void)state;
    assert_int_equal(ask(FREE_ID, KIT_GROUP_ID, 0), ERR_NONE);
    assert_int_equal(ask(FREE_ID, KIT_GROUP_ID, 1 << 20), ERR_NONE); /* believed */
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 0), ERR_NONE);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 1000), ERR_NONE);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 1001), ERR_QUOTA);
    kit_store_exec(store, "UPDATE mailbox SET used_bytes = 1000 WHERE mailbox_id = $1", SMALL_ID);
    assert_int_equal(ask(SMALL_ID, KIT_GROUP_ID, 0), ERR_QUOTA);
}

static void what_is_not_there_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(ask(GONE_ID, KIT_GROUP_ID, 0), ERR_NOT_FOUND);
    assert_int_equal(ask(FREE_ID, 77, 300 << 20), ERR_BUSY); /* a storage group that nobody knows */
}

/* ---- gates; who is on which list is told by this file */

bool directory_sender_listed(struct directory *directory, int64_t recipient_id, const char *sender,
                             bool is_sure, bool *is_allowed_out, bool *is_denied_out, struct err *err)
{
    (void)directory;
    (void)recipient_id;
    if (strcmp(sender, "down@x.example") == 0)
        return err_set(err, ERR_BUSY, "The directory is not available.");
    *is_allowed_out = strcmp(sender, "friend@x.example") == 0 && is_sure;
    *is_denied_out = strcmp(sender, "foe@x.example") == 0;
    return true;
}

bool group_has_member(struct directory *directory, int64_t group_id, const char *sender, bool is_sure,
                      bool *has_out, struct err *err)
{
    (void)directory;
    (void)group_id;
    (void)err;
    *has_out = strcmp(sender, "guest@x.example") == 0 || (strcmp(sender, "own@x.example") == 0 && is_sure);
    return true;
}

bool directory_resolve(struct directory *directory, const void *owner, const char *local, const char *domain,
                       struct resolved *resolved_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)domain;
    (void)err;
    *resolved_out = (struct resolved){ .kind = RESOLVED_RECIPIENT,
                                       .organisation_id = KIT_ORGANISATION_ID,
                                       .recipient_id = *local == 'b' ? BOB : 99 };
    return true;
}

static const struct {
    const char *what;
    struct recipient_limits limits;
    const char *sender;
    int64_t login_organisation; /* 0: nobody logged in */
    int64_t size;
    enum err_kind kind; /* ERR_NONE: it passes */
} gates[] = {
    { "anyone, a stranger", { .max_bytes = 10 }, "a@x.example", 0, 10, ERR_NONE },
    { "too large", { .max_bytes = 10 }, "a@x.example", 0, 11, ERR_LIMIT },
    { "members, one elsewhere", { .accepts = ACCEPTS_MEMBERS }, "guest@x.example", 0, 0, ERR_NONE },
    { "members, one of ours", { .accepts = ACCEPTS_MEMBERS }, "own@x.example", 7, 0, ERR_NONE },
    { "members, who only says so", { .accepts = ACCEPTS_MEMBERS }, "own@x.example", 0, 0, ERR_AUTH },
    { "members, another of ours", { .accepts = ACCEPTS_MEMBERS }, "a@x.example", 7, 0, ERR_DENIED },
    { "members, the null sender", { .accepts = ACCEPTS_MEMBERS }, "", 0, 0, ERR_AUTH },
    { "members, and the organisation says inside",
      { ACCEPTS_MEMBERS, ACCEPTS_ORGANISATION },
      "own@x.example",
      8,
      0,
      ERR_DENIED },
    { "logged in only, a stranger", { .accepts = ACCEPTS_AUTHENTICATED }, "a@x.example", 0, 0, ERR_AUTH },
    { "logged in only, somebody", { .accepts = ACCEPTS_AUTHENTICATED }, "a@x.example", 8, 0, ERR_NONE },
    { "own organisation, another's", { .accepts = ACCEPTS_ORGANISATION }, "a@x.example", 8, 0, ERR_DENIED },
    { "own organisation, its own", { .accepts = ACCEPTS_ORGANISATION }, "a@x.example", 7, 0, ERR_NONE },
    { "own organisation, the null sender", { .accepts = ACCEPTS_ORGANISATION }, "", 0, 0, ERR_AUTH },
    { "the whole organisation is closed",
      { .organisation_accepts = ACCEPTS_ORGANISATION },
      "a@x.example",
      0,
      0,
      ERR_AUTH },
    { "and its own come in",
      { .organisation_accepts = ACCEPTS_ORGANISATION },
      "a@x.example",
      7,
      0,
      ERR_NONE },
    { "by name, a friend",
      { .accepts = ACCEPTS_NAMED, .has_allowed = true },
      "friend@x.example",
      8,
      0,
      ERR_NONE },
    { "by name, a friend who did not log in",
      { .accepts = ACCEPTS_NAMED, .has_allowed = true },
      "friend@x.example",
      0,
      0,
      ERR_DENIED },
    { "by name, another",
      { .accepts = ACCEPTS_NAMED, .has_allowed = true },
      "a@x.example",
      7,
      0,
      ERR_DENIED },
    { "by name, nobody is named", { .accepts = ACCEPTS_NAMED }, "a@x.example", 7, 0, ERR_DENIED },
    { "a friend from outside of the organisation",
      { .accepts = ACCEPTS_ORGANISATION, .has_allowed = true },
      "friend@x.example",
      8,
      0,
      ERR_NONE },
    { "a foe", { .has_denied = true }, "foe@x.example", 0, 0, ERR_DENIED },
    { "a foe of the organisation",
      { .accepts = ACCEPTS_ORGANISATION, .has_denied = true },
      "foe@x.example",
      7,
      0,
      ERR_DENIED },
    { "hidden, for who may write",
      { .is_hidden = true, .accepts = ACCEPTS_ORGANISATION },
      "a@x.example",
      7,
      0,
      ERR_NONE },
    { "hidden looks absent",
      { .is_hidden = true, .accepts = ACCEPTS_ORGANISATION },
      "a@x.example",
      0,
      0,
      ERR_NOT_FOUND },
    { "hidden from a foe", { .is_hidden = true, .has_denied = true }, "foe@x.example", 7, 0, ERR_NOT_FOUND },
    { "trouble is temporary", { .has_denied = true }, "down@x.example", 0, 0, ERR_BUSY },
};

static void gates_open_and_stay_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(gates); i++)
        for (int is_role = 0; is_role < 2; is_role++) {
            struct resolve_gate list[] = { { 0 }, { .organisation_id = 7, .limits = gates[i].limits } };
            struct resolve_target target = { .mailbox_id = 1, .gate = 1 };
            struct resolve_answer answer = {
                .gates = list, .gate_count = 2, .targets = &target, .target_count = 1, .is_role = is_role
            };
            const struct policy_question question = { .sender = gates[i].sender,
                                                      .is_authenticated = gates[i].login_organisation != 0,
                                                      .organisation_id = gates[i].login_organisation,
                                                      .size_bytes = gates[i].size };
            struct err err = ERR_INIT;
            int64_t max_bytes;
            bool passes = policy_admit(policy, &question, &answer, &max_bytes, &err);

            print_message("  %s\n", gates[i].what);
            assert_int_equal(err.kind, is_role ? ERR_NONE : gates[i].kind);
            assert_int_equal(passes, is_role || gates[i].kind == ERR_NONE);
            assert_int_equal(answer.target_count, passes || gates[i].kind == ERR_BUSY);
            if (passes)
                assert_int_equal(max_bytes, is_role ? 0 : gates[i].limits.max_bytes);
        }
}

/* A group of three: one closed, one reached behind a closed gate and again past it, one open; and what goes elsewhere. */
static void only_what_is_closed_is_left_out(void **state)
{
    struct resolve_gate list[] = { { 0 },
                                   { .limits = { .accepts = ACCEPTS_AUTHENTICATED } },
                                   { .limits = { .max_bytes = 50 }, .outer = 1 },
                                   { .limits = { .max_bytes = 100 } } };
    struct resolve_target targets[] = { { .mailbox_id = 1, .gate = 1 },
                                        { .mailbox_id = 2, .gate = 2 },
                                        { .mailbox_id = 2, .gate = 0 },
                                        { .mailbox_id = 3, .gate = 3 },
                                        { .mailbox_id = 3, .gate = 0 } };
    struct resolve_remote remotes[] = { { .address = "a@x.example", .gate = 2 },
                                        { .address = "b@x.example" },
                                        { .address = "b@x.example", .gate = 3 },
                                        { .address = "c@x.example", .why = RESOLVE_WHY_RETURN } };
    struct resolve_answer answer = { .gates = list,
                                     .gate_count = 4,
                                     .targets = targets,
                                     .target_count = 5,
                                     .remotes = remotes,
                                     .remote_count = 4 };
    struct policy_question question = { .sender = "a@x.example" };
    struct err err = ERR_INIT;
    int64_t max_bytes;

    (void)state;
    assert_true(policy_admit(policy, &question, &answer, &max_bytes, &err));
    assert_int_equal(answer.target_count, 2);
    assert_int_equal(answer.targets[0].mailbox_id, 2);
    assert_int_equal(answer.targets[1].mailbox_id, 3);
    assert_int_equal(answer.remote_count, 1);
    assert_string_equal(answer.remotes[0].address, "b@x.example");
    assert_int_equal(max_bytes, 100);
}

/* bob posts, for whom there is an entry; who has not logged in, or is elsewhere, and anybody else has what everybody has. */
static const struct {
    const char *what, *anyone, *sender;
    int64_t login_organisation;
    enum err_kind kind;
} posts[] = {
    { "everybody may", "lrip", "x@far.example", 0, ERR_NONE },
    { "who is elsewhere, too", "lip", "x@far.example", KIT_ORGANISATION_ID + 1, ERR_NONE },
    { "a reviewer", "lr", "ada@x.example", KIT_ORGANISATION_ID, ERR_DENIED },
    { "who has an entry", "lr", "bob@x.example", KIT_ORGANISATION_ID, ERR_NONE },
    { "a forged one", "lr", "bob@x.example", 0, ERR_AUTH },
    { "one of the same name elsewhere", "lr", "bob@x.example", KIT_ORGANISATION_ID + 1, ERR_DENIED },
};

static void a_public_folder_takes_whom_its_rights_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(posts); i++) {
        struct resolve_target targets[] = { { .mailbox_id = FREE_ID,
                                              .group_id = KIT_GROUP_ID,
                                              .organisation_id = KIT_ORGANISATION_ID,
                                              .is_public = true },
                                            { .mailbox_id = SMALL_ID } };
        struct resolve_answer answer = { .targets = targets, .target_count = 2 };
        const struct policy_question question = { .sender = posts[i].sender,
                                                  .is_authenticated = posts[i].login_organisation != 0,
                                                  .organisation_id = posts[i].login_organisation };
        struct err err = ERR_INIT;
        int64_t max_bytes;

        print_message("  %s\n", posts[i].what);
        kit_store_exec(
            store,
            "DELETE FROM folder_right WHERE folder_id IN (SELECT folder_id FROM folder WHERE mailbox_id = $1)",
            FREE_ID);
        kit_store_exec(
            store,
            talloc_asprintf(store,
                            "INSERT INTO folder_right (folder_id, identifier, rights)"
                            " SELECT folder_id, unnest(ARRAY['anyone', 'r:%d']), unnest(ARRAY['%s', 'p'])"
                            "   FROM folder WHERE mailbox_id = $1",
                            BOB, posts[i].anyone),
            FREE_ID);
        assert_true(
            policy_admit(policy, &question, &answer, &max_bytes, &err)); /* the others of a group have it */
        assert_int_equal(answer.target_count, posts[i].kind == ERR_NONE ? 2 : 1);
        targets[0] = (struct resolve_target){ .mailbox_id = FREE_ID,
                                              .group_id = KIT_GROUP_ID,
                                              .organisation_id = KIT_ORGANISATION_ID,
                                              .is_public = true };
        answer.target_count = 1;
        assert_int_equal(policy_admit(policy, &question, &answer, &max_bytes, &err),
                         posts[i].kind == ERR_NONE);
        assert_int_equal(err.kind, posts[i].kind);
    }
}

/* What comes back for mail that was sent on has no sender. */
static void a_return_address_is_for_bounces(void **state)
{
    struct resolve_remote remote = { .address = "c@x.example", .why = RESOLVE_WHY_RETURN };
    struct resolve_answer answer = { .remotes = &remote, .remote_count = 1 };
    struct policy_question question = { .sender = "" };
    struct err err = ERR_INIT;
    int64_t max_bytes;

    (void)state;
    assert_true(policy_admit(policy, &question, &answer, &max_bytes, &err));
    question.sender = "spam@x.example";
    assert_false(policy_admit(policy, &question, &answer, &max_bytes, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static int set_up(void **state)
{
    struct policy_options options = { 0 };
    struct err err = ERR_INIT;

    store = kit_store_open(NULL);
    kit_store_mailbox(store, FREE_ID, 0, 0);
    kit_store_mailbox(store, SMALL_ID, 1000, 0);
    options.groups = store->groups;
    cache = options.cache = mailbox_cache_open(&(struct mailbox_cache_options){ .bus = NULL });
    (void)state;
    return policy_open(store, &options, &policy, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    policy_close(&policy);
    mailbox_cache_close(&cache);
    kit_store_close(store);
    talloc_free(store);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_is_asked),
        cmocka_unit_test(gates_open_and_stay_closed),
        cmocka_unit_test(only_what_is_closed_is_left_out),
        cmocka_unit_test(a_public_folder_takes_whom_its_rights_say),
        cmocka_unit_test(a_return_address_is_for_bounces),
        cmocka_unit_test(what_is_not_there_is_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
