/* later.c -- a bounded list and the thread that empties it. */
#include "trace/later.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

METRIC_COUNTER(dropped, "chappe_trace_dropped_total",
               "Refusals and fetches that no trace tells of: too many at once")

struct later {
    later_write *write;
    void *arg;
    struct background own; /* its lock guards all below */
    bool is_down;          /* the last writing failed; of the thread */
    void *entries[LATER_ENTRIES_MAX];
    size_t count;
    /* what may still be told of, grows by LATER_A_SECOND up to LATER_ENTRIES_MAX */
    double credit;
    int64_t credit_us;
};

static bool has_credit(struct later *later)
{
    int64_t now_us = clock_monotonic_us();

    later->credit += (double)(now_us - later->credit_us) / (double)US_PER_S * LATER_A_SECOND;
    later->credit_us = now_us;
    if (later->credit > LATER_ENTRIES_MAX)
        later->credit = LATER_ENTRIES_MAX;
    if (later->credit < 1)
        return false;
    later->credit -= 1;
    return true;
}

void later_add(struct later *later, void *entry)
{
    bool is_taken;

    if (!later) {
        talloc_free(entry);
        return;
    }
    pthread_mutex_lock(&later->own.lock);
    is_taken = later->count < LATER_ENTRIES_MAX && has_credit(later);
    if (is_taken)
        later->entries[later->count++] = entry;
    if (later->count == LATER_AT_ONCE)
        pthread_cond_signal(&later->own.changed);
    pthread_mutex_unlock(&later->own.lock);
    if (is_taken)
        return;
    metric_add(&dropped, 1);
    talloc_free(entry);
}

/* A copy of the first entries, which stay until they are written. */
static size_t peek(struct later *later, void *entries[LATER_AT_ONCE])
{
    pthread_mutex_lock(&later->own.lock);
    size_t count = later->count < LATER_AT_ONCE ? later->count : LATER_AT_ONCE;
    memcpy(entries, later->entries, count * sizeof *entries);
    pthread_mutex_unlock(&later->own.lock);
    return count;
}

static void remove_first(struct later *later, size_t count)
{
    pthread_mutex_lock(&later->own.lock);
    later->count -= count;
    memmove(later->entries, later->entries + count, later->count * sizeof *later->entries);
    pthread_mutex_unlock(&later->own.lock);
}

static bool write_some(struct later *later)
{
    void *entries[LATER_AT_ONCE];
    struct err err = ERR_INIT;
    size_t count = peek(later, entries);

    if (count == 0)
        return false;
    later->is_down = !later->write(later->arg, entries, count, &err);
    if (later->is_down) {
        log_err(LOG_LEVEL_WARNING, "trace.later", &err);
        if (err_is_temporary(err.kind))
            return false;
        metric_add(&dropped, (int64_t)count); /* they would fail again */
    }
    remove_first(later, count);
    for (size_t i = 0; i < count; i++)
        talloc_free(entries[i]);
    return true;
}

static bool rest(struct later *later)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&later->own.lock);
    while (!later->own.is_ending && (later->count < LATER_AT_ONCE || later->is_down) &&
           pthread_cond_timedwait(&later->own.changed, &later->own.lock, &until) == 0)
        continue;
    bool goes_on = !later->own.is_ending;
    pthread_mutex_unlock(&later->own.lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct later *later = arg;
    bool goes_on;

    do {
        goes_on = rest(later);
        while (write_some(later))
            continue;
    } while (goes_on);
    return NULL;
}

bool later_open(const void *owner, const char *thread_name, later_write *write, void *arg,
                struct later **later_out, struct err *err)
{
    struct later *later = talloc_zero(owner, struct later);

    later->write = write;
    later->arg = arg;
    later->credit = LATER_ENTRIES_MAX;
    later->credit_us = clock_monotonic_us();
    *later_out = later;
    if (!background_start(&later->own, thread_name, run, later, err))
        later_close(later_out);
    return *later_out != NULL;
}

void later_close(struct later **handle)
{
    struct later *later = *handle;

    if (!later)
        return;
    background_end(&later->own);
    for (size_t i = 0; i < later->count; i++)
        talloc_free(later->entries[i]);
    TALLOC_FREE(*handle);
}
