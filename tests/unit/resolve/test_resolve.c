/* test_resolve.c -- one answer for each address, over a directory of a few rows that this file brings itself. */
#include "directory/list.h"
#include "directory/login.h"
#include "directory/resolve.h"
#include "resolve/link.h"
#include "resolve/resolve.h"
#include "resolve/srs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <talloc.h>

struct entry {
    const char *local;
    enum resolved_kind kind;
    int64_t id;
    const char *targets;        /* locals or addresses, blank between; known ones go by id */
    enum recipient_kind stands; /* RESOLVED_ALIAS: 0 is an alias */
    bool keeps_copy;
    struct recipient_limits limits;
    bool is_posted, has_query;
};

static const struct entry entries[] = {
    { "ada", RESOLVED_RECIPIENT, 1, "" },
    { "bob", RESOLVED_RECIPIENT, 2, "" },
    { "off", RESOLVED_DISABLED, 3, "" },
    { "team", RESOLVED_ALIAS, 10, "ada bob" },
    { "nested", RESOLVED_ALIAS, 11, "team bob team ada" },
    { "loop", RESOLVED_ALIAS, 12, "loop2" },
    { "loop2", RESOLVED_ALIAS, 13, "loop" },
    { "mixed", RESOLVED_ALIAS, 14, "loop ada off gone" },
    { "out", RESOLVED_ALIAS, 15, "ada x@elsewhere.example" },
    { "dead", RESOLVED_ALIAS, 16, "gone off" },
    { "gone2", RESOLVED_ALIAS, 17, "gone" },
    { "busy", RESOLVED_ALIAS, 18, "ada down" },
    { "byname", RESOLVED_ALIAS, 19, "bob@example.org" },
    { "abuse", RESOLVED_UNKNOWN, 0, "" },
    { "carl", RESOLVED_ALIAS, 20, "carl@elsewhere.example", RECIPIENT_CONTACT },
    { "staff", RESOLVED_ALIAS, 21, "ada team carl Guest@elsewhere.example", RECIPIENT_GROUP },
    { "all", RESOLVED_ALIAS, 22, "staff all bob carl", RECIPIENT_GROUP },
    { "empty", RESOLVED_ALIAS, 23, "", RECIPIENT_GROUP },
    { "away", RESOLVED_RECIPIENT, 30, "away@elsewhere.example" },
    { "both", RESOLVED_RECIPIENT, 31, "bob both@elsewhere.example", .keeps_copy = true },
    { "lost", RESOLVED_RECIPIENT, 32, "gone" },
    { "ping", RESOLVED_RECIPIENT, 33, "pong" },
    { "pong", RESOLVED_RECIPIENT, 34, "ping" },
    { "ping2", RESOLVED_RECIPIENT, 35, "pong2", .keeps_copy = true },
    { "pong2", RESOLVED_RECIPIENT, 36, "ping2", .keeps_copy = true },
    { "onward", RESOLVED_RECIPIENT, 37, "x@relay.example x@backup.example" },
    { "boss", RESOLVED_RECIPIENT, 40, "", .limits = { .accepts = ACCEPTS_ORGANISATION } },
    { "board", RESOLVED_ALIAS, 41, "boss ada board2", RECIPIENT_GROUP, .limits = { .max_bytes = 1000 } },
    { "board2", RESOLVED_ALIAS, 42, "board bob boss", RECIPIENT_GROUP },
    { "list", RESOLVED_ALIAS, 50, "ada inner Guest@elsewhere.example", RECIPIENT_GROUP, .is_posted = true },
    { "inner", RESOLVED_ALIAS, 51, "bob list", RECIPIENT_GROUP, .is_posted = true },
    { "holder", RESOLVED_ALIAS, 52, "list bob", RECIPIENT_GROUP },
    { "orphan", RESOLVED_ALIAS, 53, "bob", RECIPIENT_GROUP, .is_posted = true },
    { "query", RESOLVED_ALIAS, 54, "bob", RECIPIENT_GROUP, .has_query = true },
    { "odd-owner", RESOLVED_RECIPIENT, 55, "" },
    { "mixed-gates", RESOLVED_ALIAS, 43, "board boss ada", RECIPIENT_GROUP },
};

static bool has_postmaster;

static void take_targets(const void *owner, const char *text, struct resolved *found);

static void found_entry(const void *owner, const struct entry *entry, struct resolved *found)
{
    *found = (struct resolved){
        .kind = entry->kind,
        .organisation_id = 7,
        .domain_id = 8,
        .recipient_id = entry->id,
        .address = talloc_asprintf(owner, "%s@example.org", entry->local),
        .mailbox = { 1, 1, entry->id },
        .recipient_kind = entry->kind == RESOLVED_ALIAS && !entry->stands ? RECIPIENT_ALIAS : entry->stands,
        .keeps_copy = entry->keeps_copy,
        .limits = entry->limits,
        .is_posted = entry->is_posted,
        .has_query = entry->has_query,
    };
    take_targets(owner, entry->targets, found);
}

static const struct entry *entry_of(const char *local, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        if (strlen(entries[i].local) == length && strncmp(entries[i].local, local, length) == 0)
            return &entries[i];
    return NULL;
}

static void take_targets(const void *owner, const char *text, struct resolved *found)
{
    found->targets = talloc_zero_array(owner, struct resolved_target, 8);
    while (*text) {
        size_t length = strcspn(text, " ");
        const struct entry *entry = entry_of(text, length);
        struct resolved_target *target = &found->targets[found->target_count++];

        target->address = talloc_strndup(owner, text, length);
        target->recipient_id = entry ? entry->id : strchr(target->address, '@') ? 0 : 999;
        if (strcmp(target->address, "down") == 0)
            target->recipient_id = 998;
        text += length + strspn(text + length, " ");
    }
}

bool directory_resolve(struct directory *directory, const void *owner, const char *local, const char *domain,
                       struct resolved *found, struct err *err)
{
    size_t plain = strcspn(local, "+");
    const struct entry *entry = entry_of(local, plain);

    (void)directory;
    *found = (struct resolved){ .kind = RESOLVED_FOREIGN,
                                .address = talloc_asprintf(owner, "%s@%s", local, domain) };
    if (strcmp(domain, "down.example") == 0)
        return err_set(err, ERR_BUSY, "The directory is not available.");
    if (strcmp(domain, "backup.example") == 0)
        found->kind = RESOLVED_BACKUP;
    if (strcmp(domain, "relay.example") == 0)
        found->kind = RESOLVED_RELAY;
    if (strcmp(domain, "caught.example") == 0)
        *found = (struct resolved){ .kind = RESOLVED_UNKNOWN,
                                    .catch_all_id = 2,
                                    .address = talloc_asprintf(owner, "%s@%s", local, domain) };
    if (strcmp(domain, "example.org") != 0)
        return true;
    found->kind = RESOLVED_UNKNOWN;
    if (entry) {
        found_entry(owner, entry, found);
        found->detail = local[plain] ? talloc_strdup(owner, local + plain + 1) : NULL;
    }
    return true;
}

bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct resolved *found, struct err *err)
{
    (void)directory;
    if (recipient_id == 998)
        return err_set(err, ERR_BUSY, "The directory is not available.");
    for (size_t i = 0; i < COUNT_OF(entries); i++)
        if (entries[i].id == recipient_id) {
            found_entry(owner, &entries[i], found);
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no such recipient.");
}

bool directory_resolve_ids(struct directory *directory, const void *owner, const int64_t *ids, size_t count,
                           struct resolved **found, size_t *count_out, struct err *err)
{
    *found = talloc_array(owner, struct resolved, (unsigned)count);
    *count_out = 0;
    for (size_t i = 0; i < count; i++)
        if (directory_resolve_id(directory, owner, ids[i], &(*found)[*count_out], err))
            ++*count_out;
        else if (err->kind != ERR_NOT_FOUND)
            return false;
    *err = ERR_INIT;
    return true;
}

bool directory_secret(struct directory *directory, unsigned char secret_out[32], struct err *err)
{
    (void)directory;
    (void)err;
    memset(secret_out, 7, 32);
    return true;
}

bool directory_has_domain(struct directory *directory, const char *domain, bool *is_ours_out, struct err *err)
{
    (void)directory;
    (void)err;
    *is_ours_out = strcmp(domain, "example.org") == 0;
    return true;
}

bool directory_postmaster(struct directory *directory, const void *owner, struct resolved *found,
                          struct err *err)
{
    (void)directory;
    if (!has_postmaster)
        return err_set(err, ERR_NOT_FOUND, "Nobody is postmaster.");
    found_entry(owner, &entries[0], found);
    return true;
}

/* The list's owner is bob; the orphan has none. */
bool list_load(struct directory *directory, const void *owner, int64_t recipient_id,
               struct list_settings *settings_out, struct err *err)
{
    (void)directory;
    (void)err;
    *settings_out = (struct list_settings){ .recipient_id = recipient_id, .owner_count = recipient_id == 50 };
    settings_out->owners = talloc_zero(owner, struct list_person);
    settings_out->owners[0].address = "bob@example.org";
    return true;
}

bool group_query_members(struct directory *directory, const void *owner, int64_t group_id, int64_t **ids_out,
                         size_t *count_out, struct err *err)
{
    (void)directory;
    (void)group_id;
    (void)err;
    *ids_out = talloc_zero_array(owner, int64_t, 3);
    (*ids_out)[0] = 1;  /* ada */
    (*ids_out)[1] = 20; /* the contact */
    *count_out = 2;
    return true;
}

static const struct {
    const char *what, *address;
    enum resolve_verdict verdict;
    const char *mailboxes; /* "1 2" */
} cases[] = {
    { "a mailbox", "ada@example.org", RESOLVE_DELIVER, "1" },
    { "a sub-address", "ada+lists@example.org", RESOLVE_DELIVER, "1" },
    { "an alias", "team@example.org", RESOLVE_DELIVER, "1 2" },
    { "an alias of a name", "byname@example.org", RESOLVE_DELIVER, "2" },
    { "nested and doubled: each once", "nested@example.org", RESOLVE_DELIVER, "1 2" },
    { "a loop", "loop@example.org", RESOLVE_LOOP, "" },
    { "a loop beside a mailbox", "mixed@example.org", RESOLVE_DELIVER, "1" },
    { "only what is gone and disabled", "dead@example.org", RESOLVE_DISABLED, "" },
    { "only what is gone", "gone2@example.org", RESOLVE_UNKNOWN, "" },
    { "a part leads elsewhere", "out@example.org", RESOLVE_DELIVER, "1 alias:x@elsewhere.example" },
    { "unknown", "nobody@example.org", RESOLVE_UNKNOWN, "" },
    { "disabled", "off@example.org", RESOLVE_DISABLED, "" },
    { "foreign", "Ada@elsewhere.example", RESOLVE_FOREIGN, "foreign:Ada@elsewhere.example" },
    { "foreign with a percent", "ada%example.org@elsewhere.example", RESOLVE_FOREIGN,
      "foreign:ada%example.org@elsewhere.example" },
    { "a backup domain", "ada@backup.example", RESOLVE_DELIVER, "backup:ada@backup.example" },
    { "an internal relay", "ada@relay.example", RESOLVE_DELIVER, "relay:ada@relay.example" },
    { "percent", "u%elsewhere.example@example.org", RESOLVE_SOURCE_ROUTE, "" },
    { "bang", "elsewhere.example!u@example.org", RESOLVE_SOURCE_ROUTE, "" },
    { "quoted", "\"u@elsewhere.example\"@example.org", RESOLVE_SOURCE_ROUTE, "" },
    { "postmaster", "postmaster@example.org", RESOLVE_DELIVER, "1" },
    { "PostMaster alone", "PostMaster", RESOLVE_DELIVER, "1" },
    { "abuse", "abuse@example.org", RESOLVE_DELIVER, "1" },
    { "another's postmaster", "postmaster@elsewhere.example", RESOLVE_FOREIGN,
      "foreign:postmaster@elsewhere.example" },
    { "our own address", "bob@[127.0.0.1]", RESOLVE_DELIVER, "2" },
    { "our own IPv6 address", "bob@[IPv6:::1]", RESOLVE_DELIVER, "2" },
    { "another's address", "bob@[192.0.2.77]", RESOLVE_FOREIGN, "foreign:bob@[192.0.2.77]" },
    { "a percent at our own address", "u%elsewhere.example@[127.0.0.1]", RESOLVE_SOURCE_ROUTE, "" },
    { "anybody alone", "ada", RESOLVE_UNKNOWN, "" },
    { "a contact", "carl@example.org", RESOLVE_DELIVER, "contact:carl@elsewhere.example" },
    { "a group: users, an alias, a contact, a stranger", "staff@example.org", RESOLVE_DELIVER,
      "1 2 contact:carl@elsewhere.example member:Guest@elsewhere.example" },
    { "a group in a group, and itself: each once", "all@example.org", RESOLVE_DELIVER,
      "1 2 contact:carl@elsewhere.example member:Guest@elsewhere.example" },
    { "a group of nobody", "empty@example.org", RESOLVE_UNKNOWN, "" },
    { "a redirect", "away@example.org", RESOLVE_DELIVER, "redirect:away@elsewhere.example" },
    { "a redirect that keeps a copy", "both@example.org", RESOLVE_DELIVER,
      "31 2 redirect:both@elsewhere.example" },
    { "a redirect to nowhere keeps the mail", "lost@example.org", RESOLVE_DELIVER, "32" },
    { "two that redirect to each other", "ping@example.org", RESOLVE_DELIVER, "34" },
    { "the same, both with a copy", "ping2@example.org", RESOLVE_DELIVER, "35 36" },
    { "a redirect into domains that others hold", "onward@example.org", RESOLVE_DELIVER,
      "relay:x@relay.example backup:x@backup.example" },
    { "a list is not looked into", "list@example.org", RESOLVE_DELIVER, "list:list@example.org" },
    { "a list in a group", "holder@example.org", RESOLVE_DELIVER, "2 list:list@example.org" },
    { "a list's owners", "list-owner@example.org", RESOLVE_DELIVER, "2" },
    { "bounces are theirs", "list-BOUNCES@example.org", RESOLVE_DELIVER, "2" },
    { "without owners the postmaster's", "orphan-owner@example.org", RESOLVE_DELIVER, "1" },
    { "joining is the motor's", "list-subscribe@example.org", RESOLVE_DELIVER,
      "list:list-subscribe@example.org" },
    { "leaving, too", "list-unsubscribe@example.org", RESOLVE_DELIVER, "list:list-unsubscribe@example.org" },
    { "an alias has no owners", "team-owner@example.org", RESOLVE_UNKNOWN, "" },
    { "a plain group has none, either", "staff-owner@example.org", RESOLVE_UNKNOWN, "" },
    { "an address of its own goes first", "odd-owner@example.org", RESOLVE_DELIVER, "55" },
    { "a token that nobody made", "chappe-aeaqcaaaaaaaaaaaaaaaaaaaa@example.org", RESOLVE_UNKNOWN, "" },
    { "members by name and by a query", "query@example.org", RESOLVE_DELIVER,
      "2 1 contact:carl@elsewhere.example" },
    { "a catch-all", "nobody@caught.example", RESOLVE_DELIVER, "2" },
    { "a catch-all takes postmaster, too", "postmaster@caught.example", RESOLVE_DELIVER, "2" },
    { "a catch-all takes no routes", "u%elsewhere.example@caught.example", RESOLVE_SOURCE_ROUTE, "" },
    { "a forged return address", "SRS0=ABCDEFGH=AA=elsewhere.example=u@example.org", RESOLVE_UNKNOWN, "" },
    { "a forged return address where there is a catch-all",
      "SRS0=ABCDEFGH=AA=elsewhere.example=u@caught.example", RESOLVE_UNKNOWN, "" },
};

static bool ask(void *owner, const char *text, struct resolve_answer *answer, struct err *err)
{
    struct address address;

    assert_int_equal(address_parse(owner, span_text(text), ADDRESS_ACCEPT_NO_DOMAIN, &address), ADDRESS_GOOD);
    return resolve(NULL, owner, &address, answer, err);
}

static void every_address_has_one_answer(void **state)
{
    (void)state;
    has_postmaster = true;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *owner = talloc_new(NULL);
        char *mailboxes = talloc_strdup(owner, "");
        struct resolve_answer answer;
        struct err err = ERR_INIT;

        print_message("  %s\n", cases[i].what);
        assert_true(ask(owner, cases[i].address, &answer, &err));
        for (size_t k = 0; k < answer.target_count; k++)
            mailboxes =
                talloc_asprintf_append(mailboxes, "%s%d", k ? " " : "", (int)answer.targets[k].mailbox_id);
        for (size_t k = 0; k < answer.remote_count; k++)
            mailboxes =
                talloc_asprintf_append(mailboxes, "%s%s:%s", *mailboxes ? " " : "",
                                       resolve_why_name(answer.remotes[k].why), answer.remotes[k].address);
        assert_string_equal(resolve_verdict_name(answer.verdict), resolve_verdict_name(cases[i].verdict));
        assert_string_equal(mailboxes, cases[i].mailboxes);
        talloc_free(owner);
    }
}

static void the_members_of_a_list(void **state)
{
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(resolve_members(NULL, owner, 50, &answer, &err));
    assert_int_equal(answer.verdict, RESOLVE_DELIVER);
    assert_int_equal(answer.target_count, 1);
    assert_int_equal(answer.remote_count, 2);
    assert_string_equal(answer.remotes[0].address, "inner@example.org");
    assert_int_equal(answer.remotes[0].why, RESOLVE_WHY_LIST);
    assert_int_equal(answer.remotes[0].recipient_id, 51);
    assert_string_equal(answer.remotes[1].address, "Guest@elsewhere.example");
    assert_true(resolve_members(NULL, owner, 77, &answer, &err));
    assert_int_equal(answer.verdict, RESOLVE_UNKNOWN);
    assert_int_equal(err.kind, ERR_NONE);
    talloc_free(owner);
}

static void an_address_with_a_token_is_the_motors(void **state)
{
    const struct link_token token = { .act = LINK_APPROVE, .a = 5 };
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;
    struct err err = ERR_INIT;
    struct link_key key;

    (void)state;
    assert_true(link_key(NULL, &key, &err));
    assert_true(ask(owner, link_address(owner, &key, &token, "example.org"), &answer, &err));
    assert_int_equal(answer.remote_count, 1);
    assert_int_equal(answer.remotes[0].why, RESOLVE_WHY_LIST);
    assert_int_equal(answer.remotes[0].recipient_id, 0);
    assert_true(ask(owner, link_address(owner, &key, &token, "elsewhere.example"), &answer, &err));
    assert_int_equal(answer.verdict, RESOLVE_FOREIGN);
    talloc_free(owner);
}

static void trouble_is_never_unknown(void **state)
{
    static const char *const addresses[] = { "ada@down.example", "busy@example.org" };
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct err err = ERR_INIT;

        assert_false(ask(owner, addresses[i], &answer, &err));
        assert_int_equal(err.kind, ERR_BUSY);
    }
    talloc_free(owner);
}

static void without_a_postmaster_it_is_unknown(void **state)
{
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;
    struct err err = ERR_INIT;

    (void)state;
    has_postmaster = false;
    assert_true(ask(owner, "postmaster@example.org", &answer, &err));
    assert_int_equal(answer.verdict, RESOLVE_UNKNOWN);
    assert_int_equal(err.kind, ERR_NONE);
    talloc_free(owner);
}

static void the_way_is_told(void **state)
{
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;
    struct err err = ERR_INIT;

    (void)state;
    assert_true(ask(owner, "byname@example.org", &answer, &err));
    assert_int_equal(answer.organisation_id, 7);
    assert_int_equal(answer.domain_id, 8);
    assert_int_equal(answer.step_count, 2);
    assert_string_equal(answer.steps[0].what, "alias");
    assert_string_equal(answer.steps[0].from, "byname@example.org");
    assert_string_equal(answer.steps[0].to, "bob@example.org");
    assert_string_equal(answer.steps[1].what, "mailbox");
    talloc_free(owner);
}

/* Each copy with the recipients whose gates it passes, innermost first. */
static char *gates_of(void *owner, const struct resolve_answer *answer)
{
    char *text = talloc_strdup(owner, "");

    for (size_t i = 0; i < answer->target_count; i++) {
        text = talloc_asprintf_append(text, "%s%d", i ? " " : "", (int)answer->targets[i].mailbox_id);
        for (size_t g = answer->targets[i].gate; g; g = answer->gates[g].outer)
            text = talloc_asprintf_append(text, "<%d", (int)answer->gates[g].recipient_id);
    }
    return text;
}

static void gates_are_told(void **state)
{
    static const struct {
        const char *address, *gates;
    } wanted[] = {
        { "ada@example.org", "1" },
        { "boss@example.org", "40<40" },
        { "board@example.org", "40<40<41 1<41 2<41" },
        { "board2@example.org", "40<40<41 1<41 2<41 2 40<40" },
        { "mixed-gates@example.org", "40<40<41 1<41 2<41 40<40 1" },
    };
    void *owner = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        struct resolve_answer answer;
        struct err err = ERR_INIT;

        assert_true(ask(owner, wanted[i].address, &answer, &err));
        assert_string_equal(gates_of(owner, &answer), wanted[i].gates);
    }
    talloc_free(owner);
}

/* What we send on comes back: the sender of the copy, taken as a recipient, is the sender that it was made from. */
static void bounces_find_their_way_back(void **state)
{
    void *owner = talloc_new(NULL);
    struct resolve_answer answer;
    struct err err = ERR_INIT;
    const char *sender;

    (void)state;
    assert_true(ask(owner, "away@example.org", &answer, &err));
    assert_int_equal(answer.remotes[0].recipient_id, 30);
    assert_true(resolve_sender(NULL, owner, "Eve.X@far.example", &answer.remotes[0], &sender, &err));
    assert_int_equal(strncmp(sender, "SRS0=", 5), 0);
    assert_non_null(strstr(sender, "=far.example=Eve.X@example.org"));
    assert_true(ask(owner, sender, &answer, &err));
    assert_int_equal(answer.verdict, RESOLVE_DELIVER);
    assert_int_equal(answer.remote_count, 1);
    assert_string_equal(answer.remotes[0].address, "Eve.X@far.example");
    assert_int_equal(answer.remotes[0].why, RESOLVE_WHY_RETURN);
    assert_null(answer.remotes[0].via);
    talloc_free(owner);
}

static void senders_that_stay(void **state)
{
    struct resolve_remote redirect = { .why = RESOLVE_WHY_REDIRECT, .via = "away@example.org" },
                          foreign = { .why = RESOLVE_WHY_FOREIGN };
    void *owner = talloc_new(NULL);
    struct err err = ERR_INIT;
    const char *sender;

    (void)state;
    assert_true(resolve_sender(NULL, owner, "", &redirect, &sender, &err));
    assert_string_equal(sender, "");
    assert_true(resolve_sender(NULL, owner, "ada@example.org", &redirect, &sender, &err));
    assert_string_equal(sender, "ada@example.org");
    assert_true(resolve_sender(NULL, owner, "x@far.example", &foreign, &sender, &err));
    assert_string_equal(sender, "x@far.example");
    talloc_free(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_are_told),
        cmocka_unit_test(bounces_find_their_way_back),
        cmocka_unit_test(senders_that_stay),
        cmocka_unit_test(every_address_has_one_answer),
        cmocka_unit_test(trouble_is_never_unknown),
        cmocka_unit_test(without_a_postmaster_it_is_unknown),
        cmocka_unit_test(the_way_is_told),
        cmocka_unit_test(the_members_of_a_list),
        cmocka_unit_test(an_address_with_a_token_is_the_motors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
