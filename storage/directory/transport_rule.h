/*
 * transport_rule.h -- what an organisation wants done with mail of a certain kind, in order.
 *
 * A rule is a JSON object whose fields belong to routing/filter (filter/rule.h), which has checked it before it comes here.
 */
#ifndef DIRECTORY_TRANSPORT_RULE_H
#define DIRECTORY_TRANSPORT_RULE_H

#include "directory/directory.h"

struct transport_rule {
    int64_t organisation_id;
    const char *name; /* unique in its organisation */
    int32_t position; /* smaller ones first */
    bool is_enabled;
    const char *rule; /* JSON */
};

/* position 0: behind all others. ERR_EXISTS. */
MUST_CHECK bool transport_rule_add(struct directory *directory, const struct actor *actor,
                                   const struct transport_rule *wanted, struct err *err);
/* One of them, under `owner`. ERR_NOT_FOUND. */
MUST_CHECK bool transport_rule_get(struct directory *directory, const struct actor *actor, const void *owner,
                                   int64_t organisation_id, const char *name, struct transport_rule *rule_out,
                                   struct err *err);
/* The one of this name becomes as `wanted` says; position 0: it stays where it is. ERR_NOT_FOUND; ERR_EXISTS: its new name is
 * another one's. */
MUST_CHECK bool transport_rule_set(struct directory *directory, const struct actor *actor, const char *name,
                                   const struct transport_rule *wanted, struct err *err);
/* All of them in this order. ERR_CONFLICT: these are not the names that there are. */
MUST_CHECK bool transport_rule_order(struct directory *directory, const struct actor *actor,
                                     int64_t organisation_id, const char *const *names, size_t count,
                                     struct err *err);
/* ERR_NOT_FOUND. */
MUST_CHECK bool transport_rule_remove(struct directory *directory, const struct actor *actor,
                                      int64_t organisation_id, const char *name, struct err *err);
/* In order. */
MUST_CHECK bool transport_rule_list(struct directory *directory, const struct actor *actor, const void *owner,
                                    int64_t organisation_id, struct transport_rule **rules_out,
                                    size_t *count_out, struct err *err);
/* Those of all organisations that are enabled, in order, for the filters. */
MUST_CHECK bool transport_rule_load(struct directory *directory, const void *owner,
                                    struct transport_rule **rules_out, size_t *count_out, struct err *err);

#endif
