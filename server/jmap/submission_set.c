/* submission_set.c -- EmailSubmission/set (RFC 8621, 7.5): sent once, whatever happens. The row is there, with the name that the queue
 * will use, before the message is handed over; a client that got no answer finds it, and does not send again. What became of it where
 * this process dies, or hears nothing, is found out by settle.c. */
#include "base/clock.h"
#include "base/log.h"
#include "directory/directory.h"
#include "format/header.h"
#include "jmap/account.h"
#include "jmap/email.h"
#include "jmap/envelope.h"
#include "jmap/get.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/submission.h"
#include "jmap/submit.h"
#include "queue/recall.h"

#include <assert.h>
#include <stdlib.h>
#include <talloc.h>

struct sending {
    json_t *emails; /* "#creation id", or the submission's id -> id of the email */
};

/* ---- create */

static json_t *error_of(const struct submitted *result)
{
    static const char *const types[] = {
        [SUBMIT_TAKEN] = "serverFail",
        [SUBMIT_NOT_NOW] = "serverUnavailable",
        [SUBMIT_UNKNOWN] = "serverUnavailable",
        [SUBMIT_SENDER] = "forbiddenToSend",
        [SUBMIT_RECIPIENTS] = "invalidRecipients",
        [SUBMIT_SIZE] = "tooLarge",
        [SUBMIT_MESSAGE] = "forbiddenToSend",
    };
    json_t *error = jmap_set_error(types[result->verdict], "%s", result->reply);

    if (result->refused)
        json_object_set_new(error, "invalidRecipients", result->refused);
    return error;
}

static json_t *read_email(struct jmap_call *call, json_t *object, struct email *email, struct span *bytes)
{
    const char *id = json_string_value(json_object_get(object, "emailId"));
    const char *known = id ? jmap_resolve_id(call->request, id) : NULL;
    struct err err = ERR_INIT;

    if (!known)
        return jmap_bad_property("emailId");
    if (!jmap_email_find(call, known, email, &err))
        return jmap_set_error_of(&err);
    if (!email->item_id)
        return jmap_bad_property("emailId");
    return message_read(call->account->group, call->arena, email->message_id, 0, email->size, bytes, &err)
               ? NULL
               : jmap_set_error_of(&err);
}

static json_t *read_writer(struct jmap_call *call, json_t *object, const struct writer **writer_out)
{
    const char *id = json_string_value(json_object_get(object, "identityId"));
    const char *known = id ? jmap_resolve_id(call->request, id) : NULL;
    struct writers writers;
    struct err err = ERR_INIT;

    if (!known)
        return jmap_bad_property("identityId");
    if (!jmap_writers(call, &writers, &err))
        return jmap_set_error_of(&err);
    *writer_out = jmap_writer_of(call, &writers, known, NULL);
    return *writer_out ? NULL : jmap_bad_property("identityId");
}

/* The rest is the server's to say: who asks for another sendAt, say, is not to have the message sent at once. */
static json_t *check_properties(json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (!jmap_is_word_of("identityId emailId envelope", name))
            return jmap_bad_property(name);
    }
    return NULL;
}

/* When it leaves: as was asked, but not while it can be taken back (routing/accept). */
static int64_t send_at(const struct jmap_call *call, const struct envelope *envelope)
{
    int undo_s = call->request->identity->preference.undo_s;
    int64_t undo_until_us =
        clock_now_us() +
        (undo_s == PREFERENCE_UNSAID ? call->request->jmap->options.undo_s : undo_s) * US_PER_S;

    return envelope->hold_until_us > undo_until_us ? envelope->hold_until_us : undo_until_us;
}

/* What is written down when the queue's name of the message is known and none of its bytes was sent. */
struct filing {
    struct jmap_call *call;
    struct submission *row;
    struct err err;
};

static bool file_row(void *argument, const char *name)
{
    struct filing *filing = argument;

    filing->row->name = name;
    filing->row->asked_us = clock_now_us();
    return submission_add(filing->call->account->mailbox, filing->row, &filing->row->submission_id,
                          &filing->err);
}

/* The row stays open where nothing was answered, and where the answer cannot be written down: housekeeping finds it. */
static void settle(struct jmap_call *call, const struct submitted *result, struct submission *row)
{
    struct err err = ERR_INIT;

    row->asked_us = 0;
    row->is_removed = result->verdict != SUBMIT_TAKEN;
    row->status = result->is_queued && row->send_at_us > clock_now_us() ? "pending" : "final";
    if (strcmp(row->status, "final") == 0 && row->send_at_us > clock_now_us())
        row->send_at_us = clock_now_us();
    if (!submission_set(call->account->mailbox, row, &err))
        log_err(LOG_LEVEL_WARNING, "jmap.submission.open", &err);
}

static json_t *hand_over(struct jmap_call *call, const struct envelope *envelope, struct span bytes,
                         struct submission *row)
{
    struct filing filing = { .call = call, .row = row, .err = ERR_INIT };
    struct submit submit = { .socket = call->request->jmap->options.submission_socket,
                             .login = call->request->identity->login,
                             .host_name = call->request->jmap->options.host_name,
                             .from = envelope->from,
                             .parameters = envelope->parameters,
                             .to = envelope->to,
                             .to_parameters = envelope->to_parameters,
                             .to_count = envelope->to_count,
                             .bytes = bytes,
                             .is_utf8 = envelope->is_utf8,
                             .note_name = file_row,
                             .argument = &filing };
    struct submitted *result = talloc(call->arena, struct submitted);

    jmap_submit(call->arena, &submit, result);
    if (filing.err.kind != ERR_NONE)
        return jmap_set_error_of(&filing.err);
    if (row->submission_id && result->verdict != SUBMIT_UNKNOWN)
        settle(call, result, row);
    if (result->verdict == SUBMIT_UNKNOWN)
        return jmap_set_error(
            "serverUnavailable",
            "It is not known yet whether the message was taken; the list of submissions will tell.");
    return result->verdict == SUBMIT_TAKEN ? NULL : error_of(result);
}

static void describe_row(struct jmap_call *call, const struct email *email, const struct writer *writer,
                         const struct envelope *envelope, struct submission *row)
{
    char *text = json_dumps(envelope->json, JSON_COMPACT);

    *row = (struct submission){ .writer_id = writer->writer_id,
                                .item_id = email->item_id,
                                .thread_id = email->thread_id,
                                .envelope = talloc_strdup(call->arena, text),
                                .name = "",
                                .send_at_us = send_at(call, envelope),
                                .status = "pending" };
    free(text);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    struct sending *sending = arg;
    const struct writer *writer = NULL;
    struct envelope envelope;
    struct submission row;
    struct email email = { .item_id = 0 };
    struct span bytes = span_of(NULL, 0), header;
    const char *id;
    json_t *error = check_properties(object);

    if (!error)
        error = read_writer(call, object, &writer);
    if (!error)
        error = read_email(call, object, &email, &bytes);
    if (error)
        return error;
    assert(writer);
    header = span_of(bytes.p, header_block_length(bytes));
    error = jmap_check_author(call, header);
    if (!error)
        error =
            jmap_envelope_read(call, json_object_get(object, "envelope"), header, writer->email, &envelope);
    if (error)
        return error;
    describe_row(call, &email, writer, &envelope, &row);
    error = hand_over(call, &envelope, bytes, &row);
    if (error)
        return error;
    id = jmap_id_of(call, GROUP_ID_SUBMISSION, row.submission_id);
    *created_out =
        json_pack("{s:s, s:s, s:o, s:s, s:n, s:[], s:[]}", "id", id, "threadId",
                  jmap_id_of(call, GROUP_ID_THREAD, email.thread_id), "sendAt", jmap_date(row.send_at_us),
                  "undoStatus", row.status, "deliveryStatus", "dsnBlobIds", "mdnBlobIds");
    jmap_tell_standard(*created_out, object, json_pack("{s:O}", "envelope", envelope.json));
    json_object_set_new(sending->emails, talloc_asprintf(call->arena, "#%s", creation_id),
                        json_string(jmap_id_of(call, GROUP_ID_ITEM, email.item_id)));
    return NULL;
}

/* ---- update: taken back; destroy: forgotten */

static json_t *take_back(struct jmap_call *call, struct submission *row)
{
    const struct identity *who = call->request->identity;
    struct db_pool *pool = directory_pool(call->request->jmap->options.directory, DIRECTORY_LOOKS_UP);
    const struct actor actor = { .name = who->login,
                                 .recipient_id = who->recipient_id,
                                 .organisation_id = who->organisation_id,
                                 .peer = call->request->peer };
    struct queue_recall held;
    struct err err = ERR_INIT;

    if (!*row->name || strcmp(jmap_undo_status(row), "pending") != 0)
        return jmap_set_error("cannotUnsend", "The message is on its way already.");
    if (!queue_recall_hold(pool, call->arena, row->name, who->organisation_id, who->recipient_id, &held,
                           &err))
        return err.kind == ERR_NOT_FOUND || err.kind == ERR_CONFLICT
                   ? jmap_set_error("cannotUnsend", "The message is on its way already.")
                   : jmap_set_error_of(&err);
    row->status = "canceled";
    return queue_recall_end(pool, &actor, &held, &err) && submission_set(call->account->mailbox, row, &err)
               ? NULL
               : jmap_set_error_of(&err);
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct sending *sending = arg;
    const char *status = json_string_value(json_object_get(patch, "undoStatus"));
    struct submissions all;
    struct submission *row;
    json_t *error;
    bool is_same;

    (void)updated_out;
    if (!jmap_submissions(call, &all))
        return jmap_set_error("serverUnavailable", "Temporary trouble. Please try again.");
    row = jmap_submission_of(call, &all, id);
    if (!row)
        return jmap_set_error("notFound", "There is no such submission.");
    is_same = json_object_size(patch) == (status ? 1 : 0) &&
              (!status || strcmp(status, jmap_undo_status(row)) == 0);
    if (!is_same && (json_object_size(patch) != 1 || !status || strcmp(status, "canceled") != 0))
        return jmap_bad_property(status ? "undoStatus" : json_object_iter_key(json_object_iter(patch)));
    error = is_same ? NULL : take_back(call, row);
    if (!error)
        json_object_set_new(sending->emails, id, json_string(jmap_id_of(call, GROUP_ID_ITEM, row->item_id)));
    return error;
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    struct sending *sending = arg;
    struct submissions all;
    struct submission *row;
    struct err err = ERR_INIT;

    if (!jmap_submissions(call, &all))
        return jmap_set_error("serverUnavailable", "Temporary trouble. Please try again.");
    row = jmap_submission_of(call, &all, id);
    if (!row)
        return jmap_set_error("notFound", "There is no such submission.");
    row->is_removed = true;
    if (!submission_set(call->account->mailbox, row, &err))
        return jmap_set_error_of(&err);
    json_object_set_new(sending->emails, id, json_string(jmap_id_of(call, GROUP_ID_ITEM, row->item_id)));
    return NULL;
}

/* ---- what is done to the emails afterwards */

static const char *email_of(const struct sending *sending, const char *name)
{
    return json_string_value(json_object_get(sending->emails, name));
}

static void imply(struct jmap_call *call, const struct sending *sending)
{
    json_t *updates = json_object_get(call->in, "onSuccessUpdateEmail"), *patch, *name;
    json_t *destroys = json_object_get(call->in, "onSuccessDestroyEmail");
    json_t *update = json_object(), *destroy_ids = json_array();
    const char *key;
    size_t i;

    json_object_foreach(updates, key, patch) if (email_of(sending, key))
        json_object_set(update, email_of(sending, key), patch);
    json_array_foreach(destroys, i,
                       name) if (json_is_string(name) && email_of(sending, json_string_value(name)))
        json_array_append_new(destroy_ids, json_string(email_of(sending, json_string_value(name))));
    if (json_object_size(update) + json_array_size(destroy_ids) > 0) {
        call->implicit_name = "Email/set";
        call->implicit_in =
            jmap_keep(call->arena, json_pack("{s:s, s:O, s:O}", "accountId", call->account->id, "update",
                                             update, "destroy", destroy_ids));
    }
    json_decref(update);
    json_decref(destroy_ids);
}

bool submission_change(struct jmap_call *call)
{
    struct sending sending = { .emails = jmap_keep(call->arena, json_object()) };

    if (!jmap_set_run(call, &(struct jmap_set){ .create = create,
                                                .update = update,
                                                .destroy = destroy,
                                                .arg = &sending,
                                                .changes = "undoStatus" }))
        return false;
    imply(call, &sending);
    return true;
}
