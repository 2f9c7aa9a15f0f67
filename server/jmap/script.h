/* script.h -- Sieve scripts by JMAP ids; private to this room. The id of a script is made of its name, which it keeps. */
#ifndef JMAP_SCRIPT_H
#define JMAP_SCRIPT_H

#include "jmap/request.h"

/* "V" and digits; the call's arena. */
const char *jmap_script_id(const struct jmap_call *call, const char *name);
/* The text of the script with this id; ERR_NOT_FOUND. Own account only. */
MUST_CHECK bool jmap_script_text(struct jmap_call *call, const char *id, struct span *text_out,
                                 struct err *err);

#endif
