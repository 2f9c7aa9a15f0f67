/*
 * worker.c -- threads: one that looks which sources there are, and one for each of them.
 */
#include "sync/worker.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "sync/run.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

enum { REST_S = 1, LEASE_AGAIN_S = 15, REST_AFTER_TROUBLE_S = 5, REST_AFTER_LIMIT_S = 60 };
enum { FAULT_BYTES = sizeof((struct err *)0)->user + sizeof((struct err *)0)->log + 1 };

struct tended {
    struct sync_worker *worker;
    int64_t source_id;
    struct background background;
    struct source_run run;
    void *arena;  /* of the run that was asked for */
    char *health; /* of its servers, as it was written down last; NULL: not yet */
    bool has_run, is_wanted;
    int64_t leased_us, stamp;
};

struct sync_worker {
    struct sync_options options;
    char lease[80];
    struct background background;
    struct tended *tended[SYNC_SOURCES_MAX];
    size_t count;
};

static bool goes_on(void *arg)
{
    struct tended *tended = arg;

    return !background_is_ending(&tended->background);
}

static void rest(struct background *background, unsigned seconds)
{
    pthread_mutex_lock(&background->lock);
    background_rest(background, seconds);
    pthread_mutex_unlock(&background->lock);
}

/* Ours for a while; renewed long before it ends. */
static bool hold(struct tended *tended, struct err *err)
{
    int64_t now = clock_monotonic_us();

    if (tended->leased_us && now < tended->leased_us + LEASE_AGAIN_S * US_PER_S)
        return true;
    if (!source_lease(tended->worker->options.directory, tended->source_id, tended->worker->lease, err))
        return false;
    tended->leased_us = now;
    return true;
}

/* Did somebody ask for a run? */
static bool look_for_run(struct tended *tended)
{
    struct err err = ERR_INIT;

    if (tended->has_run)
        return true;
    TALLOC_FREE(tended->arena);
    tended->arena = talloc_new(NULL);
    tended->has_run = source_run_take(tended->worker->options.directory, tended->arena, tended->source_id,
                                      &tended->run, &err);
    return tended->has_run;
}

/* How its servers are, written down where that is other than before. */
static void note_health(struct tended *tended, const struct source_use *use)
{
    json_t *servers = source_health(use);
    char *text = json_dumps(servers, JSON_COMPACT);
    struct err err = ERR_INIT;

    if (!tended->health || strcmp(tended->health, text) != 0) {
        TALLOC_FREE(tended->health);
        if (source_servers_note(tended->worker->options.directory, tended->source_id, text, &err))
            tended->health = talloc_strdup(tended, text);
        else
            log_err(LOG_LEVEL_WARNING, "directory.health", &err);
    }
    free(text);
    json_decref(servers);
}

/* With the settings of the last turn. */
static bool is_same(struct tended *tended)
{
    const struct source_use *use;
    struct err err = ERR_INIT;
    bool is_same;

    if (!source_enter(tended->worker->options.sources, tended->source_id, &use, &err))
        return false;
    is_same = use->source->stamp == tended->stamp;
    note_health(tended, use);
    source_leave(tended->worker->options.sources, &use);
    return is_same;
}

/* While connected: not where a run was asked for, the lease is lost, or the source was changed. */
static bool stays(void *arg)
{
    struct tended *tended = arg;
    struct err err = ERR_INIT;

    return hold(tended, &err) && !look_for_run(tended) && is_same(tended);
}

static bool run_own(struct running_source *running, struct tended *tended, const struct source_use *use,
                    struct err *err)
{
    struct source_mark mark;
    void *arena = talloc_new(NULL);
    int64_t now = clock_now_us();
    bool ok = source_mark_get(running->options->directory, arena, tended->source_id, &mark, err),
         is_able = false;

    if (ok && (now >= mark.next_us || strcmp(mark.way, "syncrepl") == 0)) {
        bool is_full = now >= mark.full_us + use->source->full_interval_s * US_PER_S;
        ok = run_live(running, use, stays, tended, &is_able, err);
        if (ok && !is_able) {
            struct source_run run;
            ok = source_run_begin(running->options->directory, arena, use->source,
                                  is_full ? RUN_FULL : RUN_INCREMENTAL, &run, err) &&
                 run_once(running, use, &run, err);
        }
    }
    talloc_free(arena);
    return ok;
}

static bool turn(struct tended *tended, struct err *err)
{
    struct running_source running = { &tended->worker->options, tended->source_id, goes_on, tended };
    const struct source_use *use;
    bool ok, is_asked;

    if (!hold(tended, err)) {
        TALLOC_FREE(tended->health); /* another server writes it down */
        return false;
    }
    is_asked = look_for_run(tended);
    if (is_asked) /* with what was changed before it was asked for */
        source_look_again(tended->worker->options.sources, tended->source_id);
    if (!source_enter(tended->worker->options.sources, tended->source_id, &use, err))
        return false;
    tended->stamp = use->source->stamp;
    if (is_asked) {
        tended->has_run = false;
        ok = run_once(&running, use, &tended->run, err);
    } else {
        ok = run_own(&running, tended, use, err);
    }
    note_health(tended, use);
    source_leave(tended->worker->options.sources, &use);
    return ok;
}

/* Seconds. A limit is not gone in a moment, and what had been read until it would be read again. */
static int rest_after(bool ok, const struct err *err)
{
    if (ok)
        return REST_S;
    return err->kind == ERR_LIMIT ? REST_AFTER_LIMIT_S : REST_AFTER_TROUBLE_S;
}

/* Asked runs and other settings are looked for every second also while a server is away. */
static void rest_a_while(struct tended *tended, int seconds)
{
    for (int i = 0; goes_on(tended) && i < seconds; i++) {
        if (i > 0 && tended->leased_us && (look_for_run(tended) || !is_same(tended)))
            break;
        rest(&tended->background, 1);
    }
}

/* `fault`: the last one. The same trouble is logged once. */
static void note_trouble(struct tended *tended, const struct err *err, char fault[FAULT_BYTES])
{
    struct err noted = ERR_INIT;
    char text[FAULT_BYTES];

    snprintf(text, sizeof text, "%s%s%s", err->user, *err->log ? " " : "", err->log);
    if (strcmp(fault, text) != 0)
        log_err(LOG_LEVEL_WARNING, "directory.sync", err);
    memcpy(fault, text, FAULT_BYTES);
    if (!source_state_note(tended->worker->options.directory, tended->source_id, false, text, &noted))
        log_err(LOG_LEVEL_WARNING, "directory.state", &noted);
}

static void *tend(void *arg)
{
    struct tended *tended = arg;
    char fault[FAULT_BYTES] = "";

    while (goes_on(tended)) {
        struct err err = ERR_INIT;
        bool ok = turn(tended, &err);
        if (!ok && err.kind != ERR_CONFLICT && err.kind != ERR_NOT_FOUND)
            note_trouble(tended, &err, fault);
        else if (ok)
            *fault = '\0';
        if (ok && tended->has_run)
            continue;
        rest_a_while(tended, rest_after(ok, &err));
    }
    return NULL;
}

/* ---- which there are */

static struct tended *find(struct sync_worker *worker, int64_t source_id)
{
    for (size_t i = 0; i < worker->count; i++)
        if (worker->tended[i]->source_id == source_id)
            return worker->tended[i];
    return NULL;
}

static void begin(struct sync_worker *worker, int64_t source_id)
{
    struct err err = ERR_INIT;
    struct tended *tended;

    if (worker->count == SYNC_SOURCES_MAX) {
        log_event(LOG_LEVEL_ERROR, "directory.too-many", log_i64("source", source_id));
        return;
    }
    tended = talloc_zero(NULL, struct tended);
    tended->worker = worker;
    tended->source_id = source_id;
    tended->is_wanted = true;
    if (!background_start(&tended->background, "directory", tend, tended, &err)) {
        log_err(LOG_LEVEL_ERROR, "directory.thread", &err);
        talloc_free(tended);
        return;
    }
    worker->tended[worker->count++] = tended;
}

static void end(struct tended *tended)
{
    background_end(&tended->background);
    talloc_free(tended->arena);
    talloc_free(tended);
}

static void look(struct sync_worker *worker)
{
    void *scratch = talloc_new(NULL);
    struct err err = ERR_INIT;
    int64_t *ids;
    size_t count;

    if (source_enabled(worker->options.directory, scratch, &ids, &count, &err)) {
        for (size_t i = 0; i < worker->count; i++)
            worker->tended[i]->is_wanted = false;
        for (size_t i = 0; i < count; i++) {
            struct tended *tended = find(worker, ids[i]);
            if (tended)
                tended->is_wanted = true;
            else
                begin(worker, ids[i]);
        }
        for (size_t i = 0; i < worker->count;)
            if (worker->tended[i]->is_wanted) {
                i++;
            } else {
                end(worker->tended[i]);
                worker->tended[i] = worker->tended[--worker->count];
            }
    }
    talloc_free(scratch);
}

static void *look_after(void *arg)
{
    struct sync_worker *worker = arg;

    while (!background_is_ending(&worker->background)) {
        look(worker);
        rest(&worker->background, REST_S);
    }
    return NULL;
}

bool sync_worker_start(const void *owner, const struct sync_options *options, struct sync_worker **worker_out,
                       struct err *err)
{
    struct sync_worker *worker = *worker_out = talloc_zero(owner, struct sync_worker);

    worker->options = *options;
    /* a process that begins anew is another worker: the lease of one that died ends by itself */
    snprintf(worker->lease, sizeof worker->lease, "%.60s", options->server);
    return background_start(&worker->background, "directories", look_after, worker, err);
}

void sync_worker_stop(struct sync_worker **worker)
{
    if (!*worker)
        return;
    background_end(&(*worker)->background);
    for (size_t i = 0; i < (*worker)->count; i++)
        end((*worker)->tended[i]);
    TALLOC_FREE(*worker);
}
