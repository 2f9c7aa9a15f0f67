/*
 * fuzz_request.c -- an operation as slapd writes it, with the names and the filter in it.
 */
#include "slapd/filter.h"
#include "slapd/name.h"
#include "slapd/request.h"

#include <assert.h>
#include <talloc.h>

static void read_names(void *arena, struct span text)
{
    struct name name;

    if (!name_read(arena, text, &name))
        return;
    assert(name.count <= NAME_PARTS_MAX);
    (void)name_login(arena, &name);
    (void)name_domain(arena, &name, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct slapd_request request;
    struct ldap_filter *filter;
    char *query;

    if (slapd_request_read(span_of(data, size), &request)) {
        read_names(arena, request.who);
        read_names(arena, request.operation == SLAPD_BIND ? request.name : request.base);
        (void)slapd_request_names(&request, "jpegPhoto");
        if (request.operation == SLAPD_SEARCH &&
            filter_read(arena, request.filter, &filter) == LDAP_FILTER_GOOD) {
            /* what is asked of the directory is a filter again */
            if (filter_of_people(arena, filter, &query) == FILTER_ASKS) {
                enum ldap_filter_fault fault = filter_read(arena, span_text(query), &filter);
                assert(fault == LDAP_FILTER_GOOD || fault == LDAP_FILTER_TOO_LARGE);
            }
            if (filter)
                (void)filter_takes_container(filter, "organization");
        }
    }
    talloc_free(arena);
    return 0;
}
