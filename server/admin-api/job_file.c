/* job_file.c -- the file that an export wrote, for who gave the job. */
#include "admin_api/job.h"
#include "directory/audit.h"

#include <string.h>
#include <talloc.h>

struct file {
    struct directory *directory;
    int64_t job_id;
    int32_t position;
};

static bool next_part(void *state, struct buf *out)
{
    struct file *file = state;
    struct err err = ERR_INIT;
    const char *part;
    bool done = job_part(file->directory, file, file->job_id, file->position++, &part, &err);

    if (done && part)
        buf_add_text(out, part);
    if (done)
        talloc_free((void *)(uintptr_t)part);
    return done;
}

static void release(void *state)
{
    talloc_free(state);
}

/* Whoever sees a job need not see what its caller could read. */
static bool is_callers(const struct admin_call *call, const struct job *job)
{
    return !call->holder || job->caller_id == call->actor.recipient_id;
}

bool job_file_get(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *first;
    struct job job;

    if (!job_of_path(call, &job, err))
        return false;
    if (job.kind != JOB_EXPORT || !is_callers(call, &job))
        return err_set(err, ERR_NOT_FOUND, "There is no such file.");
    if (job.state != JOB_DONE)
        return err_set(err, ERR_CONFLICT, "The file is not whole yet.");
    if (!job_part(directory, call->arena, job.job_id, 0, &first, err))
        return false;
    if (!first)
        return err_set(err, ERR_NOT_FOUND, "The file is gone: it is kept for %d hours.", JOB_FILE_HOURS);
    if (!audit_note(directory, &call->actor, job.organisation_id, "job.file", job.title, NULL, err))
        return false;
    struct file *file = talloc_zero(NULL, struct file);
    file->directory = directory;
    file->job_id = job.job_id;
    call->is_answered = true;
    http_reply_type(call->reply, "text/csv; charset=utf-8");
    http_reply_header(call->reply, "Cache-Control", "no-store");
    http_reply_header(call->reply, "Content-Disposition",
                      talloc_asprintf(call->arena, "attachment; filename=\"%s-%lld.csv\"",
                                      job.title + strlen("export-"), (long long)job.job_id));
    http_reply_stream(call->reply, next_part, release, file);
    return true;
}
