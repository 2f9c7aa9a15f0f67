/*
 * wildcard.c -- one pass with one place to go back to: when what follows the last "*" does not fit, that "*" takes one
 * character more. Earlier ones need never be tried again, because they took as little as they could.
 */
#include "sieve/wildcard.h"

#include <glib.h>
#include <string.h>

enum { CAPTURES_MAX = 64 };

struct matcher {
    struct span pattern, text;
    enum wildcard_case case_rule;
    struct span captures[CAPTURES_MAX];
    size_t count;
};

/* One character; single bytes where it is not UTF-8, or octets are compared. */
static size_t character_at(const struct matcher *m, const char *p, const char *end, gunichar *code_out)
{
    if (m->case_rule != WILDCARD_OCTETS && (unsigned char)*p >= 0x80) {
        gunichar code = g_utf8_get_char_validated(p, end - p);

        if (code != (gunichar)-1 && code != (gunichar)-2) {
            *code_out = code;
            return (size_t)(g_utf8_next_char(p) - p);
        }
    }
    *code_out = (unsigned char)*p;
    return 1;
}

static gunichar fold(const struct matcher *m, gunichar code)
{
    if (code < 0x80)
        return m->case_rule == WILDCARD_OCTETS ? code : (gunichar)g_ascii_tolower((char)code);
    return m->case_rule == WILDCARD_UNICODE ? g_unichar_tolower(g_unichar_totitle(code)) : code;
}

static void capture(struct matcher *m, const char *from, const char *to)
{
    if (m->count < CAPTURES_MAX)
        m->captures[m->count] = (struct span){ from, to };
    m->count++;
}

/* One element of the pattern, which is no "*", against the front of the text. */
static bool step(struct matcher *m, const char **pattern, const char **text)
{
    gunichar wanted, found;
    size_t length, pattern_length;

    if (*text == m->text.end)
        return false;
    length = character_at(m, *text, m->text.end, &found);
    if (**pattern == '?') {
        capture(m, *text, *text + length);
        *text += length;
        ++*pattern;
        return true;
    }
    if (**pattern == '\\' && *pattern + 1 < m->pattern.end)
        ++*pattern;
    pattern_length = character_at(m, *pattern, m->pattern.end, &wanted);
    if (fold(m, wanted) != fold(m, found))
        return false;
    *pattern += pattern_length;
    *text += length;
    return true;
}

/* Where to go on after the last "*" took one character more. */
struct retreat {
    const char *pattern, *star_text, *text; /* behind the star; where it began; where it ends now */
    size_t captures;                        /* before the star's own */
};

static bool go_back(struct matcher *m, struct retreat *retreat, const char **pattern, const char **text)
{
    gunichar ignored;

    if (!retreat->pattern || retreat->text == m->text.end)
        return false;
    retreat->text += character_at(m, retreat->text, m->text.end, &ignored);
    m->count = retreat->captures;
    capture(m, retreat->star_text, retreat->text);
    *pattern = retreat->pattern;
    *text = retreat->text;
    return true;
}

static bool match(struct matcher *m, uint64_t *steps_io, uint64_t steps_max, bool *is_too_much_out)
{
    const char *pattern = m->pattern.p, *text = m->text.p;
    struct retreat retreat = { NULL, NULL, NULL, 0 };

    for (;;) {
        if (++*steps_io > steps_max) {
            *is_too_much_out = true;
            return false;
        }
        if (pattern == m->pattern.end) {
            if (text == m->text.end)
                return true;
        } else if (*pattern == '*') {
            retreat = (struct retreat){ ++pattern, text, text, m->count };
            capture(m, text, text);
            if (pattern == m->pattern.end) { /* nothing follows: it takes the rest */
                if (m->count <= CAPTURES_MAX)
                    m->captures[m->count - 1].end = m->text.end;
                return true;
            }
            continue;
        } else if (step(m, &pattern, &text)) {
            continue;
        }
        if (!go_back(m, &retreat, &pattern, &text))
            return false;
    }
}

bool wildcard_matches(struct span pattern, struct span text, enum wildcard_case case_rule,
                      struct span *matches_out, size_t matches_max, size_t *count_out, uint64_t *steps_io,
                      uint64_t steps_max, bool *is_too_much_out)
{
    struct matcher m = { .pattern = pattern, .text = text, .case_rule = case_rule };

    *is_too_much_out = false;
    *count_out = 0;
    if (!match(&m, steps_io, steps_max, is_too_much_out))
        return false;
    if (matches_max > 0)
        matches_out[(*count_out)++] = text;
    for (size_t i = 0; i < m.count && i < CAPTURES_MAX && *count_out < matches_max; i++)
        matches_out[(*count_out)++] = m.captures[i];
    return true;
}
