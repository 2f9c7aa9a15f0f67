/*
 * filter_setting.h -- how mail is judged, as set for the installation, an organisation or one of its domains.
 *
 * The names, and which values they take, belong to routing/filter; here they are words. The stamp is raised by every
 * change of what filters keep in memory: settings, block and allow lists, keys, rules, accounts held back.
 */
#ifndef DIRECTORY_FILTER_SETTING_H
#define DIRECTORY_FILTER_SETTING_H

#include "directory/directory.h"

struct filter_setting {
    int64_t organisation_id, domain_id; /* 0 0: of the installation; domain 0: of the whole organisation */
    const char *domain;                 /* its name, or NULL */
    const char *name, *value;
};

/* Whose setting: nobody named is the installation. */
struct filter_scope {
    int64_t organisation_id;
    const char *domain; /* of that organisation; NULL */
    bool is_secret;     /* filter_setting_put(): the audit does not show the value */
};

/* `value` NULL: back to what the level above says. */
MUST_CHECK bool filter_setting_put(struct directory *directory, const struct actor *actor,
                                   const struct filter_scope *scope, const char *name, const char *value,
                                   struct err *err);
/* All of the installation (organisation 0), or of one organisation with its domains. */
MUST_CHECK bool filter_setting_list(struct directory *directory, const struct actor *actor, const void *owner,
                                    int64_t organisation_id, struct filter_setting **settings_out,
                                    size_t *count_out, struct err *err);
/* Of all, for the filters. */
MUST_CHECK bool filter_setting_load(struct directory *directory, const void *owner,
                                    struct filter_setting **settings_out, size_t *count_out, struct err *err);
/* Those whose name begins so and that concern this domain: the installation's, then its organisation's, then its own. Asked without rights.
 * ERR_NOT_FOUND: there is no such domain, or we are its backup only. */
MUST_CHECK bool filter_setting_of_domain(struct directory *directory, const void *owner, const char *domain,
                                         const char *beginning, struct filter_setting **settings_out,
                                         size_t *count_out, struct err *err);

/* Domains of ours (we are no mere backup of them) for which this setting has another value than `value`, by name, at most 1,000. Of
 * those where nothing is said the answer is no. */
MUST_CHECK bool filter_setting_domains(struct directory *directory, const void *owner, const char *name,
                                       const char *value, const char ***domains_out, size_t *count_out,
                                       struct err *err);

/* A number that grows with every change of what the filters read: whoever keeps a copy compares it. Cheap; no
 * transaction. */
MUST_CHECK bool filter_stamp(struct directory *directory, int64_t *stamp_out, struct err *err);

#endif
