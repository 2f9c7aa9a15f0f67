/*
 * session.h -- how a browser's session begins, whoever vouched for its holder; private to this room.
 */
#ifndef ADMIN_API_SESSION_H
#define ADMIN_API_SESSION_H

#include "admin_api/call.h"
#include "auth/auth.h"
#include "directory/second_factor.h"

enum { SESSION_HOURS = 12, SESSION_NAME_SHOWN = 200 };

/* Whether he has shown more than one thing already, so that no second factor of ours is asked for. */
enum session_proof { SESSION_BY_ONE_FACTOR, SESSION_BY_TWO_FACTORS };
struct session_factors {
    struct second_factor *list;
    size_t count;
    bool are_asked; /* the session lacks one of them */
};

/* The session of this person, from where the request came; nothing is stored yet. `method`: as in access_token.h. */
struct access_token session_of(struct admin_call *call, const struct identity *identity, const char *method);
/* Begins it and sets its cookie; token->lacks says what it lacks. */
MUST_CHECK bool session_establish(struct admin_call *call, struct access_token *token,
                                  const struct role_holder *holder, enum session_proof proof,
                                  struct session_factors *factors_out, struct err *err);

/* What a new password of this account has to be, as GET /session/password says it. A new reference; NULL: it cannot be known
 * now. */
json_t *session_password_rules(struct admin_call *call, const char *login);

#endif
