/*
 * folder_pattern.c -- LIST's wildcards. All places in the name that a prefix of the pattern can reach are
 * kept at once, so no pattern makes us try the same place twice.
 */
#include "format/folder_name.h"

#include <strings.h>

static bool is_wild(char c)
{
    return c == '*' || c == '%';
}

/* INBOX, and INBOX at the front of a path, match in any case (RFC 9051, 6.3.9). */
static size_t caseless_length(struct span name)
{
    bool is_inbox =
        span_starts_nocase(name, "INBOX") && (span_length(name) == 5 || name.p[5] == FOLDER_SEPARATOR);

    return is_inbox ? 5 : 0;
}

static bool byte_matches(char pattern, struct span name, size_t at, size_t caseless)
{
    char c = name.p[at];

    if (c == pattern)
        return true;
    return at < caseless && c >= 'A' && (c | 0x20) <= 'z' && (c | 0x20) == (pattern | 0x20);
}

/* `can[i]`: the pattern so far matches the first i bytes. */
static void spread(bool *can, struct span name, bool stops_at_separator)
{
    for (size_t i = 0; i < span_length(name); i++)
        if (can[i] && !(stops_at_separator && name.p[i] == FOLDER_SEPARATOR))
            can[i + 1] = true;
}

static bool advance(bool *can, char c, struct span name, size_t caseless)
{
    bool is_any = false;

    for (size_t i = span_length(name); i > 0; i--) {
        can[i] = can[i - 1] && byte_matches(c, name, i - 1, caseless);
        is_any |= can[i];
    }
    can[0] = false;
    return is_any;
}

bool folder_pattern_matches(struct span pattern, struct span name)
{
    bool can[FOLDER_NAME_MAX + 1] = { true };
    size_t caseless = caseless_length(name), at = 0;
    size_t literals = 0;

    for (const char *p = pattern.p; p < pattern.end; p++)
        literals += !is_wild(*p);
    if (span_length(name) > FOLDER_NAME_MAX || literals > span_length(name))
        return false;
    while (!span_is_empty(pattern) && !is_wild(*pattern.p)) {
        if (!byte_matches(*pattern.p++, name, at++, caseless))
            return false;
    }
    can[0] = false;
    can[at] = true;
    for (char before = '\0'; !span_is_empty(pattern); before = *pattern.p++) {
        if (is_wild(*pattern.p)) {
            if (before != *pattern.p && before != '*')
                spread(can, name, *pattern.p == '%');
        } else if (!advance(can, *pattern.p, name, caseless)) {
            return false;
        }
    }
    return can[span_length(name)];
}
