/* test_openpgp.c -- signatures that GnuPG made, and what foreign ones may cost. The corpus is made by tests/kit/openpgp.py (as a program). */
#include "base/clock.h"
#include "extract/openpgp.h"
#include "extract/service.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <talloc.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

static const struct extract_options options = {
    .budget = { .time_s = OPENPGP_TIME_S, .memory_bytes = OPENPGP_MEMORY },
    .document_bytes = OPENPGP_WHOLE_MAX,
};

static struct span corpus(void *arena, const char *name)
{
    char *path = talloc_asprintf(arena, "%s/../openpgp/%s", CORPUS, name), *bytes;
    gsize length;

    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    struct span copy = span_of(talloc_memdup(arena, bytes, length + 1), length);
    g_free(bytes);
    return copy;
}

struct asking {
    void *arena;
    const char *path;
    struct extract_service *service;
};

static void begin(struct asking *asking)
{
    struct err err = ERR_INIT;

    asking->arena = talloc_new(NULL);
    asking->path = talloc_asprintf(asking->arena, "/tmp/chappe-openpgp-%d.sock", (int)getpid());
    assert_true(openpgp_prepare());
    assert_true(extract_service_open(asking->arena, asking->path, &options, &asking->service, &err));
}

static void end(struct asking *asking)
{
    extract_service_close(&asking->service);
    talloc_free(asking->arena);
}

/* `keys`: names of files, separated by spaces. */
static struct openpgp_answer ask(const struct asking *asking, struct span content, struct span signature,
                                 const char *keys)
{
    struct openpgp_question question = { .content = content, .signature = signature };
    struct span *files = talloc_array(asking->arena, struct span, OPENPGP_KEYS_MAX);
    char **names = g_strsplit(keys, " ", -1);
    struct openpgp_answer answer;
    struct err err = ERR_INIT;

    for (; names[question.key_count] && *names[question.key_count]; question.key_count++)
        files[question.key_count] = corpus(asking->arena, names[question.key_count]);
    question.keys = files;
    g_strfreev(names);
    if (!openpgp_ask(asking->arena, asking->path, &question, &answer, &err))
        fail_msg("%s (%s)", err.user, err.log);
    return answer;
}

static const char ZOE[] = "434EF41B5B5225FA9707C771D4FF3D68EE8E0B77",
                  RSA[] = "52C33E9BF5F9F91CA87A2B891480A750511A5C9F";

static const struct {
    const char *what, *content, *signature, *keys;
    size_t count; /* of signatures; 0: nothing could be read */
    enum openpgp_state state;
    const char *fingerprint;
} cases[] = {
    { "Ed25519 over bytes", "content", "zoe.sig", "zoe.key", 1, OPENPGP_GOOD, ZOE },
    { "over lines", "content", "text.sig", "zoe.key", 1, OPENPGP_GOOD, ZOE },
    { "RSA, by a key below the first one", "content", "rsa.sig", "rsa.key", 1, OPENPGP_GOOD, RSA },
    { "found among others", "content", "zoe.sig", "old.key all.key gone.key", 1, OPENPGP_GOOD, ZOE },
    { "two signers", "content", "two.sig", "all.key", 2, OPENPGP_GOOD, ZOE },
    { "nobody's key", "content", "zoe.sig", "", 1, OPENPGP_UNKNOWN, "" },
    { "another's key", "content", "zoe.sig", "rsa.key", 1, OPENPGP_UNKNOWN, "" },
    { "another content", "clear", "zoe.sig", "zoe.key", 1, OPENPGP_CHANGED, ZOE },
    { "SHA-1", "content", "weak.sig", "rsa.key", 1, OPENPGP_UNSUPPORTED, RSA },
    { "held for a second", "content", "expired.sig", "zoe.key", 1, OPENPGP_EXPIRED, ZOE },
    { "a key whose time is over", "content", "old.sig", "old.key", 1, OPENPGP_EXPIRED, NULL },
    { "a key that was taken back", "content", "gone.sig", "gone.key", 1, OPENPGP_REVOKED, NULL },
    { "the same, before one knew", "content", "gone.sig", "gone_before.key", 1, OPENPGP_GOOD, NULL },
    { "and once one knew from another file", "content", "gone.sig", "gone_before.key gone.key", 1,
      OPENPGP_REVOKED, NULL },
    { "a signed text", "clear", NULL, "zoe.key", 1, OPENPGP_GOOD, ZOE },
    { "a signed text of nobody", "clear", NULL, "rsa.key", 1, OPENPGP_UNKNOWN, "" },
    { "no signature", "content", "content", "zoe.key", 0, OPENPGP_GOOD, NULL },
    { "a key instead of a signature", "content", "zoe.key", "zoe.key", 0, OPENPGP_GOOD, NULL },
    { "no signed text", "content", NULL, "zoe.key", 0, OPENPGP_GOOD, NULL },
};

static void signatures_of_gnupg(void **state)
{
    struct asking asking;

    (void)state;
    begin(&asking);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span signature =
            cases[i].signature ? corpus(asking.arena, cases[i].signature) : span_of("", 0);
        struct openpgp_answer answer =
            ask(&asking, corpus(asking.arena, cases[i].content), signature, cases[i].keys);
        bool is_right = answer.is_read == (cases[i].count > 0) && answer.signature_count == cases[i].count;
        for (size_t k = 0; is_right && k < answer.signature_count; k++)
            is_right = answer.signatures[k].state == cases[i].state;
        if (is_right && cases[i].fingerprint)
            is_right = strcmp(answer.signatures[0].fingerprint, cases[i].fingerprint) == 0;
        if (!is_right)
            fail_msg("%s: %zu, %s, %s", cases[i].what, answer.signature_count,
                     answer.signature_count ? openpgp_state_name(answer.signatures[0].state) : "-",
                     answer.signature_count ? answer.signatures[0].fingerprint : "-");
    }
    end(&asking);
}

/* One byte of it at a time: never does a changed one hold. */
static void a_changed_text_never_holds(void **state)
{
    enum { STEP = 7 };
    struct asking asking;
    struct span content, signature;
    char *bytes;

    (void)state;
    begin(&asking);
    content = corpus(asking.arena, "content");
    signature = corpus(asking.arena, "zoe.sig");
    bytes = talloc_memdup(asking.arena, content.p, span_length(content));
    for (size_t i = 0; i < span_length(content); i += STEP) {
        bytes[i] ^= 1;
        struct openpgp_answer answer =
            ask(&asking, span_of(bytes, span_length(content)), signature, "zoe.key");
        assert_int_equal(answer.signature_count, 1);
        assert_int_equal(answer.signatures[0].state, OPENPGP_CHANGED);
        bytes[i] ^= 1;
    }
    end(&asking);
}

static void certificates_tell_whose_they_are(void **state)
{
    struct asking asking;
    struct openpgp_answer answer;

    (void)state;
    begin(&asking);
    answer = ask(&asking, span_of("", 0), span_of("", 0), "old.key all.key zoe_less.key gone.key content");
    assert_int_equal(answer.certificate_count, 5);
    assert_int_equal(answer.certificates[0].state, OPENPGP_EXPIRED);
    assert_int_equal(answer.certificates[1].file, 1);
    assert_int_equal(answer.certificates[2].file, 1);
    for (size_t i = 1; i < 3; i++) {
        bool is_zoe = strcmp(answer.certificates[i].fingerprint, ZOE) == 0;
        assert_int_equal(answer.certificates[i].state, OPENPGP_GOOD);
        assert_int_equal(answer.certificates[i].id_count, is_zoe ? 1 : 2);
        assert_int_equal(answer.certificates[i].address_count, is_zoe ? 2 : 1);
        assert_string_equal(answer.certificates[i].addresses[0],
                            is_zoe ? "zoe@friend.example" : "rsa@friend.example");
    }
    /* a user id that was taken back names nobody */
    assert_string_equal(answer.certificates[3].fingerprint, ZOE);
    assert_int_equal(answer.certificates[3].address_count, 1);
    assert_string_equal(answer.certificates[3].addresses[0], "zoe@friend.example");
    assert_int_equal(answer.certificates[4].state, OPENPGP_REVOKED);
    end(&asking);
}

/* Torn at any place, and with bytes of chance: an answer comes, and never is it that such a thing holds by another key. */
static void torn_keys_and_signatures(void **state)
{
    enum { STEP = 41 };
    struct asking asking;
    struct span signature, content;

    (void)state;
    begin(&asking);
    content = corpus(asking.arena, "content");
    signature = corpus(asking.arena, "two.sig");
    for (size_t i = 1; i < span_length(signature); i += STEP) {
        struct openpgp_answer answer = ask(&asking, content, span_of(signature.p, i), "all.key");
        for (size_t k = 0; k < answer.signature_count; k++)
            assert_true(answer.signatures[k].state != OPENPGP_GOOD || *answer.signatures[k].fingerprint);
    }
    end(&asking);
}

static void limits_hold(void **state)
{
    struct openpgp_question question = { .key_count = OPENPGP_KEYS_MAX + 1 };
    struct openpgp_answer answer;
    struct err err = ERR_INIT;
    void *arena = talloc_new(NULL);

    (void)state;
    assert_false(openpgp_ask(arena, "/nowhere", &question, &answer, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    question = (struct openpgp_question){ .content = span_of(talloc_zero_size(arena, OPENPGP_CONTENT_MAX + 1),
                                                             OPENPGP_CONTENT_MAX + 1) };
    assert_false(openpgp_ask(arena, "/nowhere", &question, &answer, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    question.content = span_text("nobody is there");
    assert_false(openpgp_ask(arena, "/nowhere", &question, &answer, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    talloc_free(arena);
}

/* What a child that somebody took over might say. */
static void lies_are_not_read(void **state)
{
    static const char *const lies[] = {
        "signature\tgood\tB0EEDD7786A4AF1F\t\t1\n",
        "signature\tsplendid\tB0EEDD7786A4AF1F\tB0EEDD7786A4AF1F\t1\n",
        "signature\tgood\tb0eedd7786a4af1f\tB0EEDD7786A4AF1F\t1\n",
        "signature\tgood\tB0EEDD7786A4AF1F\tB0EEDD7786A4AF1F\t1 more\n",
        "signature\tgood\tB0EEDD7786A4AF1F\tB0EEDD7786A4AF1F\t99999999999\n",
        "id\tB0EEDD7786A4AF1F\n",
        "address\tzoe@friend.example\n",
        "certificate\tgood\tB0EEDD7786A4AF1F\t20\n",
        "certificate\tgood\t\t0\n",
        "read\tmore\n",
        "trusted\n",
    };
    void *arena = talloc_new(NULL);
    struct openpgp_answer answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lies); i++)
        if (openpgp_answer_read(arena, span_text(lies[i]), &answer))
            fail_msg("believed: %s", lies[i]);
    assert_true(openpgp_answer_read(
        arena,
        span_text("certificate\tgood\tB0EEDD7786A4AF1F\t19\nid\tB0EEDD7786A4AF1F\naddress\tx@y\nread\n"),
        &answer));
    assert_true(answer.is_read && answer.certificate_count == 1 && answer.certificates[0].address_count == 1);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_gnupg),
        cmocka_unit_test(a_changed_text_never_holds),
        cmocka_unit_test(certificates_tell_whose_they_are),
        cmocka_unit_test(torn_keys_and_signatures),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(lies_are_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
