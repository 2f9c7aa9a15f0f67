/* email_import.c -- emails out of blobs and out of other accounts: Email/import, Email/copy, Email/parse (RFC 8621, 4.7 to 4.9). */
#include "base/clock.h"
#include "format/codec.h"
#include "format/header.h"
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/get.h"
#include "jmap/letter.h"
#include "jmap/methods.h"
#include "jmap/put.h"

#include <talloc.h>

/* ---- Email/import */

static bool read_date(const json_t *value, int64_t standard, int64_t *us_out)
{
    *us_out = standard;
    return !value || json_is_null(value) || jmap_take_date(value, us_out);
}

static struct span with_crlf(struct jmap_call *call, struct span bytes)
{
    struct buf lines = BUF_INIT(call->arena);

    if (codec_is_crlf(bytes))
        return bytes;
    codec_add_crlf(&lines, bytes);
    return buf_span(&lines);
}

/* A message begins with a field. */
static bool is_message(struct span bytes)
{
    struct span block = span_of(bytes.p, header_block_length(bytes));
    struct header_field field;

    return !span_is_empty(bytes) && header_next(&block, &field) && field.whole.p == bytes.p;
}

static json_t *import_one(struct jmap_call *call, const json_t *wanted, json_t **created_out)
{
    const char *blob_id = json_string_value(json_object_get(wanted, "blobId"));
    const char *known = blob_id ? jmap_resolve_id(call->request, blob_id) : NULL;
    struct jmap_keywords keywords;
    struct jmap_new_email email = { .keywords = &keywords };
    struct err err = ERR_INIT;
    struct blob blob;
    size_t *folders;
    json_t *error =
        jmap_read_mailboxes(call, json_object_get(wanted, "mailboxIds"), &folders, &email.folder_count);

    if (!error)
        error = jmap_read_keywords(call, json_object_get(wanted, "keywords"), &keywords);
    if (error)
        return error;
    if (!read_date(json_object_get(wanted, "receivedAt"), clock_now_us(), &email.received_us))
        return jmap_bad_property("receivedAt");
    if (!known)
        return jmap_bad_property("blobId");
    if (!jmap_blob_find(call, known, &blob, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_bad_property("blobId") : jmap_set_error_of(&err);
    if (!is_message(blob.bytes))
        return jmap_set_error("invalidEmail", "This is no message.");
    email.folders = folders;
    email.bytes = with_crlf(call, blob.bytes);
    return jmap_put_email(call, &email, created_out);
}

static json_t *create_import(struct jmap_call *call, const char *creation_id, json_t *object,
                             json_t **created_out, void *arg)
{
    (void)creation_id;
    (void)arg;
    return import_one(call, object, created_out);
}

/* `emails` is what /set calls create. */
static bool run_creates(struct jmap_call *call, const char *argument, const struct jmap_set *set)
{
    json_t *objects = json_object_get(call->in, argument);

    if (!json_is_object(objects))
        return jmap_fail_argument(call, argument);
    json_object_set(call->in, "create", objects);
    if (!jmap_set_run(call, set))
        return false;
    (void)json_object_del(call->out, "updated");
    (void)json_object_del(call->out, "destroyed");
    (void)json_object_del(call->out, "notUpdated");
    (void)json_object_del(call->out, "notDestroyed");
    return true;
}

bool email_import(struct jmap_call *call)
{
    return run_creates(call, "emails", &(struct jmap_set){ .create = create_import });
}

/* ---- Email/copy */

struct copying {
    struct jmap_call from; /* the other account, to look into */
    json_t *originals;     /* ids of what was copied */
};

static json_t *copy_one(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                        void *arg)
{
    struct copying *copying = arg;
    const char *id = json_string_value(json_object_get(object, "id"));
    const json_t *wanted_keywords = json_object_get(object, "keywords");
    struct jmap_keywords keywords;
    struct jmap_new_email email = { .keywords = &keywords };
    struct email original;
    struct err err = ERR_INIT;
    size_t *folders;
    json_t *error;

    (void)creation_id;
    if (!id)
        return jmap_bad_property("id");
    error = jmap_read_mailboxes(call, json_object_get(object, "mailboxIds"), &folders, &email.folder_count);
    if (error)
        return error;
    if (!jmap_email_find(&copying->from, id, &original, &err))
        return jmap_set_error_of(&err);
    if (!original.item_id)
        return jmap_set_error("notFound", "There is no such email.");
    error = jmap_read_keywords(
        call, wanted_keywords ? wanted_keywords : jmap_keep(call->arena, jmap_email_keywords(&original)),
        &keywords);
    if (error)
        return error;
    if (!read_date(json_object_get(object, "receivedAt"), original.received_us, &email.received_us))
        return jmap_bad_property("receivedAt");
    if (!message_read(copying->from.account->group, call->arena, original.message_id, 0, original.size,
                      &email.bytes, &err))
        return jmap_set_error_of(&err);
    email.folders = folders;
    error = jmap_put_email(call, &email, created_out);
    if (!error)
        json_array_append_new(copying->originals, json_string(id));
    return error;
}

bool email_copy(struct jmap_call *call)
{
    struct copying copying = { .from = { .request = call->request, .arena = call->arena } };
    const char *from = jmap_arg_text(call, "fromAccountId");
    struct err err = ERR_INIT;
    bool destroys;

    if (!from)
        return jmap_fail_argument(call, "fromAccountId");
    if (!jmap_arg_bool(call, "onSuccessDestroyOriginal", false, &destroys))
        return false;
    if (!jmap_account_find(call->request, from, &copying.from.account, &err) ||
        !jmap_account_read(call->request, copying.from.account, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_fail(call, "fromAccountNotFound", "There is no such account.")
                                         : jmap_fail_err(call, &err);
    jmap_account_note_visit(call->request, copying.from.account);
    if (copying.from.account == call->account)
        return jmap_fail_argument(call, "fromAccountId");
    copying.originals = jmap_keep(call->arena, json_array());
    jmap_put(call, "fromAccountId", json_string(from));
    if (!run_creates(call, "create", &(struct jmap_set){ .create = copy_one, .arg = &copying }))
        return false;
    if (destroys && json_array_size(copying.originals) > 0) {
        call->implicit_name = "Email/set";
        call->implicit_in =
            jmap_keep(call->arena, json_pack("{s:s, s:O}", "accountId", from, "destroy", copying.originals));
    }
    return true;
}

/* ---- Email/parse */

static const char *const parsed_properties[] = { "messageId",  "inReplyTo",  "references", "sender",
                                                 "from",       "to",         "cc",         "bcc",
                                                 "replyTo",    "subject",    "sentAt",     "hasAttachment",
                                                 "preview",    "bodyValues", "textBody",   "htmlBody",
                                                 "attachments" };

static json_t *parse_one(struct jmap_call *call, const char *id, struct span bytes,
                         const struct letter_wanted *wanted)
{
    struct letter_source source = { .blob_id = id, .bytes = bytes };
    json_t *object = json_object(), *name;
    size_t i;

    letter_source_index(call->arena, &source);
    json_array_foreach(wanted->of_item, i, name) json_object_set_new(
        object, json_string_value(name),
        strcmp(json_string_value(name), "blobId") == 0 ? json_string(id)
        : strcmp(json_string_value(name), "size") == 0 ? json_integer((json_int_t)span_length(bytes))
                                                       : json_null());
    letter_add(call->arena, &source, wanted, object);
    return object;
}

static json_t *standard_properties(struct jmap_call *call)
{
    json_t *names = jmap_keep(call->arena, json_array());

    for (size_t i = 0; i < COUNT_OF(parsed_properties); i++)
        json_array_append_new(names, json_string(parsed_properties[i]));
    return names;
}

bool email_parse(struct jmap_call *call)
{
    json_t *properties = json_object_get(call->in, "properties"), *ids = json_object_get(call->in, "blobIds"),
           *id;
    json_t *parsed = json_object(), *unparsable = json_array(), *missing = json_array();
    struct letter_wanted wanted;
    size_t i;

    jmap_put(call, "parsed", parsed);
    jmap_put(call, "notParsable", unparsable);
    jmap_put(call, "notFound", missing);
    if (!json_is_array(ids))
        return jmap_fail_argument(call, "blobIds");
    if (json_array_size(ids) > JMAP_GET_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d blobs can be parsed at once.", JMAP_GET_MAX);
    properties = properties && !json_is_null(properties) ? properties : standard_properties(call);
    if (!json_is_array(properties) || !letter_wanted_read(call, properties, LETTER_PARSED, &wanted))
        return call->error ? false : jmap_fail_argument(call, "properties");
    json_array_foreach(ids, i, id)
    {
        const char *text = json_string_value(id), *known = text ? jmap_resolve_id(call->request, text) : NULL;
        struct err err = ERR_INIT;
        struct blob blob;
        if (!text)
            return jmap_fail_argument(call, "blobIds");
        if (!known || !jmap_blob_find(call, known, &blob, &err)) {
            if (known && err.kind != ERR_NOT_FOUND)
                return jmap_fail_err(call, &err);
            json_array_append(missing, id);
        } else if (!is_message(blob.bytes)) {
            json_array_append(unparsable, id);
        } else {
            json_object_set_new(parsed, text, parse_one(call, known, blob.bytes, &wanted));
        }
    }
    return true;
}
