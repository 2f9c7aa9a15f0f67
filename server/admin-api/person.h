/*
 * person.h -- given_name, city, manager and so on in bodies and answers: what users and contacts have in common
 * (directory/person.h); private to this room.
 */
#ifndef ADMIN_API_PERSON_H
#define ADMIN_API_PERSON_H

#include "admin_api/call.h"
#include "directory/person.h"

/* What `json` says of a person, checked; strings are those of `json`. ERR_INVALID. */
MUST_CHECK bool person_read(const json_t *json, struct person *person_out, struct err *err);
/* Writes what was read, where anything was. */
MUST_CHECK bool person_apply(const struct admin_call *call, int64_t recipient_id, const struct person *person,
                             struct err *err);
/* Adds what is known to `json`. */
MUST_CHECK bool person_add(const struct admin_call *call, int64_t recipient_id, json_t *json,
                           struct err *err);
/* Appends the names of all fields: of who comes from a company directory, it owns them. */
void person_add_names(json_t *list);

#endif
