/*
 * login_name.h -- the names by which people of a company directory log in, and what they tell of it before anybody knows whether
 * there is such an account.
 */
#ifndef DIRECTORY_LOGIN_NAME_H
#define DIRECTORY_LOGIN_NAME_H

#include "directory/directory.h"

/* In the order in which they count: where one fits, the next are not looked at. */
enum login_form {
    LOGIN_MAIL = 1,      /* "mail": an address */
    LOGIN_PRINCIPAL = 2, /* "upn": userPrincipalName */
    LOGIN_ACCOUNT = 3,   /* "account": sAMAccountName or uid, with a domain that the source serves */
    LOGIN_DOWN_LEVEL = 4 /* "domain": DOMAIN\sAMAccountName */
};

struct login_candidate {
    enum login_form form;
    int64_t recipient_id, source_id;
};

/* As names of a directory are compared: small letters, composed (NFC); accents count. Under `owner`; NULL: it is not UTF-8. */
char *directory_name_fold(const void *owner, const char *name);
/* Whom the directories mean by this name, by form; at most 16, possibly none. Whether the form is allowed is the source's to say. */
MUST_CHECK bool login_candidates(struct directory *directory, const void *owner, const char *typed,
                                 struct login_candidate **candidates_out, size_t *count_out, struct err *err);
/* The (oldest) source that serves the domain of an address, whoever that is; 0: none. */
MUST_CHECK bool login_serving_source(struct directory *directory, const char *typed, int64_t *source_id_out,
                                     struct err *err);
/* Could the name, whether it exists or not, be one that a directory decides about? */
MUST_CHECK bool login_is_decided_elsewhere(struct directory *directory, const char *typed,
                                           bool *is_decided_out, struct err *err);

#endif
