/* email_body.c -- the parts of a message as RFC 8621, 4.1.4 shows them. */
#include "format/charset.h"
#include "format/codec.h"
#include "format/header.h"
#include "format/text.h"
#include "jmap/email.h"
#include "jmap/email_part.h"
#include "jmap/get.h"

#include <strings.h>
#include <talloc.h>

enum property {
    PART_ID,
    BLOB_ID,
    SIZE,
    NAME,
    TYPE,
    CHARSET,
    DISPOSITION,
    CID,
    LANGUAGE,
    LOCATION,
    HEADERS,
    SUB_PARTS,
    PROPERTIES
};
static const char *const names[PROPERTIES] = {
    [PART_ID] = "partId",
    [BLOB_ID] = "blobId",
    [SIZE] = "size",
    [NAME] = "name",
    [TYPE] = "type",
    [CHARSET] = "charset",
    [DISPOSITION] = "disposition",
    [CID] = "cid",
    [LANGUAGE] = "language",
    [LOCATION] = "location",
    [HEADERS] = "headers",
    [SUB_PARTS] = "subParts",
};

json_t *jmap_body_properties(struct jmap_call *call)
{
    json_t *wanted = json_object_get(call->in, "bodyProperties"), *name;
    size_t i, k;

    if (!wanted || json_is_null(wanted))
        return jmap_keep(call->arena,
                         json_pack("[s,s,s,s,s,s,s,s,s,s]", "partId", "blobId", "size", "name", "type",
                                   "charset", "disposition", "cid", "language", "location"));
    json_array_foreach(wanted, i, name)
    {
        const char *text = json_string_value(name);
        for (k = 0; text && k < PROPERTIES && strcmp(names[k], text) != 0; k++)
            ;
        if (!text ||
            (k == PROPERTIES && (strncmp(text, "header:", 7) != 0 || !jmap_is_header_property(text)))) {
            (void)jmap_fail_argument(call, "bodyProperties");
            return NULL;
        }
    }
    if (json_is_array(wanted))
        return wanted;
    (void)jmap_fail_argument(call, "bodyProperties");
    return NULL;
}

/* ---- one part */

const struct mime_part *email_part_at(const struct letter_source *source, uint32_t number)
{
    return &source->index.parts[number];
}

/* JMAP's multiparts are those; an attached message is a leaf that can be parsed. */
bool email_part_is_multipart(const struct mime_part *part)
{
    return part->kind == MIME_MULTIPART && !part->is_opaque;
}

char *email_lower(const void *arena, struct span text)
{
    char *copy = span_copy(arena, text);

    for (char *p = copy; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    return copy;
}

const char *email_part_type(const void *arena, const struct letter_source *source, uint32_t number)
{
    struct mime_type type = mime_part_type(source->bytes, &source->index, email_part_at(source, number));

    return talloc_asprintf(arena, "%s/%s", email_lower(arena, type.type), email_lower(arena, type.subtype));
}

bool email_part_is(const void *arena, const struct letter_source *source, uint32_t number, const char *type)
{
    return number < source->index.count && strcmp(email_part_type(arena, source, number), type) == 0;
}

uint32_t email_part_child(const struct letter_source *source, uint32_t parent, uint32_t number)
{
    for (uint32_t i = parent + 1; i < source->index.count; i++)
        if (source->index.parts[i].parent == parent && source->index.parts[i].number == number)
            return i;
    return MIME_NO_PART;
}

static uint64_t decoded_size(const struct letter_source *source, const struct mime_part *part)
{
    struct span body = mime_part_body(source->bytes, part);
    uint64_t size;

    return codec_decoded_size(body, (enum mime_encoding)part->encoding, &size) ? size : span_length(body);
}

static json_t *field_text(const void *arena, const struct letter_source *source, const struct mime_part *part,
                          enum mime_field field)
{
    return part->has_field[field]
               ? jmap_text(header_decode(arena, mime_part_field(source->bytes, part, field)))
               : json_null();
}

json_t *email_part_charset(const void *arena, const struct letter_source *source, uint32_t number)
{
    struct header_structured type;
    const char *charset;

    if (!email_part_at(source, number)->is_text)
        return json_null();
    header_structured_parse(
        arena, mime_part_field(source->bytes, email_part_at(source, number), MIME_CONTENT_TYPE), &type);
    charset = header_parameter(&type, "charset");
    return json_string(charset && utf8_is_valid(span_text(charset)) ? charset : "us-ascii");
}

json_t *email_part_disposition(const void *arena, const struct letter_source *source,
                               const struct mime_part *part)
{
    struct header_structured value;

    if (!part->has_field[MIME_CONTENT_DISPOSITION])
        return json_null();
    header_structured_parse(arena, mime_part_field(source->bytes, part, MIME_CONTENT_DISPOSITION), &value);
    return *value.value ? jmap_text(value.value) : json_null();
}

static json_t *cid_of(const void *arena, const struct letter_source *source, const struct mime_part *part)
{
    struct span value = mime_part_field(source->bytes, part, MIME_CONTENT_ID), id;

    return part->has_field[MIME_CONTENT_ID] && header_next_message_id(&value, &id)
               ? jmap_text(span_copy(arena, span_trim(id)))
               : json_null();
}

static json_t *languages_of(const void *arena, const struct letter_source *source,
                            const struct mime_part *part)
{
    struct span value = mime_part_field(source->bytes, part, MIME_CONTENT_LANGUAGE), one;
    json_t *all;

    if (!part->has_field[MIME_CONTENT_LANGUAGE])
        return json_null();
    all = json_array();
    while (span_take_until(&value, ',', &one))
        json_array_append_new(all, jmap_text(span_copy(arena, span_trim(one))));
    if (!span_is_empty(span_trim(value)))
        json_array_append_new(all, jmap_text(span_copy(arena, span_trim(value))));
    return all;
}

static json_t *value_of(const void *arena, const struct letter_source *source, uint32_t number,
                        enum property property)
{
    const struct mime_part *part = email_part_at(source, number);
    bool is_leaf = !email_part_is_multipart(part);

    switch (property) {
    case PART_ID:
        return is_leaf ? json_sprintf("%u", number) : json_null();
    case BLOB_ID:
        return is_leaf ? json_sprintf("%s-%u", source->blob_id, number) : json_null();
    case SIZE:
        return json_integer(is_leaf ? (json_int_t)decoded_size(source, part) : 0);
    case NAME:
        return jmap_text(text_file_name(arena, source->bytes, part));
    case TYPE:
        return jmap_text(email_part_type(arena, source, number));
    case CHARSET:
        return email_part_charset(arena, source, number);
    case DISPOSITION:
        return email_part_disposition(arena, source, part);
    case CID:
        return cid_of(arena, source, part);
    case LANGUAGE:
        return languages_of(arena, source, part);
    case LOCATION:
        return field_text(arena, source, part, MIME_CONTENT_LOCATION);
    case HEADERS:
        return jmap_headers(arena, mime_part_header(source->bytes, part));
    default:
        return json_null();
    }
}

json_t *email_part_object(const void *arena, const struct letter_source *source, uint32_t number,
                          json_t *properties)
{
    json_t *object = json_object(), *name;
    size_t i, k;

    json_array_foreach(properties, i, name)
    {
        const char *text = json_string_value(name);
        for (k = 0; k < PROPERTIES && strcmp(names[k], text) != 0; k++)
            ;
        if (k < SUB_PARTS)
            json_object_set_new(object, text, value_of(arena, source, number, (enum property)k));
        else if (k == PROPERTIES)
            json_object_set_new(
                object, text,
                jmap_header_property(arena, mime_part_header(source->bytes, email_part_at(source, number)),
                                     text));
    }
    return object;
}

/* Parents stand before their children: one pass makes the tree, whatever its depth. */
json_t *jmap_body_structure(const void *arena, const struct letter_source *source, json_t *properties)
{
    json_t **objects = talloc_zero_array(arena, json_t *, source->index.count + 1), *root;

    for (uint32_t i = 0; i < source->index.count; i++) {
        const struct mime_part *part = email_part_at(source, i);
        json_t *above = part->parent == MIME_NO_PART ? NULL : objects[part->parent];
        if (part->parent != MIME_NO_PART && !above)
            continue; /* inside an attached message */
        if (above && !email_part_is_multipart(email_part_at(source, part->parent)))
            continue;
        objects[i] = email_part_object(arena, source, i, properties);
        if (email_part_is_multipart(part))
            json_object_set_new(objects[i], "subParts", json_array());
        if (above)
            json_array_append_new(json_object_get(above, "subParts"), objects[i]);
    }
    root = objects[0];
    return root;
}
