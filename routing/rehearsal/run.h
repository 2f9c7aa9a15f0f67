/* run.h -- one rehearsal on its way. For this room only. */
#ifndef REHEARSAL_RUN_H
#define REHEARSAL_RUN_H

#include "deliver/deliver.h"
#include "filter/filter.h"
#include "format/address.h"
#include "rehearsal/rehearsal.h"
#include "resolve/resolve.h"
#include "trace/trace.h"

struct rehearsing {
    const struct rehearsal *with;
    const struct rehearsal_question *question;
    void *arena;
    struct trace *trace;
    struct address sender, recipient;
    const char *sender_text, *recipient_text;
    struct net_address peer;
    char peer_text[NET_ADDRESS_TEXT];
    int64_t
        login_organisation_id; /* in whose name it is sent: of the login, or of the sender of a host of the house; 0: nobody's */
    bool is_inner; /* from a host of the house, without a login */
    struct span message;
    struct resolve_answer answer;
    bool is_refused;          /* told already */
    bool goes_to_junk;        /* the filters' mark */
    enum filter_action share; /* of the recipient's organisation */
};

/* Is it played as from somebody who logged in? */
static inline bool rehearsing_login(const struct rehearsing *r)
{
    return r->login_organisation_id && !r->is_inner;
}

/* The event of a refusal, by `reason` in these words. Returns true: an answer was found. */
bool rehearsing_refuse(struct rehearsing *r, const char *stage, const char *reason, const char *words);
/* Trouble that passes is an error; anything else a refusal. */
bool rehearsing_trouble(struct rehearsing *r, const char *stage, const char *reason, struct err *err);

/* judge.c */
/* RCPT: who it is, and whether that is allowed. False only for temporary trouble. */
MUST_CHECK bool rehearse_recipient(struct rehearsing *r, struct err *err);
/* What the filters would say, their own trouble included. */
void rehearse_filters(struct rehearsing *r);
/* copies.c: what becomes of each copy. */
MUST_CHECK bool rehearse_copies(struct rehearsing *r, struct err *err);
/* way.c: the route of a copy to an address elsewhere, or to a mailbox (group_id not 0) of another routing group. */
MUST_CHECK bool rehearse_way(struct rehearsing *r, const char *address, const char *domain, const char *why,
                             int64_t group_id, struct err *err);

#endif
