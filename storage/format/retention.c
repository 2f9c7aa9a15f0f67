/* retention.c -- see retention.h. */
#include "format/retention.h"

#include <string.h>
#include <talloc.h>

static const char *const names[RETENTION_ACTS] = {
    [RETENTION_DELETE] = "delete",
    [RETENTION_TRASH] = "trash",
    [RETENTION_ARCHIVE] = "archive",
};
static const char EVERYWHERE[] = "*";

const char *retention_act_name(enum retention_act act)
{
    return names[act];
}

bool retention_act_of(struct span name, enum retention_act *act_out)
{
    for (int i = 0; i < RETENTION_ACTS; i++)
        if (span_equals_text(name, names[i])) {
            *act_out = (enum retention_act)i;
            return true;
        }
    return false;
}

char *retention_rule_text(const void *owner, const struct retention_rule *rule)
{
    return talloc_asprintf(owner, "%s=%d:%s", *rule->folder ? rule->folder : EVERYWHERE, (int)rule->days,
                           names[rule->act]);
}

bool retention_rule_parse(const void *owner, struct span text, struct retention_rule *rule_out)
{
    struct span folder = text, rest;
    uint32_t days;

    while (folder.end > folder.p && folder.end[-1] != '=') /* a folder's name may have one, too */
        folder.end--;
    rest = (struct span){ folder.end, text.end };
    if (span_length(folder) < 2 || !span_take_u32(&rest, &days) || !span_take_byte(&rest, ':') || days < 1 ||
        days > RETENTION_DAYS_MAX || !retention_act_of(rest, &rule_out->act))
        return false;
    folder.end--;
    rule_out->days = (int32_t)days;
    rule_out->folder = span_equals_text(folder, EVERYWHERE) ? "" : span_copy(owner, folder);
    return true;
}
