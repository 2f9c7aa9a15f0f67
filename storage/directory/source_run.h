/*
 * source_run.h -- runs of the synchronisation: asked for, done, recorded; how far it has come; what is in its way.
 *
 * Errors   ERR_NOT_FOUND, ERR_CONFLICT as told below; ERR_BUSY: the directory database is down.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_SOURCE_RUN_H
#define DIRECTORY_SOURCE_RUN_H

#include "base/span.h"
#include "directory/source.h"

enum source_run_kind { RUN_PREVIEW, RUN_FULL, RUN_INCREMENTAL, RUN_LIVE, RUN_KINDS };
/* "preview", "full", "incremental", "live". Static. */
const char *source_run_kind_name(enum source_run_kind kind);
/* False for a word that is none. */
MUST_CHECK bool source_run_kind_of(const char *name, enum source_run_kind *kind_out);

struct source_run {
    int64_t run_id, source_id, organisation_id;
    enum source_run_kind kind;
    const char *state; /* "waiting", "running", "done", "failed", "asks" */
    bool is_confirmed;
    const char *requested_by;
    int64_t created_us, started_us, ended_us;
    int64_t seen, added, changed, disabled, deleted, conflicts;
    const char *changes; /* JSON: [{"what", "kind", "name", "detail"}], the first RUN_CHANGES_MAX */
    const char *message;
};
enum { RUN_CHANGES_MAX = 1000 };

/* Asks for one; the housekeeping role begins it within a second. `is_confirmed`: it may take away more than the source's limit.
 * ERR_CONFLICT: one waits or runs already; ERR_INVALID: the source is disabled. */
MUST_CHECK bool source_run_ask(struct directory *directory, const struct actor *actor, const void *owner,
                               const struct source *source, enum source_run_kind kind, bool is_confirmed,
                               struct source_run *run_out, struct err *err);
/* ERR_NOT_FOUND. */
MUST_CHECK bool source_run_get(struct directory *directory, const struct actor *actor, const void *owner,
                               int64_t run_id, struct source_run *run_out, struct err *err);
/* The newest first, without their changes; at most `limit`. */
MUST_CHECK bool source_run_list(struct directory *directory, const struct actor *actor, const void *owner,
                                const struct source *source, size_t limit, struct source_run **runs_out,
                                size_t *count_out, struct err *err);

struct source_state {
    const char *way, *server, *fault;
    const char *servers; /* JSON as of source_health(), by the process that synchronises */
    bool is_live;
    int64_t full_us, seen_us, next_us;
    int64_t entries, recipients, conflicts, missing; /* numbers of now */
};
/* How far it has come. */
MUST_CHECK bool source_state_get(struct directory *directory, const struct actor *actor, const void *owner,
                                 const struct source *source, struct source_state *state_out,
                                 struct err *err);

struct source_conflict {
    const char *dn, *what, *message;
    int64_t since_us;
};
/* By DN; at most `limit`. */
MUST_CHECK bool source_conflict_list(struct directory *directory, const struct actor *actor,
                                     const void *owner, const struct source *source, size_t limit,
                                     struct source_conflict **conflicts_out, size_t *count_out,
                                     struct err *err);

/* ---- for who works on them */

/* Takes, or keeps, the source for `worker` for a minute. ERR_CONFLICT: somebody else has it. */
MUST_CHECK bool source_lease(struct directory *directory, int64_t source_id, const char *worker,
                             struct err *err);
/* The mark from which changes are read, and whom it is good for. */
struct source_mark {
    const char *way, *server;
    struct span mark; /* empty: none */
    int64_t full_us, next_us;
};
/* ERR_NOT_FOUND: the source is gone. */
MUST_CHECK bool source_mark_get(struct directory *directory, const void *owner, int64_t source_id,
                                struct source_mark *mark_out, struct err *err);
/* After a run: all before `mark` has been written down. `is_full`: it was complete. */
MUST_CHECK bool source_mark_put(struct directory *directory, int64_t source_id,
                                const struct source_mark *mark, bool is_full, struct err *err);
/* Is the server telling by itself, and what went wrong last ("": nothing). */
MUST_CHECK bool source_state_note(struct directory *directory, int64_t source_id, bool is_live,
                                  const char *fault, struct err *err);
/* How its servers are: what source_health() says, as text. */
MUST_CHECK bool source_servers_note(struct directory *directory, int64_t source_id, const char *servers,
                                    struct err *err);
/* So many entries were read by a run that goes on. */
MUST_CHECK bool source_run_note(struct directory *directory, int64_t run_id, int64_t seen, struct err *err);
/* The run that somebody asked for, which is running from now on; ERR_NOT_FOUND: none. One that a process left behind is failed. */
MUST_CHECK bool source_run_take(struct directory *directory, const void *owner, int64_t source_id,
                                struct source_run *run_out, struct err *err);
/* One of our own, running. */
MUST_CHECK bool source_run_begin(struct directory *directory, const void *owner, const struct source *source,
                                 enum source_run_kind kind, struct source_run *run_out, struct err *err);
/* Its numbers and its end; `state` "done", "failed" or "asks". */
MUST_CHECK bool source_run_end(struct directory *directory, const struct source *source,
                               const struct source_run *run, struct err *err);

#endif
