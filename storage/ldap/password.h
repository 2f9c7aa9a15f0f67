/*
 * password.h -- is this somebody's password, and: a new one, please.
 */
#ifndef LDAP_PASSWORD_H
#define LDAP_PASSWORD_H

#include "ldap/pool.h"

/* What a directory says to a name and a password; in brackets the sub-code of Active Directory. */
enum ldap_verdict {
    LDAP_RIGHT,
    LDAP_WRONG,            /* 52e, or invalid credentials without a word */
    LDAP_UNKNOWN,          /* 525: nobody has that name */
    LDAP_WRONG_HOURS,      /* 530 */
    LDAP_WRONG_STATION,    /* 531 */
    LDAP_PASSWORD_EXPIRED, /* 532 */
    LDAP_DISABLED,         /* 533 */
    LDAP_ACCOUNT_EXPIRED,  /* 701 */
    LDAP_MUST_CHANGE,      /* 773 */
    LDAP_LOCKED,           /* 775 */
    LDAP_VERDICTS
};
/* "right", "wrong", "unknown", "wrong-hours", ...: for logs. Static. */
const char *ldap_verdict_name(enum ldap_verdict verdict);

struct ldap_check {
    enum ldap_verdict verdict;
    int result;           /* the LDAP result code */
    unsigned sub_code;    /* AD: 0x52e, ...; 0: it said none */
    int expires_s;        /* password policy: so long the password is still good; -1: not said */
    int grace_left;       /* logins that an expired one still has; -1: not said */
    char diagnostic[200]; /* the server's words, printable; for the log only */
};

/* Binds as `name` (a DN, or what AD takes: UPN, DOMAIN\name) over a link of its own. True where the server answered, whatever it
 * said: *check_out. ERR_BUSY: it cannot be known now. An empty password, or one with a NUL, is LDAP_WRONG and never sent (RFC 4513, 5.1.2). */
MUST_CHECK bool ldap_check_password(struct ldap_pool *pool, const char *name, struct span password,
                                    unsigned wait_ms, struct ldap_check *check_out, struct err *err);

enum ldap_change {
    LDAP_CHANGE_EXTENDED, /* RFC 3062 */
    LDAP_CHANGE_UNICODE,  /* AD: unicodePwd; only over TLS or a SASL layer */
};
/* Gives `dn` a new password, as itself (`name` and `old`), so that the directory's own policy judges. ERR_AUTH: the old one is
 * wrong; ERR_INVALID: the policy refuses the new one, with the server's words where it has any; ERR_DENIED: users may not, or the
 * connection is not encrypted; ERR_BUSY. */
MUST_CHECK bool ldap_change_password(struct ldap_pool *pool, enum ldap_change how, const char *dn,
                                     const char *name, struct span old, struct span new, unsigned wait_ms,
                                     struct err *err);

/* The number behind "data " in a diagnostic message of AD (hexadecimal); 0 where there is none. */
unsigned ldap_sub_code(struct span diagnostic);

#endif
