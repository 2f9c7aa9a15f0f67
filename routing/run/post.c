/* post.c -- what is to be done with a row that is ours, and how it ends. */
#include "run/post.h"

#include "base/clock.h"
#include "base/log.h"
#include "format/header.h"
#include "resolve/link.h"
#include "resolve/srs.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* ---- endings */

static bool end(struct posting *p, enum run_state state, const char *enhanced, const char *text)
{
    p->outcome->state = state;
    p->outcome->enhanced = enhanced;
    p->outcome->text = talloc_strdup(p->arena, text);
    p->outcome->host = p->run->options.host_name;
    p->outcome->was_tried = true;
    return true;
}

bool post_fail(struct posting *p, const char *enhanced, const char *text)
{
    return end(p, RUN_FAILED, enhanced, text);
}

bool post_done(struct posting *p, const char *text)
{
    return end(p, RUN_DELIVERED, "2.0.0", text);
}

bool post_drop(struct posting *p, const char *text)
{
    return end(p, RUN_DELETED, "2.0.0", text);
}

void post_add(struct posting *p, struct queue_new *new)
{
    struct post *post = p->outcome->post;

    if (!post)
        post = p->outcome->post = talloc_zero(p->arena, struct post);
    if (post->count % 8 == 0)
        post->news = talloc_realloc(post, post->news, struct queue_new *, (unsigned)post->count + 8);
    post->news[post->count++] = new;
}

/* ---- what a row says */

const char *post_target_text(const void *owner, const struct queue_recipient *row, const char *name)
{
    json_t *json = row->target ? json_loads(row->target, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(json, name));
    const char *copy = text ? talloc_strdup(owner, text) : NULL;

    json_decref(json);
    return copy;
}

static int64_t target_number(const struct queue_recipient *row, const char *name)
{
    json_t *json = row->target ? json_loads(row->target, 0, NULL) : NULL;
    int64_t number = json_integer_value(json_object_get(json, name));

    json_decref(json);
    return number;
}

bool post_is_automatic(struct span message, bool replies_only)
{
    struct span header = span_of(message.p, header_block_length(message));
    struct header_field field;

    if (!header_find(header, "Auto-Submitted", &field))
        return false;
    field.value = span_trim(field.value);
    return replies_only ? span_starts_nocase(field.value, "auto-replied")
                        : !span_starts_nocase(field.value, "no");
}

/* ---- mail that a rule had moderated goes where it was going */

static void add_ways(struct posting *p, const struct resolve_answer *answer, struct accept_message *message)
{
    making_add_targets(message, answer, p->arena);
    for (size_t i = 0; i < message->target_count; i++)
        message->targets[i].target.ignores_quota = false;
}

static bool set_senders(struct posting *p, const struct resolve_answer *answer,
                        struct accept_message *message, struct err *err)
{
    const char *sender = p->outcome->row->message->sender;

    for (size_t i = 0; i < answer->remote_count; i++) {
        const char *own;

        if (!resolve_sender(p->run->options.directory, p->arena, sender, &answer->remotes[i], &own, err))
            return false;
        message->remotes[i].sender = strcmp(own, sender) == 0 ? NULL : own;
        if (message->remotes[i].flags & QUEUE_IS_POST)
            message->remotes[i].flags |= p->outcome->row->recipient.flags & QUEUE_IS_APPROVED;
    }
    return true;
}

static bool send_on(struct posting *p, const struct resolve_answer *answer, struct err *err)
{
    const struct queue_taken *row = p->outcome->row;
    size_t count = answer->target_count + answer->remote_count;
    struct accept_recipient *recipient = talloc_zero(p->arena, struct accept_recipient);
    struct accept_message message = {
        .envelope = *row->message, .bytes = p->bytes, .recipients = recipient, .recipient_count = 1
    };
    size_t *numbers = talloc_array(p->arena, size_t, (unsigned)count + 1);

    if (count == 0)
        return post_fail(p, "5.1.1", "There is no such recipient here (any more).");
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    add_ways(p, answer, &message);
    if (!set_senders(p, answer, &message, err))
        return false;
    *recipient = (struct accept_recipient){ .address = row->recipient.asked,
                                            .notify = row->recipient.notify & ~(unsigned)QUEUE_NOTIFY_SUCCESS,
                                            .orcpt_type = row->recipient.orcpt_type,
                                            .orcpt = row->recipient.orcpt,
                                            .targets = numbers,
                                            .target_count = answer->target_count,
                                            .remotes = numbers,
                                            .remote_count = answer->remote_count };
    post_add(p, accept_prepare(p->run->accept, p->arena, &message));
    return end(p, RUN_EXPANDED, "2.0.0", "Goes on to its recipient");
}

static bool hold_by_rule(struct posting *p, struct err *err)
{
    const struct queue_recipient *row = &p->outcome->row->recipient;
    const char *moderator = post_target_text(p->arena, row, "moderator");
    const char *rule = post_target_text(p->arena, row, "rule");
    int64_t organisation_id = target_number(row, "organisation");

    if (!moderator)
        return post_fail(p, "5.3.5", "The rule that wants this message moderated names nobody.");
    return post_hold(p, &moderator, 1, talloc_asprintf(p->arena, "rule \"%s\"", rule ? rule : ""),
                     organisation_id ? organisation_id : p->outcome->row->message->organisation_id,
                     LIST_HOLD_DAYS, err);
}

/* ---- one row */

static bool is_decided(struct posting *p)
{
    const struct queue_recipient *row = &p->outcome->row->recipient;
    const char *reason = post_target_text(p->arena, row, "reason");

    if (row->flags & QUEUE_IS_REJECTED)
        return post_fail(
            p, "5.7.1",
            reason ? talloc_asprintf(p->arena, "A moderator did not accept this message: %s", reason)
                   : "A moderator did not accept this message.");
    return (row->flags & QUEUE_IS_UNDECIDED) &&
           post_fail(p, "5.7.1", "No moderator has decided about this message in time.");
}

static bool is_to_list(const struct resolve_answer *answer)
{
    return answer->target_count == 0 && answer->remote_count == 1 &&
           answer->remotes[0].why == RESOLVE_WHY_LIST && answer->remotes[0].recipient_id != 0;
}

static bool deliver(struct posting *p, struct err *err)
{
    const struct queue_recipient *row = &p->outcome->row->recipient;
    struct resolve_answer answer;
    struct list_settings list;
    struct address address;
    size_t length;

    if (address_parse(p->arena, span_text(row->address), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return post_fail(p, "5.1.3", "This is no address.");
    if (!resolve(p->run->options.directory, p->arena, &address, &answer, err))
        return false;
    if (answer.remote_count == 1 && answer.remotes[0].why == RESOLVE_WHY_LIST &&
        answer.remotes[0].recipient_id == 0)
        return post_token(p, link_of_local(address.local), err);
    if (!is_to_list(&answer))
        return send_on(p, &answer, err);
    if (!list_load(p->run->options.directory, p->arena, answer.remotes[0].recipient_id, &list, err))
        return err->kind == ERR_NOT_FOUND && post_fail(p, "5.1.1", "This list is gone.");
    if (strcmp(answer.remotes[0].address, list.address) == 0)
        return post_to_list(p, &list, err);
    return post_word(p, &list, list_word_of(address.local, &length), err);
}

static void put_off(struct posting *p, const struct err *err)
{
    log_err(LOG_LEVEL_WARNING, "queue.list", err);
    p->outcome->post = NULL;
    p->outcome->enhanced = "4.3.0";
    p->outcome->text = talloc_strdup(p->arena, err->user);
    outcome_defer(p->run, p->outcome, clock_now_us());
}

static void carry_out(struct posting *p)
{
    const struct queue_taken *row = p->outcome->row;
    struct err err = ERR_INIT;

    p->author = post_target_text(p->arena, &row->recipient, "author");
    if (!p->author)
        p->author = row->message->sender;
    if (is_decided(p))
        return;
    if (!p->bytes.p && !queue_taken_bytes(p->run->pool, p->arena, row, &p->bytes, &err)) {
        put_off(p, &err);
        return;
    }
    bool must_wait =
        (row->recipient.flags & QUEUE_IS_MODERATED) && !(row->recipient.flags & QUEUE_IS_APPROVED);
    if (must_wait ? !hold_by_rule(p, &err) : !deliver(p, &err))
        put_off(p, &err);
}

enum destination_news run_post(struct run *run, struct job *job, struct result *result)
{
    struct posting posting = { .run = run, .job = job, .result = result, .arena = result->arena };

    for (size_t i = 0; i < job->count; i++) {
        posting.number = i;
        posting.outcome = &result->outcomes[i];
        carry_out(&posting);
    }
    return NEWS_TAKEN;
}
