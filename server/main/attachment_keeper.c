/* attachment_keeper.c -- all storage groups in turn; a reader that is not there is asked for again. */
#include "main/attachment_keeper.h"

#include "base/background.h"
#include "base/busy.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "extract/client.h"
#include "group/group.h"
#include "mailbox/attachments.h"
#include "main/role.h"
#include "main/storage.h"

#include <poll.h>
#include <stdatomic.h>
#include <talloc.h>

/* LONGER_S: what the role may take beyond a document's own time. */
enum {
    REST_S = 10,
    LONGER_S = 60,
    MS_PER_S = 1000,
    BUSY_PERCENT = 60,
    PAUSE_WHEN_BUSY = 9,
    PAUSE_MAX_MS = 10000
};

METRIC_COUNTER(documents, "chappe_attachments_total", "Attached documents that were read for the search")
METRIC_COUNTER(failures, "chappe_attachments_unread_total",
               "Attached documents that could not be read, or not whole")

struct attachment_keeper {
    struct background background;
    struct storage *storage;
    _Atomic(const struct config *) config;
    char *socket;
    struct busy before;
};

static bool goes_on(void *context)
{
    struct attachment_keeper *keeper = context;

    return !background_is_ending(&keeper->background) && atomic_load(&keeper->config)->attachment_text;
}

static int kind_of(struct span type, struct span subtype, const char *file_name)
{
    return (int)extract_kind_of(type, subtype, file_name);
}

static bool is_there(void *context)
{
    const struct attachment_keeper *keeper = context;

    return extract_is_there(keeper->socket);
}

/* People come first: the longer a document took, the longer nobody asks for the next one. */
static void yield_for(struct attachment_keeper *keeper, int64_t took_us)
{
    struct busy now = busy_now();
    bool is_busy = busy_percent(keeper->before, now) >= BUSY_PERCENT;
    int64_t pause_ms = took_us * MS_PER_S / US_PER_S * (is_busy ? PAUSE_WHEN_BUSY : 1);

    keeper->before = now;
    for (; pause_ms > 0 && goes_on(keeper); pause_ms -= PAUSE_MAX_MS / 10)
        poll(NULL, 0, pause_ms < PAUSE_MAX_MS / 10 ? (int)pause_ms : PAUSE_MAX_MS / 10);
}

static bool read_one(void *context, int kind, struct span bytes, struct buf *text, const char **reason_out,
                     struct err *err)
{
    struct attachment_keeper *keeper = context;
    unsigned wait_s = (unsigned)atomic_load(&keeper->config)->attachment_time_s + LONGER_S;
    int64_t begin_us = clock_monotonic_us();
    enum extract_verdict verdict;
    int signal;

    if (!extract_ask(keeper->socket, (enum extract_kind)kind, bytes, wait_s, text, &verdict, &signal, err))
        return false;
    metric_add(&documents, 1);
    metric_add(&failures, verdict > EXTRACT_CUT);
    if (signal != 0)
        log_event(LOG_LEVEL_WARNING, "attachments.reader.died", log_i64("signal", signal),
                  log_text("verdict", extract_verdict_name(verdict)),
                  log_i64("bytes", (int64_t)span_length(bytes)));
    *reason_out = verdict > EXTRACT_CUT ? extract_verdict_name(verdict) : NULL;
    yield_for(keeper, clock_monotonic_us() - begin_us);
    return true;
}

static size_t step_groups(struct attachment_keeper *keeper)
{
    struct groups *groups = storage_parts(keeper->storage)->groups;
    const struct attachment_reader reader = { .context = keeper,
                                              .document_bytes =
                                                  (size_t)atomic_load(&keeper->config)->attachment_size,
                                              .kind_of = kind_of,
                                              .is_there = is_there,
                                              .read = read_one,
                                              .goes_on = goes_on };
    void *arena = talloc_new(NULL);
    size_t count, all = 0;
    int64_t *ids = groups_ids(groups, arena, &count);

    for (size_t i = 0; i < count && goes_on(keeper); i++) {
        struct err err = ERR_INIT;
        struct group *group;
        size_t done = 0;
        if (group_find(groups, ids[i], &group, &err) && !attachments_step(group, &reader, &done, &err))
            log_event(LOG_LEVEL_DEBUG, "attachments.waiting", log_i64("group", ids[i]),
                      log_text("cause", err.user));
        all += err.kind == ERR_NONE ? done : 0;
    }
    talloc_free(arena);
    return all;
}

static void *work(void *argument)
{
    struct attachment_keeper *keeper = argument;

    while (!background_is_ending(&keeper->background)) {
        if (goes_on(keeper) && step_groups(keeper) > 0)
            continue;
        pthread_mutex_lock(&keeper->background.lock);
        background_rest(&keeper->background, REST_S);
        pthread_mutex_unlock(&keeper->background.lock);
    }
    return NULL;
}

bool attachment_keeper_start(const void *owner, struct storage *storage, const struct config *config,
                             struct attachment_keeper **keeper_out, struct err *err)
{
    struct attachment_keeper *keeper = *keeper_out = talloc_zero(owner, struct attachment_keeper);

    keeper->storage = storage;
    keeper->socket = config_path(keeper, config, EXTRACT_SOCKET);
    keeper->before = busy_now();
    atomic_init(&keeper->config, config);
    return background_start(&keeper->background, "attachments", work, keeper, err);
}

void attachment_keeper_reload(struct attachment_keeper *keeper, const struct config *config)
{
    atomic_store(&keeper->config, config);
}

void attachment_keeper_stop(struct attachment_keeper **keeper)
{
    if (!*keeper)
        return;
    background_end(&(*keeper)->background);
    TALLOC_FREE(*keeper);
}
