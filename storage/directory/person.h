/*
 * person.h -- what is known of people beyond name and addresses: where they work, as what, under which numbers, under whom.
 *
 * Of users, shared mailboxes, rooms, equipment, public folders and contacts. What a company directory brought is changed there (directory/source.h); of
 * all others an administrator says it. Address lists show it, filters ask about it, and address templates are filled from it.
 *
 * Errors   ERR_INVALID names the field; ERR_NOT_FOUND also where the recipient is not the actor's; ERR_DENIED: a directory owns it.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_PERSON_H
#define DIRECTORY_PERSON_H

#include "directory/directory.h"

enum { PERSON_TEXT_MAX = 500 }; /* characters of each field */

enum person_field {
    PERSON_GIVEN_NAME,
    PERSON_SURNAME,
    PERSON_INITIALS,
    PERSON_TITLE,
    PERSON_DEPARTMENT,
    PERSON_COMPANY,
    PERSON_OFFICE,
    PERSON_STREET,
    PERSON_CITY,
    PERSON_POSTAL_CODE,
    PERSON_REGION, /* state or province */
    PERSON_COUNTRY,
    PERSON_PHONE,
    PERSON_MOBILE,
    PERSON_FAX,
    PERSON_NOTES,
    PERSON_MANAGER, /* an address of a user or contact of the same organisation */
    PERSON_FIELDS
};
/* "given_name", "postal_code", ...: as the API and files name it. Static. */
const char *person_field_name(enum person_field field);

struct person {
    const char *values[PERSON_FIELDS]; /* UTF-8; "": nothing; NULL, of what is wanted: as it was */
};
/* Is anything said? */
bool person_is_said(const struct person *person);
/* At most PERSON_TEXT_MAX characters of UTF-8, of which only those of street and notes may begin a new line. */
MUST_CHECK bool person_check(const struct person *person, struct err *err);

/* No value is NULL; the manager by the primary address. Under `owner`. */
MUST_CHECK bool person_get(struct directory *directory, const struct actor *actor, const void *owner,
                           int64_t recipient_id, struct person *person_out, struct err *err);
/* Changes what is said. ERR_INVALID also: nobody of the organisation has the manager's address, or it is his own. */
MUST_CHECK bool person_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                           const struct person *wanted, struct err *err);
/* The same for many of one organisation in one transaction. A manager who is not there is left out, and *faults_out of that one says so
 * (ERR_NONE: all is well); any other trouble is everybody's. */
MUST_CHECK bool person_set_many(struct directory *directory, const struct actor *actor,
                                int64_t organisation_id, const int64_t *recipient_ids,
                                const struct person *wanted, size_t count, struct err *faults_out,
                                struct err *err);

#endif
