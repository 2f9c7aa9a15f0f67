/* letter.c -- see letter.h. */
#include "jmap/letter.h"

#include "format/charset.h"
#include "format/header.h"
#include "format/text.h"

#include <talloc.h>

/* Of RFC 8621, 4.1.1: what the message itself does not say. */
static bool is_of_item(const char *name)
{
    static const char *const names[] = { "id",       "blobId", "threadId",  "mailboxIds",
                                         "keywords", "size",   "receivedAt" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool *flag_of(struct letter_wanted *wanted, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "headers", &wanted->has_headers },   { "bodyStructure", &wanted->has_structure },
        { "bodyValues", &wanted->has_values }, { "textBody", &wanted->has_text },
        { "htmlBody", &wanted->has_html },     { "attachments", &wanted->has_attachments },
        { "preview", &wanted->has_preview },   { "hasAttachment", &wanted->has_attachment },
    };

    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (strcmp(flags[i].name, name) == 0)
            return flags[i].flag;
    return NULL;
}

/* Which of the lists of names it belongs to; NULL: there is no such property. */
static json_t *list_of(const struct letter_wanted *wanted, const char *name)
{
    if (is_of_item(name))
        return wanted->of_item;
    if (jmap_is_header_property(name))
        return wanted->of_header;
    return smime_is_property(name) ? wanted->of_smime : NULL;
}

static bool sort_names(struct jmap_call *call, json_t *properties, enum letter_kind kind,
                       struct letter_wanted *wanted)
{
    json_t *property, *list;
    size_t i;

    json_array_foreach(properties, i, property)
    {
        const char *name = json_string_value(property);
        bool *flag = name ? flag_of(wanted, name) : NULL;
        if (flag)
            *flag = true;
        if (flag &&
            (kind != LETTER_STORED || (flag != &wanted->has_preview && flag != &wanted->has_attachment)))
            continue;
        if (name && openpgp_is_property(name)) {
            wanted->checker = openpgp_checker_new(call);
            continue;
        }
        list = flag ? wanted->of_item : name ? list_of(wanted, name) : NULL;
        if (!list)
            return jmap_fail(call, "invalidArguments", "There is no property %.100s.",
                             name ? name : "of that type");
        json_array_append(list, property);
    }
    return true;
}

static bool read_values(struct jmap_call *call, struct body_wanted *values)
{
    return jmap_arg_bool(call, "fetchTextBodyValues", false, &values->of_text) &&
           jmap_arg_bool(call, "fetchHTMLBodyValues", false, &values->of_html) &&
           jmap_arg_bool(call, "fetchAllBodyValues", false, &values->of_all) &&
           jmap_arg_int(call, "maxBodyValueBytes", 0, INT64_C(1) << 53, 0, &values->bytes_max);
}

bool letter_wanted_read(struct jmap_call *call, json_t *properties, enum letter_kind kind,
                        struct letter_wanted *wanted_out)
{
    struct letter_wanted *w = wanted_out;
    bool fetches;

    *w = (struct letter_wanted){ .of_item = jmap_keep(call->arena, json_array()),
                                 .of_header = jmap_keep(call->arena, json_array()),
                                 .of_smime = jmap_keep(call->arena, json_array()) };
    if (!sort_names(call, properties, kind, w) || !read_values(call, &w->values))
        return false;
    w->body_properties = jmap_body_properties(call);
    if (!w->body_properties)
        return false;
    fetches = w->values.of_text || w->values.of_html || w->values.of_all;
    if (json_array_size(w->of_smime) > 0)
        w->verifier = signature_verifier_new(call->arena, call->request->jmap->options.ca_file);
    w->has_header = w->has_headers || json_array_size(w->of_header) > 0;
    w->has_body = w->has_structure || w->has_text || w->has_html || w->has_attachments ||
                  (w->has_values && fetches) || w->verifier || w->checker ||
                  (kind == LETTER_PARSED && (w->has_preview || w->has_attachment));
    return true;
}

void letter_source_index(void *arena, struct letter_source *source)
{
    if (!source->bytes.p)
        source->bytes = span_of("", 0);
    mime_index_build(arena, source->bytes, &source->index);
    source->has_index = true;
    if (!source->header.p)
        source->header = span_of(source->bytes.p, header_block_length(source->bytes));
}

json_t *letter_preview(struct span text)
{
    const char *end = text.p;
    size_t characters = 0;

    for (; end < text.end; end++)
        if (((unsigned char)*end & 0xc0) != 0x80 && ++characters > TEXT_PREVIEW_CHARACTERS)
            break;
    return text.p ? json_stringn(text.p, (size_t)(end - text.p)) : json_string("");
}

static json_t *made_preview(const void *arena, const struct letter_source *source)
{
    struct buf text = buf_owned_by(arena);

    text_add_preview(&text, source->bytes, &source->index);
    return letter_preview(buf_span(&text));
}

static void add_lists(const void *arena, const struct letter_source *source,
                      const struct letter_wanted *wanted, json_t *object)
{
    struct body_lists lists;

    jmap_body_lists(arena, source, wanted->body_properties, &lists);
    if (wanted->has_text)
        json_object_set(object, "textBody", lists.text);
    if (wanted->has_html)
        json_object_set(object, "htmlBody", lists.html);
    if (wanted->has_attachments)
        json_object_set(object, "attachments", lists.attachments);
    json_decref(lists.text);
    json_decref(lists.html);
    json_decref(lists.attachments);
}

void letter_add(const void *arena, const struct letter_source *source, const struct letter_wanted *wanted,
                json_t *object)
{
    json_t *name;
    size_t i;

    json_array_foreach(wanted->of_header, i, name)
        json_object_set_new(object, json_string_value(name),
                            jmap_header_property(arena, source->header, json_string_value(name)));
    if (wanted->has_headers)
        json_object_set_new(object, "headers", jmap_headers(arena, source->header));
    if (source->has_index) {
        if (wanted->verifier)
            smime_add(wanted->verifier, source, wanted->of_smime, object);
        if (wanted->checker)
            openpgp_add(wanted->checker, source, object);
        if (wanted->has_structure)
            json_object_set_new(object, "bodyStructure",
                                jmap_body_structure(arena, source, wanted->body_properties));
        if (wanted->has_text || wanted->has_html || wanted->has_attachments)
            add_lists(arena, source, wanted, object);
        if (wanted->has_preview && !json_object_get(object, "preview"))
            json_object_set_new(object, "preview", made_preview(arena, source));
        if (wanted->has_attachment && !json_object_get(object, "hasAttachment"))
            json_object_set_new(object, "hasAttachment", json_boolean(jmap_has_attachment(source)));
    }
    if (wanted->has_values)
        json_object_set_new(object, "bodyValues",
                            source->has_index ? jmap_body_values(arena, source, &wanted->values)
                                              : json_object());
}
