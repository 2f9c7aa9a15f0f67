/* blob_methods.c -- Blob/copy (RFC 8620, 6.3); Blob/upload, Blob/get, Blob/lookup (RFC 9404). */
#include "base/digest.h"
#include "format/charset.h"
#include "format/codec.h"
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/email.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <talloc.h>

enum { SOURCES_MAX = 64, INLINE_MAX = JMAP_REQUEST_MAX / 2 };

/* ---- Blob/copy */

bool blob_copy(struct jmap_call *call)
{
    struct jmap_call from = { .request = call->request, .arena = call->arena };
    const char *from_id = jmap_arg_text(call, "fromAccountId");
    json_t *ids = json_object_get(call->in, "blobIds"), *id;
    json_t *copied = json_object(), *refused = json_object();
    struct err err = ERR_INIT;
    size_t i;

    jmap_put(call, "fromAccountId", jmap_text(from_id));
    jmap_put(call, "copied", copied);
    jmap_put(call, "notCopied", refused);
    if (!from_id || !json_is_array(ids) || json_array_size(ids) > JMAP_SET_MAX)
        return jmap_fail_argument(call, from_id ? "blobIds" : "fromAccountId");
    if (!jmap_account_find(call->request, from_id, &from.account, &err) ||
        !jmap_account_read(call->request, from.account, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_fail(call, "fromAccountNotFound", "There is no such account.")
                                         : jmap_fail_err(call, &err);
    jmap_account_note_visit(call->request, from.account);
    json_array_foreach(ids, i, id)
    {
        const char *text = json_string_value(id), *fresh;
        struct blob blob;
        err = ERR_INIT;
        if (!text)
            return jmap_fail_argument(call, "blobIds");
        if (jmap_blob_find(&from, text, &blob, &err) &&
            jmap_blob_put(call->request, call->account, blob.type ? blob.type : "application/octet-stream",
                          blob.bytes, &fresh, &err))
            json_object_set_new(copied, text, json_string(fresh));
        else
            json_object_set_new(refused, text, jmap_set_error_of(&err));
    }
    return true;
}

/* ---- Blob/upload */

static json_t *add_source(struct jmap_call *call, const json_t *source, struct buf *out)
{
    const char *text = json_string_value(json_object_get(source, "data:asText"));
    const char *base64 = json_string_value(json_object_get(source, "data:asBase64"));
    const char *id = json_string_value(json_object_get(source, "blobId"));
    const char *known = id ? jmap_resolve_id(call->request, id) : NULL;
    const json_t *offset = json_object_get(source, "offset"), *length = json_object_get(source, "length");
    struct err err = ERR_INIT;
    struct blob blob;
    json_int_t at = json_integer_value(offset), most;

    if ((text != NULL) + (base64 != NULL) + (id != NULL) != 1)
        return jmap_bad_property("data");
    if (text)
        buf_add_text(out, text);
    if (base64 && !codec_take_base64(span_text(base64), INLINE_MAX, out))
        return jmap_bad_property("data");
    if (!id)
        return NULL;
    if (!known || !jmap_blob_find(call, known, &blob, &err))
        return known && err.kind != ERR_NOT_FOUND ? jmap_set_error_of(&err)
                                                  : jmap_set_error("blobNotFound", "There is no such blob.");
    most = json_is_integer(length) ? json_integer_value(length) : (json_int_t)span_length(blob.bytes) - at;
    if (at < 0 || most < 0 || at + most > (json_int_t)span_length(blob.bytes))
        return jmap_bad_property("data");
    buf_add_span(out, span_part(blob.bytes, (size_t)at, (size_t)most));
    return NULL;
}

static json_t *upload_one(struct jmap_call *call, const char *creation_id, json_t *object, json_t *done)
{
    const json_t *sources = json_object_get(object, "data"), *source;
    const char *type = json_string_value(json_object_get(object, "type")), *id;
    struct buf bytes = BUF_INIT(call->arena);
    struct err err = ERR_INIT;
    json_t *error = NULL;
    size_t i;

    if (!json_is_array(sources) || json_array_size(sources) > SOURCES_MAX)
        return jmap_bad_property("data");
    json_array_foreach(sources, i, source) if (!error) error = add_source(call, source, &bytes);
    if (error)
        return error;
    if ((int64_t)bytes.length > call->request->jmap->options.message_max)
        return jmap_set_error("tooLarge", "The blob is too large.");
    if (!jmap_blob_put(call->request, call->account, type ? type : "application/octet-stream",
                       buf_span(&bytes), &id, &err))
        return jmap_set_error_of(&err);
    jmap_note_created(call->request, creation_id, id);
    json_object_set_new(
        done, creation_id,
        json_pack("{s:s, s:o, s:I}", "id", id, "type", jmap_text(type), "size", (json_int_t)bytes.length));
    return NULL;
}

bool blob_upload(struct jmap_call *call)
{
    json_t *objects = json_object_get(call->in, "create"), *object, *done = json_object(),
           *refused = json_object();
    const char *creation_id;

    jmap_put(call, "created", done);
    jmap_put(call, "notCreated", refused);
    if (!json_is_object(objects) || json_object_size(objects) > JMAP_SET_MAX)
        return jmap_fail_argument(call, "create");
    json_object_foreach(objects, creation_id, object)
    {
        json_t *error = upload_one(call, creation_id, object, done);
        if (error)
            json_object_set_new(refused, creation_id, error);
    }
    return true;
}

/* ---- Blob/get */

static void add_text(json_t *object, struct span bytes)
{
    json_object_set_new(object, "data:asText",
                        utf8_is_valid(bytes) ? json_stringn(bytes.p ? bytes.p : "", span_length(bytes))
                                             : NULL);
}

static void add_base64(struct jmap_call *call, json_t *object, struct span bytes)
{
    struct buf text = BUF_INIT(call->arena);

    codec_add_base64(&text, bytes);
    json_object_set_new(object, "data:asBase64", json_stringn(text.p ? text.p : "", text.length));
}

static void add_digest(struct jmap_call *call, json_t *object, struct span bytes)
{
    uint8_t digest[SHA256_BYTES];
    struct buf text = BUF_INIT(call->arena);

    sha256(bytes, digest);
    codec_add_base64(&text, span_of(digest, sizeof digest));
    json_object_set_new(object, "digest:sha-256", json_stringn(text.p, text.length));
}

struct slice {
    int64_t offset, length; /* length -1: to the end */
};

static json_t *blob_object(struct jmap_call *call, const char *id, const json_t *properties,
                           const struct slice *slice, const struct blob *blob)
{
    int64_t size = (int64_t)span_length(blob->bytes), at = slice->offset < size ? slice->offset : size;
    int64_t most = slice->length < 0 || slice->length > size - at ? size - at : slice->length;
    struct span part = span_part(blob->bytes, (size_t)at, (size_t)most);
    json_t *object = json_pack("{s:s}", "id", id), *name;
    size_t i;

    json_array_foreach(properties, i, name)
    {
        const char *text = json_string_value(name);
        bool is_data = strcmp(text, "data") == 0;
        if (strcmp(text, "data:asText") == 0 || (is_data && utf8_is_valid(part)))
            add_text(object, part);
        else if (strcmp(text, "data:asBase64") == 0 || is_data)
            add_base64(call, object, part);
        else if (strcmp(text, "digest:sha-256") == 0)
            add_digest(call, object, part);
        else if (strcmp(text, "size") == 0)
            json_object_set_new(object, "size", json_integer(size));
        if (strcmp(text, "data:asText") == 0 && !utf8_is_valid(part))
            json_object_set_new(object, "isEncodingProblem", json_true());
    }
    if (slice->offset > size || (slice->length >= 0 && slice->length > size - at))
        json_object_set_new(object, "isTruncated", json_true());
    return object;
}

static bool read_blob_properties(struct jmap_call *call, json_t **properties_out)
{
    static const char *const known[] = { "id",  "data", "data:asText", "data:asBase64", "digest:sha-256",
                                         "size" };
    json_t *properties = json_object_get(call->in, "properties"), *name;
    size_t i, k;

    *properties_out = properties && !json_is_null(properties)
                          ? properties
                          : jmap_keep(call->arena, json_pack("[s, s]", "data", "size"));
    json_array_foreach(*properties_out, i, name)
    {
        for (k = 0;
             json_is_string(name) && k < COUNT_OF(known) && strcmp(known[k], json_string_value(name)) != 0;
             k++)
            ;
        if (!json_is_string(name) || k == COUNT_OF(known))
            return jmap_fail_argument(call, "properties");
    }
    return json_is_array(*properties_out) || jmap_fail_argument(call, "properties");
}

bool blob_get(struct jmap_call *call)
{
    json_t *list = json_array(), *missing = json_array(), *ids, *id, *properties;
    struct slice slice;
    size_t i;

    jmap_put(call, "list", list);
    jmap_put(call, "notFound", missing);
    if (!read_blob_properties(call, &properties) || !jmap_get_ids(call, &ids) ||
        !jmap_arg_int(call, "offset", 0, INT64_C(1) << 53, 0, &slice.offset) ||
        !jmap_arg_int(call, "length", 0, INT64_C(1) << 53, -1, &slice.length))
        return false;
    if (!ids)
        return jmap_fail(call, "requestTooLarge", "Say which blobs: ids is null.");
    json_array_foreach(ids, i, id)
    {
        const char *text = jmap_resolve_id(call->request, json_string_value(id));
        struct err err = ERR_INIT;
        struct blob blob;
        if (text && jmap_blob_find(call, text, &blob, &err))
            json_array_append_new(list, blob_object(call, text, properties, &slice, &blob));
        else if (text && err.kind != ERR_NOT_FOUND)
            return jmap_fail_err(call, &err);
        else
            json_array_append(missing, id);
    }
    return true;
}

/* ---- Blob/lookup: only messages and their parts belong to something */

static json_t *matched(struct jmap_call *call, const char *id, const json_t *types, struct err *err)
{
    json_t *found = json_object(), *type;
    struct email email = { .item_id = 0 };
    size_t i;

    if (*id == 'b' &&
        !jmap_email_find(call, talloc_strndup(call->arena, id + 1, strcspn(id + 1, "-")), &email, err)) {
        json_decref(found);
        return NULL;
    }
    json_array_foreach(types, i, type)
    {
        const char *name = json_string_value(type);
        json_t *ids = json_array();
        if (email.item_id && strcmp(name, "Email") == 0)
            json_array_append_new(ids, json_string(jmap_id_of(call, GROUP_ID_ITEM, email.item_id)));
        if (email.item_id && strcmp(name, "Thread") == 0)
            json_array_append_new(ids, json_string(jmap_id_of(call, GROUP_ID_THREAD, email.thread_id)));
        for (size_t k = 0; email.item_id && strcmp(name, "Mailbox") == 0 && k < email.place_count; k++)
            json_array_append_new(
                ids, json_string(jmap_id_of(call, GROUP_ID_FOLDER,
                                            call->account->folders[email.places[k].folder]->folder_id)));
        json_object_set_new(found, name, ids);
    }
    return found;
}

bool blob_lookup(struct jmap_call *call)
{
    json_t *types = json_object_get(call->in, "typeNames"), *list = json_array(), *missing = json_array(),
           *ids, *id, *type;
    size_t i;

    jmap_put(call, "list", list);
    jmap_put(call, "notFound", missing);
    if (!json_is_array(types) || !jmap_get_ids(call, &ids) || !ids)
        return call->error ? false : jmap_fail_argument(call, json_is_array(types) ? "ids" : "typeNames");
    json_array_foreach(types, i, type)
    {
        const char *name = json_string_value(type);
        if (!name ||
            (strcmp(name, "Email") != 0 && strcmp(name, "Thread") != 0 && strcmp(name, "Mailbox") != 0))
            return jmap_fail(call, "unknownDataType", "There is no such type here.");
    }
    json_array_foreach(ids, i, id)
    {
        const char *text = jmap_resolve_id(call->request, json_string_value(id));
        struct err err = ERR_INIT;
        struct blob blob;
        json_t *found =
            text && jmap_blob_find(call, text, &blob, &err) ? matched(call, text, types, &err) : NULL;
        if (found)
            json_array_append_new(list, json_pack("{s:s, s:o}", "id", text, "matchedIds", found));
        else if (text && err.kind != ERR_NOT_FOUND)
            return jmap_fail_err(call, &err);
        else
            json_array_append(missing, id);
    }
    return true;
}
