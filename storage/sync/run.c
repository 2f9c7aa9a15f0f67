/*
 * run.c -- a preview, a full or an incremental run: read, reconcile, write down.
 */
#include "sync/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "ldap/sync.h"
#include "sync/read.h"
#include "sync/write_back.h"

#include <talloc.h>

enum { RUN_MS = 60000 };

static bool open_reading(struct running_source *running, const struct source_use *use, void *arena,
                         struct reading **reading_out, struct err *err)
{
    struct reading *reading = talloc_zero(arena, struct reading);

    *reading = (struct reading){ .directory = running->options->directory,
                                 .source = use->source,
                                 .pool = use->pool,
                                 .goes_on = running->goes_on,
                                 .goes_on_arg = running->arg };
    *reading_out = reading;
    return sync_map_open(arena, use->source, &reading->map, err) &&
           ldap_link_take(use->pool, LDAP_LINK_SERVICE, RUN_MS, &reading->link, err);
}

static void close_reading(struct reading *reading)
{
    ldap_link_release(&reading->link);
    TALLOC_FREE(reading->arena);
}

static struct reconciling reconciling_of(const struct running_source *running, const struct source_use *use,
                                         const struct source_run *run)
{
    return (struct reconciling){ .directory = running->options->directory,
                                 .source = use->source,
                                 .is_dry = run->kind == RUN_PREVIEW,
                                 .is_confirmed = run->is_confirmed,
                                 .make_mailboxes = running->options->make_mailboxes,
                                 .drop_mailbox = running->options->drop_mailbox,
                                 .arg = running->options->arg };
}

/* Everything, or what changed since the mark; everything also where the mark is of no use. */
static bool read_for(struct reading *reading, void *arena, struct source_run *run,
                     const struct source_mark *before, struct source_mark *mark, bool *is_full,
                     struct err *err)
{
    bool has_mark = !span_is_empty(before->mark) && before->full_us > 0;

    *is_full = run->kind != RUN_INCREMENTAL || !has_mark || strcmp(before->way, "syncrepl") == 0;
    if (!*is_full) {
        if (read_changes(reading, arena, before, mark, err))
            return read_faulty(reading, err);
        if (err->kind != ERR_CONFLICT)
            return false;
        *err = ERR_INIT;
        *is_full = true;
    }
    return read_all(reading, arena, mark, err);
}

static int64_t next_time(const struct source *source)
{
    return clock_now_us() + source->interval_s * US_PER_S;
}

static bool run_whole(struct running_source *running, const struct source_use *use, void *arena,
                      struct source_run *run, struct err *err)
{
    struct reconciling reconciling = reconciling_of(running, use, run);
    struct directory *directory = running->options->directory;
    struct source_mark before, mark = { 0 };
    struct reading *reading;
    bool is_full, ok;

    if (!source_mark_get(directory, arena, running->source_id, &before, err))
        return false;
    ok = open_reading(running, use, arena, &reading, err);
    reading->run_id = run->run_id;
    reading->lacks_sync = running->lacks_sync || strcmp(before.way, read_way_name(WAY_TIMESTAMP)) == 0;
    ok = ok && read_for(reading, arena, run, &before, &mark, &is_full, err);
    run->seen = reading->seen;
    close_reading(reading);
    if (!ok || !reconcile(&reconciling, arena, run, err))
        return false;
    sync_write_back(directory, use->source, use->pool, arena, run);
    if (run->kind == RUN_PREVIEW)
        return true;
    /* a cookie that we have stays good: what it does not know of has just been read as well */
    if (strcmp(before.way, "syncrepl") == 0 && !span_is_empty(before.mark)) {
        mark = before;
    }
    mark.next_us = next_time(use->source);
    return source_mark_put(directory, running->source_id, &mark, is_full, err);
}

bool run_once(struct running_source *running, const struct source_use *use, struct source_run *run,
              struct err *err)
{
    void *arena = talloc_new(NULL);
    struct directory *directory = running->options->directory;
    struct err noted = ERR_INIT;
    bool ok = run_whole(running, use, arena, run, err);

    if (!ok) {
        run->state = "failed";
        run->message = talloc_asprintf(arena, "%s%s%s", err->user, *err->log ? " " : "", err->log);
        log_event(LOG_LEVEL_WARNING, "directory.run.failed", log_text("source", use->source->name),
                  log_text("reason", err_kind_name(err->kind)), log_text("cause", err->log));
    } else {
        log_event(LOG_LEVEL_INFO, "directory.run", log_text("source", use->source->name),
                  log_text("kind", source_run_kind_name(run->kind)), log_text("state", run->state),
                  log_i64("seen", run->seen), log_i64("added", run->added), log_i64("changed", run->changed),
                  log_i64("disabled", run->disabled), log_i64("conflicts", run->conflicts));
    }
    if (!source_run_end(directory, use->source, run, &noted) ||
        !source_state_note(directory, running->source_id, false, ok ? "" : run->message, &noted))
        log_err(LOG_LEVEL_WARNING, "directory.run.record", &noted);
    run->message = run->changes = NULL;
    talloc_free(arena);
    return ok;
}

/* ---- staying connected */

struct living {
    struct running_source *running;
    const struct source_use *use;
    struct reading *reading;
    struct ldap_sync sync;
    void *arena;
    bool (*is_wanted)(void *arg);
    void *arg;
    bool is_refreshed;
};

/* What was told is written down, recipients follow, and then the cookie may be kept. */
static bool write_down(struct living *living, struct err *err)
{
    struct running_source *running = living->running;
    struct directory *directory = running->options->directory;
    const struct source *source = living->use->source;
    struct source_mark mark = { .way = "syncrepl", .server = source->base, .mark = living->sync.cookie_now };
    struct source_run run;
    bool is_full = living->reading->known && living->reading->seen > 0 && span_is_empty(living->sync.cookie);
    void *scratch = talloc_new(NULL);
    bool ok = source_run_begin(directory, scratch, source, is_full ? RUN_FULL : RUN_LIVE, &run, err);

    if (ok) {
        struct reconciling reconciling = reconciling_of(running, living->use, &run);
        struct err noted = ERR_INIT;
        run.seen = living->reading->seen;
        ok = reconcile(&reconciling, scratch, &run, err);
        if (ok)
            sync_write_back(directory, source, living->use->pool, scratch, &run);
        if (!ok) {
            run.state = "failed";
            run.message = err->user;
        }
        if (!source_run_end(directory, source, &run, &noted))
            log_err(LOG_LEVEL_WARNING, "directory.run.record", &noted);
    }
    living->reading->seen = 0;
    mark.next_us = clock_now_us() + source->full_interval_s * US_PER_S;
    ok = ok && source_mark_put(directory, running->source_id, &mark, is_full, err) &&
         source_state_note(directory, running->source_id, true, "", err);
    talloc_free(scratch);
    return ok;
}

static bool refreshed(struct living *living, struct err *err)
{
    struct reading *reading = living->reading;

    living->is_refreshed = true;
    if (living->sync.told_presence || span_is_empty(living->sync.cookie)) {
        if (!read_settle(reading, err))
            return false;
    } else if (!read_flush(reading, err)) {
        return false;
    }
    if (!write_down(living, err))
        return false;
    reading->known = NULL;
    return true;
}

/* As a search with paging is limited. What changes later is bounded by what there is. */
static bool is_within_limit(const struct living *living, struct err *err)
{
    const struct source *source = living->use->source;

    return living->is_refreshed || !source->size_limit || living->reading->seen <= source->size_limit ||
           err_set(err, ERR_LIMIT, "There are more than %u entries.", (unsigned)source->size_limit);
}

static bool told(void *arg, enum ldap_sync_event event, const char *key, const struct ldap_entry *entry,
                 struct err *err)
{
    struct living *living = arg;

    switch (event) {
    case LDAP_TOLD_ENTRY:
        return read_take(living->reading, entry, err) && is_within_limit(living, err);
    case LDAP_TOLD_PRESENT:
        if (living->reading->known && key)
            mirror_known_keep(living->reading->known, key);
        return true;
    case LDAP_TOLD_GONE:
        living->reading->seen++;
        return !key || read_gone(living->reading, key, err);
    case LDAP_TOLD_REFRESHED:
        return refreshed(living, err);
    default:
        return read_flush(living->reading, err) && write_down(living, err);
    }
}

static bool live_goes_on(void *arg)
{
    struct living *living = arg;

    return living->running->goes_on(living->running->arg) && living->is_wanted(living->arg);
}

/* Begun with a cookie, else with nothing: then the refresh is the full run. */
static bool live(struct living *living, const struct source_mark *before, struct err *err)
{
    struct reading *reading = living->reading;

    living->sync = (struct ldap_sync){
        .base = living->use->source->base,
        .filter = sync_map_filter(reading->map),
        .attributes = sync_map_attributes(reading->map),
        .persists = true,
        .cookie = strcmp(before->way, "syncrepl") == 0 ? before->mark : (struct span){ NULL, NULL },
        .each = told,
        .goes_on = live_goes_on,
        .arg = living,
    };
    return mirror_load(reading->directory, living->arena, living->running->source_id, &reading->known, err) &&
           ldap_link_sync(reading->link, living->arena, &living->sync, err);
}

/* Found out before; looked at again when everything is read anew. */
static bool is_known_to_lack(const struct source *source, const struct source_mark *before)
{
    return strcmp(before->way, read_way_name(WAY_TIMESTAMP)) == 0 &&
           clock_now_us() < before->full_us + source->full_interval_s * US_PER_S;
}

/* What a failure means: a cookie that is of no use any more (a server that died may know less than it told), or, without one, a database
 * without the overlay. */
static bool recover(struct living *living, bool *is_able, struct err *err)
{
    struct running_source *running = living->running;
    struct source_mark none = { .way = "syncrepl", .server = living->use->source->base };
    bool is_refused = err->kind == ERR_INVALID && !living->is_refreshed && living->reading->seen == 0;

    if (!span_is_empty(living->sync.cookie) && (is_refused || err->kind == ERR_CONFLICT)) {
        *err = ERR_INIT;
        return source_mark_put(running->options->directory, running->source_id, &none, false, err);
    }
    if (!is_refused)
        return false;
    *err = ERR_INIT;
    *is_able = false;
    return running->lacks_sync = true;
}

bool run_live(struct running_source *running, const struct source_use *use, bool (*is_wanted)(void *arg),
              void *arg, bool *is_able, struct err *err)
{
    struct living living = {
        .running = running, .use = use, .arena = talloc_new(NULL), .is_wanted = is_wanted, .arg = arg
    };
    struct source_mark before;
    struct read_root root;
    bool ok = source_mark_get(running->options->directory, living.arena, running->source_id, &before, err) &&
              open_reading(running, use, living.arena, &living.reading, err) &&
              read_root(living.reading, living.arena, &root, err);

    *is_able = ok && root.way == WAY_SYNCREPL && !is_known_to_lack(use->source, &before);
    if (*is_able)
        ok = live(&living, &before, err) || recover(&living, is_able, err);
    if (living.reading)
        close_reading(living.reading);
    talloc_free(living.arena);
    return ok;
}
