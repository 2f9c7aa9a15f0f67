/* lines.h -- findings and steps, which arise in English, in the caller's language; private to this room. */
#ifndef ADMIN_API_LINES_H
#define ADMIN_API_LINES_H

#include "admin_api/call.h"

/* These fields (a blank between) of each object of `lines`, where the caller would rather have French. Names of files, hosts and domains
 * in them stay as they are. */
void lines_translate(const struct admin_call *call, json_t *lines, const char *fields);

#endif
