/* job_worker.c -- looks for jobs every second, and does them. */
#include "main/job_worker.h"

#include "admin_api/api.h"
#include "base/background.h"
#include "base/log.h"
#include "main/storage.h"

#include <talloc.h>

enum { REST_S = 1, REST_AFTER_TROUBLE_S = 5 };

struct job_worker {
    struct background background;
    struct admin_api *api;
};

static bool goes_on(void *argument)
{
    struct job_worker *worker = argument;

    return !background_is_ending(&worker->background);
}

static void *work(void *argument)
{
    struct job_worker *worker = argument;

    while (goes_on(worker)) {
        struct err err = ERR_INIT;
        bool has_more = false;
        bool done = admin_api_do_jobs(worker->api, goes_on, worker, &has_more, &err);
        if (!done)
            log_err(LOG_LEVEL_WARNING, "main.jobs", &err);
        if (done && has_more)
            continue;
        pthread_mutex_lock(&worker->background.lock);
        background_rest(&worker->background, done ? REST_S : REST_AFTER_TROUBLE_S);
        pthread_mutex_unlock(&worker->background.lock);
    }
    return NULL;
}

bool job_worker_start(const void *owner, struct storage *storage, const char *server,
                      struct job_worker **worker_out, struct err *err)
{
    const struct storage_parts *parts = storage_parts(storage);
    const struct admin_api_options options = {
        .directory = parts->directory, .groups = parts->groups, .cache = parts->cache, .server = server
    };
    struct job_worker *worker = *worker_out = talloc_zero(owner, struct job_worker);

    worker->api = admin_api_new(worker, &options);
    return background_start(&worker->background, "jobs", work, worker, err);
}

void job_worker_stop(struct job_worker **worker)
{
    if (!*worker)
        return;
    background_end(&(*worker)->background);
    TALLOC_FREE(*worker);
}
