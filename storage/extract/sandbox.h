/* sandbox.h -- inside this room: how a child gives everything up. */
#ifndef EXTRACT_SANDBOX_H
#define EXTRACT_SANDBOX_H

#include "extract/child.h"

/* For good. False: the kernel cannot do it, and nothing foreign must be looked at. */
MUST_CHECK bool sandbox_enter(const struct extract_budget *budget);

#endif
