/*
 * post.h -- inside this room: rows that the motor goes on with itself: mail for lists and moderated groups, what a rule wants
 * moderated, and mail to addresses that understand something (subscribe, a moderator's answer).
 *
 * A list's copies, and the letters to moderators, enter the queue in the transaction that settles the row they come from, so that
 * each happens once; copies of a message above QUEUE_ADD_MAX are put in by a transaction of their own before it, under a receipt
 * of the row.
 */
#ifndef RUN_POST_H
#define RUN_POST_H

#include "directory/list.h"
#include "run/making.h"

/* What a row came to, beside its outcome. */
struct post {
    struct queue_new **news; /* enter the queue with the settlement */
    size_t count;
    struct queue_hold hold; /* of the first of the rows held together */
    int64_t *rows;          /* hold.rows */
    bool is_held;
};

struct posting {
    struct run *run;
    const struct job *job;
    struct result *result;
    void *arena; /* of the result */
    struct span bytes;
    size_t number; /* of the row in the job */
    struct outcome *outcome;
    const char *author; /* envelope sender of the message as it came to the first list */
};

/* Carries out one job. */
enum destination_news run_post(struct run *run, struct job *job, struct result *result);

/* Endings of a row. All return true. */
bool post_fail(struct posting *p, const char *enhanced, const char *text);
/* It was dealt with: the row ends as delivered, with these words in its trace. */
bool post_done(struct posting *p, const char *text);
/* It goes without a word to anybody. */
bool post_drop(struct posting *p, const char *text);
/* One more message for the queue. */
void post_add(struct posting *p, struct queue_new *new);

/* post_list.c: copies for the members. False for trouble that passes. */
MUST_CHECK bool post_to_list(struct posting *p, const struct list_settings *list, struct err *err);
/* post_hold.c: the row waits for one of `people`. `cause`: for people. */
MUST_CHECK bool post_hold(struct posting *p, const char *const *people, size_t count, const char *cause,
                          int64_t organisation_id, int32_t days, struct err *err);
/* post_word.c: LIST-subscribe and its like, and tokens. */
MUST_CHECK bool post_word(struct posting *p, const struct list_settings *list, unsigned word,
                          struct err *err);
/* A local part that carries a token: a moderator's decision, a request that is confirmed. False only for trouble that passes. */
MUST_CHECK bool post_token(struct posting *p, struct span token, struct err *err);
/* Does the header say that no person wrote this (RFC 3834)? */
bool post_is_automatic(struct span message, bool replies_only);

/* A text of the row's `target` (JSON); NULL. Under the arena. */
const char *post_target_text(const void *owner, const struct queue_recipient *row, const char *name);

/* list_copy.c: a member's copy: the fields that are the member's own. Nothing for rows of other kinds. */
MUST_CHECK bool list_copy_finish(struct run *run, const void *arena, const struct queue_recipient *row,
                                 const char *sender, struct span *bytes_io, struct err *err);
/* {"list": 3, "member": 14}, under `owner`; member 0: the copy is shared. */
char *list_copy_target(const void *owner, int64_t list_id, uint64_t member);
/* Is this row's copy for its member alone? */
bool list_copy_is_own(const struct queue_recipient *row);

#endif
