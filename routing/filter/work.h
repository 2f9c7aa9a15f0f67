/* work.h -- one message while it is judged, between filter.c and its steps; private to this room. */
#ifndef FILTER_WORK_H
#define FILTER_WORK_H

#include "base/buf.h"
#include "filter/arc.h"
#include "filter/auth_results.h"
#include "filter/book.h"
#include "filter/breaker.h"
#include "filter/filter.h"
#include "filter/milter.h"
#include "filter/rspamd.h"

enum scanner { SCANNER_CLAMD, SCANNER_RSPAMD, SCANNER_SPAMD, SCANNER_MILTER, SCANNERS };

struct rule;
struct tally;

struct filter {
    struct filter_options options;
    struct shelf shelf;
    struct breaker breakers[SCANNERS];
    struct dkim_lib *dkim;
    struct tally *tally;
};

struct work {
    struct filter *filter;
    const struct book *book;
    const struct filter_input *in;
    void *arena; /* of the verdict */
    int64_t deadline_us;
    struct span header; /* of the message, edited by rules */

    /* what was found out */
    const char *from_domain; /* of the one author; NULL: none that can be read */
    size_t from_count;       /* From fields */
    size_t author_count;     /* mailboxes in the first of them */
    struct spf_answer spf;
    bool has_spf;
    struct dkim_signature *signatures;
    size_t signature_count;
    bool has_dkim;
    struct dmarc_answer dmarc;
    bool has_dmarc;
    struct arc_answer arc;
    bool has_arc;
    const char *arc_sealer; /* who is believed, by some organisation, that DMARC passed there; NULL */
    const char *virus;
    bool is_scanned_for_viruses; /* and answered */
    bool is_scanned_for_spam;
    struct rspamd_answer spam; /* of rspamd, or spamd in its form */
    bool has_scanner_trouble;
    const char *trouble;    /* which scanner */
    const char *sender_key; /* of the envelope; "" */
    bool is_allowed;        /* peer or sender is on the installation's allow list */

    enum milter_action milter_action; /* the worst of them */
    const char *milter_text;

    /* what rules want */
    const struct rule *refusing_rule;
    bool has_rule_trouble; /* who is in which group cannot be known now */
    struct filter_copy *copies;
    size_t copy_count;
    enum filter_action *rule_actions; /* by organisation of the input; NULL: none */
    const char *marking_rule;         /* the last that set one of them */
    struct span body;                 /* as it is now; `header` too */
    bool is_edited, is_body_edited;

    struct buf added; /* lines that go above the message */
};

/* sender.c: From, SPF, DKIM, ARC, DMARC. */
void work_check_sender(struct work *w);
/* rules.c: transport rules. */
void work_apply_rules(struct work *w);
/* scan.c: clamd, rspamd, spamd. */
void work_scan(struct work *w);
/* rcpt.c: whoever one of ours writes to is no stranger to greylisting. */
void work_know_recipients(struct work *w);
/* verdict.c: what all that means, for each organisation. */
void work_decide(struct work *w, struct filter_verdict *verdict);
/* rewrite.c: the header block with our lines and without what pretends to be ours. */
bool work_rewrite(struct work *w, struct filter_verdict *verdict, struct err *err);

#endif
