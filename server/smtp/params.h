/*
 * params.h -- the parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (6152, 3030), SMTPUTF8 (6531), RET, ENVID,
 * NOTIFY, ORCPT (3461), AUTH (4954), REQUIRETLS (8689), HOLDFOR, HOLDUNTIL (4865), BY (2852), MT-PRIORITY (6710), and our own
 * between servers of one installation, which begin with XC-. One table row each; a parameter may stand once.
 *
 * Ownership  decoded texts live under `owner`.
 * Errors     ERR_NOT_FOUND for a parameter that we do not announce (555 5.5.4), ERR_INVALID for one that is
 *            wrong or doubled (501 5.5.4).
 */
#ifndef SMTP_PARAMS_H
#define SMTP_PARAMS_H

#include "base/err.h"
#include "base/span.h"

enum smtp_body { SMTP_BODY_UNSAID, SMTP_BODY_7BIT, SMTP_BODY_8BITMIME, SMTP_BODY_BINARYMIME };
enum smtp_ret { SMTP_RET_UNSAID, SMTP_RET_FULL, SMTP_RET_HDRS };
enum smtp_notify { /* bits; 0: unsaid */
                   SMTP_NOTIFY_NEVER = 1,
                   SMTP_NOTIFY_SUCCESS = 2,
                   SMTP_NOTIFY_FAILURE = 4,
                   SMTP_NOTIFY_DELAY = 8,
};

/* What a server of ours says of a message that it hands on (peer.h); decoded texts, p == NULL: unsaid. */
struct smtp_handed_mail {
    bool is_said; /* any of it */
    bool is_judged;
    struct span login, origin, id;
    uint64_t login_id, organisation_id, expires_us;
};

/* And of one copy. */
struct smtp_handed_rcpt {
    bool is_said;
    uint64_t mailbox_id; /* 0: for an address elsewhere */
    struct span target;  /* accept/target.h */
    struct span asked;
    bool has_receipt;
    uint8_t receipt[16];
    unsigned flags; /* enum queue_flag */
};

struct smtp_mail_params {
    bool has_size, smtputf8;
    uint64_t size;
    enum smtp_body body;
    enum smtp_ret ret;
    struct span envid; /* decoded; p == NULL: unsaid */
    struct span auth;  /* decoded, "<>" as it stands; p == NULL: unsaid */
    bool requiretls;
    int64_t hold_until_us; /* HOLDFOR, HOLDUNTIL; 0: at once */
    bool has_by, by_returns;
    int64_t by_s; /* BY: seconds from now; may be negative */
    int priority; /* MT-PRIORITY, -9 to 9 */
    struct smtp_handed_mail handed;
};

/* The longest that a message may be asked to wait, and the least that BY;R may give us. */
enum { SMTP_HOLD_MAX_S = 366 * 86400, SMTP_BY_MAX_S = 999999999 };

struct smtp_rcpt_params {
    unsigned notify;
    struct span orcpt_type, orcpt; /* "rfc822", decoded address; p == NULL: unsaid */
    struct smtp_handed_rcpt handed;
};

/* The whole of `in`: what follows the path. */
MUST_CHECK bool smtp_parse_mail_params(const void *owner, struct span in, struct smtp_mail_params *params_out,
                                       struct err *err);
/* The same after RCPT: NOTIFY and ORCPT (RFC 3461, 4.1, 4.2), and what else stands in the table of params.c. */
MUST_CHECK bool smtp_parse_rcpt_params(const void *owner, struct span in, struct smtp_rcpt_params *params_out,
                                       struct err *err);

#endif
