/* accept.c -- the one decision: at once, or by the queue. */
#include "accept/accept.h"

#include "accept/apply.h"
#include "accept/gather.h"
#include "accept/target.h"
#include "accept/tell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "db/rehearsal.h"
#include "directory/directory.h"
#include "format/header.h"
#include "message/message.h"
#include "queue/admin.h"
#include "topology/topology.h"

#include <string.h>
#include <talloc.h>

enum { SUBJECT_BYTES = 200, PATH_BYTES = 900 };
#define DEFAULT_LIFETIME_US (5 * 86400 * US_PER_S)
#define DEFAULT_WARNING_US (4 * 3600 * US_PER_S)
/* How far a step of priority (RFC 6710) goes ahead among what is due in a lane. */
#define PRIORITY_US (300 * US_PER_S)
enum { PRIORITY_LEAST = -9 };

static const char *const ways[] = { "filed", "queued" };
METRIC_COUNTER_BY(accepted, "chappe_accepted_total", "Messages committed, by the way they took", "way", ways)

static bool put(void *arg, const struct queue_new *const *messages, size_t count, struct err *err)
{
    const struct accept *accept = arg;

    return queue_put(directory_pool(accept->options.directory, DIRECTORY_LOOKS_UP), messages, count, err);
}

bool accept_open(const void *owner, const struct accept_options *options, struct accept **accept_out,
                 struct err *err)
{
    struct accept *accept = talloc_zero(owner, struct accept);

    (void)err;
    accept->options = *options;
    if (accept->options.lifetime_us == 0)
        accept->options.lifetime_us = DEFAULT_LIFETIME_US;
    if (accept->options.warning_us == 0)
        accept->options.warning_us = DEFAULT_WARNING_US;
    accept->gather = gather_new(accept, put, accept);
    *accept_out = accept;
    return true;
}

void accept_close(struct accept **accept)
{
    TALLOC_FREE(*accept);
}

/* How long it can be taken back (recall.h). */
static int64_t undo_us(const struct accept *accept, const struct accept_message *message)
{
    if (!message->is_submission)
        return 0;
    return message->preference && message->preference->undo_s != PREFERENCE_UNSAID
               ? message->preference->undo_s * US_PER_S
               : accept->options.undo_us;
}

static bool waits(const struct accept *accept, const struct accept_message *message)
{
    return message->hold_until_us > 0 || undo_us(accept, message) > 0;
}

bool accept_is_near(const struct accept *accept, int64_t group_id)
{
    return !accept->options.topology || topology_is_near(accept->options.topology, group_id);
}

/* The lane of our routing group. */
static const char *lane_of(const struct accept *accept, const void *owner, const char *lane)
{
    return accept->options.topology ? topology_lane(accept->options.topology, owner, lane) : lane;
}

enum accept_way accept_way(const struct accept *accept, const struct accept_message *message)
{
    if (message->remote_count > 0 || message->target_count == 0 || waits(accept, message))
        return ACCEPT_QUEUES;
    for (size_t i = 1; i < message->target_count; i++)
        if (message->targets[i].group_id != message->targets[0].group_id)
            return ACCEPT_QUEUES;
    if (!accept_is_near(accept, message->targets[0].group_id))
        return ACCEPT_QUEUES;
    for (size_t i = 0; i < message->recipient_count; i++)
        if (message->recipients[i].notify & QUEUE_NOTIFY_SUCCESS)
            return ACCEPT_QUEUES;
    return ACCEPT_FILES;
}

/* ---- what goes into the queue */

static bool prefers(const struct accept_message *message, const char *language)
{
    const char *preferred = message->preference ? message->preference->language : NULL;

    return preferred && strcmp(preferred, language) == 0;
}

/* "fr" or "en": what who submitted it prefers, else what the author says of the message or of answers to it; else "". */
static const char *language_of(const struct accept_message *message, struct span header)
{
    static const char *const fields[] = { "Accept-Language", "Content-Language" };
    static const char *const known[] = { "fr", "en" };

    if (prefers(message, "fr") || prefers(message, "en"))
        return message->preference->language;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct header_field field;
        if (!header_find(header, fields[i], &field))
            continue;
        struct span value = span_trim(field.value);
        for (size_t k = 0; k < COUNT_OF(known); k++)
            if (span_starts_nocase(value, known[k]))
                return known[k];
    }
    return "";
}

static const char *subject_of(const void *arena, struct span header)
{
    char *subject = header_text(arena, header, "Subject");
    size_t length = subject ? strlen(subject) : 0;

    if (length > SUBJECT_BYTES) {
        length = SUBJECT_BYTES;
        while (length > 0 && ((unsigned char)subject[length] & 0xC0) == 0x80)
            length--; /* never in the middle of a character */
        subject[length] = '\0';
    }
    return subject ? subject : "";
}

/* The newest field stands first. Only digits and spaces are of use, and of these no more than a line. */
static const char *path_of(const void *arena, struct span header)
{
    struct header_field field;
    struct span value;

    if (!header_find(header, "X-Chappe-Path", &field))
        return "";
    value = span_trim(field.value);
    for (const char *p = value.p; p < value.end; p++)
        if ((*p < '0' || *p > '9') && *p != ' ')
            return "";
    return span_copy(arena, span_part(value, 0, PATH_BYTES));
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Dates of the message: when it may leave, when its sender hears of a delay, when it has been long enough. */
struct dates {
    int64_t next_try_us, overdue_us, expires_us;
};

static struct dates dates_of(const struct accept *accept, const struct accept_message *message,
                             int64_t now_us)
{
    const struct queue_message *m = &message->envelope;
    int64_t ahead_us = (m->priority - PRIORITY_LEAST) * PRIORITY_US;
    int64_t begin_us = now_us + undo_us(accept, message);

    if (message->hold_until_us > begin_us)
        begin_us = message->hold_until_us;
    struct dates dates = { .next_try_us = begin_us > now_us ? begin_us : begin_us - ahead_us,
                           .overdue_us = begin_us + accept->options.warning_us,
                           .expires_us = begin_us + accept->options.lifetime_us };
    if (m->deliver_by_us > 0) { /* RFC 2852: by then it is returned, or its sender told */
        dates.overdue_us = earlier(dates.overdue_us, m->deliver_by_us);
        if (m->deliver_by_mode == QUEUE_BY_RETURN)
            dates.expires_us = earlier(dates.expires_us, m->deliver_by_us);
    }
    if (m->expires_us > 0) /* it has waited at another server of ours before */
        dates.expires_us = earlier(dates.expires_us, m->expires_us);
    dates.overdue_us = earlier(dates.overdue_us, dates.expires_us);
    return dates;
}

/* The RCPT that leads to the target or remote with this number; the first of several. */
static const struct accept_recipient *asker(const struct accept_message *message, bool is_remote,
                                            size_t number)
{
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct accept_recipient *r = &message->recipients[i];
        const size_t *list = is_remote ? r->remotes : r->targets;
        size_t count = is_remote ? r->remote_count : r->target_count;
        for (size_t k = 0; k < count; k++)
            if (list[k] == number)
                return r;
    }
    return NULL;
}

static void take_asked(struct queue_recipient *row, const struct accept_recipient *asked)
{
    row->asked = asked ? asked->address : row->address;
    if (!asked)
        return;
    row->notify = asked->notify;
    row->orcpt_type = asked->orcpt_type;
    row->orcpt = asked->orcpt;
}

static void add_target(const struct accept *accept, struct queue_new *new,
                       const struct accept_message *message, size_t number, const struct dates *dates)
{
    const struct deliver_recipient *target = &message->targets[number];
    struct queue_recipient *row = &new->recipients[new->recipient_count++];
    const struct accept_recipient *asked = asker(message, false, number);

    *row = (struct queue_recipient){
        .address = target->address ? target->address
                   : asked         ? asked->address
                                   : "",
        .group_id = target->group_id,
        .mailbox_id = target->target.mailbox_id,
        .target = accept_target_text(new, &target->target),
        .lane = lane_of(accept, new, queue_group_lane(new, target->group_id)),
        .receipt = target->target.receipt,
        .next_try_us = dates->next_try_us,
        .overdue_us = dates->overdue_us,
    };
    take_asked(row, asked);
}

static void add_remote(const struct accept *accept, struct queue_new *new,
                       const struct accept_message *message, size_t number, const struct dates *dates)
{
    const struct accept_remote *remote = &message->remotes[number];
    struct queue_recipient *row = &new->recipients[new->recipient_count++];

    *row = (struct queue_recipient){
        .address = remote->address,
        .sender = remote->sender,
        .why = remote->why,
        .flags = remote->flags,
        .target = remote->target,
        .lane = lane_of(accept, new, remote->flags & QUEUE_IS_POST ? ACCEPT_LISTS_LANE : remote->domain),
        .next_try_us = dates->next_try_us,
        .overdue_us = dates->overdue_us,
    };
    take_asked(row, asker(message, true, number));
}

struct queue_new *accept_prepare(const struct accept *accept, const void *arena,
                                 const struct accept_message *message)
{
    struct queue_new *new = talloc_zero(arena, struct queue_new);
    struct span header = span_of(message->bytes.p, header_block_length(message->bytes));
    int64_t now_us = clock_now_us();
    struct dates dates = dates_of(accept, message, now_us);
    size_t most = message->target_count + message->remote_count;

    new->message = message->envelope;
    new->message.received_us = now_us;
    new->message.expires_us = dates.expires_us;
    if (!new->message.subject)
        new->message.subject = subject_of(new, header);
    if (!new->message.language)
        new->message.language = language_of(message, header);
    new->message.path = path_of(new, header);
    new->bytes = message->bytes;
    new->recipients = talloc_zero_array(new, struct queue_recipient, (unsigned)most + 1);
    for (size_t i = 0; i < message->target_count; i++)
        add_target(accept, new, message, i, &dates);
    for (size_t i = 0; i < message->remote_count; i++)
        add_remote(accept, new, message, i, &dates);
    accept_tell_queued(new, message, new);
    return new;
}

/* ---- the ways */

static void tell_queued(const struct accept *accept)
{
    wake_publish(accept->options.wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
    metric_add_at(&accepted, 1, ACCEPT_QUEUES, 0);
}

bool accept_queue(struct accept *accept, const void *arena, const struct accept_message *message,
                  struct err *err)
{
    const struct queue_new *new = accept_prepare(accept, arena, message);

    if (db_is_rehearsing()) /* others would do it for real */
        return queue_put(directory_pool(accept->options.directory, DIRECTORY_LOOKS_UP), &new, 1, err);
    if (!gather_put(accept->gather, new, err))
        return false;
    tell_queued(accept);
    return true;
}

bool accept_queue_once(struct accept *accept, const void *arena, const struct accept_message *message,
                       const uint8_t receipt[QUEUE_COPY_RECEIPT_BYTES], struct err *err)
{
    struct queue_new *new = accept_prepare(accept, arena, message);

    if (!queue_put_once(directory_pool(accept->options.directory, DIRECTORY_LOOKS_UP), receipt, new, err))
        return false;
    tell_queued(accept);
    return true;
}

bool accept_message(struct accept *accept, const void *arena, struct accept_message *message, struct err *err)
{
    *err = ERR_INIT;
    message->way_taken = accept_way(accept, message);
    accept_tell_targets(message);
    if (message->way_taken == ACCEPT_FILES && !apply_whole(accept, arena, message, err))
        return false;
    if (message->way_taken == ACCEPT_QUEUES)
        return accept_queue(accept, arena, message, err);
    metric_add_at(&accepted, 1, ACCEPT_FILES, 0);
    return true;
}

bool accept_retry_domain(struct accept *accept, const char *domain, size_t *count_out, struct err *err)
{
    struct db_pool *pool = directory_pool(accept->options.directory, DIRECTORY_LOOKS_UP);

    if (!queue_retry_domain(pool, domain, count_out, err))
        return false;
    wake_publish(accept->options.wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
    return true;
}
