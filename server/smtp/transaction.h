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

struct spool;

enum {
    SMTP_TARGETS_MAX = 10000, /* copies of one message, after expansion */
};

/* A RCPT that was accepted, with what it asked for (kept for notices) and the mailboxes behind it. */
struct smtp_recipient {
    const char *text; /* as SMTP writes it, without brackets */
    const char *key;  /* address_key() */
    struct smtp_rcpt_params params;
    size_t *targets, *remotes; /* indices into the transaction's */
    size_t target_count, remote_count;
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

    int64_t max_bytes;     /* the least that one of its recipients takes; 0: as the server takes */
    const char *rcpt_text; /* of the last RCPT, for the log; NULL before */
    struct smtp_recipient *recipients;
    size_t recipient_count;
    struct deliver_recipient *targets; /* every mailbox once */
    size_t target_count;
    int64_t *target_organisations; /* of the targets, in their order */
    struct accept_remote *remotes; /* every address elsewhere once */
    size_t remote_count;
    int64_t *remote_organisations; /* of the recipients behind them; 0: nobody's here */
    int64_t organisation_id;       /* in whose name: the login's, else the first recipient's; 0: nobody's */

    struct smtp_body_state body;
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

/* Return-Path and Received for what is about to come (body.c). */
struct span smtp_trace_fields(struct smtp_session *s);
/* Filters for session_expect_body(); the state of the first is a struct smtp_body_state, of the others a
 * struct smtp_session. */
void smtp_data_filter(void *state, struct span *in, struct spool *spool, bool *complete);
void smtp_discard_filter(void *state, struct span *in, struct spool *spool, bool *complete);
/* The sink of the transaction's data filter. */
bool smtp_into_spool(void *body_state, struct span bytes);
void smtp_chunk_filter(void *state, struct span *in, struct spool *spool, bool *complete);

/* The message is complete: judged, delivered, answered (accept.c). Ends the transaction. */
enum session_next smtp_accept(struct smtp_session *s, struct spool *spool);

/* judge.c: what routing/filter says. All do nothing, and say yes, where the context has no filter. */
/* The peer, at the greeting; false: it was refused, with its reply. */
MUST_CHECK bool smtp_judge_peer(struct smtp_session *s);
/* The sender, at MAIL. Blocks only for a login. */
MUST_CHECK bool smtp_judge_sender(struct smtp_session *s, const struct address *sender,
                                  enum smtp_refusal *refusal_out);
/* One recipient, at RCPT; false with the refusal. */
MUST_CHECK bool smtp_judge_recipient(struct smtp_session *s, const struct address *recipient,
                                     const struct resolve_answer *answer, enum smtp_refusal *refusal_out);
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
