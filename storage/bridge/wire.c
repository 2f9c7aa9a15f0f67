#include "bridge/wire.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "bridge/batch.h"
#include "db/notify.h"
#include "db/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <talloc.h>
#include <unistd.h>

#define CHANNEL "chappe_wake"
enum { PENDING_MAX = 4096, LISTEN_MS = 5000, RECONNECT_S = 1 };
/* What cannot be read may be of a newer release: it counts as anything, but so often only. */
static const int64_t UNREADABLE_US = 1 * US_PER_S;

struct wire {
    struct wire_options options;
    int event_fd; /* something to say, or the end */

    struct background background;
    struct batch_entry *pending; /* [PENDING_MAX], under background.lock as the next */
    size_t pending_count;

    struct db *db;              /* the thread's, as what follows; NULL: not connected */
    bool is_down;               /* and that was logged */
    struct batch_entry *saying; /* [PENDING_MAX] */
    int64_t next_saying_us, unreadable_us;
    struct batch_entry heard[BATCH_ENTRIES_MAX];
};

METRIC_COUNTER(said, "chappe_bridge_said_total", "Batches of changes told to other machines")
METRIC_COUNTER(heard_batches, "chappe_bridge_heard_total", "Batches of changes heard from other machines")
METRIC_COUNTER(unreadable, "chappe_bridge_unreadable_total", "Notifications that were no batch of changes")
METRIC_COUNTER(reconnected, "chappe_bridge_connected_total",
               "Connections made to hear other machines; everything counts as changed then")

static const struct batch_entry anything = { WAKE_ANY_MAILBOX, 0 };

/* ---- what is to be said */

/* With the lock. */
static bool is_anything(const struct wire *wire)
{
    return wire->pending_count > 0 && wire->pending[0].mailbox_id == WAKE_ANY_MAILBOX;
}

static void note_anything(struct wire *wire)
{
    wire->pending[0] = anything;
    wire->pending_count = 1;
}

static void note_mailbox(struct wire *wire, int64_t mailbox_id, uint64_t modseq)
{
    if (wire->pending_count == PENDING_MAX) {
        wire->pending_count = batch_join(wire->pending, PENDING_MAX);
        if (wire->pending_count > PENDING_MAX / 2) {
            note_anything(wire);
            return;
        }
    }
    wire->pending[wire->pending_count++] = (struct batch_entry){ mailbox_id, modseq };
}

static void ring(const struct wire *wire)
{
    static const uint64_t one = 1;

    if (write(wire->event_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        abort();
}

void wire_note(struct wire *wire, int64_t mailbox_id, uint64_t modseq)
{
    pthread_mutex_lock(&wire->background.lock);
    bool was_empty = wire->pending_count == 0;
    if (mailbox_id == WAKE_ANY_MAILBOX)
        note_anything(wire);
    else if (!is_anything(wire))
        note_mailbox(wire, mailbox_id, modseq);
    pthread_mutex_unlock(&wire->background.lock);
    if (was_empty)
        ring(wire);
}

static bool has_pending(struct wire *wire)
{
    pthread_mutex_lock(&wire->background.lock);
    bool has = wire->pending_count > 0;
    pthread_mutex_unlock(&wire->background.lock);
    return has;
}

/* What is to be said now, each mailbox once. */
static size_t take(struct wire *wire)
{
    struct batch_entry *taken;
    uint64_t rung;
    size_t count;

    (void)!read(wire->event_fd, &rung, sizeof rung);
    pthread_mutex_lock(&wire->background.lock);
    taken = wire->pending;
    count = wire->pending_count;
    wire->pending = wire->saying;
    wire->pending_count = 0;
    pthread_mutex_unlock(&wire->background.lock);
    wire->saying = taken;
    return batch_join(taken, count);
}

static bool say(struct wire *wire, struct err *err)
{
    char text[BATCH_PAYLOAD_SIZE];
    size_t count, done = 0;

    if (!has_pending(wire) || clock_monotonic_us() < wire->next_saying_us)
        return true;
    wire->next_saying_us = clock_monotonic_us() + wire->options.gather_ms * INT64_C(1000);
    count = take(wire);
    while (done < count) {
        done += batch_write(text, wire->options.sender, wire->saying + done, count - done);
        if (!db_notify(wire->db, CHANNEL, text, err))
            return false;
        metric_add(&said, 1);
    }
    return true;
}

/* ---- what is heard */

static void relay(const struct wire *wire, const struct batch_entry *entry)
{
    wake_relay(wire->options.wake, wire->options.group_id, entry->mailbox_id, entry->modseq);
}

static void relay_unreadable(struct wire *wire)
{
    int64_t now_us = clock_monotonic_us();

    metric_add(&unreadable, 1);
    if (now_us - wire->unreadable_us < UNREADABLE_US)
        return;
    wire->unreadable_us = now_us;
    log_event(LOG_LEVEL_WARNING, "bridge.unreadable", log_i64("group", wire->options.group_id));
    relay(wire, &anything);
}

static void relay_batch(struct wire *wire, struct span payload)
{
    uint64_t sender;
    size_t count;

    if (!batch_read(payload, &sender, wire->heard, &count)) {
        relay_unreadable(wire);
        return;
    }
    if (sender == wire->options.sender)
        return;
    metric_add(&heard_batches, 1);
    for (size_t i = 0; i < count; i++)
        relay(wire, &wire->heard[i]);
}

/* Until something was heard, or there is something to say. */
static bool hear(struct wire *wire, struct err *err)
{
    bool gathers = has_pending(wire);
    int64_t wait_us = gathers ? wire->next_saying_us - clock_monotonic_us() : LISTEN_MS * (US_PER_S / 1000);
    char *payload;

    if (!db_wait_notification(wire->db, NULL, gathers ? -1 : wire->event_fd,
                              wait_us > 0 ? (unsigned)(wait_us / 1000 + 1) : 0, &payload, err))
        return false;
    if (payload)
        relay_batch(wire, span_text(payload));
    talloc_free(payload);
    return true;
}

/* ---- the connection */

/* Nobody waits for a wake-up to be on disk. */
static const char DO_NOT_WAIT[] = "SELECT set_config('synchronous_commit', 'off', false)";

static bool is_connected(struct wire *wire, struct err *err)
{
    if (wire->db && db_is_current(wire->db))
        return true;
    db_release(&wire->db);
    if (!wire->options.connect(wire->options.argument, wire->options.group_id, &wire->db, err))
        return false;
    if (!db_exec(wire->db, DO_NOT_WAIT, DB_NO_ARGS, NULL, err) || !db_listen(wire->db, CHANNEL, err))
        return false;
    metric_add(&reconnected, 1);
    relay(wire, &anything);               /* what was said before was not heard here, */
    wire_note(wire, WAKE_ANY_MAILBOX, 0); /* and what was done before was not said */
    return true;
}

static void lose(struct wire *wire, const struct err *err)
{
    db_release(&wire->db);
    if (!wire->is_down)
        log_err(LOG_LEVEL_WARNING, "bridge.down", err);
    wire->is_down = true;
    pthread_mutex_lock(&wire->background.lock);
    background_rest(&wire->background, RECONNECT_S);
    pthread_mutex_unlock(&wire->background.lock);
}

static void *run(void *argument)
{
    struct wire *wire = argument;

    while (!background_is_ending(&wire->background)) {
        struct err err = ERR_INIT;
        if (!is_connected(wire, &err) || !say(wire, &err) || !hear(wire, &err)) {
            lose(wire, &err);
        } else if (wire->is_down) {
            log_event(LOG_LEVEL_INFO, "bridge.up", log_i64("group", wire->options.group_id));
            wire->is_down = false;
        }
    }
    return NULL;
}

/* ---- life */

static void dispose(struct wire *wire)
{
    background_end(&wire->background);
    db_release(&wire->db);
    if (wire->event_fd >= 0)
        close(wire->event_fd);
    talloc_free(wire);
}

bool wire_start(const struct wire_options *options, struct wire **wire_out, struct err *err)
{
    struct wire *wire = talloc_zero(NULL, struct wire);

    wire->options = *options;
    wire->unreadable_us = INT64_MIN / 2;
    wire->pending = talloc_array(wire, struct batch_entry, PENDING_MAX);
    wire->saying = talloc_array(wire, struct batch_entry, PENDING_MAX);
    wire->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    bool has_fd = wire->event_fd >= 0 || err_errno(err, "eventfd");
    if (!background_start(&wire->background, "bridge wire", run, wire, err) || !has_fd) {
        dispose(wire);
        return false;
    }
    *wire_out = wire;
    return true;
}

int64_t wire_group_id(const struct wire *wire)
{
    return wire->options.group_id;
}

void wire_stop(struct wire **handle)
{
    struct wire *wire = *handle;

    *handle = NULL;
    if (!wire)
        return;
    pthread_mutex_lock(&wire->background.lock);
    wire->background.is_ending = true;
    pthread_mutex_unlock(&wire->background.lock);
    ring(wire);
    dispose(wire);
}
