/* notice_make.c -- which notices a settlement needs, to whom they go, and on which way. */
#include "accept/accept.h"
#include "accept/id.h"
#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "format/header.h"
#include "resolve/resolve.h"
#include "run/making.h"
#include "run/notice.h"
#include "run/post.h"

#include <string.h>
#include <talloc.h>

static const char *const kind_names[] = { "none", "failed", "delayed", "delivered", "relayed", "expanded" };
METRIC_COUNTER_BY(notices_made, "chappe_queue_notices_total", "Notices to senders", "kind", kind_names)

/* What is read of a message that does not come back whole: room for any header. */
enum { HEADER_READ = 1 << 20 };

/* ---- where it goes */

void making_add_targets(struct accept_message *to, const struct resolve_answer *answer, const void *owner)
{
    to->targets = talloc_zero_array(owner, struct deliver_recipient, (unsigned)answer->target_count + 1);
    for (size_t i = 0; i < answer->target_count; i++)
        to->targets[to->target_count++] =
            (struct deliver_recipient){ .group_id = answer->targets[i].group_id,
                                        .address = answer->targets[i].address,
                                        .target = { .mailbox_id = answer->targets[i].mailbox_id,
                                                    .ignores_quota = true } };
    to->remotes = talloc_zero_array(owner, struct accept_remote, (unsigned)answer->remote_count + 1);
    for (size_t i = 0; i < answer->remote_count; i++)
        to->remotes[to->remote_count++] = (struct accept_remote){
            .address = answer->remotes[i].address,
            .domain = answer->remotes[i].domain,
            .why = resolve_why_name(answer->remotes[i].why),
            .flags = accept_remote_flags(&answer->remotes[i]),
        };
}

static bool add_postmaster(struct making *making, struct accept_message *to, struct err *err)
{
    struct resolved resolved;

    if (!directory_postmaster(making->run->options.directory, making->owner, &resolved, err))
        return err->kind == ERR_NOT_FOUND; /* an installation without users: nobody to tell */
    if (resolved.kind != RESOLVED_RECIPIENT)
        return true;
    to->targets = talloc_zero(making->owner, struct deliver_recipient);
    to->target_count = 1;
    to->targets[0] = (struct deliver_recipient){ .group_id = resolved.mailbox.storage_group_id,
                                                 .address = resolved.address,
                                                 .target = { .mailbox_id = resolved.mailbox.mailbox_id,
                                                             .ignores_quota = true } };
    return true;
}

/* False only for trouble that passes: then nothing is settled yet. */
static bool find_addressee(struct making *making, struct notice *notice, struct accept_message *to,
                           struct err *err)
{
    struct resolve_answer answer;
    struct address address;

    if (notice->is_double)
        return add_postmaster(making, to, err);
    if (address_parse(making->owner, span_text(notice->to), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    if (!resolve(making->run->options.directory, making->owner, &address, &answer, err))
        return false;
    making_add_targets(to, &answer, making->owner);
    if (to->target_count + to->remote_count > 0)
        return true;
    notice->is_double = true; /* the sender has gone */
    return add_postmaster(making, to, err);
}

/* ---- what it says */

static bool read_original(struct making *making, struct notice *notice, struct err *err)
{
    const struct queue_taken *row = notice->outcomes[0]->row;
    int64_t size = row->message->size_bytes;
    size_t most = making->run->options.full_notice_bytes;

    notice->has_all = (size_t)size <= most;
    if (size <= QUEUE_TAKE_BYTES)
        return queue_taken_bytes(making->run->pool, making->owner, row, &notice->original, err);
    return queue_bytes(making->run->pool, making->owner, row->message->message_id, size,
                       notice->has_all ? SIZE_MAX : HEADER_READ, &notice->original, err);
}

/* RFC 3834: what comes by itself, or to many, is not answered but for failures. */
static bool is_bulk(struct span original)
{
    struct span header = span_of(original.p, header_block_length(original));
    struct header_field field;

    if (header_find(header, "Auto-Submitted", &field) && !span_equals_nocase(span_trim(field.value), "no"))
        return true;
    if (header_find(header, "List-Id", &field))
        return true;
    return header_find(header, "Precedence", &field) && (span_equals_nocase(span_trim(field.value), "bulk") ||
                                                         span_equals_nocase(span_trim(field.value), "junk") ||
                                                         span_equals_nocase(span_trim(field.value), "list"));
}

static bool is_ascii(struct span text)
{
    for (; text.p < text.end; text.p++)
        if ((unsigned char)*text.p > 127)
            return false;
    return true;
}

void making_put(struct making *making, const struct queue_new *prepared)
{
    if (making->count == making->capacity) {
        making->capacity = making->capacity ? making->capacity * 2 : 8;
        making->list =
            talloc_realloc(making->owner, making->list, struct queue_new, (unsigned)making->capacity);
    }
    making->list[making->count++] = *prepared;
}

void making_add(struct making *making, const struct accept_message *to)
{
    making_put(making, accept_prepare(making->run->accept, making->owner, to));
}

/* What a list's row came to. */
static void add_posts(struct making *making, const struct outcome *outcome)
{
    for (size_t i = 0; outcome->post && i < outcome->post->count; i++)
        making_put(making, outcome->post->news[i]);
}

static void put_in(struct making *making, struct notice *notice, struct accept_message *to)
{
    struct buf bytes = buf_owned_by(making->owner);

    buf_add_text(&bytes, "Return-Path: <>\r\n");
    notice_render(&bytes, notice);
    to->bytes = buf_span(&bytes);
    to->parent = notice->message->name;
    to->envelope.name = notice->id;
    to->envelope.sender = "";
    to->envelope.origin = notice->is_double ? "double-notice" : "notice";
    to->envelope.organisation_id = notice->message->organisation_id;
    to->envelope.body = is_ascii(to->bytes) ? QUEUE_7BIT : QUEUE_8BITMIME;
    to->envelope.needs_smtputf8 = notice->message->needs_smtputf8 && !is_ascii(to->bytes);
    to->envelope.needs_tls = notice->message->needs_tls; /* RFC 8689, 5: the bounce is as private */
    making_add(making, to);
    metric_add_at(&notices_made, 1, notice->kind, 0);
}

static bool make(struct making *making, struct notice *notice, struct err *err)
{
    struct accept_message to = { .recipient_count = 0 };

    notice->is_double = !*notice->message->sender;
    notice->to = notice->is_double ? "postmaster" : notice->message->sender;
    if (!find_addressee(making, notice, &to, err) || !read_original(making, notice, err))
        return false;
    if (to.target_count + to.remote_count == 0) {
        log_event(LOG_LEVEL_WARNING, "queue.notice.nobody", log_text("id", notice->message->name),
                  log_text("from", notice->message->sender));
        return true;
    }
    if (notice->kind == NOTICE_DELAYED && notice->outcomes[0]->row->recipient.notify == 0 &&
        is_bulk(notice->original))
        return true;
    put_in(making, notice, &to);
    return true;
}

static enum run_notice kind_of(const struct queue_settlement *settlement)
{
    const struct outcome *outcome = settlement->what;

    if (settlement->is_lost || !notice_is_wanted(outcome))
        return NOTICE_NONE;
    return run_state_row(outcome->state)->notice;
}

/* All of one message that fared alike. */
static struct notice collect(struct making *making, const struct queue_settlement *list, size_t count,
                             size_t first, bool *is_done)
{
    const struct outcome *outcome = list[first].what;
    struct notice notice = { .kind = kind_of(&list[first]),
                             .message = outcome->row->message,
                             .host_name = making->run->options.host_name,
                             .now_us = clock_now_us(),
                             .id = accept_id(making->owner) };

    notice.outcomes = talloc_array(making->owner, const struct outcome *, (unsigned)count + 1);
    for (size_t i = first; i < count; i++)
        if (!is_done[i] && list[i].message_id == list[first].message_id && kind_of(&list[i]) == notice.kind) {
            is_done[i] = true;
            notice.outcomes[notice.count++] = list[i].what;
        }
    return notice;
}

bool notice_make_all(void *run, const void *owner, struct queue_settlement *settlements, size_t count,
                     struct queue_new **notices_out, size_t *notice_count_out, struct err *err)
{
    struct making making = { .run = run, .owner = owner };
    bool *is_done = talloc_zero_array(owner, bool, (unsigned)count + 1);

    CRASHPOINT("run.before-notice");
    for (size_t i = 0; i < count; i++)
        is_done[i] = settlements[i].was_once;
    for (size_t i = 0; i < count; i++) {
        if (is_done[i] || kind_of(&settlements[i]) == NOTICE_NONE)
            continue;
        struct notice notice = collect(&making, settlements, count, i, is_done);
        if (!make(&making, &notice, err))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!settlements[i].is_lost && !settlements[i].was_once &&
            !sent_make(&making, settlements[i].what, err))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!settlements[i].is_lost)
            add_posts(&making, settlements[i].what);
    *notices_out = making.list;
    *notice_count_out = making.count;
    return true;
}
