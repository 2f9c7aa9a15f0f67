/* put.c -- see put.h. */
#include "jmap/put.h"

#include "deliver/deliver.h"
#include "format/header.h"
#include "jmap/account.h"
#include "jmap/blob.h"
#include "learn/box.h"
#include "mailbox/copy.h"
#include "mailbox/flags.h"

#include <talloc.h>

enum { LESSONS_A_CALL_MAX = 100 };

json_t *jmap_read_mailboxes(struct jmap_call *call, const json_t *ids, size_t **numbers_out,
                            size_t *count_out)
{
    json_t *own = json_incref((json_t *)(uintptr_t)ids), *value, *error = NULL;
    const char *name;

    *count_out = 0;
    *numbers_out = talloc_array(call->arena, size_t, (unsigned)json_object_size(ids) + 1);
    json_object_foreach(own, name, value)
    {
        const char *id = jmap_resolve_id(call->request, name);
        size_t number;
        if (error)
            continue;
        if (!json_is_true(value) || !id || !jmap_account_mailbox(call->account, id, &number))
            error = jmap_bad_property("mailboxIds");
        else
            (*numbers_out)[(*count_out)++] = number;
    }
    json_decref(own);
    return error || *count_out > 0 ? error : jmap_bad_property("mailboxIds");
}

json_t *jmap_read_keywords(struct jmap_call *call, const json_t *keywords, struct jmap_keywords *keywords_out)
{
    json_t *own, *value;
    const char *name;
    bool is_good = !keywords || json_is_null(keywords) || json_is_object(keywords);

    *keywords_out =
        (struct jmap_keywords){ .names = talloc_zero_array(call->arena, const char *,
                                                           (unsigned)json_object_size(keywords) + 1) };
    own = json_incref((json_t *)(uintptr_t)keywords);
    json_object_foreach(own, name, value)
    {
        uint64_t system = jmap_system_flag(name);
        is_good = is_good && json_is_true(value) && keyword_is_valid(span_text(name));
        if (system)
            keywords_out->system |= system;
        else if (is_good)
            keywords_out->names[keywords_out->count++] = talloc_strdup(call->arena, name);
    }
    json_decref(own);
    return is_good ? NULL : jmap_bad_property("keywords");
}

void jmap_teach(struct jmap_call *call, const struct email *emails, size_t count, bool is_spam)
{
    struct lesson lessons[LESSONS_A_CALL_MAX];
    size_t noted = 0;

    for (size_t i = 0; i < count && noted < LESSONS_A_CALL_MAX; i++)
        lessons[noted++] = (struct lesson){ .mailbox_id = call->account->mailbox_id,
                                            .storage_group_id = group_id(call->account->group),
                                            .message_id = emails[i].message_id,
                                            .is_spam = is_spam };
    if (noted)
        lesson_box_note(call->request->jmap->options.lessons, lessons, noted);
}

/* ---- a new one */

static json_t *check_rights(struct jmap_call *call, const struct jmap_new_email *email)
{
    for (size_t i = 0; i < email->folder_count; i++)
        if (!(call->account->folders[email->folders[i]]->rights & RIGHT_INSERT))
            return jmap_set_error("forbidden", "You may not add messages to this mailbox.");
    return NULL;
}

static json_t *check_size(struct jmap_call *call, struct span bytes)
{
    int64_t most = call->request->jmap->options.message_max;

    if ((int64_t)span_length(bytes) > most)
        return jmap_set_error("tooLarge", "The message has more than %lld bytes.", (long long)most);
    return header_check(bytes) == HEADER_GOOD ? NULL : jmap_set_error("tooLarge", "The header is too large.");
}

static bool copy_to_others(struct jmap_call *call, const struct jmap_new_email *email,
                           const struct filing_target *filed, struct err *err)
{
    struct mailbox *mailbox = call->account->mailbox;
    struct uid_set uids = UID_SET_INIT(call->arena);
    bool is_done = true;

    uid_set_add_one(&uids, (uint32_t)filed->uid);
    for (size_t i = 1; is_done && i < email->folder_count; i++) {
        struct copy_result result;
        is_done = folder_copy(mailbox, filed->filed_folder_id, &uids, mailbox,
                              call->account->folders[email->folders[i]]->folder_id, COPY_KEEP, call->arena,
                              &result, err);
        if (is_done)
            copy_result_release(&result);
    }
    return is_done;
}

json_t *jmap_put_email(struct jmap_call *call, const struct jmap_new_email *email, json_t **created_out)
{
    struct jmap_account *account = call->account;
    const struct folder *first = account->folders[email->folders[0]];
    uint64_t allowed = flags_allowed(first->rights);
    struct deliver_append append = {
        .received_us = email->received_us,
        .target = { .mailbox_id = account->mailbox_id,
                    .folder_id = first->folder_id,
                    .flags = email->keywords->system & allowed,
                    .keywords = first->rights & RIGHT_WRITE ? email->keywords->names : NULL }
    };
    struct err err = ERR_INIT;
    json_t *error = check_rights(call, email);

    if (!error)
        error = check_size(call, email->bytes);
    if (error)
        return error;
    append.draft = message_prepare(call->arena, email->bytes);
    if (!deliver_appends(call->request->jmap->options.deliver, group_id(account->group), &append, 1, NULL,
                         NULL, &err) ||
        !copy_to_others(call, email, &append.target, &err))
        return err.kind == ERR_LIMIT ? jmap_set_error("tooManyKeywords", "%s", err.user)
                                     : jmap_set_error_of(&err);
    *created_out =
        json_pack("{s:s, s:s, s:s, s:I}", "id", jmap_id_of(call, GROUP_ID_ITEM, append.target.item_id),
                  "blobId", jmap_blob_of_email(call, append.target.item_id), "threadId",
                  jmap_id_of(call, GROUP_ID_THREAD, append.target.thread_id), "size",
                  (json_int_t)span_length(email->bytes));
    return NULL;
}
