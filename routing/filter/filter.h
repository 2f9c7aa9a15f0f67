/*
 * filter.h -- is this peer, sender, message wanted here?
 *
 * Three questions, each answered once: at the greeting (filter_connection), at MAIL and RCPT (filter_sender), and when all
 * bytes are there (filter_message). Scanners and the DNS are asked with a deadline, so many at a time and not at all
 * while they are down; what their silence means is a setting, and by default "try again later": nothing is let in
 * unscanned unless an administrator chose so.
 *
 * A message has one fate for its sender: accepted, refused, or later. Within an accepted one each organisation among the
 * recipients has its own share (filed, to Junk, into the quarantine). It is refused as spam only where all of them would;
 * a virus, and trouble, count for all.
 *
 * Threads  all functions may be called from any thread; they block, but for filter_mail(), which only looks into memory.
 */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include "base/err.h"
#include "base/net.h"
#include "base/span.h"

struct buf;
struct directory;
struct dns;
struct filter;

struct filter_options {
    struct directory *directory;
    struct dns *dns;       /* NULL: SPF, DKIM, DMARC and lists in the DNS are not asked */
    bool is_dry;           /* nothing is kept or counted: what was judged never happens (routing/rehearsal) */
    const char *host_name; /* in Authentication-Results, and removed there from what comes from outside */
};

/* Under `owner`; what the options point at must outlive it. Reads nothing yet, so it succeeds while the database is
 * down. */
MUST_CHECK bool filter_open(const void *owner, const struct filter_options *options,
                            struct filter **filter_out, struct err *err);
/* Nobody may be asking any more. Accepts and sets NULL. */
void filter_close(struct filter **filter);

enum filter_action {
    FILTER_ACCEPT,
    FILTER_JUNK,
    FILTER_QUARANTINE,
    FILTER_LATER,  /* 4xx */
    FILTER_REFUSE, /* 5xx */
    FILTER_ACTIONS
};
/* "accept", "junk", "quarantine", "later", "refuse". Static. */
const char *filter_action_name(enum filter_action action);

/* Why; the words in log, trace and metrics, and what a protocol finds its reply by. */
#define FILTER_REASONS(X)                                                                                    \
    X(FILTER_CLEAN, "clean")                                                                                 \
    X(FILTER_ALLOWED, "allow-list")                                                                          \
    X(FILTER_BLOCKED, "block-list")                                                                          \
    X(FILTER_DNS_LISTED, "dns-list")                                                                         \
    X(FILTER_FALSE_HELO, "helo")                                                                             \
    X(FILTER_GREYLISTED, "greylisted")                                                                       \
    X(FILTER_TOO_MANY_FROM, "several-authors")                                                               \
    X(FILTER_SPF_FAILED, "spf-fail")                                                                         \
    X(FILTER_DMARC_FAILED, "dmarc-fail")                                                                     \
    X(FILTER_INFECTED, "infected")                                                                           \
    X(FILTER_SPAM, "spam")                                                                                   \
    X(FILTER_SCANNER_DEFERS, "scanner-defers")                                                               \
    X(FILTER_SCANNER_DOWN, "scanner-down")                                                                   \
    X(FILTER_DNS_DOWN, "dns-down")                                                                           \
    X(FILTER_MILTER, "milter")                                                                               \
    X(FILTER_RULE, "rule")                                                                                   \
    X(FILTER_RATE, "rate")                                                                                   \
    X(FILTER_HELD, "held")

enum filter_reason {
#define X(id, name) id,
    FILTER_REASONS(X)
#undef X
        FILTER_REASON_COUNT
};
/* For log, metrics and quarantine: a word without spaces. Static. */
const char *filter_reason_name(enum filter_reason reason);

/* ---- the peer */

struct filter_peer_verdict {
    enum filter_action action; /* FILTER_ACCEPT or FILTER_REFUSE */
    enum filter_reason reason;
    int tarpit_ms;      /* to be let pass before the greeting or refusal */
    const char *detail; /* which list; "" */
};
/* `is_submission`: our own users come from anywhere, so only block lists count. */
void filter_connection(struct filter *filter, const void *owner, const struct net_address *peer,
                       bool is_submission, struct filter_peer_verdict *verdict_out);

/* ---- the sender */

struct filter_sender_question {
    const struct net_address *peer;
    const char *sender;      /* key of the envelope sender; "" */
    int64_t organisation_id; /* of the recipient; 0: at MAIL, for all */
    int64_t domain_id;
    const char *recipient; /* its key; NULL at MAIL */
    bool is_known;         /* logged in, or on our own network: not greylisted */
};
/* At MAIL: the installation's lists, from memory. True: go on. */
bool filter_mail(struct filter *filter, const struct net_address *peer, const char *sender);
/* Before the first RCPT: does the peer call itself by a name or address that could be its own? False: refused. Asks the DNS. */
bool filter_helo(struct filter *filter, const struct net_address *peer, const char *helo);
/* What is wrong with such a name, as far as it can be told without the DNS; NULL: nothing. Static. */
const char *helo_fault(const char *helo, const struct net_address *peer, const char *host_name);
/* At RCPT: the organisation's lists, and greylisting. */
void filter_rcpt(struct filter *filter, const struct filter_sender_question *question,
                 enum filter_reason *reason_out, enum filter_action *action_out);

/* Is `key`, an address of this organisation that nobody has, where it takes reports of others (setting report_address)? */
bool filter_takes_reports(struct filter *filter, int64_t organisation_id, const char *key);

/* ---- what our own accounts send */

struct filter_account {
    int64_t organisation_id, recipient_id;
    const char *login;
};
/* At MAIL: held, or over a limit (FILTER_HELD, FILTER_RATE); FILTER_SCANNER_DOWN where that cannot be known now. */
MUST_CHECK bool filter_may_send(struct filter *filter, const struct filter_account *account,
                                enum filter_reason *reason_out);
/* Before a message is accepted: counts it. An account that passes its own limit is held. */
MUST_CHECK bool filter_count_sent(struct filter *filter, const struct filter_account *account,
                                  size_t recipients, enum filter_reason *reason_out);

/* ---- the message */

enum filter_origin { FILTER_FROM_OUTSIDE, FILTER_FROM_USER, FILTER_FROM_NEIGHBOUR };

struct filter_input {
    enum filter_origin origin;
    const struct net_address *peer;
    const char *peer_text, *helo;
    const char *login;  /* the address that logged in; NULL */
    const char *sender; /* envelope, as SMTP writes it; "" */
    const char *sender_local, *sender_domain;
    const char *const *recipients; /* envelope, as SMTP writes them */
    size_t recipient_count;
    const int64_t
        *organisations; /* among the recipients' mailboxes, each once; none for mail that only leaves */
    size_t organisation_count;
    int64_t own_organisation; /* of the login; 0 */
    const char *id;           /* of the transaction, for logs */
    struct span trace;        /* our own fields above the message: what spamd needs to see */
    struct span message;      /* as it came, without them */
};

struct filter_share {
    int64_t organisation_id;
    enum filter_action action; /* FILTER_ACCEPT, FILTER_JUNK or FILTER_QUARANTINE */
    int64_t keep_s;            /* in the quarantine */
    bool
        asks_owner; /* to Junk as spam only: not where the mailbox's owner took such mail out of it (filter/familiar.h) */
};

/* What a transport rule sends elsewhere. */
enum filter_copy_kind {
    FILTER_COPY,
    FILTER_REDIRECT, /* in the place of the organisation's recipients */
    FILTER_JOURNAL,  /* as a report with the envelope: filter_journal() */
    FILTER_MODERATE, /* the organisation's recipients get it when the one at this address agrees */
};
struct filter_copy {
    const char *address;
    enum filter_copy_kind kind;
    int64_t organisation_id;
    const char *rule; /* of FILTER_MODERATE: which one wants it */
};

struct filter_verdict {
    enum filter_action action; /* FILTER_LATER and FILTER_REFUSE for all; otherwise see the shares */
    enum filter_reason reason;
    const char *text;   /* a sentence for the sender; printable ASCII; NULL: the reason's own */
    const char *detail; /* for the log, trace and quarantine: name of a virus, score and symbols; "" */
    double score;
    struct filter_share *shares; /* one for each organisation of the input */
    size_t share_count;
    struct span
        header; /* takes the place of the message's header block, its empty line included; p NULL: as it was */
    struct span body; /* takes the place of the rest; p NULL: as it was */
    const struct filter_copy *copies;
    size_t copy_count;
};

/* Never fails: trouble is a verdict. The verdict belongs to `owner`. */
void filter_message(struct filter *filter, const void *owner, const struct filter_input *input,
                    struct filter_verdict *verdict_out);

/* A journal report about `message` as it is delivered: who sent it to whom, and the message. */
void filter_journal(const struct filter *filter, const struct filter_input *input, struct span message,
                    const char *journal_address, struct buf *out);

#endif
