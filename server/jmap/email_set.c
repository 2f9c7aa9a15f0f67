/* email_set.c -- Email/set (RFC 8621, 4.6). What is asked of many emails in the same words is one change of each folder. */
#include "base/clock.h"
#include "jmap/account.h"
#include "jmap/build.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/move.h"
#include "jmap/put.h"

#include <stdlib.h>
#include <talloc.h>

/* ---- create */

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const json_t *received = json_object_get(object, "receivedAt");
    struct jmap_keywords keywords;
    struct jmap_new_email email = { .keywords = &keywords, .received_us = clock_now_us() };
    size_t *folders;
    json_t *error =
        jmap_read_mailboxes(call, json_object_get(object, "mailboxIds"), &folders, &email.folder_count);

    (void)creation_id;
    (void)arg;
    if (!error)
        error = jmap_read_keywords(call, json_object_get(object, "keywords"), &keywords);
    if (!error && received && !json_is_null(received) && !jmap_take_date(received, &email.received_us))
        error = jmap_bad_property("receivedAt");
    if (!error)
        error = jmap_build(call, object, &email.bytes);
    if (error)
        return error;
    email.folders = folders;
    return jmap_put_email(call, &email, created_out);
}

/* ---- update and destroy, many at once */

struct sorted {
    json_t *done, *refused;
};

static void refuse_all(struct sorted *out, json_t *ids, json_t *error)
{
    json_t *id;
    size_t i;

    json_array_foreach(ids, i, id) json_object_set(out->refused, json_string_value(id), error);
    json_decref(error);
}

/* Emails of these ids; those that are not there are refused, and `ids` shrinks to the others in the order of *emails_out. */
static bool find(struct jmap_call *call, json_t *ids, struct email **emails_out, struct sorted *out)
{
    int64_t *items = talloc_array(call->arena, int64_t, (unsigned)json_array_size(ids) + 1);
    struct err err = ERR_INIT;
    struct email *emails;
    size_t kept = 0, count = json_array_size(ids);

    for (size_t i = 0; i < count; i++) {
        const char *id = jmap_resolve_id(call->request, json_string_value(json_array_get(ids, i)));
        if (!jmap_id_decode(call->account, GROUP_ID_ITEM, id, &items[i]))
            items[i] = -1;
    }
    if (!jmap_emails(call, items, count, &emails, &err)) {
        refuse_all(out, ids, jmap_set_error_of(&err));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *id = json_array_get(ids, kept);
        if (emails[i].item_id) {
            emails[kept++] = emails[i];
            continue;
        }
        json_object_set_new(out->refused, json_string_value(id),
                            jmap_set_error("notFound", "There is no such email."));
        json_array_remove(ids, kept);
    }
    *emails_out = emails;
    return kept > 0;
}

static void update_group(struct jmap_call *call, json_t *patch, json_t *ids, struct sorted *out)
{
    struct email *emails;
    json_t *error, *id;
    size_t i;

    if (!find(call, ids, &emails, out))
        return;
    error = jmap_change_emails(call, patch, emails, json_array_size(ids));
    if (error) {
        refuse_all(out, ids, error);
        return;
    }
    json_array_foreach(ids, i, id)
    {
        json_object_set_new(out->done, jmap_resolve_id(call->request, json_string_value(id)), json_null());
    }
}

/* After each group folders and views are as it left them. */
static bool look_again(struct jmap_call *call)
{
    struct err err = ERR_INIT;

    jmap_account_stale(call->account);
    return jmap_account_read(call->request, call->account, &err) || jmap_fail_err(call, &err);
}

static bool update(struct jmap_call *call, json_t *patches, json_t *done, json_t *refused, void *arg)
{
    struct sorted out = { done, refused };
    json_t *groups = jmap_keep(call->arena, json_object()), *patch, *group;
    const char *id, *text;

    (void)arg;
    json_object_foreach(patches, id, patch)
    {
        char *key = json_dumps(patch, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        group = json_object_get(groups, key);
        if (!group) {
            group = json_pack("{s:O, s:[]}", "patch", patch, "ids");
            json_object_set_new(groups, key, group);
        }
        json_array_append_new(json_object_get(group, "ids"), json_string(id));
        free(key);
    }
    json_object_foreach(groups, text, group)
    {
        update_group(call, json_object_get(group, "patch"), json_object_get(group, "ids"), &out);
        if (!look_again(call))
            return false;
    }
    return true;
}

static bool destroy(struct jmap_call *call, json_t *wanted, json_t *done, json_t *refused, void *arg)
{
    struct sorted out = { done, refused };
    json_t *ids = jmap_keep(call->arena, json_array()), *id, *error;
    struct email *emails;
    size_t i;

    (void)arg;
    json_array_foreach(wanted, i, id) json_array_append(ids, id);
    if (json_array_size(ids) == 0 || !find(call, ids, &emails, &out))
        return true;
    error = jmap_destroy_emails(call, emails, json_array_size(ids));
    if (error)
        refuse_all(&out, ids, error);
    json_array_foreach(ids, i, id) if (!error)
        json_array_append_new(done, json_string(jmap_resolve_id(call->request, json_string_value(id))));
    return look_again(call);
}

bool email_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create,
                                                  .update_all = update,
                                                  .destroy_all = destroy,
                                                  .changes = "keywords mailboxIds" });
}
