/* test_arc.c -- chains: sealed by us and checked by us over several hops, and every way in which one is broken. That others agree is
 * shown by tests/stories/handed_on.py. */
#include "base/keypair.h"
#include "directory/dkim_key.h"
#include "fake_dns.h"
#include "filter/arc.h"
#include "filter/auth_results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct dkim_key keys[2];
static struct fake_record zone[8];

static int make_keys(void **state)
{
    static const char *const domains[] = { "list.test", "second.test" };
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < 2; i++) {
        char *private_key, *public_key;

        if (!keypair_make(arena, KEYPAIR_RSA, 2048, &private_key, &public_key, &err))
            return -1;
        keys[i] = (struct dkim_key){
            .domain = domains[i], .selector = "s1", .algorithm = "rsa", .private_key = private_key
        };
        zone[i] = (struct fake_record){ talloc_asprintf(arena, "s1._domainkey.%s", domains[i]), DNS_TXT,
                                        talloc_asprintf(arena, "v=DKIM1; k=rsa; p=%s", public_key) };
    }
    zone[2] = (struct fake_record){ "s1._domainkey.silent.test", DNS_TXT, "!" };
    zone[3] = (struct fake_record){ "s1._domainkey.small.test", DNS_TXT,
                                    "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAN8=" };
    fake_zone = zone;
    *state = arena;
    return 0;
}

static int free_keys(void **state)
{
    talloc_free(*state);
    return 0;
}

#define MAIL "From: a@author.test\r\nTo: l@list.test\r\nSubject:  hello\r\n there\r\n\r\nbody  \r\n\r\n\r\n"

static const char *sealed(void *arena, const char *mail, size_t which, const char *results,
                          enum arc_result chain)
{
    struct arc_seal seal = { .key = &keys[which],
                             .authserv_id = keys[which].domain,
                             .results = span_text(results),
                             .chain = chain,
                             .now_us = 1900000000000000 };
    struct buf out = BUF_INIT(arena);
    struct err err = ERR_INIT;

    assert_true(arc_add_seal(&seal, span_text(mail), &out, &err));
    buf_add_text(&out, mail);
    return buf_text(&out);
}

static struct arc_answer check(void *arena, const char *mail)
{
    struct arc_answer answer;

    arc_check(NULL, arena, span_text(mail), 0, &answer);
    return answer;
}

static char *replaced(void *arena, const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);

    assert_non_null(at);
    return talloc_asprintf(arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void a_chain_of_several_hops_holds(void **state)
{
    void *arena = talloc_new(*state);
    const char *mail = sealed(arena, MAIL, 0, " dmarc=pass header.from=author.test", ARC_NONE);
    struct arc_answer answer = check(arena, mail);

    assert_int_equal(check(arena, MAIL).result, ARC_NONE);
    assert_int_equal(answer.result, ARC_PASS);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.hops[0].sealer, "list.test");
    for (int i = 0; i < 4; i++)
        mail = sealed(arena, mail, 1, " arc=pass; dmarc=fail header.from=author.test", ARC_PASS);
    answer = check(arena, mail);
    assert_int_equal(answer.result, ARC_PASS);
    assert_int_equal(answer.count, 5);
    assert_string_equal(arc_trusted_word(arena, &answer, "list.test second.test", "author.test"),
                        "list.test");
    assert_null(arc_trusted_word(arena, &answer, "list.test", "author.test"));
    assert_null(arc_trusted_word(arena, &answer, "second.test", "author.test"));
    assert_null(arc_trusted_word(arena, &answer, "list.test second.test", "other.test"));
    assert_null(arc_trusted_word(arena, &answer, "st.test second.test", "author.test"));
    assert_non_null(arc_trusted_word(arena, &answer, "test", "author.test"));
    talloc_free(arena);
}

static const struct {
    const char *what, *old, *new;
    enum arc_result result;
} changes[] = {
    { "white space that relaxed forgives", "Subject:  hello", "Subject: hello", ARC_PASS },
    { "the end of the body", "body  \r\n\r\n\r\n", "body\r\n", ARC_PASS },
    { "a field that is not covered", "To: l@list", "X-New: 1\r\nTo: l@list", ARC_PASS },
    { "the subject", "hello", "hallo", ARC_FAIL },
    { "the body", "body", "Body", ARC_FAIL },
    { "a second From", "From:", "From: x@y.test\r\nFrom:", ARC_FAIL },
    { "the results", "dmarc=pass", "dmarc=fail", ARC_FAIL },
    { "the mark of the chain", "cv=none", "cv=pass", ARC_FAIL },
    { "a chain marked as broken", "cv=none", "cv=fail", ARC_FAIL },
    { "the number", "ARC-Seal: i=1", "ARC-Seal: i=2", ARC_FAIL },
    { "a number beyond all", "ARC-Seal: i=1", "ARC-Seal: i=51", ARC_FAIL },
    { "a number with a zero", "ARC-Seal: i=1", "ARC-Seal: i=01", ARC_FAIL },
    { "no number", "ARC-Seal: i=1;", "ARC-Seal:", ARC_FAIL },
    { "a field that is missing", "ARC-Message-Signature", "X-Message-Signature", ARC_FAIL },
    { "a field that is there twice",
      "ARC-Seal:", "ARC-Authentication-Results: i=1; x\r\nARC-Seal:", ARC_FAIL },
    { "the domain of the seal", "d=list.test", "d=second.test", ARC_FAIL },
    { "a domain without a key", "d=list.test", "d=nobody.test", ARC_FAIL },
    { "a domain that is no name", "d=list.test", "d=li st/.test", ARC_FAIL },
    { "a domain whose servers are silent", "d=list.test", "d=silent.test", ARC_TEMPERROR },
    { "a key that is damaged", "d=list.test", "d=small.test", ARC_FAIL },
    { "a seal that names fields", "a=rsa-sha256", "h=from; a=rsa-sha256", ARC_FAIL },
    { "another algorithm", "a=rsa-sha256", "a=rsa-sha1", ARC_FAIL },
};

static void whatever_is_changed_is_found(void **state)
{
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        void *arena = talloc_new(*state);
        const char *mail = sealed(arena, MAIL, 0, " dmarc=pass header.from=author.test", ARC_NONE);
        struct arc_answer answer = check(arena, replaced(arena, mail, changes[i].old, changes[i].new));

        if (answer.result != changes[i].result)
            fail_msg("%s: %s (%s)", changes[i].what, arc_result_name(answer.result),
                     answer.cause ? answer.cause : "");
        if (answer.result != ARC_PASS && !answer.cause)
            fail_msg("%s: no cause", changes[i].what);
        talloc_free(arena);
    }
}

static void a_broken_chain_is_sealed_once_and_then_left_alone(void **state)
{
    void *arena = talloc_new(*state);
    const char *mail = sealed(arena, MAIL, 0, " x", ARC_NONE);
    const char *broken = sealed(arena, replaced(arena, mail, "body", "Body"), 1, " arc=fail", ARC_FAIL);

    assert_non_null(strstr(broken, "cv=fail"));
    assert_int_equal(check(arena, broken).result, ARC_FAIL);
    assert_string_equal(sealed(arena, broken, 0, " arc=fail", ARC_FAIL), broken);
    talloc_free(arena);
}

static void there_are_no_more_than_fifty_sets(void **state)
{
    void *arena = talloc_new(*state);
    const char *mail = sealed(arena, MAIL, 0, " x", ARC_NONE);

    for (int i = 1; i < ARC_SETS_MAX; i++)
        mail = sealed(arena, mail, 1, " x", ARC_PASS);
    assert_int_equal(check(arena, mail).count, ARC_SETS_MAX);
    assert_int_equal(check(arena, mail).result, ARC_PASS);
    assert_string_equal(sealed(arena, mail, 0, " x", ARC_PASS), mail);
    talloc_free(arena);
}

/* What stands in a comment or a quoted string is no method. */
static void results_are_read_as_they_are_written(void **state)
{
    struct span in = span_text(
        " mail.test 1 (a; dmarc=pass) ; spf=fail (x; y) smtp.mailfrom=\"a b\"@c.test;\r\n\tdkim/1 = pass header.d = D.test;"
        " none; dmarc=fail reason=\"x; dmarc=pass\" header.from=a.test");
    struct auth_method method;
    char value[32];

    (void)state;
    assert_false(auth_results_begin(&(struct span){ in.p, in.end }, "other.test"));
    assert_true(auth_results_begin(&in, "mail.test"));
    assert_true(auth_results_next(&in, &method));
    assert_true(span_equals_text(method.method, "spf") && span_equals_text(method.result, "fail"));
    assert_true(auth_results_next(&in, &method));
    assert_true(span_equals_text(method.method, "dkim") &&
                auth_results_property(&method, "header.d", value, sizeof value));
    assert_string_equal(value, "D.test");
    assert_false(auth_results_property(&method, "header.s", value, sizeof value));
    assert_true(auth_results_next(&in, &method));
    assert_true(span_equals_text(method.method, "dmarc") && span_equals_text(method.result, "fail"));
    assert_true(auth_results_property(&method, "header.from", value, sizeof value));
    assert_string_equal(value, "a.test");
    assert_false(auth_results_next(&in, &method));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_several_hops_holds),
        cmocka_unit_test(whatever_is_changed_is_found),
        cmocka_unit_test(a_broken_chain_is_sealed_once_and_then_left_alone),
        cmocka_unit_test(there_are_no_more_than_fifty_sets),
        cmocka_unit_test(results_are_read_as_they_are_written),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
