/*
 * flags.c -- names of flags and keywords.
 */
#include "mailbox/flags.h"

#include "mailbox/rights.h"

#include <glib.h>

static const struct {
    uint64_t flag;
    const char *name;
} system_flags[] = {
    { FLAG_SEEN, "\\Seen" },       { FLAG_ANSWERED, "\\Answered" }, { FLAG_FLAGGED, "\\Flagged" },
    { FLAG_DELETED, "\\Deleted" }, { FLAG_DRAFT, "\\Draft" },
};

const char *flag_name(const struct keyword_table *keywords, int bit)
{
    if (bit >= KEYWORD_FIRST_BIT)
        return (size_t)(bit - KEYWORD_FIRST_BIT) < keywords->count ? keywords->names[bit - KEYWORD_FIRST_BIT]
                                                                   : NULL;
    return (size_t)bit < COUNT_OF(system_flags) ? system_flags[bit].name : NULL;
}

uint64_t flag_of_name(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (span_equals_nocase(name, system_flags[i].name))
            return system_flags[i].flag;
    return 0;
}

bool keyword_is_valid(struct span name)
{
    if (span_is_empty(name) || span_length(name) > KEYWORD_BYTES_MAX)
        return false;
    for (const char *p = name.p; p < name.end; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("(){%*\"\\]", *p))
            return false;
    return true;
}

int keyword_bit(const struct keyword_table *table, struct span name)
{
    for (size_t i = 0; i < table->count; i++)
        if (span_equals_nocase(name, table->names[i]))
            return KEYWORD_FIRST_BIT + (int)i;
    return -1;
}

uint64_t flag_list_bits(const struct keyword_table *keywords, const struct flag_list *list)
{
    uint64_t bits = list->system;

    for (size_t i = 0; i < list->keyword_count; i++) {
        int bit = keyword_bit(keywords, list->keywords[i]);

        if (bit >= 0)
            bits |= UINT64_C(1) << bit;
    }
    return bits;
}

uint64_t flags_allowed(unsigned rights)
{
    uint64_t others = ~(FLAG_SEEN | FLAG_DELETED);

    return ((rights & RIGHT_SEEN) ? FLAG_SEEN : 0) | ((rights & RIGHT_DELETE_MESSAGES) ? FLAG_DELETED : 0) |
           ((rights & RIGHT_WRITE) ? others : 0);
}
