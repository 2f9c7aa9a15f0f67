/* problem.h -- a refusal as application/problem+json (RFC 9457); private to this room. */
#ifndef ADMIN_API_PROBLEM_H
#define ADMIN_API_PROBLEM_H

#include "admin_api/call.h"

/* Writes status and body; logs what is our own fault. */
void problem_answer(struct admin_call *call, const struct err *err);
/* The call's refusal becomes this one: kind and sentence go to *err. Returns false. */
bool problem_set(struct admin_call *call, enum problem problem, struct err *err);

#endif
