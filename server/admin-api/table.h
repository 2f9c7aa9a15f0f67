/*
 * table.h -- what openapi/generate.py writes beside the routes and rights: texts of the audit, and files that are served.
 * Everything is static.
 */
#ifndef ADMIN_API_TABLE_H
#define ADMIN_API_TABLE_H

#include <stddef.h>

/* What an action of the audit is, for people. */
struct admin_text {
    const char *action; /* "user.add" */
    const char *en, *fr;
};
/* By action. */
const struct admin_text *admin_audit_texts(size_t *count_out);

struct admin_file {
    const char *name; /* "openapi.json", "index.html" */
    const char *bytes;
    size_t length;
};
/* The OpenAPI document, and the files of the reference page. */
const struct admin_file *admin_files(size_t *count_out);

#endif
