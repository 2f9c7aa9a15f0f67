/* build.c -- see build.h: the header, then the tree of parts. */
#include "jmap/build.h"

#include "base/clock.h"
#include "base/digest.h"
#include "format/codec.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "jmap/blob.h"

#include <strings.h>
#include <talloc.h>

enum { PARTS_MAX = 500, LEVELS_MAX = 20 };

struct building {
    struct jmap_call *call;
    struct buf *out;
    const json_t *values; /* bodyValues */
    size_t parts;
};

static json_t *build_part(struct building *b, const json_t *part, unsigned level);

/* ---- a part's own header */

static bool is_token(const char *text, const char *more)
{
    const char *p = text;

    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
           (*p && strchr(more, *p)))
        p++;
    return *text && *p == '\0';
}

static const char *text_of(const json_t *part, const char *name)
{
    return json_string_value(json_object_get(part, name));
}

static json_t *add_disposition(struct building *b, const json_t *part)
{
    const char *disposition = text_of(part, "disposition"), *name = text_of(part, "name");

    if (!disposition && !name)
        return NULL;
    if (disposition && !is_token(disposition, "-_"))
        return jmap_bad_property("bodyStructure/disposition");
    buf_add_text(b->out, "Content-Disposition: ");
    buf_add_text(b->out, disposition ? disposition : "attachment");
    if (name)
        header_add_parameter(b->out, "filename", name);
    buf_add_text(b->out, "\r\n");
    return NULL;
}

static json_t *add_cid(struct building *b, const char *cid)
{
    if (!cid)
        return NULL;
    if (strcspn(cid, "<> \t\r\n") != strlen(cid) || !*cid)
        return jmap_bad_property("bodyStructure/cid");
    buf_add_format(b->out, "Content-ID: <%s>\r\n", cid);
    return NULL;
}

static json_t *add_more(struct building *b, const json_t *part)
{
    json_t *own = json_incref((json_t *)(uintptr_t)part), *value, *error = NULL, *language;
    const char *name;
    size_t i;

    json_object_foreach(own, name, value)
    {
        char *field = strncmp(name, "header:", 7) == 0 ? jmap_build_field_name(b->call->arena, name) : NULL;
        if (error || strncmp(name, "header:", 7) != 0)
            continue;
        error = !field || strcmp(field, "content-transfer-encoding") == 0
                    ? jmap_bad_property(name)
                    : jmap_build_field(b->call->arena, b->out, name, value);
    }
    json_decref(own);
    if (text_of(part, "location"))
        header_add(b->out, "Content-Location", text_of(part, "location"));
    json_array_foreach(json_object_get(part, "language"), i,
                       language) if (json_is_string(language) && is_token(json_string_value(language), "-"))
        buf_add_format(b->out, i ? ", %s" : "Content-Language: %s", json_string_value(language));
    if (json_array_size(json_object_get(part, "language")) > 0)
        buf_add_text(b->out, "\r\n");
    return error;
}

static json_t *add_head(struct building *b, const json_t *part)
{
    json_t *error = add_disposition(b, part);

    if (!error)
        error = add_cid(b, text_of(part, "cid"));
    return error ? error : add_more(b, part);
}

/* ---- leaves */

static void add_crlf(struct building *b, const char *text, struct buf *out)
{
    struct buf valid = BUF_INIT(b->call->arena);

    buf_add_text(&valid, text);
    codec_add_crlf(out, buf_span(&valid));
}

static json_t *add_value(struct building *b, const json_t *part, const char *type)
{
    const json_t *value = json_object_get(b->values, text_of(part, "partId"));
    const char *text = text_of(value, "value");
    struct buf lines = BUF_INIT(b->call->arena);
    json_t *error;

    if (!text || json_is_true(json_object_get(value, "isEncodingProblem")) ||
        json_is_true(json_object_get(value, "isTruncated")))
        return jmap_bad_property("bodyValues");
    if (json_object_get(part, "charset") || json_object_get(part, "size"))
        return jmap_bad_property(json_object_get(part, "charset") ? "bodyStructure/charset"
                                                                  : "bodyStructure/size");
    if (strncasecmp(type, "text/", 5) != 0)
        return jmap_bad_property("bodyStructure/type");
    buf_add_format(b->out, "Content-Type: %s; charset=utf-8", type);
    if (text_of(part, "name"))
        header_add_parameter(b->out, "name", text_of(part, "name"));
    buf_add_text(b->out, "\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    error = add_head(b, part);
    buf_add_text(b->out, "\r\n");
    add_crlf(b, text, &lines);
    codec_add_quoted_printable(b->out, buf_span(&lines));
    return error;
}

static json_t *add_blob(struct building *b, const json_t *part, const char *type)
{
    const char *id = text_of(part, "blobId"), *known = id ? jmap_resolve_id(b->call->request, id) : NULL;
    const char *charset = text_of(part, "charset");
    struct err err = ERR_INIT;
    struct blob blob;
    json_t *error;
    bool is_message = strcasecmp(type, "message/rfc822") == 0;

    if (!known || !jmap_blob_find(b->call, known, &blob, &err)) {
        if (known && err.kind != ERR_NOT_FOUND)
            return jmap_set_error_of(&err);
        error = jmap_set_error("blobNotFound", "There is no such blob.");
        json_object_set_new(error, "notFound", json_pack("[s]", id ? id : ""));
        return error;
    }
    buf_add_format(b->out, "Content-Type: %s", type);
    if (charset && is_token(charset, "-_.:+"))
        header_add_parameter(b->out, "charset", charset);
    if (text_of(part, "name"))
        header_add_parameter(b->out, "name", text_of(part, "name"));
    buf_add_format(b->out, "\r\nContent-Transfer-Encoding: %s\r\n", is_message ? "8bit" : "base64");
    error = add_head(b, part);
    buf_add_text(b->out, "\r\n");
    if (is_message) /* RFC 2046, 5.2.1: not encoded */
        codec_add_crlf(b->out, blob.bytes);
    else
        codec_add_base64_lines(b->out, blob.bytes);
    return error;
}

/* ---- multiparts */

static void make_boundary(char boundary[40])
{
    unsigned char random[12];

    random_bytes(random, sizeof random);
    boundary[0] = '=';
    boundary[1] = '_';
    hex_encode(span_of(random, sizeof random), boundary + 2);
}

static json_t *add_multipart(struct building *b, const json_t *part, const char *type, unsigned level)
{
    const json_t *children = json_object_get(part, "subParts");
    char boundary[40];
    json_t *child, *error;
    size_t i;

    make_boundary(boundary);
    buf_add_format(b->out, "Content-Type: %s; boundary=\"%s\"\r\n", type, boundary);
    error = add_head(b, part);
    json_array_foreach(children, i, child)
    {
        if (error)
            return error;
        buf_add_format(b->out, "\r\n--%s\r\n", boundary);
        error = build_part(b, child, level + 1);
    }
    buf_add_format(b->out, "\r\n--%s--\r\n", boundary);
    return error                            ? error
           : json_array_size(children) == 0 ? jmap_bad_property("bodyStructure/subParts")
                                            : NULL;
}

static json_t *build_part(struct building *b, const json_t *part, unsigned level)
{
    const char *type = text_of(part, "type");

    if (!json_is_object(part) || ++b->parts > PARTS_MAX || level > LEVELS_MAX ||
        json_object_get(part, "headers"))
        return jmap_bad_property("bodyStructure");
    if (type && !is_token(type, "!#$&-^_.+/"))
        return jmap_bad_property("bodyStructure/type");
    if (json_object_get(part, "subParts") && type && strncasecmp(type, "multipart/", 10) == 0)
        return add_multipart(b, part, type, level);
    if (json_is_string(json_object_get(part, "partId")))
        return json_object_get(part, "blobId") ? jmap_bad_property("bodyStructure/blobId")
                                               : add_value(b, part, type ? type : "text/plain");
    return add_blob(b, part, type ? type : "application/octet-stream");
}

/* ---- the tree that textBody, htmlBody and attachments stand for */

static json_t *wrap(const char *subtype, json_t *children)
{
    if (json_array_size(children) == 1) {
        json_t *only = json_incref(json_array_get(children, 0));
        json_decref(children);
        return only;
    }
    return json_pack("{s:o, s:o}", "type", json_sprintf("multipart/%s", subtype), "subParts", children);
}

static bool is_shown_inside(const json_t *attachment)
{
    const char *disposition = text_of(attachment, "disposition");

    return text_of(attachment, "cid") && disposition && strcasecmp(disposition, "inline") == 0;
}

static json_t *with_type(json_t *part, const char *type)
{
    json_t *copy = json_copy(part);

    if (!json_object_get(copy, "type"))
        json_object_set_new(copy, "type", json_string(type));
    return copy;
}

/* textBody or htmlBody (RFC 8621, 4.6): exactly one part, of this type. */
static bool is_one_of_type(const json_t *list, const char *type)
{
    const char *given = text_of(json_array_get(list, 0), "type");

    return json_array_size(list) == 1 && (!given || strcasecmp(given, type) == 0);
}

/* NULL: one of the lists is not what it may be; *wrong_out names it. */
static json_t *structure_of(const json_t *email, const char **wrong_out)
{
    json_t *text = json_object_get(email, "textBody"), *html = json_object_get(email, "htmlBody");
    json_t *attachments = json_object_get(email, "attachments"), *one;
    json_t *alternative, *related, *mixed;
    size_t i;

    *wrong_out = text && !is_one_of_type(text, "text/plain")  ? "textBody"
                 : html && !is_one_of_type(html, "text/html") ? "htmlBody"
                 : attachments && !json_is_array(attachments) ? "attachments"
                                                              : NULL;
    if (*wrong_out)
        return NULL;
    alternative = json_array();
    if (text)
        json_array_append_new(alternative, with_type(json_array_get(text, 0), "text/plain"));
    if (html)
        json_array_append_new(alternative, with_type(json_array_get(html, 0), "text/html"));
    related = json_array();
    mixed = json_array();
    if (json_array_size(alternative) > 0)
        json_array_append_new(related, wrap("alternative", alternative));
    else
        json_decref(alternative);
    json_array_foreach(attachments, i, one) if (html && is_shown_inside(one)) json_array_append(related, one);
    if (json_array_size(related) > 0)
        json_array_append_new(mixed, wrap("related", related));
    else
        json_decref(related);
    json_array_foreach(attachments, i, one) if (!html || !is_shown_inside(one)) json_array_append(mixed, one);
    if (json_array_size(mixed) > 0)
        return wrap("mixed", mixed);
    json_decref(mixed);
    return json_object();
}

/* ---- the message */

static bool is_of_body(const char *name)
{
    static const char *const names[] = { "bodyStructure", "bodyValues", "textBody", "htmlBody",
                                         "attachments",   "mailboxIds", "keywords", "receivedAt" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static json_t *build_header(struct building *b, const json_t *email, bool *has_id_out, bool *has_date_out)
{
    json_t *own = json_incref((json_t *)(uintptr_t)email), *seen = json_object(), *value, *error = NULL;
    const char *name;

    json_object_foreach(own, name, value)
    {
        char *field = error || is_of_body(name) ? NULL : jmap_build_field_name(b->call->arena, name);
        if (error || is_of_body(name))
            continue;
        if (!field || json_object_get(seen, field) || strncmp(field, "content-", 8) == 0 ||
            strcmp(field, "mime-version") == 0) {
            error = jmap_bad_property(name);
            continue;
        }
        json_object_set_new(seen, field, json_true());
        if (!json_is_null(value))
            error = jmap_build_field(b->call->arena, b->out, name, value);
    }
    *has_id_out = json_object_get(seen, "message-id") != NULL;
    *has_date_out = json_object_get(seen, "date") != NULL;
    json_decref(seen);
    json_decref(own);
    return error;
}

static void add_missing(struct building *b, bool has_id, bool has_date)
{
    char text[DATE_TEXT_MAX];
    uint8_t random[16];

    if (!has_date) {
        date_render(text, (struct date){ .us = clock_now_us() });
        header_add(b->out, "Date", text);
    }
    if (!has_id) {
        random_bytes(random, sizeof random);
        buf_add_text(b->out, "Message-ID: ");
        message_id_add(b->out, clock_now_us(), random, b->call->request->jmap->options.host_name);
        buf_add_text(b->out, "\r\n");
    }
    buf_add_text(b->out, "MIME-Version: 1.0\r\n");
}

json_t *jmap_build(struct jmap_call *call, const json_t *email, struct span *bytes_out)
{
    struct buf out = BUF_INIT(call->arena);
    struct building b = { .call = call, .out = &out, .values = json_object_get(email, "bodyValues") };
    json_t *structure = json_object_get(email, "bodyStructure"), *error;
    const char *wrong = NULL;
    bool has_id, has_date;

    if (structure && (json_object_get(email, "textBody") || json_object_get(email, "htmlBody") ||
                      json_object_get(email, "attachments")))
        return jmap_bad_property("bodyStructure");
    if (json_object_get(email, "headers"))
        return jmap_bad_property("headers");
    error = build_header(&b, email, &has_id, &has_date);
    if (error)
        return error;
    add_missing(&b, has_id, has_date);
    structure = structure ? json_incref(structure) : structure_of(email, &wrong);
    if (!structure)
        return jmap_bad_property(wrong);
    if (json_is_object(structure) && json_object_size(structure) == 0)
        buf_add_text(&out, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    else
        error = build_part(&b, structure, 0);
    json_decref(structure);
    *bytes_out = buf_span(&out);
    return error;
}
