/*
 * job_worker.h -- the thread of the role housekeeping that does the jobs of the admin API.
 */
#ifndef MAIN_JOB_WORKER_H
#define MAIN_JOB_WORKER_H

#include "base/err.h"

struct job_worker;
struct storage;

/* `storage` and `server`, the host's name, must live until job_worker_stop(). */
MUST_CHECK bool job_worker_start(const void *owner, struct storage *storage, const char *server,
                                 struct job_worker **worker_out, struct err *err);
/* Waits until the items that are being done are settled. Accepts and sets NULL. */
void job_worker_stop(struct job_worker **worker);

#endif
