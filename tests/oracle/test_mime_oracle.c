/*
 * test_mime_oracle.c -- our MIME index against GMime 3.2 on a few thousand generated messages: the same tree, the same
 * types, the same bytes in every leaf. Files named on the command line are compared as well.
 *
 * The messages are well-formed as far as the two have to agree; what we decided for malformed ones is in test_mime.c.
 */
#include "format/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <gmime/gmime.h>
#include <talloc.h>

enum { MESSAGES = 3000, DEPTH = 5 };

static uint32_t seed;

static uint32_t pick(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static const char *line_end = "\r\n";

static void add_line(struct buf *out, const char *text)
{
    buf_add_text(out, text);
    buf_add_text(out, line_end);
}

static void add_leaf(struct buf *out, bool is_alone)
{
    static const char *const types[] = { "text/plain", "text/html; charset=utf-8",
                                         "image/png; name=\"a b.png\"", "application/pdf;\n name=x.pdf",
                                         "TEXT/X-Thing; a=b; c=\"d;e\"" };
    static const char *const encodings[] = { "7bit", "8bit", "base64", "quoted-printable", "BASE64" };
    static const char *const lines[] = { "",  "text",      "-- ",         "--",          "--x",
                                         "-", "  blank  ", "From nobody", "caf\xC3\xA9", "--no-boundary--",
                                         ".", "\t" };
    uint32_t type = pick(COUNT_OF(types) + 1);

    if (type < COUNT_OF(types)) {
        buf_add_text(out, "Content-Type: ");
        for (const char *p = types[type]; *p; p++)
            buf_add_text(out, *p == '\n' ? line_end : (char[]){ *p, '\0' });
        buf_add_text(out, line_end);
    }
    if (pick(2)) {
        buf_add_text(out, "Content-Transfer-Encoding: ");
        add_line(out, encodings[pick(COUNT_OF(encodings))]);
    }
    if (pick(3) == 0 || (is_alone && type == COUNT_OF(types)))
        add_line(out, "Content-Description: one thing");
    add_line(out, "");
    for (uint32_t i = 1 + pick(12); i > 0; i--)
        add_line(out, lines[pick(COUNT_OF(lines))]);
}

static void add_entity(struct buf *out, int depth);

static void add_multipart(struct buf *out, int depth)
{
    static const char *const kinds[] = { "mixed", "alternative", "related", "parallel", "report" };
    char *boundary = talloc_asprintf(NULL, "%s%d.%u", pick(2) ? "b" : "=_", depth, pick(1000));
    bool is_quoted = pick(2) || boundary[0] == '=';

    buf_add_format(out, "Content-Type: multipart/%s;%s boundary=%s%s%s%s", kinds[pick(COUNT_OF(kinds))],
                   pick(2) ? line_end : "", is_quoted ? "\"" : "", boundary, is_quoted ? "\"" : "", line_end);
    add_line(out, "");
    if (pick(3) == 0)
        add_line(out, "This is a preamble.");
    for (uint32_t i = 1 + pick(4); i > 0; i--) {
        buf_add_format(out, "--%s%s%s", boundary, pick(8) ? "" : " ", line_end);
        add_entity(out, depth + 1);
        if (pick(4) == 0 || out->p[out->length - 1] != '\n')
            add_line(out, "");
    }
    if (pick(12) || depth > 0)
        buf_add_format(out, "--%s--%s", boundary, line_end);
    if (pick(4) == 0)
        add_line(out, "An epilogue.");
    talloc_free(boundary);
}

static void add_message(struct buf *out, int depth)
{
    add_line(out, "From: a@b.test");
    buf_add_format(out, "Subject: at depth %d%s", depth, line_end);
    add_entity(out, depth);
}

static void add_entity(struct buf *out, int depth)
{
    uint32_t kind = depth < DEPTH ? pick(10) : 9;

    if (kind < 4 || (depth == 0 && kind < 8)) {
        add_multipart(out, depth);
    } else if (kind == 4 && depth > 0) {
        add_line(out, "Content-Type: message/rfc822");
        add_line(out, "");
        add_message(out, depth + 1);
    } else {
        add_leaf(out, depth == 0);
    }
}

/* --- both trees as text ----------------------------------------------------------------------------- */

static void add_gmime(struct buf *out, GMimeObject *object, int depth)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);

    buf_add_format(out, "%*s%s/%s", depth * 2, "", g_mime_content_type_get_media_type(type),
                   g_mime_content_type_get_media_subtype(type));
    if (GMIME_IS_MULTIPART(object)) {
        buf_add_text(out, "\n");
        for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)); i++)
            add_gmime(out, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        GMimeHeaderList *headers = message ? g_mime_object_get_header_list(GMIME_OBJECT(message)) : NULL;

        if (headers && g_mime_header_list_get_count(headers) > 0)
            buf_add_format(out, " %lld",
                           (long long)g_mime_header_get_offset(g_mime_header_list_get_header_at(headers, 0)));
        buf_add_text(out, "\n");
        if (message)
            add_gmime(out, g_mime_message_get_mime_part(message), depth + 1);
    } else {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
        GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;

        if (stream)
            buf_add_format(out, " %lld-%lld", (long long)stream->bound_start, (long long)stream->bound_end);
        buf_add_text(out, "\n");
    }
}

static void add_ours(struct buf *out, struct span message, const struct mime_index *index)
{
    for (uint32_t i = 0; i < index->count; i++) {
        const struct mime_part *part = &index->parts[i];
        struct mime_type type = mime_part_type(message, index, part);
        int messages = 0;

        for (uint32_t at = part->parent; at != MIME_NO_PART; at = index->parts[at].parent)
            messages++;
        buf_add_format(out, "%*s%.*s/%.*s", messages * 2, "", (int)span_length(type.type), type.type.p,
                       (int)span_length(type.subtype), type.subtype.p);
        if (part->kind == MIME_LEAF)
            buf_add_format(out, " %lld-%lld", (long long)part->body_start, (long long)part->body_end);
        if (part->kind == MIME_MESSAGE)
            buf_add_format(out, " %lld", (long long)part[1].header_start);
        buf_add_text(out, "\n");
    }
}

static char *gmime_tree(void *arena, struct span message)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(message.p, span_length(message));
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    struct buf out = BUF_INIT(arena);
    GMimeMessage *parsed;

    g_mime_parser_set_persist_stream(parser, TRUE);
    parsed = g_mime_parser_construct_message(parser, NULL);
    if (parsed) {
        add_gmime(&out, g_mime_message_get_mime_part(parsed), 0);
        g_object_unref(parsed);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    return buf_text(&out);
}

static uint32_t compare(const char *name, struct span message)
{
    void *arena = talloc_new(NULL);
    struct buf ours = BUF_INIT(arena);
    struct mime_index index;
    char *theirs;

    mime_index_build(arena, message, &index);
    add_ours(&ours, message, &index);
    theirs = gmime_tree(arena, message);
    if (strcmp(buf_text(&ours), theirs) != 0) {
        print_message("%s:\n%.*s\n", name, (int)span_length(span_part(message, 0, 4000)), message.p);
        assert_string_equal(buf_text(&ours), theirs);
    }
    talloc_free(arena);
    return index.count;
}

static void gmime_finds_the_same_parts(void **state)
{
    uint64_t parts = 0;

    (void)state;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        struct buf message = BUF_INIT(talloc_new(NULL));
        char name[32];

        seed = i * 7919 + 1;
        line_end = i % 3 ? "\r\n" : "\n";
        add_message(&message, 0);
        snprintf(name, sizeof name, "message %u", i);
        parts += compare(name, buf_span(&message));
        talloc_free(message.owner);
    }
    print_message("  %u messages, %llu parts\n", MESSAGES, (unsigned long long)parts);
    assert_true(parts > 5 * MESSAGES);
}

/* Messages given on the command line. */
static char **files;

static void gmime_agrees_on_the_files(void **state)
{
    (void)state;
    for (char **file = files; *file; file++) {
        char *bytes;
        gsize length;

        assert_true(g_file_get_contents(*file, &bytes, &length, NULL));
        compare(*file, span_of(bytes, length));
        g_free(bytes);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(gmime_finds_the_same_parts),
                                        cmocka_unit_test(gmime_agrees_on_the_files) };
    int failed;

    (void)argc;
    files = argv + 1;
    g_mime_init();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_mime_shutdown();
    return failed;
}
