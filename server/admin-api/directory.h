/*
 * directory.h -- what the files about company directories share; private to this room.
 */
#ifndef ADMIN_API_DIRECTORY_H
#define ADMIN_API_DIRECTORY_H

#include "admin_api/call.h"
#include "directory/source_run.h"

/* The source that path and query name. ERR_NOT_FOUND, ERR_CONFLICT: source_find(). */
MUST_CHECK bool directory_of_call(struct admin_call *call, struct source *source_out, struct err *err);

/* A sentence of the synchronisation in the caller's language. The call's. */
const char *directory_said(const struct admin_call *call, const char *text);

/* A run as the API shows it. A new reference. */
json_t *directory_run_json(const struct admin_call *call, const struct source_run *run);

#endif
