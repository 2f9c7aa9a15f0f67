/* filter_term.c -- "kind=user state!=disabled name~dupont". */
#include "admin_api/filter_term.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

char *page_fold(const char *text)
{
    char *apart = g_utf8_normalize(text, -1, G_NORMALIZE_ALL), *small;
    GString *out = g_string_new(NULL);

    if (!apart)
        return g_string_free(out, FALSE); /* not UTF-8 */
    for (const char *p = apart; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_type(c) != G_UNICODE_NON_SPACING_MARK)
            g_string_append_unichar(out, c);
    }
    small = g_utf8_casefold(out->str, -1);
    g_string_free(out, TRUE);
    g_free(apart);
    return small;
}

/* ---- reading */

static const struct {
    const char *sign;
    enum page_how how;
} signs[] = {
    { "!=", TERM_NOT }, { "=", TERM_EQUAL }, { "~", TERM_HOLDS }, { "<", TERM_LESS }, { ">", TERM_MORE },
};

static bool take_sign(const char **at, struct page_term *term)
{
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (strncmp(*at, signs[i].sign, strlen(signs[i].sign)) == 0) {
            *at += strlen(signs[i].sign);
            term->how = signs[i].how;
            return true;
        }
    return false;
}

/* Up to a blank, or in quotes, where \ takes the next byte as it is. */
static bool take_value(const void *owner, const char **at, char **value_out)
{
    char *value = talloc_array(owner, char, (unsigned)strlen(*at) + 1);
    bool is_quoted = **at == '"';
    const char *p = *at + is_quoted;
    size_t length = 0;

    for (; *p && *p != (is_quoted ? '"' : ' '); p++) {
        if (*p == '\\' && is_quoted && p[1])
            p++;
        value[length++] = *p;
    }
    value[length] = '\0';
    *value_out = value;
    *at = p + (is_quoted && *p == '"');
    return (!is_quoted || *p == '"') && strchr(" ", **at) != NULL;
}

bool page_terms(const void *owner, const char *text, struct page_term terms_out[PAGE_TERMS_MAX],
                size_t *count_out, struct err *err)
{
    *count_out = 0;
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        struct page_term term = { .field = NULL };
        size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (*count_out == PAGE_TERMS_MAX)
            return err_set(err, ERR_INVALID, "A filter has at most %d conditions.", PAGE_TERMS_MAX);
        term.field = talloc_strndup(owner, p, length);
        p += length;
        if (length == 0 || !take_sign(&p, &term) || !take_value(owner, &p, &term.value))
            return err_set(err, ERR_INVALID,
                           "A filter is FIELD=VALUE, with !=, ~, < or > instead, and blanks between.");
        terms_out[(*count_out)++] = term;
    }
    return true;
}

/* ---- on an object */

/* A value as the filter writes it, folded. g_free(). */
static char *text_of(const json_t *value)
{
    return json_is_integer(value)   ? g_strdup_printf("%lld", (long long)json_integer_value(value))
           : json_is_boolean(value) ? g_strdup(json_is_true(value) ? "true" : "false")
           : json_is_string(value)  ? page_fold(json_string_value(value))
                                    : g_strdup("");
}

/* kind=user,room: one of them. */
static bool is_one_of(const char *text, const char *words)
{
    size_t length = strlen(text);

    for (const char *p = words;; p += strcspn(p, ",") + 1) {
        if (strncmp(p, text, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
        if (!strchr(p, ','))
            return false;
    }
}

static int order_of(const json_t *value, const char *text, const char *wanted)
{
    if (json_is_integer(value)) {
        long long number = g_ascii_strtoll(wanted, NULL, 10), own = (long long)json_integer_value(value);
        return (own > number) - (own < number);
    }
    return strcmp(text, wanted);
}

static bool value_fits(const json_t *value, const struct page_term *term, const char *wanted)
{
    char *text = text_of(value);
    bool fits = term->how == TERM_HOLDS  ? strstr(text, wanted) != NULL
                : term->how == TERM_LESS ? order_of(value, text, wanted) < 0
                : term->how == TERM_MORE ? order_of(value, text, wanted) > 0
                                         : is_one_of(text, wanted);

    g_free(text);
    return fits;
}

static bool term_holds(const struct page_term *term, const json_t *object)
{
    const json_t *value = json_object_get(object, term->field), *item;
    char *wanted = page_fold(term->value);
    bool fits = false;
    size_t i;

    if (json_is_array(value))
        json_array_foreach(value, i, item) fits = fits || value_fits(item, term, wanted);
    else
        fits = value_fits(value, term, wanted);
    g_free(wanted);
    return fits != (term->how == TERM_NOT);
}

bool filter_terms_hold(const struct page_term *terms, size_t count, const json_t *object)
{
    for (size_t i = 0; i < count; i++)
        if (!term_holds(&terms[i], object))
            return false;
    return true;
}
