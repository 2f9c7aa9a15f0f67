/*
 * fuzz_jmap_letter.c -- any bytes as a message: every property in every form is JSON, which can be written, so it is UTF-8.
 */
#include "jmap/letter.h"
#include "jmap/mdn.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <talloc.h>

static const char *const properties[] = {
    "messageId",
    "references",
    "from",
    "to",
    "replyTo",
    "subject",
    "sentAt",
    "header:To:asGroupedAddresses",
    "header:List-Post:asURLs",
    "header:X-A",
    "header:X-A:asText:all",
    "header:Date:asDate",
    "header:X-A:asMessageIds",
};

static json_t *names(const char *const *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const of_parts[] = { "partId",   "blobId",   "size",        "name",
                                            "type",     "charset",  "disposition", "cid",
                                            "language", "location", "headers",     "header:Content-Type" };
    void *arena = talloc_new(NULL);
    struct letter_source source = { .blob_id = "bM", .bytes = span_of(data, size) };
    struct letter_wanted wanted = { .of_item = json_array(),
                                    .of_header = names(properties, COUNT_OF(properties)),
                                    .has_headers = true,
                                    .has_structure = true,
                                    .has_values = true,
                                    .has_text = true,
                                    .has_html = true,
                                    .has_attachments = true,
                                    .has_preview = true,
                                    .has_attachment = true,
                                    .body_properties = names(of_parts, COUNT_OF(of_parts)),
                                    .values = { .of_all = true, .bytes_max = 100 } };
    json_t *object = json_object();
    char *text;

    letter_source_index(arena, &source);
    letter_add(arena, &source, &wanted, object);
    text = json_dumps(object, JSON_COMPACT);
    assert(text && json_object_size(object) == COUNT_OF(properties) + 8);
    free(text);
    json_decref(object);
    object = jmap_mdn_of(arena, source.bytes);
    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    assert(!object || text);
    free(text);
    json_decref(object);
    json_decref(wanted.of_item);
    json_decref(wanted.of_header);
    json_decref(wanted.body_properties);
    talloc_free(arena);
    return 0;
}
