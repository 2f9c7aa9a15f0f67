/* fuzz_ldap_filter.c -- a filter that was read is whole, within its limits, and its values are text. */
#include "format/charset.h"
#include "format/ldap_filter.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t tests_in(const struct ldap_filter *filter, unsigned depth)
{
    size_t count = 0;

    if (depth > LDAP_FILTER_DEPTH_MAX)
        abort();
    if (filter->kind <= LDAP_NOT) {
        if (filter->part_count == 0 || (filter->kind == LDAP_NOT && filter->part_count != 1))
            abort();
        for (size_t i = 0; i < filter->part_count; i++)
            count += tests_in(filter->parts[i], depth + 1);
        return count;
    }
    if (!*filter->attribute || filter->piece_count > LDAP_FILTER_PIECES_MAX ||
        (filter->kind == LDAP_EQUALS && filter->piece_count != 1) ||
        (filter->kind == LDAP_PRESENT) != (filter->piece_count == 0))
        abort();
    for (size_t i = 0; i < filter->piece_count; i++)
        if (!*filter->pieces[i] || !utf8_is_valid(span_text(filter->pieces[i])))
            abort();
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *owner = talloc_new(NULL);
    struct ldap_filter *filter;
    size_t at;

    if (ldap_filter_parse(owner, span_of(data, size), &filter, &at) == LDAP_FILTER_GOOD &&
        tests_in(filter, 1) > LDAP_FILTER_TESTS_MAX)
        abort();
    if (at > size)
        abort();
    talloc_free(owner);
    return 0;
}
