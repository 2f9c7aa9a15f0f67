/*
 * role_housekeeping.c -- the jobs of every storage group in turn, and certificates that end soon. While people keep the
 * machine busy, a job that has much to do takes a tenth of one processor; when they are gone, as much as it can use.
 */
#include "accept/accept.h"
#include "base/busy.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "directory/access_list.h"
#include "directory/access_token.h"
#include "directory/audit_seal.h"
#include "directory/deleted.h"
#include "directory/greylist.h"
#include "directory/idempotency.h"
#include "directory/identity_provider.h"
#include "directory/job.h"
#include "directory/lesson.h"
#include "directory/line_session.h"
#include "directory/list.h"
#include "directory/login.h"
#include "directory/move.h"
#include "directory/pending_tidy.h"
#include "directory/quarantine.h"
#include "directory/report.h"
#include "directory/statistic.h"
#include "directory/tracing.h"
#include "group/group.h"
#include "jmap/settle.h"
#include "mailbox/housekeeping.h"
#include "mailbox/snooze.h"
#include "main/attachment_keeper.h"
#include "main/certificates.h"
#include "main/directory_sync.h"
#include "main/job_worker.h"
#include "main/mail_keeper.h"
#include "main/quarantine_digest.h"
#include "main/role.h"
#include "main/sampler.h"
#include "main/storage.h"
#include "move/mover.h"
#include "move/transit.h"
#include "queue/moderation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <talloc.h>
#include <time.h>

enum {
    TURN_MS = 200,
    CERTIFICATE_S = 6 * 3600,
    DIRECTORY_S = 300,
    TRACE_S = 600,
    DIGEST_S = 10,
    SAMPLE_S = 10,
    SEAL_S = 2,
    GROUPS_MAX = 256
};
/* Of all processors, while we rest; and then the pause after a turn, in lengths of that turn. */
enum { BUSY_PERCENT = 60, PAUSE_WHEN_BUSY = 9, LOGINS_KEPT_DAYS = 92 };

METRIC_COUNTER(jobs_run, "chappe_housekeeping_jobs_total", "Turns of housekeeping jobs")
METRIC_COUNTER(jobs_failed, "chappe_housekeeping_failures_total", "Turns that failed")
METRIC_GAUGE(certificate_days_left, "chappe_certificate_days", "Days until the first certificate ends")

struct schedule {
    int64_t group_id;
    int64_t *next_us; /* for each job, and for those that the table does not know */
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
    int64_t next_sample_us, next_directory_us, next_digest_us, next_seal_us, next_sweep_us;
    _Atomic int64_t next_trace_us;
    struct accept *accept; /* for letters */
    struct sampler *sampler;
    struct job_worker *jobs;
    struct mail_keeper *keeper;
    struct attachment_keeper *attachments;
    struct directory_sync *directories;
    struct mover *mover;
};

/* Of a room that the others' table does not know. */
static const struct housekeeping_job sweep_job = { "moved-mailboxes", 3600, transit_sweep };
enum { JOBS_BESIDE = 3, SNOOZE_S = 5, SETTLE_S = 5 };

static struct schedule *schedule_of(struct housekeeper *h, int64_t group_id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->schedules[i].group_id == group_id)
            return &h->schedules[i];
    if (h->count == GROUPS_MAX)
        return NULL;
    h->schedules[h->count].group_id = group_id;
    h->schedules[h->count].next_us =
        talloc_zero_array(h, int64_t, (unsigned)housekeeping_job_count + JOBS_BESIDE);
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

/* What waits for a moderator too long goes back by the queue. */
static bool end_moderation(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                           struct err *err)
{
    size_t count;
    bool done = moderation_tidy(directory, now_us, &count, err);

    *removed_out = count >= 100 ? 1000 : 0;
    return done && list_request_tidy(directory, now_us, err);
}

static bool tidy_logins(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err)
{
    return login_seen_tidy(directory, now_us - (int64_t)LOGINS_KEPT_DAYS * 86400 * US_PER_S, removed_out,
                           err);
}

/* What filters keep in the directory and is over. A turn that did much is soon followed by another. */
static const struct {
    const char *name;
    bool (*tidy)(struct directory *directory, int64_t now_us, uint64_t *removed_out, struct err *err);
} directory_jobs[] = {
    { "greylist", greylist_tidy },
    { "quarantine", quarantine_tidy },
    { "access", access_tidy },
    { "sessions", access_token_tidy },
    { "connections", line_process_tidy },
    { "federated", federated_login_tidy },
    { "logins", tidy_logins },
    { "familiar", familiar_tidy },
    { "reports", report_tidy },
    { "moderation", end_moderation },
    { "idempotency", idempotency_tidy },
    { "jobs", job_tidy },
    { "changes", pending_tidy },
    { "moves", move_tidy },
    { "deleted-mailboxes", deleted_tidy },
    { "statistics", statistic_tidy },
};

/* The newest entries of the audit every two seconds, and now and then all that were overtaken. */
static void seal_audit(struct housekeeper *h)
{
    struct err err = ERR_INIT;
    uint64_t sealed = 0;
    int64_t now_us = clock_monotonic_us();
    enum audit_reach reach = now_us < h->next_sweep_us ? AUDIT_NEWEST : AUDIT_EVERYWHERE;

    if (now_us < h->next_seal_us)
        return;
    if (!audit_seal(storage_parts(h->role->storage)->directory, reach, &sealed, &err)) {
        metric_add(&jobs_failed, 1);
        log_event(LOG_LEVEL_WARNING, "housekeeping.failed", log_text("job", "audit"),
                  log_text("reason", err_kind_name(err.kind)), log_text("cause", err.log));
    }
    metric_add(&jobs_run, 1);
    if (reach == AUDIT_EVERYWHERE && sealed < AUDIT_SEALS_AT_ONCE)
        h->next_sweep_us = now_us + DIRECTORY_S * US_PER_S;
    h->next_seal_us = now_us + (sealed == AUDIT_SEALS_AT_ONCE ? 0 : SEAL_S) * US_PER_S;
}

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

/* ---- partitions of the trace: tomorrow's made, old ones dropped */

static void note_traces(const char *database, bool done, uint64_t dropped, const struct err *err)
{
    metric_add(&jobs_run, 1);
    if (done && dropped > 0)
        log_event(LOG_LEVEL_INFO, "housekeeping.trace", log_text("database", database),
                  log_i64("days", (int64_t)dropped));
    if (done)
        return;
    metric_add(&jobs_failed, 1);
    log_event(LOG_LEVEL_WARNING, "housekeeping.failed", log_text("job", "trace"),
              log_text("database", database), log_text("reason", err_kind_name(err->kind)),
              log_text("cause", err->log));
}

static bool tend_group_traces(struct groups *groups, int64_t id, int days, uint64_t *dropped, struct err *err)
{
    struct group *group;
    struct db *db;

    if (!group_find(groups, id, &group, err) || !group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = trace_tend(db, clock_now_us(), days, dropped, err);
    db_release(&db);
    return done;
}

/* Days are made a week ahead, so an hour more or less does not matter. */
static void tend_traces(struct housekeeper *h)
{
    const struct storage_parts *parts = storage_parts(h->role->storage);
    int days = (int)atomic_load(&h->config)->trace_days;
    void *arena;
    size_t count;

    if (clock_monotonic_us() < atomic_load(&h->next_trace_us))
        return;
    atomic_store(&h->next_trace_us, clock_monotonic_us() + TRACE_S * US_PER_S);
    arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    uint64_t dropped = 0;
    bool done = tracing_tend(parts->directory, clock_now_us(), days, &dropped, &err);
    note_traces("directory", done, dropped, &err);
    int64_t *ids = groups_ids(parts->groups, arena, &count);
    for (size_t i = 0; i < count; i++) {
        err = ERR_INIT;
        dropped = 0;
        done = tend_group_traces(parts->groups, ids[i], days, &dropped, &err);
        note_traces("storage group", done, dropped, &err);
    }
    talloc_free(arena);
}

/* Users hear once a day of what is in the quarantine for them. */
static void send_digests(struct housekeeper *h)
{
    const struct storage_parts *parts = storage_parts(h->role->storage);
    struct err err = ERR_INIT;
    bool told;

    if (clock_monotonic_us() < h->next_digest_us)
        return;
    h->next_digest_us = clock_monotonic_us() + DIGEST_S * US_PER_S;
    if (quarantine_digest(parts->directory, h->accept, atomic_load(&h->config), clock_now_us(), &told,
                          &err)) {
        if (told)
            wake_publish(parts->wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
        return;
    }
    metric_add(&jobs_failed, 1);
    log_event(LOG_LEVEL_WARNING, "housekeeping.failed", log_text("job", "digest"),
              log_text("reason", err_kind_name(err.kind)), log_text("cause", err.log));
}

/* Charts lose some seconds of a machine that is busy with something better: nobody is warned. */
static void take_samples(struct housekeeper *h)
{
    struct err err = ERR_INIT;

    if (clock_monotonic_us() < h->next_sample_us)
        return;
    h->next_sample_us = clock_monotonic_us() + SAMPLE_S * US_PER_S;
    metric_add(&jobs_run, 1);
    if (!sampler_take(h->sampler, atomic_load(&h->config), storage_parts(h->role->storage)->directory,
                      clock_now_us(), &err))
        metric_add(&jobs_failed, 1);
}

static bool open_accept(struct housekeeper *h, struct err *err)
{
    struct accept_options options;

    role_accept_options(h->role, &options);
    return accept_open(h, &options, &h->accept, err);
}

static bool open_mover(struct housekeeper *h, struct err *err)
{
    const struct storage_parts *parts = storage_parts(h->role->storage);
    const struct mover_options options = { parts->directory, parts->groups, parts->wake };

    return mover_open(h, &options, &h->mover, err);
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

/* Mail that was put off comes back. */
static void wake_snoozed(struct housekeeper *h, struct group *group, int64_t *next_us)
{
    struct err err = ERR_INIT;
    bool is_done = true;

    if (clock_monotonic_us() < *next_us)
        return;
    if (!snooze_wake(storage_parts(h->role->storage)->cache, group, &is_done, &err)) {
        metric_add(&jobs_failed, 1);
        log_err(LOG_LEVEL_WARNING, "housekeeping.snooze.failed", &err);
    }
    *next_us = clock_monotonic_us() + (is_done ? SNOOZE_S * US_PER_S : 0);
}

/* What the web role handed over for sending, and died before it knew whether it was taken. */
static void settle_submissions(struct housekeeper *h, struct group *group, int64_t *next_us)
{
    const struct storage_parts *parts = storage_parts(h->role->storage);
    struct err err = ERR_INIT;
    bool is_done = true;

    if (clock_monotonic_us() < *next_us)
        return;
    metric_add(&jobs_run, 1);
    if (!jmap_settle(parts->directory, parts->groups, parts->cache, group, &is_done, &err)) {
        metric_add(&jobs_failed, 1);
        log_err(LOG_LEVEL_WARNING, "housekeeping.submissions.failed", &err);
    }
    *next_us = clock_monotonic_us() + (is_done ? SETTLE_S * US_PER_S : 0);
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
        run_job(group, &sweep_job, h->is_busy, &schedule->next_us[housekeeping_job_count]);
        wake_snoozed(h, group, &schedule->next_us[housekeeping_job_count + 1]);
        settle_submissions(h, group, &schedule->next_us[housekeeping_job_count + 2]);
    }
    talloc_free(arena);
}

static void *keep_house(void *argument)
{
    struct housekeeper *h = argument;

    do {
        tend_groups(h);
        seal_audit(h);
        tend_directory(h);
        tend_traces(h);
        send_digests(h);
        take_samples(h);
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
    h->sampler = sampler_new(h);
    atomic_init(&h->config, role->config);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&h->lock, NULL);
    if (!storage_open(role, &role->storage, err) || !open_accept(h, err) || !open_mover(h, err) ||
        !job_worker_start(h, role->storage, role->config->hostname, &h->jobs, err) ||
        !mail_keeper_start(h, role->storage, &h->keeper, err) ||
        !attachment_keeper_start(h, role->storage, role->config, &h->attachments, err) ||
        !directory_sync_start(h, role->storage, role->config, &h->directories, err))
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
    attachment_keeper_reload(h->attachments, config);
    atomic_store(&h->next_certificate_us, 0);
    atomic_store(&h->next_trace_us, 0);
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
    directory_sync_stop(&h->directories);
    attachment_keeper_stop(&h->attachments);
    mail_keeper_stop(&h->keeper);
    job_worker_stop(&h->jobs);
    mover_close(&h->mover);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    talloc_free(h);
    role->own = NULL;
}
