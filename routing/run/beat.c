/* beat.c -- the motor says that it lives; and what its server's last motor left. */
#include "base/clock.h"
#include "base/log.h"
#include "run/motor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_S = QUEUE_BEAT_S / 2, ANXIOUS_S = 1, REAP_S = 3600 };

bool run_is_alive(const struct run *run)
{
    return !run->is_ending && run->motor_id != 0 &&
           clock_monotonic_us() - run->beat_us < QUEUE_BEAT_S * US_PER_S;
}

/* ---- the lock file: whoever holds it is the only motor of this server, so the one that is written in it is dead */

bool run_lock_file(struct run *run, struct err *err)
{
    if (!run->options.lock_file)
        return true;
    run->lock_fd = open(run->options.lock_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (run->lock_fd < 0)
        return err_errno(err, "open of the transport's lock file");
    if (flock(run->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, ERR_CONFLICT, "Another transport process of this server is running.");
    return true;
}

void run_unlock_file(struct run *run)
{
    if (run->lock_fd >= 0)
        close(run->lock_fd);
    run->lock_fd = -1;
}

static int64_t read_last(const struct run *run)
{
    char text[32] = "";

    if (run->lock_fd < 0 || pread(run->lock_fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return strtoll(text, NULL, 10);
}

static void write_last(const struct run *run, int64_t motor_id)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%-20" PRId64 "\n", motor_id);

    if (run->lock_fd >= 0 && pwrite(run->lock_fd, text, (size_t)length, 0) != length)
        log_event(LOG_LEVEL_WARNING, "queue.motor.lock");
}

/* ---- beats */

static bool begin(struct run *run, struct err *err)
{
    int64_t last = read_last(run), motor_id;
    uint64_t freed = 0;

    if (last && !queue_motor_end(run->pool, last, &freed, err))
        return false;
    if (!queue_motor_begin(run->pool, run->options.server, &motor_id, err))
        return false;
    write_last(run, motor_id);
    pthread_mutex_lock(&run->lock);
    run->motor_id = motor_id;
    run->beat_us = clock_monotonic_us();
    pthread_mutex_unlock(&run->lock);
    log_event(LOG_LEVEL_INFO, "queue.motor.began", log_i64("motor", motor_id),
              log_i64("freed", (int64_t)freed));
    run_wake(run);
    return true;
}

static void note_beat(struct run *run, bool is_known, uint64_t freed, int64_t began_us)
{
    pthread_mutex_lock(&run->lock);
    run->beat_us = began_us;
    if (!is_known)
        run->motor_id = 0; /* what it had is another's; it begins anew */
    pthread_mutex_unlock(&run->lock);
    if (!is_known)
        log_event(LOG_LEVEL_WARNING, "queue.motor.buried");
    if (freed > 0) {
        log_event(LOG_LEVEL_WARNING, "queue.motor.dead", log_i64("rows", (int64_t)freed));
        run_wake(run);
    }
}

static bool beat(struct run *run, struct err *err)
{
    int64_t began_us = clock_monotonic_us();
    bool is_known;
    uint64_t freed;

    if (run->motor_id == 0) /* only this thread changes it */
        return begin(run, err);
    if (!queue_motor_beat(run->pool, run->motor_id, &is_known, &freed, err))
        return false;
    note_beat(run, is_known, freed, began_us);
    return is_known || begin(run, err);
}

static bool rest(struct run *run, unsigned seconds)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&run->lock);
    while (!run->settler_ends && pthread_cond_timedwait(&run->tick, &run->lock, &until) == 0)
        ;
    bool goes_on = !run->settler_ends;
    pthread_mutex_unlock(&run->lock);
    return goes_on;
}

/* Once an hour; which motor does it does not matter. */
static void reap(struct run *run, int64_t *next_us)
{
    struct err err = ERR_INIT;

    if (clock_monotonic_us() < *next_us)
        return;
    *next_us = clock_monotonic_us() + REAP_S * US_PER_S;
    if (!queue_receipt_reap(run->pool, &err))
        log_err(LOG_LEVEL_WARNING, "queue.receipts", &err);
}

void *run_beat(void *argument)
{
    struct run *run = argument;
    int64_t reap_us = 0;
    bool is_heard;

    do {
        struct err err = ERR_INIT;
        is_heard = beat(run, &err);
        if (!is_heard)
            log_err(LOG_LEVEL_WARNING, "queue.motor.beat", &err);
        else
            reap(run, &reap_us);
    } while (rest(run, is_heard ? PERIOD_S : ANXIOUS_S));
    return NULL;
}
