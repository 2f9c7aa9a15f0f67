/* job_export.h -- a page of a list that a job writes to a file; private to this room. */
#ifndef ADMIN_API_JOB_EXPORT_H
#define ADMIN_API_JOB_EXPORT_H

#include "admin_api/act.h"
#include "admin_api/job.h"

/* Reads one page in the caller's name, and settles its item. *goes_on_out false: the job was cancelled. ERR_LIMIT: the list is too
 * long; otherwise as the list answers. */
MUST_CHECK bool job_export_page(const struct admin_api *api, const struct act_caller *caller,
                                const struct job *job, const struct job_item *item, void *arena,
                                bool *goes_on_out, struct err *err);

#endif
