/*
 * match.c -- filters on entries.
 */
#include "sync/match.h"

#include <glib.h>
#include <talloc.h>

static bool fits(const struct ldap_filter *test, const char *text)
{
    const char *at = text;

    for (size_t i = 0; i < test->piece_count; i++) {
        char *piece = g_utf8_casefold(test->pieces[i], -1);
        size_t length = strlen(piece), left = strlen(at);
        bool is_last = i + 1 == test->piece_count, ok = true;
        const char *found = at;
        if (i == 0 && !test->is_open_left)
            ok = g_str_has_prefix(at, piece);
        else if (is_last && !test->is_open_right)
            ok = left >= length && g_str_has_suffix(at, piece), found = ok ? at + left - length : at;
        else
            ok = (found = strstr(at, piece)) != NULL;
        if (ok && is_last && !test->is_open_right)
            ok = found[length] == '\0';
        g_free(piece);
        if (!ok)
            return false;
        at = found + length;
    }
    return true;
}

static bool value_fits(const struct ldap_filter *test, struct span value)
{
    void *scratch = talloc_new(NULL);
    char *text = ldap_value_text(scratch, value), *folded = text ? g_utf8_casefold(text, -1) : NULL, *wanted;
    bool ok = false;

    if (folded && test->kind == LDAP_SUBSTRINGS) {
        ok = fits(test, folded);
    } else if (folded) {
        wanted = g_utf8_casefold(test->piece_count ? test->pieces[0] : "", -1);
        ok = strcmp(folded, wanted) == 0;
        g_free(wanted);
    }
    g_free(folded);
    talloc_free(scratch);
    return ok;
}

static bool test_matches(const struct ldap_filter *test, const struct ldap_entry *entry)
{
    const struct ldap_attribute *attribute = ldap_entry_attribute(entry, test->attribute);

    if (!attribute || test->kind == LDAP_PRESENT)
        return attribute && attribute->count > 0;
    for (size_t i = 0; i < attribute->count; i++)
        if (value_fits(test, attribute->values[i]))
            return true;
    return false;
}

/* Nesting is bounded by the parser (LDAP_FILTER_DEPTH_MAX). */
bool sync_matches(const struct ldap_filter *filter, const struct ldap_entry *entry)
{
    if (filter->kind == LDAP_NOT)
        return !sync_matches(filter->parts[0], entry);
    if (filter->kind != LDAP_AND && filter->kind != LDAP_OR)
        return test_matches(filter, entry);
    for (size_t i = 0; i < filter->part_count; i++)
        if (sync_matches(filter->parts[i], entry) == (filter->kind == LDAP_OR))
            return filter->kind == LDAP_OR;
    return filter->kind == LDAP_AND;
}
