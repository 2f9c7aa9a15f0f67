/*
 * owner.h -- what the owner of an account sets of the account itself, by the admin API: the same functions, rights and audit rows
 * as a request to it; private to this room.
 *
 * The admin API's names ("last_used") are JMAP's here ("lastUsed"), in what is asked and in what is answered.
 */
#ifndef JMAP_OWNER_H
#define JMAP_OWNER_H

#include "jmap/request.h"

/* A path of the admin API below the account that asks: "/users/ADDRESS" and then this. Under the call's arena. */
const char *jmap_owner_path(const struct jmap_call *call, const char *format, ...) PRINTF_LIKE(2, 3);
/* Asks it. `in` may be NULL; *out is the arena's, an empty object where nothing was answered. Sets call->factor. */
MUST_CHECK bool jmap_owner_ask(struct jmap_call *call, const char *method, const char *path, const json_t *in,
                               json_t **out, struct err *err);
/* The SetError of a failure of it: secondFactorNeeded, with `factor`, where one has to be shown first. A new reference. */
json_t *jmap_owner_error(struct jmap_call *call, const struct err *err);
/* The same where the call as a whole failed; false. */
bool jmap_owner_fail(struct jmap_call *call, const struct err *err);
/* Something of the account was changed: the mailbox's state, and with it that of these types, is another one. */
MUST_CHECK bool jmap_owner_raise(struct jmap_call *call, struct err *err);

/* A type that is a list of the admin API. */
struct owner_type {
    const char *path;         /* of the list: "/app-passwords" */
    const char *root;         /* under which the account stands there; NULL: "/users" */
    const char *list;         /* its member in the answer, as JMAP names it */
    const char *const *names; /* properties, "id" the first */
    size_t name_count;
    bool is_numbered;       /* they have no ids of their own: their place tells */
    const char *is_said_by; /* the property that stands in the path of one; NULL: the id */
};
/* The path of its list, and then this. Under the call's arena. */
const char *jmap_owner_path_of(const struct jmap_call *call, const struct owner_type *type, const char *more);
/* Its objects by id, the arena's. */
MUST_CHECK bool jmap_owner_list(struct jmap_call *call, const struct owner_type *type, json_t **by_id_out,
                                struct err *err);
/* /get. */
MUST_CHECK bool jmap_owner_get(struct jmap_call *call, const struct owner_type *type);
/* For struct jmap_set, whose arg is the type: POST to the list; DELETE of one. */
json_t *jmap_owner_create(struct jmap_call *call, const char *creation_id, json_t *object,
                          json_t **created_out, void *type);
/* DELETE of the one with this id. A SetError, or NULL. */
json_t *jmap_owner_destroy(struct jmap_call *call, const char *id, void *type);

#endif
