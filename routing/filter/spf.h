/*
 * spf.h -- may this peer send for this domain? (RFC 7208)
 *
 * The limits of the RFC hold: ten terms that ask the DNS, two answers without records, ten names of an mx or ptr.
 * Trouble with the DNS is SPF_TEMPERROR, never a fail.
 */
#ifndef FILTER_SPF_H
#define FILTER_SPF_H

#include "base/buf.h"
#include "base/net.h"

struct dns;

enum spf_result { /* RFC 7208, 2.6 */
                  SPF_NONE,
                  SPF_NEUTRAL,
                  SPF_PASS,
                  SPF_FAIL,
                  SPF_SOFTFAIL,
                  SPF_TEMPERROR,
                  SPF_PERMERROR,
                  SPF_RESULTS
};
/* "none", "pass", ... Static. */
const char *spf_result_name(enum spf_result result);

enum {
    SPF_TERMS_MAX = 10,     /* that ask the DNS: 4.6.4 */
    SPF_VOID_MAX = 2,       /* answers without a record */
    SPF_NAMES_MAX = 10,     /* of one mx or ptr */
    SPF_RECORD_MAX = 8192,  /* bytes of a record that are read */
    SPF_RECORD_TERMS = 500, /* of one record */
    SPF_EXPLANATION_MAX = 200,
};

struct spf_question {
    const struct net_address *peer;
    const char *helo;           /* what the client called itself */
    const char *local, *domain; /* of the envelope sender; domain "": the null sender, HELO is asked about */
    const char *host_name;      /* ours, for %{r} */
    int64_t deadline_us;
};

struct spf_answer {
    enum spf_result result;
    const char *domain;      /* that was asked about */
    bool is_helo;            /* because there was no sender */
    const char *explanation; /* the domain's words on a fail, printable ASCII; NULL */
    const char *cause;       /* of an error, for the log; NULL. Static. */
};

/* check_host() of RFC 7208, 4, for MAIL FROM, or for HELO where the domain is empty (2.3). Waits for the DNS, until
 * the question's deadline. Never fails: trouble is a result. What the answer points at is under `owner` or static. */
void spf_check(struct dns *dns, const void *owner, const struct spf_question *question,
               struct spf_answer *answer_out);

/* ---- a record, read */

enum spf_kind { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS, SPF_KINDS };

struct spf_term {
    enum spf_kind kind;
    enum spf_result qualifier;
    struct span domain;         /* with macros; empty: the domain itself */
    struct net_network network; /* ip4, ip6 */
    uint8_t bits4, bits6;       /* of a and mx */
};

struct spf_record {
    struct spf_term *terms;
    size_t count;
    struct span redirect, exp; /* p NULL: none */
};

/* "v=spf1" alone or before a space. */
bool spf_is_record(struct span text);
/* False: a permerror. Under `owner`. */
MUST_CHECK bool spf_record_parse(const void *owner, struct span text, struct spf_record *record_out);

/* ---- macros (7) */

struct spf_macros {
    const char *local, *sender_domain, *domain, *helo, *host_name;
    const struct net_address *peer;
    const char *validated; /* %{p} */
    bool is_explanation;   /* c, r and t are allowed */
};
/* Syntax only; `is_domain`: it must end as a name ends. */
bool spf_macro_is_good(struct span text, bool is_domain);
/* Does the text contain a macro of that (lower-case) letter, in any case (RFC 7208, 7.2)? */
bool spf_macro_uses(struct span text, char letter);
/* False for bad syntax. */
MUST_CHECK bool spf_macro_expand(struct buf *out, struct span text, const struct spf_macros *macros);

#endif
