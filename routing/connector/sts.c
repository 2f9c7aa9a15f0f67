/* sts.c -- reading records and policies. */
#include "connector/sts.h"

#include "base/buf.h"

#include <talloc.h>

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool sts_take_record(struct span record, char id_out[STS_ID_MAX + 1])
{
    struct span field;
    bool has_id = false;

    if (!span_take_until(&record, ';', &field) || !span_equals_text(span_trim(field), "v=STSv1"))
        return false;
    while (!span_is_empty(record)) {
        if (!span_take_until(&record, ';', &field)) {
            field = record;
            record.p = record.end;
        }
        field = span_trim(field);
        if (has_id || !span_take_word(&field, "id="))
            continue;
        if (span_is_empty(field) || span_length(field) > STS_ID_MAX)
            return false;
        for (const char *p = field.p; p < field.end; p++)
            if (!is_alphanumeric(*p))
                return false;
        memcpy(id_out, field.p, span_length(field));
        id_out[span_length(field)] = '\0';
        has_id = true;
    }
    return has_id;
}

/* ---- the policy */

struct reading {
    const void *owner;
    struct sts_policy *policy;
    bool has_version, has_mode, has_age;
};

static bool take_version(struct reading *r, struct span value)
{
    if (r->has_version)
        return true; /* of fields that may stand once the first counts */
    r->has_version = true;
    return span_equals_text(value, "STSv1");
}

static bool take_mode(struct reading *r, struct span value)
{
    static const char *const modes[] = {
        [STS_NONE] = "none", [STS_TESTING] = "testing", [STS_ENFORCE] = "enforce"
    };

    if (r->has_mode)
        return true;
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (span_equals_text(value, modes[i])) {
            r->policy->mode = (enum sts_mode)i;
            r->has_mode = true;
        }
    return r->has_mode;
}

static bool take_age(struct reading *r, struct span value)
{
    uint64_t age;

    if (r->has_age)
        return true;
    if (!span_take_u64(&value, &age) || !span_is_empty(value))
        return false;
    r->policy->max_age_s = age < STS_AGE_MAX ? (uint32_t)age : STS_AGE_MAX;
    r->has_age = true;
    return true;
}

static bool is_pattern(struct span value)
{
    if (span_starts_nocase(value, "*."))
        value.p += 2;
    for (const char *p = value.p; p < value.end; p++)
        if (!is_alphanumeric(*p) && *p != '-' && *p != '_' && (*p != '.' || p == value.p || p[-1] == '.'))
            return false;
    return !span_is_empty(value) && value.end[-1] != '.' && span_length(value) <= 255;
}

static bool take_mx(struct reading *r, struct span value)
{
    struct sts_policy *policy = r->policy;
    char *pattern;

    if (policy->pattern_count >= STS_PATTERNS_MAX)
        return true;
    if (!span_is_empty(value) && value.end[-1] == '.')
        value.end--;
    if (!is_pattern(value))
        return false;
    pattern = span_copy(policy->patterns, value);
    for (char *p = pattern; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    policy->patterns[policy->pattern_count++] = pattern;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct reading *, struct span);
} fields[] = {
    { "version", take_version }, { "mode", take_mode }, { "max_age", take_age }, { "mx", take_mx }
};

static bool take_line(struct reading *r, struct span line)
{
    struct span name;

    line = span_trim(line);
    if (span_is_empty(line))
        return true;
    if (!span_take_until(&line, ':', &name))
        return false;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (span_equals_text(span_trim(name), fields[i].name))
            return fields[i].take(r, span_trim(line));
    return true; /* a field of the future */
}

bool sts_parse(const void *owner, struct span text, struct sts_policy *policy_out)
{
    struct reading r = { .owner = owner, .policy = policy_out };
    struct span line;

    *policy_out =
        (struct sts_policy){ .patterns = talloc_zero_array(owner, const char *, STS_PATTERNS_MAX + 1) };
    if (span_length(text) > STS_POLICY_BYTES)
        return false;
    while (!span_is_empty(text) && span_take_line(&text, &line))
        if (!take_line(&r, line))
            return false;
    return r.has_version && r.has_mode && r.has_age &&
           (policy_out->mode == STS_NONE || policy_out->pattern_count > 0);
}

static bool matches(const char *pattern, struct span host)
{
    struct span label;

    if (pattern[0] != '*')
        return span_equals_nocase(host, pattern);
    return span_take_until(&host, '.', &label) && !span_is_empty(label) &&
           span_equals_nocase(host, pattern + 2);
}

bool sts_names(const struct sts_policy *policy, const char *host)
{
    struct span name = span_text(host);

    if (!span_is_empty(name) && name.end[-1] == '.')
        name.end--;
    for (const char **pattern = policy->patterns; *pattern; pattern++)
        if (matches(*pattern, name))
            return true;
    return false;
}
