/* job_row.h -- the columns of a job; for the two files of this room that read them. */
#ifndef DIRECTORY_JOB_ROW_H
#define DIRECTORY_JOB_ROW_H

#include "directory/act.h"
#include "directory/job.h"

enum { JOB_ACQUIRE_MS = 5000, JOB_LEASE_S = 60 };

#define JOB_COLUMNS                                                                                          \
    "job_id, organisation_id, kind, state, title, is_dry_run, caller, peer, caller_id, permissions, total,"  \
    " done, failed, created_us, started_us, ended_us, fault"

/* Strings under `owner`. */
void job_read_row(const void *owner, const struct db_row *row, struct job *out);
/* Runs one statement on the pool that sees all organisations. */
MUST_CHECK bool job_run(struct directory *directory, const char *sql, struct db_args args,
                        uint64_t *count_out, struct err *err);

#endif
