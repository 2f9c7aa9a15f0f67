/* gate.h -- inside this room: one gate of an answer. */
#ifndef POLICY_GATE_H
#define POLICY_GATE_H

#include "policy/policy.h"

/* Does it let this sender and size through? False with the reason, also for trouble that passes. */
MUST_CHECK bool gate_passes(struct directory *directory, const struct policy_question *question,
                            const struct resolve_gate *gate, struct err *err);

#endif
