/*
 * test_hostile.c -- messages made to hurt: everything that is done to a message at its arrival must end in a
 * fifth of a second, on 64 KB of stack and in little memory. Each row is a message: before, `count` times the
 * unit (%u counts), after.
 */
#include "format/address.h"
#include "format/envelope.h"
#include "format/header.h"
#include "format/text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>
#include <talloc.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
enum { SLOWNESS = 20, STACK = 1024 * 1024 }; /* sanitizers and -O0 */
#else
enum { SLOWNESS = 1, STACK = 64 * 1024 };
#endif

enum {
    LIMIT_MS = 200 * SLOWNESS,
    MEMORY_MAX = 32 * 1024 * 1024,
    SEARCHABLE_MAX = 1024 * 1024,
    MB = 1024 * 1024,
};

#define MULTI "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct row {
    const char *what, *before, *unit;
    unsigned count;
    const char *after;
} rows[] = {
    { "multiparts 100,000 deep", "", "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", 100000,
      "" },
    { "messages 100,000 deep", "", "Content-Type: message/rfc822\r\n\r\n", 100000, "" },
    { "the same boundary 100,000 deep", "", MULTI "--b\r\n", 100000, "" },
    { "a million empty parts", MULTI, "--b\r\n", 1000000, "" },
    { "a million parts with a header", MULTI, "--b\r\nX: y\r\n\r\n\r\n", 1000000, "--b--\r\n" },
    { "a million closing delimiters", MULTI, "--b--\r\n", 1000000, "" },
    { "a million lines that look like boundaries, 100 of them open", "",
      "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", 99,
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n" },
    { "a million dashes", MULTI, "--\r\n", 1000000, "" },
    { "a million lone line feeds", MULTI, "\n", 1000000, "" },
    { "a boundary of a megabyte", "Content-Type: multipart/mixed; boundary=", "bbbbbbbbbb", 100000,
      "\r\n\r\n--b\r\n" },
    { "a million header lines", "", "X: y\r\n", 1000000, "\r\n" },
    { "a million lines that are no field", "", "xxxx\r\n", 1000000, "\r\n" },
    { "a header of 50 MB in one line", "Subject: ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", MB,
      "\r\n\r\n" },
    { "a header of 50 MB, folded", "To: a@b,", "\r\n xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", MB,
      "\r\n\r\n" },
    { "a Content-Type folded a million times", "Content-Type: text/plain", ";\r\n", 1000000, "\r\n\r\n" },
    { "100,000 From fields", "", "From: a@b.test\r\n", 100000, "\r\n" },
    { "100,000 To fields", "", "To: a@b.test\r\n", 100000, "\r\n" },
    { "a million addresses", "To: ", "a@b,", 1000000, "\r\n\r\n" },
    { "a million groups", "To: ", "a:;", 1000000, "\r\n\r\n" },
    { "a million commas", "To: ", ",", 1000000, "\r\n\r\n" },
    { "a million open brackets", "To: ", "<", 1000000, "\r\n\r\n" },
    { "a million quotes", "To: ", "\"", 1000001, "\r\n\r\n" },
    { "a million nested comments in an address", "To: ", "(", 1000000, "\r\n\r\n" },
    { "a million nested comments in a type", "Content-Type: text/plain; x=", "(", 1000000, "\r\n\r\n" },
    { "a million nested comments in a date", "Date: ", "(", 1000000, "\r\n\r\n" },
    { "a million nested comments in references", "References: ", "(", 1000000, "\r\n\r\n" },
    { "a comment that ends in a backslash", "To: a@b (", "x\\", 100000, "" },
    { "an unterminated quoted string", "Content-Type: text/plain; x=\"", "\\\"", 1000000, "\r\n\r\n" },
    { "100,000 RFC 2231 parameters", "Content-Type: text/plain", ";\r\n x*%u*=%%41", 100000, "\r\n\r\n" },
    { "100,000 parameters", "Content-Disposition: attachment", "; filename=a%u", 100000, "\r\n\r\n" },
    { "100,000 references", "References:", "\r\n <%u@b.test>", 100000, "\r\n\r\n" },
    { "open references", "References: ", "<", 1000000, "\r\n\r\n" },
    { "100,000 encoded words", "Subject:", " =?utf-8?Q?=C3=A9?=", 100000, "\r\n\r\n" },
    { "encoded words that never end", "Subject: ", "=?utf-8?Q?", 100000, "\r\n\r\n" },
    { "encoded words in encoded words", "Subject: ", "=?a?Q?=", 300000, "\r\n\r\n" },
    { "encoded words of nothing", "Subject: ",
      "=?a?Q?"
      "?=",
      300000, "\r\n\r\n" },
    { "encoded words of two charsets in turn", "Subject:", " =?koi8-r?Q?=C3?= =?iso-8859-2?Q?=C3?=", 50000,
      "\r\n\r\n" },
    { "Re: Re: Re:", "Subject: ", "Re:", 300000, "\r\n\r\n" },
    { "[a][a][a]", "Subject: ", "[a]", 300000, "\r\n\r\n" },
    { "[fwd:[fwd:", "Subject: ", "[fwd:", 300000, "\r\n\r\n" },
    { "(fwd)(fwd)", "Subject: x", "(fwd)", 300000, "\r\n\r\n" },
    { "base64 rubbish", "Content-Transfer-Encoding: base64\r\n\r\n", "*=A\xFF", 1000000, "" },
    { "a soft line break flood", "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=\r\n", 1000000,
      "" },
    { "quoted-printable that is nearly a line break", "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
      "=      x", 500000, "" },
    { "white space that never ends", "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "          ",
      400000, "" },
    { "UTF-7", "Content-Type: text/plain; charset=utf-7\r\n\r\n", "+AOk-", 800000, "" },
    { "ISO-2022 states", "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n", "\x1B$B\x1B(B", 600000,
      "" },
    { "ISO-2022-KR states", "Content-Type: text/plain; charset=iso-2022-kr\r\n\r\n\x1B$)C", "\x0E\x0F",
      1000000, "" },
    { "GB18030", "Content-Type: text/plain; charset=gb18030\r\n\r\n", "\x81\x30\x81\x30", 1000000, "" },
    { "UTF-8 cut everywhere", "Content-Type: text/plain; charset=utf-8\r\n\r\n", "\xF0\x9F\xC3", 1000000,
      "" },
    { "less-than signs", "Content-Type: text/html\r\n\r\n", "<", 4000000, "" },
    { "tags that never end", "Content-Type: text/html\r\n\r\n", "<a ", 1300000, "" },
    { "tags with open quotes", "Content-Type: text/html\r\n\r\n", "<a b=\"", 600000, "" },
    { "comments that never end", "Content-Type: text/html\r\n\r\n", "<!--", 1000000, "" },
    { "scripts in scripts", "Content-Type: text/html\r\n\r\n", "<script>", 500000, "" },
    { "ends of no script", "Content-Type: text/html\r\n\r\n<script>", "</scrip", 500000, "" },
    { "ampersands", "Content-Type: text/html\r\n\r\n", "&", 4000000, "" },
    { "entities that are none", "Content-Type: text/html\r\n\r\n", "&zzzzzzzz;", 400000, "" },
    { "numbers without end", "Content-Type: text/html\r\n\r\n&#", "9", 4000000, ";" },
    { "tabs", "Content-Type: text/html\r\n\r\n", "\t", 4000000, "" },
    { "charset= again and again", "Content-Type: text/html\r\n\r\n", "charset=", 500000, "" },
    { "combining marks", "Content-Type: text/plain; charset=utf-8\r\nSubject: x\r\n\r\n", "\xCC\x81", 2000000,
      "" },
    { "a line of 20 MB", "\r\n", "xxxxxxxxxxxxxxxxxxxx", MB, "" },
    { "nothing but NUL", "", "%c", 1000000, "" },
};

/* The unit with %u replaced by its number; %c is a NUL, %% a percent sign. */
static void add_unit(struct buf *out, const char *unit, unsigned number)
{
    for (const char *p = unit; *p; p++) {
        if (*p != '%')
            buf_add_byte(out, *p);
        else if (*++p == 'u')
            buf_add_u64(out, number);
        else
            buf_add_byte(out, *p == 'c' ? '\0' : '%');
    }
}

static struct span message_of(void *arena, const struct row *row)
{
    struct buf out = BUF_INIT(arena);

    buf_add_text(&out, row->before);
    for (unsigned i = 0; i < row->count; i++)
        add_unit(&out, row->unit, i);
    buf_add_text(&out, row->after);
    if (row->count == 99)
        for (unsigned i = 0; i < 1000000; i++)
            buf_add_format(&out, "--b%u \r\n", 1000 + i % 100);
    return buf_span(&out);
}

struct work {
    struct span message;
    double milliseconds;
    size_t memory;
    uint32_t parts;
};

/* All that is done to a message when it arrives. */
static void *arrive(void *argument)
{
    struct work *work = argument;
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena), out = BUF_INIT(arena), body = BUF_INIT(arena);
    struct mime_index index, unpacked;
    struct mime_section section;
    struct envelope_columns columns;
    struct timespec start, end;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    (void)!header_check(work->message);
    mime_index_build(arena, work->message, &index);
    mime_index_pack(&packed, &index);
    (void)(mime_index_unpack(arena, buf_span(&packed), &unpacked) &&
           mime_section_find(buf_span(&packed), span_text("1.1.1"), &section));
    envelope_render(&out, mime_part_header(work->message, index.parts));
    buf_clear(&out);
    bodystructure_render(&out, work->message, &index);
    bodystructure_to_body(&body, buf_span(&out));
    envelope_columns_build(arena, mime_part_header(work->message, index.parts), &columns);
    (void)text_has_attachment(work->message, &index);
    text_add_preview(&out, work->message, &index);
    text_add_searchable(&out, work->message, &index, SEARCHABLE_MAX);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    work->milliseconds =
        (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
    work->memory = talloc_total_size(arena);
    work->parts = index.count;
    talloc_free(arena);
    return NULL;
}

static void hostile_messages_cost_little(void **state)
{
    pthread_attr_t attributes;

    (void)state;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        void *arena = talloc_new(NULL);
        struct work work = { .message = message_of(arena, &rows[i]) };
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, &attributes, arrive, &work), 0);
        pthread_join(thread, NULL);
        print_message("  %-60s %9zu bytes %5u parts %7.1f ms %6zu KB\n", rows[i].what,
                      span_length(work.message), work.parts, work.milliseconds, work.memory / 1024);
        assert_true(work.milliseconds < LIMIT_MS);
        assert_true(work.memory < MEMORY_MAX);
        assert_true(work.parts <= MIME_PARTS_MAX);
        talloc_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(hostile_messages_cost_little) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
