/*
 * selection.h -- recipients of an organisation by a filter, under a name: address lists, and recipient policies, which say besides what
 * addresses those whom they select get of their names (format/address_template.h), what they may send and get, and how long their
 * mail is kept. Whom a filter selects: list_query_preview().
 *
 * Errors   ERR_INVALID: a filter or template that is none; ERR_EXISTS, ERR_NOT_FOUND; ERR_BUSY.
 * Threads  all functions may be called from any thread.
 */
#ifndef DIRECTORY_SELECTION_H
#define DIRECTORY_SELECTION_H

#include "directory/directory.h"
#include "format/retention.h"

enum selection_kind { SELECTION_ADDRESS_LIST, SELECTION_POLICY, SELECTION_KINDS };
enum { SELECTION_TEMPLATES_MAX = 10 };

/* 0: it says nothing of this. */
struct policy_limits {
    int64_t send_bytes;    /* of a message that somebody sends */
    int64_t receive_bytes; /* of one that somebody gets who has no limit of his own */
    int64_t recipients;    /* of one message that somebody sends */
    int64_t quota_bytes;   /* of a mailbox that is made without one of its own */
};

struct selection {
    int64_t organisation_id;
    const char *name;  /* unique among those of its kind in its organisation */
    const char *query; /* "(&(kind=user)(domain=example.org))" */
    const char **templates;
    size_t template_count;  /* 0 in address lists */
    int32_t position;       /* among the others of its kind; a policy with a smaller one goes before */
    const char *visible_to; /* an address list: who alone sees it, a group or a person; NULL: everybody */
    struct policy_limits limits; /* of a policy; so the rules */
    const struct retention_rule *rules;
    size_t rule_count;
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
/* Those of an organisation, by position, then by name; `name` NULL: all. */
MUST_CHECK bool selection_list(struct directory *directory, const struct actor *actor, const void *owner,
                               enum selection_kind kind, int64_t organisation_id, const char *name,
                               struct selection **list_out, size_t *count_out, struct err *err);

/* Organisations that have policies with rules for keeping mail, or had them when an owner was told, under `owner`. */
MUST_CHECK bool retention_organisations(struct directory *directory, const void *owner, int64_t **ids_out,
                                        size_t *count_out, struct err *err);
/* The audit row of a policy that was applied to mail: so much was deleted or moved. */
MUST_CHECK bool retention_note(struct directory *directory, const struct actor *actor,
                               int64_t organisation_id, const char *policy, int64_t messages, int64_t bytes,
                               struct err *err);

#endif
