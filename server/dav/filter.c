/* filter.c -- what a property says of somebody, compared. */
#include "dav/filter.h"

#include <glib.h>
#include <string.h>
#include <strings.h>

enum { VALUES_MAX = 64, COMMON_LEAST_BYTES = 3 };

/* The texts of a property; -1: it is none of ours. */
static int values_of(const struct book_card *c, const char *property, const char *values[VALUES_MAX])
{
    int count = 0;

    if (strcasecmp(property, "EMAIL") == 0) {
        for (size_t i = 0; i < c->address_count && count < VALUES_MAX; i++)
            values[count++] = c->addresses[i];
        return count;
    }
    const struct {
        const char *property;
        const char *texts[5];
    } known[] = {
        { "FN", { c->name } },
        { "N", { *c->family || *c->given ? c->family : c->name, c->given } },
        { "NICKNAME", { "" } },
        { "UID", { "" } },
        { "TEL", { c->phone, c->mobile, c->fax } },
        { "TITLE", { c->title } },
        { "ORG", { c->company, c->department } },
        { "ADR", { c->street, c->city, c->postal_code, c->country, c->office } },
        { "NOTE", { c->notes } },
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcasecmp(known[i].property, property) != 0)
            continue;
        for (size_t t = 0; t < COUNT_OF(known[i].texts) && known[i].texts[t]; t++)
            if (*known[i].texts[t])
                values[count++] = known[i].texts[t];
        return count;
    }
    return -1;
}

bool filter_is_known(const struct body *body)
{
    static const struct book_card nobody = { .name = "",
                                             .given = "",
                                             .family = "",
                                             .title = "",
                                             .department = "",
                                             .company = "",
                                             .office = "",
                                             .street = "",
                                             .city = "",
                                             .postal_code = "",
                                             .state = "",
                                             .country = "",
                                             .phone = "",
                                             .mobile = "",
                                             .fax = "",
                                             .notes = "" };
    const char *values[VALUES_MAX];

    for (size_t i = 0; i < body->filter_count; i++)
        if (values_of(&nobody, body->filters[i].property, values) < 0)
            return false;
    return true;
}

static char *folded(const char *text)
{
    char *plain = g_utf8_make_valid(text, -1), *folded_text = g_utf8_casefold(plain, -1);
    char *normal = g_utf8_normalize(folded_text, -1, G_NORMALIZE_DEFAULT);

    g_free(plain);
    g_free(folded_text);
    return normal;
}

static bool matches(const char *value, const struct body_test *test)
{
    char *a = folded(value), *b = folded(test->text);
    bool is_match = test->match == BODY_EQUALS   ? strcmp(a, b) == 0
                    : test->match == BODY_BEGINS ? g_str_has_prefix(a, b)
                    : test->match == BODY_ENDS   ? g_str_has_suffix(a, b)
                                                 : strstr(a, b) != NULL;

    g_free(a);
    g_free(b);
    return is_match;
}

static bool passes_test(const struct body_test *test, const char *const *values, int count)
{
    bool is_match = false;

    for (int i = 0; i < count && !is_match; i++)
        is_match = matches(values[i], test);
    return is_match != test->is_negated;
}

static bool passes(const struct body_filter *filter, const struct book_card *card)
{
    const char *values[VALUES_MAX];
    int count = values_of(card, filter->property, values);

    if (filter->is_absent)
        return count <= 0;
    if (filter->test_count == 0)
        return count > 0;
    for (size_t i = 0; i < filter->test_count; i++)
        if (passes_test(&filter->tests[i], values, count) != filter->needs_all)
            return !filter->needs_all;
    return filter->needs_all;
}

bool filter_takes(const struct body *body, const struct book_card *card)
{
    for (size_t i = 0; i < body->filter_count; i++)
        if (passes(&body->filters[i], card) != body->needs_all)
            return !body->needs_all;
    return body->needs_all || body->filter_count == 0;
}

const char *filter_common_text(const struct body *body)
{
    const char *common = NULL;

    for (size_t i = 0; i < body->filter_count; i++) {
        const struct body_filter *f = &body->filters[i];
        bool is_found = (strcasecmp(f->property, "FN") == 0 || strcasecmp(f->property, "EMAIL") == 0) &&
                        f->test_count == 1 && !f->tests[0].is_negated && !f->is_absent;
        if (!is_found || (common && strcmp(common, f->tests[0].text) != 0))
            return NULL;
        common = f->tests[0].text;
    }
    return common && strlen(common) >= COMMON_LEAST_BYTES && !strchr(common, ' ') ? common : NULL;
}
