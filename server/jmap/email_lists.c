/* email_lists.c -- textBody, htmlBody, attachments and bodyValues: the algorithm of RFC 8621, 4.1.4. */
#include "format/charset.h"
#include "format/codec.h"
#include "format/text.h"
#include "jmap/email.h"
#include "jmap/email_part.h"

#include <stdio.h>
#include <strings.h>
#include <talloc.h>

struct sorting {
    const void *arena;
    const struct letter_source *source;
    uint32_t *text, *html, *attached;
    size_t text_count, html_count, attached_count;
};

static bool is_inline_media(const char *type)
{
    return strncmp(type, "image/", 6) == 0 || strncmp(type, "audio/", 6) == 0 ||
           strncmp(type, "video/", 6) == 0;
}

static bool is_attachment_by_disposition(const struct sorting *s, const struct mime_part *part)
{
    json_t *disposition = email_part_disposition(s->arena, s->source, part);
    bool is = json_is_string(disposition) && strcmp(json_string_value(disposition), "attachment") == 0;

    json_decref(disposition);
    return is;
}

static void sort_leaf(struct sorting *s, uint32_t number, const char *multipart, bool in_alternative,
                      size_t position, bool takes_text, bool takes_html)
{
    const struct mime_part *part = email_part_at(s->source, number);
    const char *type = email_part_type(s->arena, s->source, number);
    bool is_text = strcmp(type, "text/plain") == 0, is_html = strcmp(type, "text/html") == 0;
    bool is_inline =
        !is_attachment_by_disposition(s, part) && (is_text || is_html || is_inline_media(type)) &&
        (position == 0 || (strcmp(multipart, "related") != 0 &&
                           (is_inline_media(type) || !text_file_name(s->arena, s->source->bytes, part))));

    if (!is_inline) {
        s->attached[s->attached_count++] = number;
        return;
    }
    if (strcmp(multipart, "alternative") == 0) {
        if (is_text && takes_text)
            s->text[s->text_count++] = number;
        else if (is_html && takes_html)
            s->html[s->html_count++] = number;
        else
            s->attached[s->attached_count++] = number;
        return;
    }
    if (in_alternative) {
        takes_html = takes_html && !is_text;
        takes_text = takes_text && !is_html;
    }
    if (takes_text)
        s->text[s->text_count++] = number;
    if (takes_html)
        s->html[s->html_count++] = number;
    if ((!takes_text || !takes_html) && is_inline_media(type))
        s->attached[s->attached_count++] = number;
}

/* Depth is bounded by MIME_DEPTH_MAX. */
static void sort_children(struct sorting *s, uint32_t parent, bool in_alternative, bool takes_text,
                          bool takes_html)
{
    struct mime_type type =
        mime_part_type(s->source->bytes, &s->source->index, email_part_at(s->source, parent));
    const char *kind = email_lower(s->arena, type.subtype);
    bool is_alternative = strcmp(kind, "alternative") == 0;
    size_t text_before = s->text_count, html_before = s->html_count, position = 0;

    for (uint32_t i = parent + 1; i < s->source->index.count; i++) {
        if (email_part_at(s->source, i)->parent != parent)
            continue;
        if (email_part_is_multipart(email_part_at(s->source, i)))
            sort_children(s, i, in_alternative || is_alternative, takes_text, takes_html);
        else
            sort_leaf(s, i, kind, in_alternative, position, takes_text, takes_html);
        position++;
    }
    if (!is_alternative || !takes_text || !takes_html)
        return;
    if (s->text_count == text_before && s->html_count > html_before)
        for (size_t i = html_before; i < s->html_count; i++)
            s->text[s->text_count++] = s->html[i];
    else if (s->html_count == html_before && s->text_count > text_before)
        for (size_t i = text_before; i < s->text_count; i++)
            s->html[s->html_count++] = s->text[i];
}

static void sort_parts(struct sorting *s, const void *arena, const struct letter_source *source)
{
    size_t room = 2 * (size_t)source->index.count + 1;

    *s = (struct sorting){ .arena = arena, .source = source };
    s->text = talloc_array(arena, uint32_t, (unsigned)room);
    s->html = talloc_array(arena, uint32_t, (unsigned)room);
    s->attached = talloc_array(arena, uint32_t, (unsigned)room);
    if (email_part_is_multipart(email_part_at(source, 0)))
        sort_children(s, 0, false, true, true);
    else
        sort_leaf(s, 0, "mixed", false, 0, true, true);
}

static json_t *list_of(const struct sorting *s, const uint32_t *numbers, size_t count, json_t *properties)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, email_part_object(s->arena, s->source, numbers[i], properties));
    return list;
}

void jmap_body_lists(const void *arena, const struct letter_source *source, json_t *properties,
                     struct body_lists *lists_out)
{
    struct sorting s;

    sort_parts(&s, arena, source);
    lists_out->text = list_of(&s, s.text, s.text_count, properties);
    lists_out->html = list_of(&s, s.html, s.html_count, properties);
    lists_out->attachments = list_of(&s, s.attached, s.attached_count, properties);
}

bool jmap_has_attachment(const struct letter_source *source)
{
    return text_has_attachment(source->bytes, &source->index);
}

/* ---- bodyValues */

/* Unknown encodings and charsets, and bytes that are none of them: what is shown is not what was written. */
static bool is_problem(const void *arena, const struct letter_source *source, uint32_t number)
{
    const struct mime_part *part = email_part_at(source, number);
    json_t *charset = email_part_charset(arena, source, number);
    struct buf decoded = buf_owned_by(arena);
    const char *name = json_string_value(charset);
    bool is_utf8 = strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "us-ascii") == 0;
    bool is = !charset_is_known(span_text(name)) ||
              !codec_decode_all(mime_part_body(source->bytes, part), (enum mime_encoding)part->encoding,
                                TEXT_PART_MAX, &decoded) ||
              (is_utf8 && decoded.length < TEXT_PART_MAX && !utf8_is_valid(buf_span(&decoded)));

    json_decref(charset);
    return is;
}

static void add_value(json_t *values, const void *arena, const struct letter_source *source, uint32_t number,
                      int64_t bytes_max)
{
    const struct mime_part *part = email_part_at(source, number);
    struct buf text = buf_owned_by(arena), plain = buf_owned_by(arena);
    char key[16];
    bool is_cut;

    snprintf(key, sizeof key, "%u", number);
    if (!part->is_text || json_object_get(values, key))
        return;
    text_add_part(&text, source->bytes, &source->index, part, TEXT_PART_MAX);
    is_cut = text.length >= TEXT_PART_MAX;
    for (size_t i = 0; i < text.length; i++)
        if (text.p[i] != '\r' || i + 1 == text.length || text.p[i + 1] != '\n')
            buf_add_byte(&plain, text.p[i]);
    if (bytes_max > 0 && plain.length > (size_t)bytes_max) {
        plain.length = (email_part_is(arena, source, number, "text/html") ? html_cut : utf8_cut)(
            buf_span(&plain), (size_t)bytes_max);
        is_cut = true;
    }
    buf_clear(&text);
    utf8_add_valid(&text, buf_span(&plain));
    json_object_set_new(values, key,
                        json_pack("{s:o, s:b, s:b}", "value", json_stringn(text.p ? text.p : "", text.length),
                                  "isEncodingProblem", is_problem(arena, source, number), "isTruncated",
                                  is_cut));
}

json_t *jmap_body_values(const void *arena, const struct letter_source *source,
                         const struct body_wanted *wanted)
{
    json_t *values = json_object();
    struct sorting s;

    sort_parts(&s, arena, source);
    for (size_t i = 0; (wanted->of_text || wanted->of_all) && i < s.text_count; i++)
        add_value(values, arena, source, s.text[i], wanted->bytes_max);
    for (size_t i = 0; (wanted->of_html || wanted->of_all) && i < s.html_count; i++)
        add_value(values, arena, source, s.html[i], wanted->bytes_max);
    for (uint32_t i = 0; wanted->of_all && i < source->index.count; i++)
        if (email_part_at(source, i)->kind == MIME_LEAF &&
            (email_part_at(source, i)->parent == MIME_NO_PART ||
             email_part_is_multipart(email_part_at(source, email_part_at(source, i)->parent))))
            add_value(values, arena, source, i, wanted->bytes_max);
    return values;
}
