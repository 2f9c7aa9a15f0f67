/* fuzz_sts.c -- MTA-STS: a record and a policy that anybody may have written. */
#include "connector/sts.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    char id[STS_ID_MAX + 1];
    struct sts_policy policy;

    if (sts_take_record(span_of(data, size), id) && (strlen(id) == 0 || strlen(id) > STS_ID_MAX))
        abort();
    if (sts_parse(arena, span_of(data, size), &policy)) {
        if (policy.max_age_s > STS_AGE_MAX || policy.pattern_count > STS_PATTERNS_MAX ||
            policy.patterns[policy.pattern_count])
            abort();
        for (size_t i = 0; i < policy.pattern_count; i++)
            if (*policy.patterns[i] != '*' && !sts_names(&policy, policy.patterns[i]))
                abort();
        (void)sts_names(&policy, "mx.example.org.");
        (void)sts_names(&policy, "");
    }
    talloc_free(arena);
    return 0;
}
