/*
 * transaction.h -- one mail transaction: from MAIL to the reply to its last byte.
 *
 * Memory   it is a talloc context of its own under the session's memory; smtp_transaction_end() frees all of it.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "accept/accept.h"
#include "format/address.h"
#include "resolve/resolve.h"
#include "smtp/command.h"
#include "smtp/data_filter.h"
#include "smtp/params.h"

struct filter_verdict;
struct sender_right;
struct smtp_claim;
struct spool;
struct trace;

enum {
    SMTP_TARGETS_MAX = 10000, /* copies of one message, after expansion */
};

/* A RCPT that was accepted, with what it asked for (kept for notices) and the mailboxes behind it. */
struct smtp_recipient {
    const char *text; /* as SMTP writes it, without brackets */
    const char *key;  /* address_key() */
    struct smtp_rcpt_params params;
    const char *asked;         /* the address that was asked for at the first server; NULL: text */
    size_t *targets, *remotes; /* indices into the transaction's */
    size_t target_count, remote_count;
    bool
        takes_reports; /* an address of ours for reports: no mailbox, what it gets is read (report/receive.h) */
};

/* The bytes as they come: from the session's buffer through the filter into a spool. */
struct smtp_body_state {
    struct data_filter filter;
    struct spool *spool;  /* where the filter writes now */
    struct spool *chunks; /* BDAT: all chunks so far; owned */
    bool is_last_chunk;
    bool is_binary;     /* BODY=BINARYMIME: bytes are stored as sent */
    struct span prefix; /* Return-Path and Received, written before the first byte */
    bool has_prefix;
};

struct smtp_transaction {
    const char *id;        /* in Received, in the last reply and in every log line */
    struct address sender; /* address_is_null(): <> */
    const char *sender_text;
    struct smtp_mail_params params;
    bool is_judged; /* by another server of ours: not once more */
    bool is_inner;  /* a host of the house sends it for a domain served here, or a notice */

    int64_t
        max_bytes; /* the least that its sender may send and each recipient takes; 0: as the server takes */
    int64_t most_recipients; /* that its sender may name; 0: as the server takes */
    const char *rcpt_text;   /* of the last RCPT, for the log; NULL before */
    struct smtp_recipient *recipients;
    size_t recipient_count;
    struct deliver_recipient *targets; /* every mailbox once */
    size_t target_count;
    int64_t *target_organisations; /* of the targets, in their order */
    struct accept_remote *remotes; /* every address elsewhere once */
    size_t remote_count;
    int64_t *remote_organisations; /* of the recipients behind them; 0: nobody's here */
    int64_t organisation_id;       /* in whose name: the login's, else the first recipient's; 0: nobody's */

    struct smtp_claim *authors; /* in whose names, other than his own, its sender writes (auth.h) */
    size_t author_count;
    bool needs_sender; /* a Sender field is to be added */

    struct smtp_body_state body;
    struct trace *trace;       /* trace/trace.h; NULL: none is kept of it */
    int64_t rcpt_organisation; /* of rcpt_text; 0: nobody's here */
    bool is_complete;          /* its bytes are there: a refusal is the whole message's */
    int64_t began_us;
};

/* Begins one; the session's state becomes STATE_MAIL. */
struct smtp_transaction *smtp_transaction_begin(struct smtp_session *s);
/* Ends it, whatever it had come to; the state becomes STATE_READY where it was in a transaction. */
void smtp_transaction_end(struct smtp_session *s);

/* Adds an accepted recipient; a mailbox or address that is there already gets one copy only. False, with nothing added,
 * where the sender of a copy that is sent on cannot be told now. */
MUST_CHECK bool smtp_transaction_add(struct smtp_session *s, const struct address *address,
                                     const struct smtp_rcpt_params *params,
                                     const struct resolve_answer *answer, struct err *err);

/* One more copy, for the Sent folder of a mailbox in whose name the message is; none where the mailbox gets it anyway. */
void smtp_transaction_keep(struct smtp_session *s, const struct sender_right *right);

/* Return-Path and Received for what is about to come (body.c). */
struct span smtp_trace_fields(struct smtp_session *s);
/* Filters for session_expect_body(); the state of the first is a struct smtp_body_state, of the others a
 * struct smtp_session. */
void smtp_data_filter(void *state, struct span *in, struct spool *spool, bool *complete);
/* Reads a chunk of s->chunk_left bytes away: nothing of it is kept. */
void smtp_discard_filter(void *state, struct span *in, struct spool *spool, bool *complete);
/* The sink of the transaction's data filter. */
bool smtp_into_spool(void *body_state, struct span bytes);
/* Takes a chunk of s->chunk_left bytes into the transaction's chunks, through the text filter unless the message is
 * BINARYMIME (RFC 3030, 3). */
void smtp_chunk_filter(void *state, struct span *in, struct spool *spool, bool *complete);

/* The message is complete: judged, delivered, answered (accept.c). Ends the transaction. */
enum session_next smtp_accept(struct smtp_session *s, struct spool *spool);

/* trace.c: what is told of the message. */
void smtp_trace_begin(struct smtp_session *s);
/* An address of RCPT that was taken, and where it leads. */
void smtp_trace_recipient(struct smtp_session *s, const char *asked, const struct resolve_answer *answer);
/* All bytes are there; the first ones are ours. */
void smtp_trace_arrived(struct smtp_session *s, struct span message);
/* In whose names it is, and who wrote it. */
void smtp_trace_authors(struct smtp_session *s);
/* What the filters said of the message, with their reasons. The session's worker. */
void smtp_trace_judged(struct smtp_session *s, const struct filter_verdict *verdict);
/* The transaction, or one recipient of it, or the peer before one began, was refused in these words. Not waited for. */
void smtp_trace_refused(struct smtp_session *s, const struct smtp_refusal_row *row, const char *text,
                        const char *cause);
/* What is for this organisation went into its quarantine. */
void smtp_trace_set_aside(struct smtp_session *s, int64_t organisation_id);

/* judge.c: what routing/filter says. All do nothing, and say yes, where the context has no filter. */
/* The peer, at the greeting; false: it was refused, with its reply. */
MUST_CHECK bool smtp_judge_peer(struct smtp_session *s);
/* The sender, at MAIL. Blocks only for a login. */
MUST_CHECK bool smtp_judge_sender(struct smtp_session *s, const struct address *sender,
                                  enum smtp_refusal *refusal_out);
/* One recipient, at RCPT; false with the refusal. */
MUST_CHECK bool smtp_judge_recipient(struct smtp_session *s, const struct address *recipient,
                                     const struct resolve_answer *answer, enum smtp_refusal *refusal_out);
/* Is this address, which nobody has, the one where its organisation takes reports? */
bool smtp_takes_reports(struct smtp_session *s, const struct address *address,
                        const struct resolve_answer *answer);
/* The whole message, whose first `prefix` bytes are ours: false with the refusal and its words in *err (kind ERR_NONE: the
 * table's). Otherwise *message_io may have become a copy with more fields, targets lead to Junk, and those of organisations
 * that hold it in their quarantine are gone. */
MUST_CHECK bool smtp_judge_message(struct smtp_session *s, size_t prefix, struct span *message_io,
                                   enum smtp_refusal *refusal_out, struct err *err);

/* Submission: the header made whole, the From field checked (submit.c). *message_io stays as it is, or becomes a copy
 * that lives until the reply. False with the refusal. */
MUST_CHECK bool smtp_submit_header(struct smtp_session *s, size_t prefix_length, struct span *message_io,
                                   enum smtp_refusal *refusal_out);
/* *message_io with its first `old_length` bytes replaced by `header`, in a spool of the session's arena. False where that
 * has no room. */
MUST_CHECK bool smtp_replace_header(struct smtp_session *s, size_t old_length, struct span header,
                                    struct span *message_io);

#endif
