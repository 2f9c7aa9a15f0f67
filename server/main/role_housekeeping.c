/*
 * role_housekeeping.c -- the jobs of every storage group in turn, and certificates that end soon. While people keep the
 * machine busy, a job that has much to do takes a tenth of one processor; when they are gone, as much as it can use.
 */
#include "base/busy.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "directory/access_list.h"
#include "directory/greylist.h"
#include "directory/quarantine.h"
#include "group/group.h"
#include "mailbox/housekeeping.h"
#include "main/certificates.h"
#include "main/role.h"
#include "main/storage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <talloc.h>
#include <time.h>

enum { TURN_MS = 200, CERTIFICATE_S = 6 * 3600, DIRECTORY_S = 300, GROUPS_MAX = 256 };
/* Of all processors, while we rest; and then the pause after a turn, in lengths of that turn. */
enum { BUSY_PERCENT = 60, PAUSE_WHEN_BUSY = 9 };

METRIC_COUNTER(jobs_run, "chappe_housekeeping_jobs_total", "Turns of housekeeping jobs")
METRIC_COUNTER(jobs_failed, "chappe_housekeeping_failures_total", "Turns that failed")
METRIC_GAUGE(certificate_days_left, "chappe_certificate_days", "Days until the first certificate ends")

struct schedule {
    int64_t group_id;
    int64_t *next_us; /* for each job */
};

struct housekeeper {
    struct role *role;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_ending;
    bool is_busy; /* others are */
    struct schedule schedules[GROUPS_MAX];
    size_t count;
    _Atomic(const struct config *) config; /* replaced by a reload; the old one lives on */
    _Atomic int64_t next_certificate_us;
    int64_t next_directory_us;
};

static struct schedule *schedule_of(struct housekeeper *h, int64_t group_id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->schedules[i].group_id == group_id)
            return &h->schedules[i];
    if (h->count == GROUPS_MAX)
        return NULL;
    h->schedules[h->count].group_id = group_id;
    h->schedules[h->count].next_us = talloc_zero_array(h, int64_t, (unsigned)housekeeping_job_count);
    return &h->schedules[h->count++];
}

/* A failed turn waits its whole period: a group that is down is not asked all the time. */
static int64_t pause_after(bool done, bool is_done, unsigned period_s, int64_t took_us, bool is_busy)
{
    int64_t pause_us = TURN_MS * INT64_C(1000);

    if (!done || is_done)
        return period_s * US_PER_S;
    return is_busy && took_us * PAUSE_WHEN_BUSY > pause_us ? took_us * PAUSE_WHEN_BUSY : pause_us;
}

static void run_job(struct group *group, const struct housekeeping_job *job, bool is_busy, int64_t *next_us)
{
    struct err err = ERR_INIT;
    int64_t begin_us = clock_monotonic_us();
    bool is_done = true, done;

    if (begin_us < *next_us)
        return;
    metric_add(&jobs_run, 1);
    done = job->run(group, &is_done, &err);
    if (!done) {
        metric_add(&jobs_failed, 1);
        log_event(LOG_LEVEL_WARNING, "housekeeping.failed", log_text("job", job->name),
                  log_i64("group", group_id(group)), log_text("reason", err_kind_name(err.kind)),
                  log_text("cause", err.log));
    }
    int64_t end_us = clock_monotonic_us();
    *next_us = end_us + pause_after(done, is_done, job->period_s, end_us - begin_us, is_busy);
}

static void warn(const char *file, int days)
{
    int within = certificate_warning(days);

    if (within > 0)
        log_event(within == 3 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "certificate.ends",
                  log_text("file", file), log_i64("days", days), log_i64("within", within));
}

static void watch_certificates(struct housekeeper *h)
{
    const struct config *config = atomic_load(&h->config);
    struct tls_config tls;
    struct err err = ERR_INIT;
    int least = 36500;
    void *arena;

    if (clock_monotonic_us() < atomic_load(&h->next_certificate_us))
        return;
    arena = talloc_new(NULL);
    atomic_store(&h->next_certificate_us, clock_monotonic_us() + CERTIFICATE_S * US_PER_S);
    if (certificates_find(arena, config, &tls, &err))
        for (size_t i = 0; i < tls.count; i++) {
            struct tls_certificate *certificate;
            int days;
            if (!tls_certificate_read(arena, tls.pairs[i].certificate_file, &certificate, &err))
                continue;
            days = certificate_days(certificate, clock_now_us());
            least = days < least ? days : least;
            warn(tls.pairs[i].certificate_file, days);
        }
    metric_set(&certificate_days_left, least);
    talloc_free(arena);
}

/* What filters keep in the directory and is over. A turn that did much is soon followed by another. */
static const struct {
    const char *name;
    bool (*tidy)(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err);
} directory_jobs[] = {
    { "greylist", greylist_tidy },
    { "quarantine", quarantine_tidy },
    { "access", access_tidy },
};

static void tend_directory(struct housekeeper *h)
{
    int64_t pause_s = DIRECTORY_S;

    if (clock_monotonic_us() < h->next_directory_us)
        return;
    for (size_t i = 0; i < COUNT_OF(directory_jobs); i++) {
        struct err err = ERR_INIT;
        uint64_t removed = 0;

        metric_add(&jobs_run, 1);
        if (directory_jobs[i].tidy(storage_parts(h->role->storage)->directory, clock_now_us(), &removed,
                                   &err)) {
            pause_s = removed >= 1000 ? 1 : pause_s;
            continue;
        }
        metric_add(&jobs_failed, 1);
        log_event(LOG_LEVEL_WARNING, "housekeeping.failed", log_text("job", directory_jobs[i].name),
                  log_text("reason", err_kind_name(err.kind)), log_text("cause", err.log));
    }
    h->next_directory_us = clock_monotonic_us() + pause_s * US_PER_S;
}

static bool rest(struct housekeeper *h)
{
    struct busy before = busy_now();
    struct timespec until;
    bool goes_on;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TURN_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&h->lock);
    while (!h->is_ending && pthread_cond_timedwait(&h->changed, &h->lock, &until) == 0)
        ;
    goes_on = !h->is_ending;
    pthread_mutex_unlock(&h->lock);
    h->is_busy = busy_percent(before, busy_now()) >= BUSY_PERCENT;
    return goes_on;
}

static void tend_groups(struct housekeeper *h)
{
    struct groups *groups = storage_parts(h->role->storage)->groups;
    void *arena = talloc_new(NULL);
    size_t count;
    int64_t *ids = groups_ids(groups, arena, &count);

    for (size_t i = 0; i < count; i++) {
        struct schedule *schedule = schedule_of(h, ids[i]);
        struct err err = ERR_INIT;
        struct group *group;
        if (!schedule || !group_find(groups, ids[i], &group, &err))
            continue;
        for (size_t j = 0; j < housekeeping_job_count; j++)
            run_job(group, &housekeeping_jobs[j], h->is_busy, &schedule->next_us[j]);
    }
    talloc_free(arena);
}

static void *keep_house(void *argument)
{
    struct housekeeper *h = argument;

    do {
        tend_groups(h);
        tend_directory(h);
        watch_certificates(h);
    } while (rest(h));
    return NULL;
}

bool role_housekeeping_start(struct role *role, struct err *err)
{
    struct housekeeper *h = talloc_zero(NULL, struct housekeeper);
    pthread_condattr_t attributes;

    role->own = h;
    h->role = role;
    atomic_init(&h->config, role->config);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&h->lock, NULL);
    if (!storage_open(role, &role->storage, err))
        return false;
    if (pthread_create(&h->thread, NULL, keep_house, h) != 0)
        return err_errno(err, "pthread_create");
    h->has_thread = true;
    return true;
}

bool role_housekeeping_reload(struct role *role, const struct config *config, struct err *err)
{
    struct housekeeper *h = role->own;

    atomic_store(&h->config, config);
    atomic_store(&h->next_certificate_us, 0);
    return storage_reload(role->storage, err);
}

void role_housekeeping_stop(struct role *role)
{
    struct housekeeper *h = role->own;

    if (!h)
        return;
    if (h->has_thread) {
        pthread_mutex_lock(&h->lock);
        h->is_ending = true;
        pthread_cond_signal(&h->changed);
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
    }
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    talloc_free(h);
    role->own = NULL;
}
