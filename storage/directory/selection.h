/*
 * selection.h -- recipients of an organisation by a filter, under a name: address lists, and recipient policies, which say besides what
 * addresses those whom they select get of their names (format/address_template.h). Whom a filter selects: list_query_preview().
 *
 * Errors   ERR_INVALID: a filter or template that is none; ERR_EXISTS, ERR_NOT_FOUND; ERR_BUSY.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_SELECTION_H
#define DIRECTORY_SELECTION_H

#include "directory/directory.h"

enum selection_kind { SELECTION_ADDRESS_LIST, SELECTION_POLICY, SELECTION_KINDS };
enum { SELECTION_TEMPLATES_MAX = 10 };

struct selection {
    int64_t organisation_id;
    const char *name;  /* unique among those of its kind in its organisation */
    const char *query; /* "(&(kind=user)(domain=example.org))" */
    const char **templates;
    size_t template_count;  /* 0 in address lists */
    int32_t position;       /* of an address list among the others */
    const char *visible_to; /* an address list: who alone sees it, a group or a person; NULL: everybody */
};

/* A new one. */
MUST_CHECK bool selection_add(struct directory *directory, const struct actor *actor,
                              enum selection_kind kind, const struct selection *wanted, struct err *err);
/* Another filter, other templates, another name (wanted->name). */
MUST_CHECK bool selection_set(struct directory *directory, const struct actor *actor,
                              enum selection_kind kind, const char *name, const struct selection *wanted,
                              struct err *err);
/* Takes it away; addresses that it gave stay. */
MUST_CHECK bool selection_remove(struct directory *directory, const struct actor *actor,
                                 enum selection_kind kind, int64_t organisation_id, const char *name,
                                 struct err *err);
/* Those of an organisation, by name; `name` NULL: all. */
MUST_CHECK bool selection_list(struct directory *directory, const struct actor *actor, const void *owner,
                               enum selection_kind kind, int64_t organisation_id, const char *name,
                               struct selection **list_out, size_t *count_out, struct err *err);

#endif
