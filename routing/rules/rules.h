/*
 * rules.h -- what the owner of a mailbox wants done with a message: script and automatic reply, from the store to a plan.
 *
 *     rules_judge(rules, arena, &message, &plan, err)      for each recipient: no change anywhere, only questions
 *     look at plan.reject, plan.redirects, plan.letters     what leaves the mailbox is the caller's to send
 *     rules_file(rules, deliver, ...)                       its copies, all or none; ERR_CONFLICT: judge again
 *     rules_done(rules, &plan)                              when all of that is committed: what is remembered
 *
 * Nothing is asked for a mailbox without rules: the process believes of each mailbox that it has none until a filing finds
 * out otherwise, under the lock that it takes anyway (filing.h), and says ERR_CONFLICT. From then on the programs are kept
 * in memory under their version.
 *
 * A script that fails costs nothing but itself: the message goes to the Inbox, and the owner finds a notice there, once for
 * each version of the script.
 *
 * Ownership  plans belong to the talloc context they were asked with; spans in them may point into the message.
 * Errors     ERR_BUSY: the storage group cannot be asked now. ERR_CONFLICT: see above.
 * Threads    all functions may be called from any thread.
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "deliver/deliver.h"
#include "mailbox/script.h"
#include "sieve/sieve.h"

struct directory;
struct mailbox_cache;
struct rules;
struct trace;

struct rules_options {
    struct groups *groups;
    struct directory *directory;
    struct mailbox_cache *cache;
    const char *host_name; /* for the scripts' "environment"; NULL: localhost */
    const char *version;   /* of this program; NULL: none */
    size_t programs_max;   /* mailboxes whose programs are kept; 0: 20,000 */
};
/* Under `owner`. Copies the options; what they point at must outlive it. Cannot fail. */
MUST_CHECK bool rules_open(const void *owner, const struct rules_options *options, struct rules **rules_out,
                           struct err *err);
/* Accepts and sets NULL. */
void rules_close(struct rules **rules);

/* One message, for all its recipients. */
struct rules_message {
    const struct message_draft *draft;    /* as it came */
    const char *envelope_from;            /* "" for <> */
    const char *login;                    /* NULL: not submitted here */
    const char *peer_address, *peer_name; /* NULL: unknown */
    const char *envelope_id, *ret;        /* DSN parameters of MAIL; NULL */
    int64_t received_us;
    int spam_percent;  /* below 0: by what the filters wrote above the message, if they did */
    int virus_value;   /* 0: the same */
    bool is_rehearsal; /* no folder is made */
};

/* One mailbox that gets it. */
struct rules_recipient {
    int64_t group_id, mailbox_id;
    const char *address;        /* of the mailbox: its primary one */
    const char *envelope_to;    /* as it was given in RCPT */
    const char *notify;         /* DSN parameter of RCPT; NULL */
    struct filing_target usual; /* where it goes without rules: folder (a Junk mark), flags */
};

/* One copy of the mailbox's own. */
struct rules_copy {
    const struct message_draft
        *draft; /* the message's, or one that the script edited, or a letter, or a notice */
    struct filing_target target;
};

/* A copy for another address. */
struct rules_redirect {
    const char *address;
    const char *notify, *ret; /* DSN parameters that the script gave; NULL: as they came */
    struct span bytes;        /* with our Delivered-To, without Return-Path */
};

struct rules_plan {
    const struct rules_recipient *recipient;
    int64_t version;                     /* of the rules; 0: none, and nothing is set below but one copy */
    const struct sieve_outcome *outcome; /* NULL without rules: letters, reject, is_discarded, error */
    struct rules_redirect *redirects;
    size_t redirect_count;
    struct rules_copy *copies;
    size_t copy_count;
    struct script_mark *marks; /* for rules_done() */
    size_t mark_count;
};

/* What the rules decided, as an event of the trace (NULL: nothing is told); none where there are no rules. */
void rules_tell(const struct rules_plan *plan, struct trace *trace);

/* True where the plan asks for something beyond its own mailbox. */
bool rules_plan_sends(const struct rules_plan *plan);

/* Folders that the script wants made (:create) are made now; nothing else is changed. */
MUST_CHECK bool rules_judge(struct rules *rules, const void *owner, const struct rules_message *message,
                            const struct rules_recipient *recipient, struct rules_plan *plan_out,
                            struct err *err);

/* The copies of all plans, as deliver_message_whole(): all or none in a storage group. ERR_CONFLICT: some plan was made for
 * rules that are no longer in force; the right versions are known now: judge all again. Edited copies are filed behind the
 * others in a transaction of their own; with those, what an earlier one has committed stays. */
MUST_CHECK bool rules_file(struct rules *rules, struct deliver *deliver, const struct rules_message *message,
                           struct rules_plan *plans, size_t count, struct err *err);
/* The same, each copy for itself: results are in the targets (is_filed or err); is_filed of a plan is rules_plan_is_filed().
 * True where no plan was out of date; ERR_CONFLICT as above: judge again those whose copies say so. False with another kind:
 * nothing could be tried. */
MUST_CHECK bool rules_file_each(struct rules *rules, struct deliver *deliver,
                                const struct rules_message *message, struct rules_plan *plans, size_t count,
                                struct err *err);
/* Each copy of the plan gets a receipt of its own (filing.h), under `owner`: the one given, and the number of the copy. */
void rules_plan_set_receipts(const void *owner, struct rules_plan *plan,
                             const uint8_t receipt[FILING_RECEIPT_BYTES]);
/* All copies are there. Else *err is the first trouble. */
bool rules_plan_is_filed(const struct rules_plan *plan, struct err *err);
/* What the script remembers (vacation, duplicate): after all of the plan is committed. Failing is logged only. */
void rules_done(struct rules *rules, const struct rules_plan *plan, size_t count);

/* These rules are in force, as a filing found: the next judgement reads them. For those who file by themselves. */
void rules_learn(struct rules *rules, int64_t group_id, int64_t mailbox_id, int64_t version);
/* Forgets what is known of a mailbox: for tests. */
void rules_forget(struct rules *rules, int64_t group_id, int64_t mailbox_id);

#endif
