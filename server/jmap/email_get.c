/* email_get.c -- Email/get (RFC 8621, 4.2) and Thread/get (3.1). What lists show comes from what was computed when the message
 * came; the message itself is read for what is inside only. */
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/email.h"
#include "jmap/get.h"
#include "jmap/letter.h"
#include "jmap/methods.h"
#include "message/columns.h"

#include <stdlib.h>
#include <talloc.h>

enum { BODIES_A_CALL_MAX = 128 << 20 };

static const char *const standard_properties[] = {
    "id",        "blobId",    "threadId",   "mailboxIds", "keywords",      "size",    "receivedAt",
    "messageId", "inReplyTo", "references", "sender",     "from",          "to",      "cc",
    "bcc",       "replyTo",   "subject",    "sentAt",     "hasAttachment", "preview", "bodyValues",
    "textBody",  "htmlBody",  "attachments"
};

struct reading {
    struct jmap_call *call;
    struct letter_wanted wanted;
    struct email *emails;
    size_t count;
    struct message_meta *metas;
    struct span *headers;
    size_t body_bytes;
};

static bool read_properties(struct jmap_call *call, json_t **properties_out)
{
    json_t *properties = json_object_get(call->in, "properties"), *standard;

    if (properties && !json_is_null(properties)) {
        *properties_out = properties;
        return json_is_array(properties) || jmap_fail_argument(call, "properties");
    }
    standard = jmap_keep(call->arena, json_array());
    for (size_t i = 0; i < COUNT_OF(standard_properties); i++)
        json_array_append_new(standard, json_string(standard_properties[i]));
    *properties_out = standard;
    return true;
}

static bool needs_meta(const struct letter_wanted *wanted)
{
    return wanted->has_preview || wanted->has_attachment;
}

static bool load(struct reading *r, struct err *err)
{
    struct jmap_call *call = r->call;
    int64_t *ids = talloc_array(call->arena, int64_t, (unsigned)r->count + 1);

    for (size_t i = 0; i < r->count; i++)
        ids[i] = r->emails[i].message_id;
    return (!needs_meta(&r->wanted) ||
            message_metas(call->account->group, call->arena, ids, r->count, &r->metas, err)) &&
           (!r->wanted.has_header ||
            message_headers(call->account->group, call->arena, ids, r->count, &r->headers, err));
}

static bool read_source(struct reading *r, size_t i, void *arena, struct letter_source *source,
                        struct err *err)
{
    const struct email *email = &r->emails[i];

    *source = (struct letter_source){ .blob_id = jmap_blob_of_email(r->call, email->item_id) };
    if (r->headers)
        source->header = r->headers[i];
    if (!r->wanted.has_body)
        return true;
    r->body_bytes += email->size;
    if (r->body_bytes > BODIES_A_CALL_MAX && r->count > 1)
        return err_set(err, ERR_LIMIT, "These messages are too large to be read by one call.");
    if (!message_read(r->call->account->group, arena, email->message_id, 0, email->size, &source->bytes, err))
        return false;
    letter_source_index(arena, source);
    return true;
}

static void add_of_item(struct reading *r, size_t i, json_t *object, const char *name)
{
    const struct email *email = &r->emails[i];
    struct message_columns columns;
    json_t *value;

    if (strcmp(name, "id") == 0)
        value = json_string(jmap_id_of(r->call, GROUP_ID_ITEM, email->item_id));
    else if (strcmp(name, "blobId") == 0)
        value = json_string(jmap_blob_of_email(r->call, email->item_id));
    else if (strcmp(name, "threadId") == 0)
        value = json_string(jmap_id_of(r->call, GROUP_ID_THREAD, email->thread_id));
    else if (strcmp(name, "mailboxIds") == 0)
        value = jmap_email_mailboxes(r->call, email);
    else if (strcmp(name, "keywords") == 0)
        value = jmap_email_keywords(email);
    else if (strcmp(name, "size") == 0)
        value = json_integer(email->size);
    else if (strcmp(name, "receivedAt") == 0)
        value = jmap_date(email->received_us);
    else if (strcmp(name, "preview") == 0)
        value = letter_preview(r->metas[i].preview);
    else
        value = json_boolean(columns_unpack(r->metas[i].columns, &columns) && columns.has_attachment);
    json_object_set_new(object, name, value);
}

static json_t *object_of(struct reading *r, size_t i, struct err *err)
{
    void *arena = talloc_new(r->call->arena);
    struct letter_source source;
    json_t *object = NULL, *name;
    size_t k;

    if (read_source(r, i, arena, &source, err)) {
        object = json_pack("{s:s}", "id", jmap_id_of(r->call, GROUP_ID_ITEM, r->emails[i].item_id));
        json_array_foreach(r->wanted.of_item, k, name) add_of_item(r, i, object, json_string_value(name));
        letter_add(arena, &source, &r->wanted, object);
    }
    talloc_free(arena);
    return object;
}

static int64_t *decode_ids(struct jmap_call *call, json_t *ids)
{
    int64_t *items = talloc_zero_array(call->arena, int64_t, (unsigned)json_array_size(ids) + 1);
    json_t *id;
    size_t i;

    json_array_foreach(ids, i, id)
    {
        const char *text = jmap_resolve_id(call->request, json_string_value(id));
        if (!jmap_id_decode(call->account, GROUP_ID_ITEM, text, &items[i]))
            items[i] = -1;
    }
    return items;
}

static bool answer(struct reading *r, json_t *ids)
{
    json_t *list = json_array(), *missing = json_array(), *id;
    struct email *found = talloc_array(r->call->arena, struct email, (unsigned)r->count + 1);
    struct err err = ERR_INIT;
    size_t i, kept = 0;

    jmap_put(r->call, "state", json_string(jmap_state(r->call)));
    jmap_put(r->call, "list", list);
    jmap_put(r->call, "notFound", missing);
    json_array_foreach(ids, i, id)
    {
        if (r->emails[i].item_id)
            found[kept++] = r->emails[i];
        else
            json_array_append(missing, id);
    }
    r->emails = found;
    r->count = kept;
    if (!load(r, &err))
        return jmap_fail_err(r->call, &err);
    for (i = 0; i < r->count; i++) {
        json_t *object = object_of(r, i, &err);
        if (!object)
            return jmap_fail_err(r->call, &err);
        json_array_append_new(list, object);
    }
    return true;
}

bool email_get(struct jmap_call *call)
{
    struct reading reading = { .call = call };
    json_t *properties, *ids;
    struct err err = ERR_INIT;

    if (!read_properties(call, &properties) ||
        !letter_wanted_read(call, properties, LETTER_STORED, &reading.wanted) || !jmap_get_ids(call, &ids))
        return false;
    if (!ids)
        return jmap_fail(call, "requestTooLarge", "Say which emails: ids is null.");
    reading.count = json_array_size(ids);
    if (!jmap_emails(call, decode_ids(call, ids), reading.count, &reading.emails, &err))
        return jmap_fail_err(call, &err);
    return answer(&reading, ids);
}

/* ---- Thread/get */

static int by_thread_and_time(const void *a, const void *b)
{
    const struct email *x = a, *y = b;

    if (x->thread_id != y->thread_id)
        return x->thread_id < y->thread_id ? -1 : 1;
    if (x->received_us != y->received_us)
        return x->received_us < y->received_us ? -1 : 1;
    return (x->item_id > y->item_id) - (x->item_id < y->item_id);
}

static json_t *thread_object(struct jmap_call *call, const char *id, int64_t thread,
                             const struct email *emails, size_t count)
{
    json_t *members = NULL;

    for (size_t i = 0; i < count; i++) {
        if (emails[i].thread_id != thread)
            continue;
        members = members ? members : json_array();
        json_array_append_new(members, json_string(jmap_id_of(call, GROUP_ID_ITEM, emails[i].item_id)));
    }
    return members ? json_pack("{s:s, s:o}", "id", id, "emailIds", members) : NULL;
}

bool thread_get(struct jmap_call *call)
{
    static const char *const names[] = { "id", "emailIds" };
    json_t *list = json_array(), *missing = json_array(), *ids, *id;
    struct item_place *rows;
    struct email *emails;
    struct err err = ERR_INIT;
    size_t row_count, count, i;
    uint64_t wanted;
    int64_t *threads;

    jmap_put(call, "state", json_string(jmap_state(call)));
    jmap_put(call, "list", list);
    jmap_put(call, "notFound", missing);
    if (!jmap_wanted(call, names, COUNT_OF(names), 3, &wanted) || !jmap_get_ids(call, &ids))
        return false;
    if (!ids)
        return jmap_fail(call, "requestTooLarge", "Say which threads: ids is null.");
    threads = talloc_zero_array(call->arena, int64_t, (unsigned)json_array_size(ids) + 1);
    json_array_foreach(ids, i, id)(void) !jmap_id_decode(call->account, GROUP_ID_THREAD,
                                                         json_string_value(id), &threads[i]);
    if (!items_of_threads(call->account->mailbox, call->arena, threads, json_array_size(ids), &rows,
                          &row_count, &err) ||
        !jmap_emails_of(call, rows, row_count, &emails, &count, &err))
        return jmap_fail_err(call, &err);
    if (count)
        qsort(emails, count, sizeof *emails, by_thread_and_time);
    json_array_foreach(ids, i, id)
    {
        json_t *object = thread_object(call, json_string_value(id), threads[i], emails, count);
        if (object)
            json_array_append_new(list, object);
        else
            json_array_append(missing, id);
    }
    return true;
}
