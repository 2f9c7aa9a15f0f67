/* test_signed_text.c -- where signed text is, what stands around it, and keys in the field Autocrypt. */
#include "format/autocrypt.h"
#include "format/signed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <talloc.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n"
#define SIGNATURE                                                                                            \
    "-----BEGIN PGP SIGNATURE-----\r\n\r\niHUEARYIAB0=\r\n=abcd\r\n-----END PGP SIGNATURE-----\r\n"
#define FORTY "0123456789012345678901234567890123456789"
#define FOUR "Comment: a.\r\nComment: b.\r\nComment: c.\r\nVersion: d.\r\n"
#define WHOLE BEGIN "text\r\n- -dash\r\n" SIGNATURE

static const struct {
    const char *what, *text;
    enum signed_text found;
} texts[] = {
    { "nothing", "text\r\n", SIGNED_TEXT_NONE },
    { "empty", "", SIGNED_TEXT_NONE },
    { "all of it", WHOLE, SIGNED_TEXT_WHOLE },
    { "with empty lines around", "\r\n \r\n" WHOLE "\r\n\t\r\n", SIGNED_TEXT_WHOLE },
    { "lines ended by LF alone",
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n-----BEGIN PGP SIGNATURE-----\n\niHUE\n-----END PGP SIGNATURE-----",
      SIGNED_TEXT_WHOLE },
    { "without Hash", "-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\ntext\r\n" SIGNATURE, SIGNED_TEXT_WHOLE },
    { "white space behind a line of the armour",
      "-----BEGIN PGP SIGNED MESSAGE-----  \r\n\r\ntext\r\n" SIGNATURE, SIGNED_TEXT_WHOLE },
    { "something before", "Pay to me:\r\n" WHOLE, SIGNED_TEXT_PART },
    { "something behind", WHOLE "Pay to me\r\n", SIGNED_TEXT_PART },
    { "two", WHOLE WHOLE, SIGNED_TEXT_PART },
    { "fields of the signature",
      BEGIN
      "text\r\n-----BEGIN PGP SIGNATURE-----\r\nVersion: GnuPG v2.2\r\nComment: https://example.org!\r\n\r\niHUE\r\n-----END PGP SIGNATURE-----\r\n",
      SIGNED_TEXT_WHOLE },
    { "another field",
      BEGIN
      "text\r\n-----BEGIN PGP SIGNATURE-----\r\nNote: Pay to me!\r\n\r\niHUE\r\n-----END PGP SIGNATURE-----\r\n",
      SIGNED_TEXT_PART },
    { "a field behind the fields",
      BEGIN
      "text\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nComment: Pay to me!\r\niHUE\r\n-----END PGP SIGNATURE-----\r\n",
      SIGNED_TEXT_PART },
    { "a long field",
      BEGIN "text\r\n-----BEGIN PGP SIGNATURE-----\r\nComment: " FORTY FORTY FORTY FORTY FORTY
            "\r\n\r\niHUE\r\n-----END PGP SIGNATURE-----\r\n",
      SIGNED_TEXT_PART },
    { "many fields",
      BEGIN "text\r\n-----BEGIN PGP SIGNATURE-----\r\n" FOUR FOUR
            "Comment: nine\r\n\r\niHUE\r\n-----END PGP SIGNATURE-----\r\n",
      SIGNED_TEXT_PART },
    { "a comment before the text",
      "-----BEGIN PGP SIGNED MESSAGE-----\r\nComment: Pay to me\r\n\r\ntext\r\n" SIGNATURE,
      SIGNED_TEXT_BROKEN },
    { "text as Hash", "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256. Pay!\r\n\r\ntext\r\n" SIGNATURE,
      SIGNED_TEXT_BROKEN },
    { "no signature", BEGIN "text\r\n", SIGNED_TEXT_BROKEN },
    { "no end", BEGIN "text\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niHUE\r\n", SIGNED_TEXT_BROKEN },
    { "no empty line", "-----BEGIN PGP SIGNED MESSAGE-----\r\ntext\r\n" SIGNATURE, SIGNED_TEXT_BROKEN },
    { "cited", "> -----BEGIN PGP SIGNED MESSAGE-----\r\n> \r\n> text\r\n", SIGNED_TEXT_NONE },
    { "in a line", "see -----BEGIN PGP SIGNED MESSAGE-----\r\n", SIGNED_TEXT_NONE },
    { "encrypted", "-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----\r\n",
      SIGNED_TEXT_SEALED },
    { "signed, with an encrypted one in it", BEGIN "- -----BEGIN PGP MESSAGE-----\r\n" SIGNATURE,
      SIGNED_TEXT_WHOLE },
};

static void what_is_signed_of_a_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct span block;
        enum signed_text found = signed_text_find(span_text(texts[i].text), &block);
        if (found != texts[i].found)
            fail_msg("%s: %d", texts[i].what, found);
        if (found == SIGNED_TEXT_WHOLE || found == SIGNED_TEXT_PART)
            assert_true(span_starts_nocase(block, "-----BEGIN PGP SIGNED MESSAGE-----"));
    }
}

static void the_block_is_cut_out(void **state)
{
    struct span block;

    (void)state;
    assert_int_equal(signed_text_find(span_text("before\r\n" WHOLE "behind\r\n"), &block), SIGNED_TEXT_PART);
    assert_true(span_equals_text(block, WHOLE));
}

static const struct {
    const char *what, *value, *address, *key; /* address NULL: no such field */
} fields[] = {
    { "as it is written", " addr=ada@example.org; prefer-encrypt=mutual; keydata=\r\n aGFs\r\n bG8=",
      "ada@example.org", "hallo" },
    { "in another order", "keydata=aGFsbG8=; addr = ada@example.org ;", "ada@example.org", "hallo" },
    { "with more that may be left", "addr=a@b; _monkey=1; keydata=aGFsbG8=", "a@b", "hallo" },
    { "with more that may not", "addr=a@b; monkey=1; keydata=aGFsbG8=", NULL, NULL },
    { "no address", "keydata=aGFsbG8=", NULL, NULL },
    { "no key", "addr=a@b; keydata=", NULL, NULL },
    { "a key of no bytes", "addr=a@b; keydata=!!!", NULL, NULL },
    { "too long", "addr=a@b; keydata=aGFsbG8gaGFsbG8=", NULL, NULL },
    { "nothing", "", NULL, NULL },
};

static void autocrypt(void **state)
{
    enum { MOST = 8 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        void *arena = talloc_new(NULL);
        struct buf key = BUF_INIT(arena);
        const char *address = NULL;
        bool done = autocrypt_read(arena, span_text(fields[i].value), MOST, &address, &key);
        if (done != (fields[i].address != NULL))
            fail_msg("%s", fields[i].what);
        if (done) {
            assert_string_equal(address, fields[i].address);
            assert_true(span_equals_text(buf_span(&key), fields[i].key));
        }
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_of_a_text),
        cmocka_unit_test(the_block_is_cut_out),
        cmocka_unit_test(autocrypt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
