/* disk.c -- statvfs of a few paths, remembered for a second. */
#include "base/disk.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/statvfs.h>
#include <talloc.h>

enum { PATHS_MAX = 8, AUTOMATIC_PERCENT = 5 };
#define AUTOMATIC_MOST (INT64_C(1) << 30)

struct disk_reserve {
    int64_t wanted; /* 0: automatic */
    const char *paths[PATHS_MAX];
    size_t count;
    pthread_mutex_t asking; /* held by the one who asks; the others take the answer before */
    _Atomic int64_t asked_us;
    atomic_bool is_low;
};

static int destroy(struct disk_reserve *reserve)
{
    pthread_mutex_destroy(&reserve->asking);
    return 0;
}

struct disk_reserve *disk_reserve_new(const void *owner, int64_t reserve_bytes)
{
    struct disk_reserve *reserve = talloc_zero(owner, struct disk_reserve);

    reserve->wanted = reserve_bytes;
    reserve->asked_us = INT64_MIN / 2;
    pthread_mutex_init(&reserve->asking, NULL);
    talloc_set_destructor(reserve, destroy);
    return reserve;
}

void disk_watch(struct disk_reserve *reserve, const char *path)
{
    if (reserve->count < PATHS_MAX)
        reserve->paths[reserve->count++] = talloc_strdup(reserve, path);
}

static int64_t reserve_of(const struct disk_reserve *reserve, int64_t total_bytes)
{
    int64_t automatic = total_bytes / 100 * AUTOMATIC_PERCENT;

    if (reserve->wanted > 0)
        return reserve->wanted;
    return automatic < AUTOMATIC_MOST ? automatic : AUTOMATIC_MOST;
}

void disk_read(const struct disk_reserve *reserve, struct disk_state *state_out)
{
    struct statvfs found;

    *state_out = (struct disk_state){ .path = NULL };
    for (size_t i = 0; i < reserve->count; i++) {
        if (statvfs(reserve->paths[i], &found) != 0)
            continue;
        int64_t unit = (int64_t)found.f_frsize, free_bytes = (int64_t)found.f_bavail * unit;
        int64_t kept = reserve_of(reserve, (int64_t)found.f_blocks * unit);
        if (state_out->path && free_bytes - kept >= state_out->free_bytes - state_out->reserve_bytes)
            continue;
        *state_out = (struct disk_state){ reserve->paths[i], free_bytes, kept, free_bytes < kept };
    }
}

static void ask(struct disk_reserve *reserve, int64_t now_us)
{
    struct disk_state state;

    disk_read(reserve, &state);
    atomic_store(&reserve->asked_us, now_us);
    if (atomic_exchange(&reserve->is_low, state.is_low) == state.is_low)
        return;
    log_event(state.is_low ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, state.is_low ? "disk.low" : "disk.has-room",
              log_text("path", state.path ? state.path : ""), log_i64("free", state.free_bytes),
              log_i64("reserve", state.reserve_bytes));
}

bool disk_has_room(struct disk_reserve *reserve, struct err *err)
{
    int64_t now_us = clock_monotonic_us();

    if (!reserve)
        return true;
    if (now_us - atomic_load(&reserve->asked_us) >= US_PER_S &&
        pthread_mutex_trylock(&reserve->asking) == 0) {
        ask(reserve, now_us);
        pthread_mutex_unlock(&reserve->asking);
    }
    return !atomic_load(&reserve->is_low) ||
           err_set(err, ERR_NO_ROOM, "The server's disk is nearly full. Please try again later.");
}
