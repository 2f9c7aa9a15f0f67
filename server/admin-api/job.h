/* job.h -- what the files about jobs share; private to this room. */
#ifndef ADMIN_API_JOB_H
#define ADMIN_API_JOB_H

#include "admin_api/call.h"
#include "directory/job.h"

/* How a job is shown. */
json_t *job_json(const struct job *job);
/* The job of the path, if the caller may see it. ERR_NOT_FOUND. */
MUST_CHECK bool job_of_path(struct admin_call *call, struct job *job_out, struct err *err);
/* Adds the job in the caller's name, and answers with it. Uses organisation_id, kind, title and is_dry_run. */
MUST_CHECK bool job_give(struct admin_call *call, struct job *wanted, const struct job_item *items,
                         size_t count, struct err *err);

#endif
