/* test_codec.c -- transfer encodings: what they decode to, in whatever pieces they come. */
#include "format/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

static const struct {
    const char *what;
    enum mime_encoding encoding;
    const char *encoded, *decoded;
    bool is_damaged;
} cases[] = {
    { "base64", MIME_BASE64, "b25lIHR3bw==", "one two", false },
    { "in lines", MIME_BASE64, "b25l\r\nIHR3\r\nbw==\r\n", "one two", false },
    { "one padding", MIME_BASE64, "b25lIHR3b28=", "one twoo", false },
    { "no padding", MIME_BASE64, "b25lIHR3bw", "one two", true },
    { "a lone letter", MIME_BASE64, "b25lI", "one", true },
    { "rubbish inside", MIME_BASE64, "b2*5l!", "one", true },
    { "text behind the padding", MIME_BASE64, "bw==\r\nb25l", "o", true },
    { "only padding", MIME_BASE64, "====", "", true },
    { "nothing", MIME_BASE64, "", "", false },
    { "quoted-printable", MIME_QUOTED_PRINTABLE, "caf=C3=A9 =3D", "caf\xC3\xA9 =", false },
    { "small letters", MIME_QUOTED_PRINTABLE, "=c3=a9", "\xC3\xA9", false },
    { "soft line break", MIME_QUOTED_PRINTABLE, "one=\r\ntwo", "onetwo", false },
    { "soft line break, LF", MIME_QUOTED_PRINTABLE, "one=\ntwo", "onetwo", false },
    { "soft line break with white space", MIME_QUOTED_PRINTABLE, "one= \t\r\ntwo", "onetwo", false },
    { "white space at the end of a line", MIME_QUOTED_PRINTABLE, "one  \t\r\ntwo ", "one\r\ntwo", false },
    { "white space inside", MIME_QUOTED_PRINTABLE, "a  b", "a  b", false },
    { "bad hex", MIME_QUOTED_PRINTABLE, "a=GGb=4", "a=GGb=4", true },
    { "equals at the end", MIME_QUOTED_PRINTABLE, "a=", "a", false },
    { "8bit passes", MIME_8BIT, "caf\xC3\xA9\r\n", "caf\xC3\xA9\r\n", false },
};

static void encodings_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *arena = talloc_new(NULL);
        struct span encoded = span_text(cases[i].encoded);
        struct buf whole = BUF_INIT(arena);
        uint64_t size;

        print_message("  %s\n", cases[i].what);
        assert_true(codec_decode_all(encoded, cases[i].encoding, SIZE_MAX, &whole));
        assert_string_equal(buf_text(&whole), cases[i].decoded);
        assert_true(codec_decoded_size(encoded, cases[i].encoding, &size));
        assert_int_equal(size, strlen(cases[i].decoded));
        for (size_t piece = 1; piece < 4; piece++) {
            struct codec_decoder decoder;
            struct buf out = BUF_INIT(arena);

            assert_true(codec_decoder_init(&decoder, cases[i].encoding));
            for (size_t at = 0; at < span_length(encoded); at += piece)
                codec_decode(&decoder, span_part(encoded, at, piece), &out);
            codec_decode_end(&decoder, &out);
            assert_string_equal(buf_text(&out), cases[i].decoded);
            assert_int_equal(decoder.is_damaged, cases[i].is_damaged);
            assert_int_equal(decoder.decoded, strlen(cases[i].decoded));
        }
        talloc_free(arena);
    }
}

static void output_is_capped(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);
    struct codec_decoder decoder;

    (void)state;
    assert_true(codec_decode_all(span_text("b25lIHR3bw=="), MIME_BASE64, 3, &out));
    assert_string_equal(buf_text(&out), "one");
    assert_false(codec_decode_all(span_text("x"), MIME_UUENCODE, 3, &out));
    assert_false(codec_decoder_init(&decoder, MIME_ENCODING_UNKNOWN));
    talloc_free(arena);
}

static const struct {
    const char *encoded;
    bool ok;
} strict[] = { { "b25l", true },  { "", true },       { "bw==", true },    { "bw=", false },
               { "bw", false },   { "b w==", false }, { "bw==\n", false }, { "bw==bw==", false },
               { "*===", false }, { "====", false } };

static void sasl_base64_is_strict(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(strict); i++) {
        struct buf out = BUF_INIT(arena);

        print_message("  \"%s\"\n", strict[i].encoded);
        assert_int_equal(codec_take_base64(span_text(strict[i].encoded), 100, &out), strict[i].ok);
    }
    talloc_free(arena);
}

static void all_bytes_survive(void **state)
{
    void *arena = talloc_new(NULL);
    char bytes[1000];

    (void)state;
    for (size_t length = 0; length < sizeof bytes; length += 37) {
        struct buf base64 = BUF_INIT(arena), quoted = BUF_INIT(arena), back = BUF_INIT(arena);

        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(i * 7 + length);
        codec_add_base64_lines(&base64, span_of(bytes, length));
        assert_true(codec_decode_all(buf_span(&base64), MIME_BASE64, SIZE_MAX, &back));
        assert_true(span_equals(buf_span(&back), span_of(bytes, length)));
        for (size_t i = 0; i < length; i++)
            if (bytes[i] == '\n' || bytes[i] == '\r')
                bytes[i] = 'x'; /* quoted-printable here is for text: line ends become CRLF */
        codec_add_quoted_printable(&quoted, span_of(bytes, length));
        buf_clear(&back);
        assert_true(codec_decode_all(buf_span(&quoted), MIME_QUOTED_PRINTABLE, SIZE_MAX, &back));
        assert_true(span_equals(buf_span(&back), span_of(bytes, length)));
    }
    talloc_free(arena);
}

static void line_ends_are_made_crlf(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf out = BUF_INIT(arena);

    (void)state;
    codec_add_crlf(&out, span_text("a\nb\r\nc\rd\r\r\n\n"));
    assert_string_equal(buf_text(&out), "a\r\nb\r\nc\r\nd\r\n\r\n\r\n");
    assert_true(codec_is_crlf(buf_span(&out)));
    assert_false(codec_is_crlf(span_text("a\nb")));
    assert_false(codec_is_crlf(span_text("a\rb")));
    assert_false(codec_is_crlf(span_text("a\r")));
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_are_decoded),   cmocka_unit_test(output_is_capped),
        cmocka_unit_test(sasl_base64_is_strict),   cmocka_unit_test(all_bytes_survive),
        cmocka_unit_test(line_ends_are_made_crlf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
