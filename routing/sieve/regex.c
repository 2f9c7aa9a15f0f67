/* regex.c -- PCRE2 with limits on steps, depth and heap. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sieve/regex.h"

#include "format/charset.h"

#include <pcre2.h>
#include <stdio.h>

enum { HEAP_KIB_MAX = 8 * 1024, DEPTH_MAX = 1000 };

/* NULL, with the reason, for what is no pattern. Settings of the library's own at its start ("(*...") are none of POSIX. */
static pcre2_code *compile(struct span pattern, bool ignores_case, char *why_out, size_t why_size)
{
    uint32_t options = PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP | (ignores_case ? PCRE2_CASELESS : 0);
    PCRE2_SIZE where;
    pcre2_code *code;
    int number;

    if (span_length(pattern) > REGEX_BYTES_MAX || span_starts_nocase(pattern, "(*")) {
        snprintf(why_out, why_size, "%s",
                 span_length(pattern) > REGEX_BYTES_MAX ? "it is too long" : "it begins with (*");
        return NULL;
    }
    options |= utf8_is_valid(pattern) ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0;
    code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), span_length(pattern), options, &number,
                         &where, NULL);
    if (!code)
        pcre2_get_error_message(number, (PCRE2_UCHAR *)why_out, why_size);
    return code;
}

bool regex_check(struct span pattern, char *why_out, size_t why_size)
{
    pcre2_code *code = compile(pattern, false, why_out, why_size);
    bool is_good = code != NULL;

    pcre2_code_free(code);
    return is_good;
}

static enum regex_result run(const pcre2_code *code, struct span text, pcre2_match_data *data, int *found_out)
{
    pcre2_match_context *context = pcre2_match_context_create(NULL);

    pcre2_set_match_limit(context, REGEX_STEPS_MAX);
    pcre2_set_depth_limit(context, DEPTH_MAX);
    pcre2_set_heap_limit(context, HEAP_KIB_MAX);
    *found_out = pcre2_match(code, (PCRE2_SPTR)text.p, span_length(text), 0, 0, data, context);
    pcre2_match_context_free(context);
    if (*found_out == PCRE2_ERROR_NOMATCH)
        return REGEX_NO;
    return *found_out > 0 ? REGEX_YES : REGEX_TOO_MUCH;
}

enum regex_result regex_find(struct span pattern, struct span text, bool ignores_case,
                             struct span *matches_out, size_t matches_max, size_t *count_out)
{
    char why[120];
    pcre2_code *code = compile(pattern, ignores_case, why, sizeof why);
    struct span looked_at = text.p ? span_part(text, 0, REGEX_TEXT_MAX) : span_text("");
    pcre2_match_data *data;
    enum regex_result result;
    int found;

    *count_out = 0;
    if (!code)
        return REGEX_WRONG;
    data = pcre2_match_data_create_from_pattern(code, NULL);
    result = run(code, looked_at, data, &found);
    for (int i = 0; result == REGEX_YES && i < found && *count_out < matches_max; i++) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data) + 2 * i;
        bool is_set = at[0] != PCRE2_UNSET && at[1] >= at[0];

        matches_out[(*count_out)++] = is_set ? span_of(looked_at.p + at[0], at[1] - at[0]) : span_text("");
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return result;
}
