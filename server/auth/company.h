/*
 * company.h -- passwords of people whom a company directory (LDAP, Active Directory) knows: the directory decides. For this room
 * only.
 *
 * A check is a bind as the person, under the DN that the last synchronisation saw; where that is refused, the entry is looked for by its
 * lasting key, since it may have been moved. At most a few checks of one directory wait at once, so that one which hangs does not take the
 * threads from the others.
 *
 * Errors   ERR_BUSY: the directory does not answer as it should; never "wrong password" for that.
 * Threads  any; they block for the directory, some seconds at most.
 */
#ifndef AUTH_COMPANY_H
#define AUTH_COMPANY_H

#include "auth/account.h"
#include "auth/change.h"
#include "ldap/password.h"

struct company_answer {
    enum ldap_verdict verdict;
    unsigned cache_s; /* for so long the answer may be remembered */
};
/* Is that the password? True: the directory said something. */
MUST_CHECK bool company_check(struct auth *auth, const struct login *login, struct span password,
                              struct company_answer *answer_out, struct err *err);
/* Does to the directory that serves this name what a check of a wrong password would, so that the time tells nobody who exists.
 * Nothing where none serves it. ERR_BUSY as company_check(). */
MUST_CHECK bool company_pretend(struct auth *auth, const char *name, struct err *err);
/* Gives the person a new password there, as himself, so that the directory's own rules judge. Errors as ldap_change_password(). */
MUST_CHECK bool company_change(struct auth *auth, const struct login *login, struct span old, struct span new,
                               struct err *err);
/* What the directory asks of a new password, as far as it says. Texts under `owner`. */
MUST_CHECK bool company_policy(struct auth *auth, const void *owner, const struct login *login,
                               struct password_policy *policy_out, struct err *err);
/* What a person is told who gave the right password and may not come in: ERR_EXPIRED or ERR_SUSPENDED. False always. */
bool company_refuse(enum ldap_verdict verdict, struct err *err);
/* The account that a name means in the directories, where they say that such names log in; ERR_NOT_FOUND, also for a name that means
 * several. `found`: the account of that address, NULL for none. */
MUST_CHECK bool company_find(struct auth *auth, const void *owner, const char *name,
                             const struct login *found, struct login *login_out, struct err *err);

/* The account whose name in a directory that serves this domain is `name` (sAMAccountName, uid), as a Kerberos realm has it; an address
 * of that name may be somebody else's. ERR_NOT_FOUND. */
MUST_CHECK bool company_find_principal(struct auth *auth, const void *owner, const char *name,
                                       const char *domain, struct login *login_out, struct err *err);

/* The doors before each directory. Under `owner`. */
struct company_gates *company_gates_new(const void *owner);

#endif
