/*
 * change.h -- a new password, by who knows the old one; where a company directory decides about passwords, in that.
 *
 * Errors   as auth.h; ERR_INVALID: the new one is not good enough, the sentence says why as far as it is known.
 * Threads  any; they block for the databases and the directory.
 */
#ifndef AUTH_CHANGE_H
#define AUTH_CHANGE_H

#include "auth/auth.h"

enum password_change {
    CHANGE_ANY,    /* the caller has logged in */
    CHANGE_EXPIRED /* he cannot, since his password has expired or has to be changed: only then */
};

/* Counts a wrong old one as a failed login. Afterwards sessions that began before end. `actor` NULL: the account itself. */
MUST_CHECK bool auth_change_password(struct auth *auth, const struct auth_request *request,
                                     const struct actor *actor, enum password_change change,
                                     struct span login, struct span old, struct span new, struct err *err);

/* What a new password has to be; 0: nothing is asked. */
struct password_policy {
    bool is_elsewhere;  /* a company directory decides, ... */
    const char *keeper; /* ... which is called so; "" where it is Chappe itself */
    bool is_known;      /* false: the directory does not say what it asks for */
    int64_t min_length; /* characters */
    bool is_complex;    /* three kinds of characters, and not the name */
    int64_t history;    /* not one of the last so many */
    int64_t min_age_s, max_age_s;
};
/* Of this account. Texts under `owner`. */
MUST_CHECK bool auth_password_policy(struct auth *auth, const void *owner, const char *login,
                                     struct password_policy *policy_out, struct err *err);

#endif
