/* work.h -- inside this room: both connections, and lists of what two groups have. */
#ifndef MOVE_WORK_H
#define MOVE_WORK_H

#include "db/statement.h"
#include "db/transaction.h"
#include "move/transit.h"

struct transit {
    struct transit_options options;
    struct db *source, *target;     /* each beside the pool */
    int64_t runner;                 /* ours, in mailbox_transit */
    int64_t *folders, *new_folders; /* of the mailbox: numbers in `from` and in `to`, under `folder_owner` */
    size_t folder_count;
    void *folder_owner;
    int64_t done, total; /* messages */
    uint64_t differences;
};

/* First in each transaction of the target: we are still who works on it (ERR_CONFLICT). */
MUST_CHECK bool transit_check_runner(struct transit *transit, struct err *err);
/* ERR_LIMIT where we shall stop. */
MUST_CHECK bool transit_go_on(const struct transit *transit, struct err *err);
/* What `to` calls something of `from`. */
int64_t transit_new_id(const struct transit *transit, enum group_id_kind kind, int64_t id);

/* The mailbox's row as `from` has it, but in no store and under no quota root; empty: as if nothing was in it. */
enum transit_fill { TRANSIT_EMPTY, TRANSIT_WHOLE };
struct transit_row {
    struct span text; /* as PostgreSQL writes it; the arena's */
    int64_t domain_id, organisation_id, used_bytes;
};
/* ERR_NOT_FOUND: there is no such mailbox, or it was deleted. */
MUST_CHECK bool transit_read_row(struct transit *transit, const void *arena, enum transit_fill fill,
                                 struct transit_row *row_out, struct err *err);
/* In a transaction of the target, before anything is locked: whoever makes a quota root waits for us, and finds the mailbox. */
MUST_CHECK bool transit_lock_roots(struct db *db, const struct transit_row *row, struct err *err);
/* Writes it, under the quota roots that are there. */
MUST_CHECK bool transit_put_row(struct db *db, int64_t mailbox_id, const struct transit_row *row,
                                struct err *err);

/* What a row is told by, as numbers that are the same in both groups. */
struct line {
    int64_t a, b, c;
    int64_t old; /* what `from` calls it; not compared */
};
struct lines {
    struct line *list;
    size_t count;
};
/* Puts them in order. */
void lines_sort(struct lines *lines);
/* Among sorted ones. */
bool lines_have(const struct lines *sorted, const struct line *line);
/* Those of `of` that are not in `in`, under `owner`; both sorted. */
struct lines lines_without(const void *owner, const struct lines *of, const struct lines *in);
/* A column under `owner`: which 0, 1, 2 for a, b, c; 3 for old. */
int64_t *lines_column(const void *owner, const struct lines *lines, size_t first, size_t count, int which);

/* steps.c */
enum transit_side { TRANSIT_SOURCE, TRANSIT_TARGET };
/* What tells a row; those of the source with the numbers that the target has for them. */
typedef struct line line_of_row(const struct transit *transit, const struct db_row *row,
                                enum transit_side side);
/* What `sql` finds there, in order; under `owner`. */
MUST_CHECK bool lines_list(struct transit *transit, enum transit_side side, const char *sql,
                           struct db_args args, line_of_row *line_of, const void *owner,
                           struct lines *lines_out, struct err *err);

/* Some of the lines, in a transaction of the target that somebody else has not taken over. */
struct step;
typedef bool step_writer(struct step *step, struct err *err);
struct step {
    struct transit *transit;
    step_writer *write;
    const void *arg;
    const struct lines *lines;
    size_t first, count;
    void *arena; /* until the transaction ends */
};
/* All of them, `at_once` in a transaction. */
MUST_CHECK bool lines_in_steps(struct transit *transit, const struct lines *lines, size_t at_once,
                               step_writer *write, const void *arg, struct err *err);
/* A column of the step's lines (lines_column); its arena's. */
struct db_value step_column(const struct step *step, int which);

/* folders.c: their rows, and which there are. Those that are gone in `from` go with the last step of a round. */
MUST_CHECK bool transit_folders(struct transit *transit, struct err *err);
/* Folders that only the copy has. */
MUST_CHECK bool transit_drop_folders(struct transit *transit, struct err *err);
/* items.c: items with their messages; those that only the copy has are removed by the second one, after the memberships. */
MUST_CHECK bool transit_items(struct transit *transit, struct err *err);
/* Items that only the copy has, with what they alone kept. */
MUST_CHECK bool transit_drop_items(struct transit *transit, struct err *err);
/* members.c: memberships, and which conversation a reference belongs to. */
MUST_CHECK bool transit_members(struct transit *transit, struct err *err);
/* See above. */
MUST_CHECK bool transit_references(struct transit *transit, struct err *err);
/* letters.c: identities and submissions of JMAP. */
MUST_CHECK bool transit_letters(struct transit *transit, struct err *err);
/* rows.c: the tables whose rows are the same in both groups but for their folder's number. */
MUST_CHECK bool transit_rows(struct transit *transit, struct err *err);

#endif
