/*
 * retention.h -- for how long mail lies in a folder, and what becomes of it then: what administrators say, and who keeps house does.
 */
#ifndef FORMAT_RETENTION_H
#define FORMAT_RETENTION_H

#include "base/span.h"

#include <stdint.h>

enum retention_act { RETENTION_DELETE, RETENTION_TRASH, RETENTION_ARCHIVE, RETENTION_ACTS };
struct retention_rule {
    const char *folder; /* with all below it; "\\Trash": by its use; "": whatever has no rule of its own */
    int32_t days;       /* that mail lies there */
    enum retention_act act;
};
enum { RETENTION_RULES_MAX = 20, RETENTION_DAYS_MAX = 36500 };
/* "delete", "trash", "archive". Static. */
const char *retention_act_name(enum retention_act act);
/* False for a word that is none. */
MUST_CHECK bool retention_act_of(struct span name, enum retention_act *act_out);

/* "Junk=30:delete", "*=365:archive" for whatever has no rule of its own; under `owner`. */
char *retention_rule_text(const void *owner, const struct retention_rule *rule);
/* And back, its folder under `owner`. False for what is none, or has no good number of days. */
MUST_CHECK bool retention_rule_parse(const void *owner, struct span text, struct retention_rule *rule_out);

#endif
