/* test_kerberos.c -- realms, keys that are taken and left, and what a stranger's bytes come to. The tickets themselves are the story
 * kerberos's affair. */
#include "auth/kerberos.h"
#include "auth/keytab.h"

#include <krb5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/chappe-kerberos-XXXXXX";

static struct kerberos *open_with(const char *realms, bool allows_rc4, struct err *err)
{
    const struct kerberos_options options = {
        .realms = realms,
        .keytabs = folder,
        .replay_file = talloc_asprintf(NULL, "%s/replay", folder),
        .allows_rc4 = allows_rc4,
    };
    struct kerberos *kerberos;

    *err = ERR_INIT;
    bool ok = kerberos_new(NULL, &options, &kerberos, err);
    talloc_free((void *)(uintptr_t)options.replay_file);
    return ok ? kerberos : NULL;
}

static void write_key(const char *file, const char *principal, krb5_enctype cipher, unsigned bytes)
{
    char *name = talloc_asprintf(NULL, "FILE:%s/%s", folder, file);
    krb5_keytab_entry entry = { .vno = 1, .timestamp = 1 };
    krb5_octet key[32] = { 7 };
    krb5_context context;
    krb5_keytab keytab;

    assert_int_equal(krb5_init_context(&context), 0);
    assert_int_equal(krb5_kt_resolve(context, name, &keytab), 0);
    assert_int_equal(krb5_parse_name(context, principal, &entry.principal), 0);
    entry.key = (krb5_keyblock){ .enctype = cipher, .length = bytes, .contents = key };
    assert_int_equal(krb5_kt_add_entry(context, keytab, &entry), 0);
    krb5_free_principal(context, entry.principal);
    krb5_kt_close(context, keytab);
    krb5_free_context(context);
    talloc_free(name);
}

static void take_away(const char *file)
{
    char *path = talloc_asprintf(NULL, "%s/%s", folder, file);

    unlink(path);
    talloc_free(path);
}

static void realms_have_domains(void **state)
{
    static const char *const bad[] = { "EXAMPLE.LAN", "=example.org", "EXAMPLE.LAN=", "A=a B" };
    struct err err;
    struct kerberos *kerberos = open_with("  A.LAN=a.example  B.LAN=b.example A.LAN=c.example ", false, &err);

    (void)state;
    assert_non_null(kerberos);
    assert_string_equal(kerberos_domain(kerberos, "A.LAN", 0), "a.example");
    assert_string_equal(kerberos_domain(kerberos, "A.LAN", 1), "c.example");
    assert_null(kerberos_domain(kerberos, "A.LAN", 2));
    assert_null(kerberos_domain(kerberos, "a.lan", 0)); /* realms are told apart by case */
    assert_null(kerberos_domain(kerberos, "C.LAN", 0));
    talloc_free(kerberos);
    assert_null(open_with("", false, &err));
    assert_int_equal(err.kind, ERR_NONE);
    assert_false(kerberos_is_ready(NULL, PROTOCOL_IMAP));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_null(open_with(bad[i], false, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void keys_are_taken_by_service_and_cipher(void **state)
{
    struct err err;
    struct kerberos *strict = open_with("A.LAN=a.example", false, &err),
                    *lax = open_with("A.LAN=a.example", true, &err);

    (void)state;
    assert_false(kerberos_is_ready(strict, PROTOCOL_IMAP));
    write_key("krb5.keytab", "pop/mail.a.example@A.LAN", ENCTYPE_ARCFOUR_HMAC, 16);
    write_key("krb5.keytab", "SMTP/mail.a.example@A.LAN", ENCTYPE_AES256_CTS_HMAC_SHA1_96, 32);
    write_key("krb5.keytab", "imap@A.LAN", ENCTYPE_AES256_CTS_HMAC_SHA1_96, 32); /* no host: no service */
    assert_false(kerberos_is_ready(strict, PROTOCOL_IMAP));
    assert_false(kerberos_is_ready(strict, PROTOCOL_POP3));
    assert_true(kerberos_is_ready(lax, PROTOCOL_POP3));
    assert_true(kerberos_is_ready(strict, PROTOCOL_SMTP));
    assert_false(kerberos_is_ready(strict, PROTOCOL_NNTP));
    write_key("imap.keytab", "imap/mail.a.example@A.LAN", ENCTYPE_AES128_CTS_HMAC_SHA1_96, 16);
    assert_true(kerberos_is_ready(strict, PROTOCOL_IMAP)); /* found without being told */
    take_away("krb5.keytab");
    assert_true(kerberos_is_ready(strict, PROTOCOL_SMTP)); /* what was read goes on */
    take_away("imap.keytab");
    talloc_free(strict);
    talloc_free(lax);
}

static void bytes_of_strangers_come_to_nothing(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t length;
    } tokens[] = {
        { "nothing", "", 0 },
        { "text", "hello", 5 },
        { "the head of a token alone", "\x60\x0b\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 13 },
        { "a length beyond the end",
          "\x60\x84\xff\xff\xff\xff\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00", 19 },
        { "SPNEGO for nothing", "\x60\x0a\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x00", 12 },
        { "NTLM", "NTLMSSP\0\1\0\0\0\0\0\0\0", 16 },
    };
    const struct span unbound = { "", "" };
    struct err err;
    struct kerberos *kerberos;

    (void)state;
    write_key("krb5.keytab", "HTTP/mail.a.example@A.LAN", ENCTYPE_AES256_CTS_HMAC_SHA1_96, 32);
    kerberos = open_with("A.LAN=a.example", false, &err);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct buf reply = BUF_INIT(kerberos);
        struct handshake *handshake;
        assert_true(handshake_begin(kerberos, kerberos, PROTOCOL_WEB, unbound, &handshake, &err));
        enum handshake_next next =
            handshake_step(handshake, span_of(tokens[i].bytes, tokens[i].length), &reply, &err);
        if (next != HANDSHAKE_FAILED || (err.kind != ERR_INVALID && err.kind != ERR_AUTH))
            fail_msg("%s: %d, %s", tokens[i].what, (int)next, err_kind_name(err.kind));
        talloc_free(handshake);
    }
    take_away("krb5.keytab");
    talloc_free(kerberos);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realms_have_domains),
        cmocka_unit_test(keys_are_taken_by_service_and_cipher),
        cmocka_unit_test(bytes_of_strangers_come_to_nothing),
    };

    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    take_away("replay");
    rmdir(folder);
    return failed;
}
