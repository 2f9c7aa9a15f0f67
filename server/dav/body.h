/*
 * body.h -- the XML of a request (RFC 4918, RFC 6352, RFC 6578), by libxml2: no entities, no network, limits on depth and number. For
 * this room only.
 *
 * Threads  pure functions.
 */
#ifndef DAV_BODY_H
#define DAV_BODY_H

#include "base/compiler.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_PROPERTIES_MAX = 100, BODY_HREFS_MAX = 5000, BODY_FILTERS_MAX = 50, BODY_TESTS_MAX = 50 };

enum body_kind { BODY_PROPFIND, BODY_QUERY, BODY_MULTIGET, BODY_SYNC, BODY_OTHER };

struct body_name {
    const char *space, *name; /* name space and local name */
};
enum body_match { BODY_CONTAINS, BODY_EQUALS, BODY_BEGINS, BODY_ENDS };
struct body_test {
    const char *text;
    enum body_match match;
    bool is_negated;
};
struct body_filter {
    const char *property; /* "FN", "EMAIL" */
    bool is_absent;       /* is-not-defined */
    bool needs_all;       /* tests: allof */
    struct body_test tests[BODY_TESTS_MAX];
    size_t test_count;
};
struct body {
    enum body_kind kind;
    bool wants_all;   /* allprop, or no body */
    bool wants_names; /* propname */
    bool wants_version_4, wants_unknown_version;
    struct body_name properties[BODY_PROPERTIES_MAX];
    size_t property_count;
    const char **hrefs;
    size_t href_count;
    const char *sync_token; /* NULL: not there */
    uint64_t limit;         /* 0: none */
    bool needs_all;         /* filters: allof */
    struct body_filter filters[BODY_FILTERS_MAX];
    size_t filter_count;
    bool is_too_much; /* more than the limits */
};

/* Under `owner`; NULL: it is not well formed, or nothing that is known. Empty text is a PROPFIND for all. */
struct body *dav_body_read(const void *owner, struct span text);

#endif
