/* filter.c -- what a property says of somebody, compared. */
#include "dav/filter.h"

#include "format/fold.h"
#include "format/ldap_filter.h"

#include <glib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* Of a filter for the directory: what it takes (format/ldap_filter.h), less what a list's own filter may need. */
enum { VALUES_MAX = 64, TESTS_FOR_DIRECTORY = 8, TEXT_FOR_DIRECTORY = 1000 };

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
        { "X-MANAGER", { c->manager } },
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
                                             .notes = "",
                                             .manager = "" };
    const char *values[VALUES_MAX];

    for (size_t i = 0; i < body->filter_count; i++)
        if (values_of(&nobody, body->filters[i].property, values) < 0)
            return false;
    return true;
}

static bool matches(const char *value, const struct body_test *test)
{
    void *scratch = talloc_new(NULL);
    char *a = fold_text(scratch, span_text(value)), *b = fold_text(scratch, span_text(test->text));
    bool is_match = test->match == BODY_EQUALS   ? strcmp(a, b) == 0
                    : test->match == BODY_BEGINS ? g_str_has_prefix(a, b)
                    : test->match == BODY_ENDS   ? g_str_has_suffix(a, b)
                                                 : strstr(a, b) != NULL;

    talloc_free(scratch);
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

/* ---- for the directory */

/* What recipients are selected by, for the properties whose texts it folds as we do. */
static const struct {
    const char *property;
    const char *attributes[3];
} selectable[] = {
    { "FN", { "name" } },
    { "N", { "sn", "givenname" } },
    { "EMAIL", { "address" } },
    { "TEL", { "phone", "mobile", "fax" } },
};

/* The folded text has no runs of spaces: how many stand there does not matter. */
static void add_text(struct buf *out, const void *owner, const struct body_test *test)
{
    char **words = g_strsplit(fold_text(owner, span_text(test->text)), " ", -1);

    if (test->match == BODY_CONTAINS || test->match == BODY_ENDS)
        buf_add_byte(out, '*');
    for (char **word = words; *word; word++) {
        if (word > words)
            buf_add_byte(out, '*');
        ldap_filter_add_value(out, *word);
    }
    if (test->match == BODY_CONTAINS || test->match == BODY_BEGINS)
        buf_add_byte(out, '*');
    g_strfreev(words);
}

static bool add_test(struct buf *out, const void *owner, const char *property, const struct body_test *test)
{
    if (test->is_negated || strspn(test->text, " ") == strlen(test->text))
        return false;
    for (size_t i = 0; i < COUNT_OF(selectable); i++) {
        if (strcasecmp(selectable[i].property, property) != 0)
            continue;
        buf_add_text(out, "(|");
        for (size_t k = 0; k < COUNT_OF(selectable[i].attributes) && selectable[i].attributes[k]; k++) {
            buf_add_format(out, "(%s=", selectable[i].attributes[k]);
            add_text(out, owner, test);
            buf_add_byte(out, ')');
        }
        buf_add_byte(out, ')');
        return true;
    }
    return false;
}

/* Of parts that must all pass those that the directory does not know are left out; of others each must be known. */
struct joining {
    struct buf *out;
    size_t begin, known;
    bool needs_all, is_lost;
};

static struct joining join_begin(struct buf *out, bool needs_all)
{
    struct joining joining = { .out = out, .begin = out->length, .needs_all = needs_all };

    buf_add_text(out, needs_all ? "(&" : "(|");
    return joining;
}

static void join_part(struct joining *joining, bool is_known)
{
    joining->known += is_known;
    joining->is_lost = joining->is_lost || (!is_known && !joining->needs_all);
}

static bool join_end(struct joining *joining)
{
    if (joining->known == 0 || joining->is_lost) {
        joining->out->length = joining->begin;
        return false;
    }
    buf_add_byte(joining->out, ')');
    return true;
}

static bool add_filter(struct buf *out, const void *owner, const struct body_filter *filter)
{
    struct joining joining = join_begin(out, filter->needs_all);

    for (size_t i = 0; !filter->is_absent && i < filter->test_count; i++)
        join_part(&joining, add_test(out, owner, filter->property, &filter->tests[i]));
    return join_end(&joining);
}

char *filter_for_directory(const void *owner, const struct body *body)
{
    struct buf out = buf_owned_by(owner);
    struct joining joining = join_begin(&out, body->needs_all);
    size_t tests = 0;

    for (size_t i = 0; i < body->filter_count; i++) {
        tests += body->filters[i].test_count;
        join_part(&joining, add_filter(&out, owner, &body->filters[i]));
    }
    return join_end(&joining) && tests <= TESTS_FOR_DIRECTORY && out.length < TEXT_FOR_DIRECTORY
               ? buf_text(&out)
               : NULL;
}
