/*
 * report.h -- reports about authentication and TLS: counted here for other domains until they are sent, and received from
 * others about ours.
 *
 * Counting is by many at once, and bounded: REPORT_DAY_ROWS_MAX different details of a domain and day; what is more is not
 * counted. A day that was not reported within REPORT_COUNT_DAYS is forgotten.
 *
 * Errors   ERR_BUSY while the database is down.
 * Threads  any.
 */
#ifndef DIRECTORY_REPORT_H
#define DIRECTORY_REPORT_H

#include "base/span.h"
#include "directory/directory.h"

enum {
    REPORT_DAY_ROWS_MAX = 10000,
    REPORT_COUNT_DAYS = 4,
    REPORTS_MAX = 20000, /* received ones that an organisation keeps of a kind; the oldest go */
    REPORT_KEEP_DAYS = 400,
};

struct db;

struct report_count {
    const char *kind; /* "dmarc", "tls" */
    int64_t day;      /* since 1970, UTC */
    const char *domain;
    const char *detail; /* JSON */
    int64_t number;
};

/* Adds to what is counted already; one statement for all. Details are to be written alike where they are alike. */
MUST_CHECK bool report_count_add(struct directory *directory, const struct report_count *counts, size_t count,
                                 struct err *err);

/* A domain and day before `today` of which something was counted and nothing is reported yet; ERR_NOT_FOUND: none now. */
struct report_due {
    const char *kind, *domain;
    int64_t day;
};
/* Claims the oldest day before `today` of which that kind of report is owed and due at `now_us`: it is not due again before
 * `next_us`, for whoever asks. ERR_NOT_FOUND: none, or somebody else was just quicker. */
MUST_CHECK bool report_claim(struct directory *directory, const void *owner, const char *kind, int64_t today,
                             int64_t now_us, int64_t next_us, struct report_due *due_out, struct err *err);
/* The rows of what was claimed, under `owner`, always in the same order. */
MUST_CHECK bool report_read(struct directory *directory, const void *owner, const struct report_due *due,
                            struct report_count **counts_out, size_t *count_out, struct err *err);
/* Takes its rows out, within a transaction as chappe_lookup: of two who do so one gets them, the other none. `number` and
 * `detail` of each, under `owner`. */
MUST_CHECK bool report_take(struct db *db, const void *owner, const struct report_due *due,
                            struct report_count **counts_out, size_t *count_out, struct err *err);
/* The same without a transaction, and for nobody: nobody wants this report. */
MUST_CHECK bool report_drop(struct directory *directory, const struct report_due *due, struct err *err);

/* ---- received */

struct report {
    const char *id; /* public */
    int64_t organisation_id;
    const char *kind, *domain, *reporter, *number;
    int64_t received_us, begin_us, end_us, passed, failed;
    const char *detail; /* JSON; NULL in lists */
};

/* One that is there already (organisation, kind, reporter, number) stays as it was. */
MUST_CHECK bool report_keep(struct directory *directory, const struct report *report, struct err *err);
/* Newest first, of one organisation (0: of all that the actor may see); `before` an id of a former answer, or NULL. */
MUST_CHECK bool report_list(struct directory *directory, const struct actor *actor, const void *owner,
                            int64_t organisation_id, const char *kind, const char *before, size_t limit,
                            struct report **reports_out, size_t *count_out, struct err *err);
/* One with its detail; ERR_NOT_FOUND. */
MUST_CHECK bool report_find(struct directory *directory, const struct actor *actor, const void *owner,
                            const char *id, struct report *report_out, struct err *err);
/* What is old, or too much. */
MUST_CHECK bool report_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                            struct err *err);

#endif
