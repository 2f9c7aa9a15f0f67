/*
 * bench_format.c -- what one arriving message costs in storage/format, in microseconds on one core.
 *
 *   build/tests/bench_format [message.eml ...]
 *
 * Without arguments: a message of 4 KB of text, one of 60 KB (text, HTML, a picture), one of 4 MB.
 */
#include "base/clock.h"
#include "format/codec.h"
#include "format/envelope.h"
#include "format/text.h"

#include <glib.h>
#include <stdio.h>
#include <talloc.h>

static const char *const words[] = {
    "le", "rapport", "meeting", "figures",  "budget", "\xC3\xA9t\xC3\xA9", "please", "find", "avec",
    "we", "demain",  "server",  "delivery", "page",   "contract",          "merci"
};

static void add_words(struct buf *out, size_t bytes, const char *line_end)
{
    size_t start = out->length, column = 0;
    uint32_t seed = 7;

    while (out->length - start < bytes) {
        const char *word = words[(seed = seed * 1103515245 + 12345) >> 16 & 15];

        buf_add_text(out, word);
        column += strlen(word) + 1;
        buf_add_text(out, column > 70 ? line_end : " ");
        column = column > 70 ? 0 : column;
    }
    buf_add_text(out, "\r\n");
}

static const char HEADER[] =
    "Return-Path: <ada@example.org>\r\nReceived: from mx.example.org (mx.example.org [192.0.2.1])\r\n\tby mail.example.com with ESMTPS id 4f2a\r\n"
    "\tfor <bob@example.com>; Thu, 20 Nov 2031 21:00:00 +0000\r\nReceived: from [10.0.0.1] by mx.example.org with ESMTPSA id 77;\r\n"
    "\tThu, 20 Nov 2031 20:59:58 +0000\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;\r\n"
    "\th=from:to:subject:date:message-id; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r\n"
    "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
    "From: =?utf-8?Q?Ad=C3=A9la=C3=AFde_Lovelace?= <ada@example.org>\r\nTo: Bob Martin <bob@example.com>, \"Team, all\" <team@example.com>\r\n"
    "Cc: carol@example.net\r\nSubject: Re: =?utf-8?B?UsOpdW5pb24gZHUgbHVuZGk=?= and the figures\r\nDate: Thu, 20 Nov 2031 21:59:57 +0100\r\n"
    "Message-ID: <1e7c.4f2a@example.org>\r\nIn-Reply-To: <77@example.com>\r\nReferences: <1@example.com> <33@example.org>\r\n <77@example.com>\r\n"
    "MIME-Version: 1.0\r\nUser-Agent: Example 1.0\r\n";

static void add_message(struct buf *out, size_t text, size_t html, size_t picture)
{
    char bytes[57];

    buf_add_text(out, HEADER);
    buf_add_text(
        out,
        "Content-Type: multipart/mixed; boundary=\"----=_Part_1_22.33\"\r\n\r\n------=_Part_1_22.33\r\n"
        "Content-Type: multipart/alternative; boundary=\"----=_Part_2_22.33\"\r\n\r\n------=_Part_2_22.33\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    add_words(out, text, "\r\n");
    buf_add_text(out,
                 "------=_Part_2_22.33\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>");
    add_words(out, html, "</p>\r\n<p style=\"margin:0\">");
    buf_add_text(
        out,
        "------=_Part_2_22.33--\r\n------=_Part_1_22.33\r\nContent-Type: image/jpeg; name=\"=?utf-8?Q?=C3=A9t=C3=A9?=.jpg\"\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''%C3%A9t%C3%A9.jpg\r\n\r\n");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37);
    for (size_t i = 0; i < picture; i += 78)
        codec_add_base64_lines(out, span_of(bytes, sizeof bytes));
    buf_add_text(out, "------=_Part_1_22.33--\r\n");
}

enum step { INDEX, PACK, ENVELOPE, STRUCTURE, COLUMNS, ARRIVAL, PREVIEW, SEARCHABLE, STEPS };

static const char *const step_names[STEPS] = { "index",   "pack",    "envelope", "bodystructure",
                                               "columns", "arrival", "preview",  "searchable text" };

static void run(enum step step, struct span message, const struct mime_index *index)
{
    void *arena = talloc_pool(NULL, 64 * 1024);
    struct buf out = BUF_INIT(arena);
    struct mime_index built;
    struct envelope_columns columns;

    if (step == INDEX || step == ARRIVAL)
        mime_index_build(arena, message, &built);
    if (step == PACK || step == ARRIVAL)
        mime_index_pack(&out, index);
    if (step == ENVELOPE || step == ARRIVAL)
        envelope_render(&out, mime_part_header(message, index->parts));
    if (step == STRUCTURE || step == ARRIVAL)
        bodystructure_render(&out, message, index);
    if (step == COLUMNS || step == ARRIVAL)
        envelope_columns_build(arena, mime_part_header(message, index->parts), &columns);
    if (step == PREVIEW || step == ARRIVAL)
        text_add_preview(&out, message, index);
    if (step == SEARCHABLE)
        text_add_searchable(&out, message, index, 1024 * 1024);
    talloc_free(arena);
}

static void measure(const char *name, struct span message)
{
    void *arena = talloc_new(NULL);
    struct mime_index index;

    mime_index_build(arena, message, &index);
    printf("%s: %zu bytes, %u parts\n", name, span_length(message), index.count);
    for (int step = 0; step < STEPS; step++) {
        int64_t best = INT64_MAX;
        int times = span_length(message) > 1000000 ? 3 : 200;

        for (int round = 0; round < 5; round++) {
            int64_t start = clock_monotonic_us();

            for (int i = 0; i < times; i++)
                run((enum step)step, message, &index);
            best = MIN(best, (clock_monotonic_us() - start) * 1000 / times);
        }
        printf("  %-16s %10.1f us\n", step_names[step], (double)best / 1000);
    }
    talloc_free(arena);
}

static void measure_file(const char *path)
{
    char *bytes;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, NULL)) {
        fprintf(stderr, "cannot read %s\n", path);
        return;
    }
    measure(path, span_of(bytes, length));
    g_free(bytes);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t text, html, picture;
    } kinds[] = { { "small", 3000, 0, 0 },
                  { "usual", 8000, 16000, 36000 },
                  { "large", 20000, 80000, 4000000 } };

    for (int i = 1; i < argc; i++)
        measure_file(argv[i]);
    for (size_t i = 0; argc == 1 && i < COUNT_OF(kinds); i++) {
        struct buf message = BUF_INIT(talloc_new(NULL));

        add_message(&message, kinds[i].text, kinds[i].html, kinds[i].picture);
        measure(kinds[i].name, buf_span(&message));
        talloc_free(message.owner);
    }
    return 0;
}
