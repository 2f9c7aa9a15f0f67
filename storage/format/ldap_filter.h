/*
 * ldap_filter.h -- search filters as text (RFC 4515): what selects the members of a group by query.
 *
 *     (&(kind=user)(|(domain=example.org)(name=*smith*))(!(admin_group=Guests)))
 *
 * Understood are and, or, not, equality, presence (=*) and substrings, with \XX in values. What else the RFC has (>=, <=, ~=,
 * extensible matches, options of attributes) is refused by name. Everything is bounded, nesting too.
 *
 * Ownership  a filter belongs to the talloc context `owner`.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_LDAP_FILTER_H
#define FORMAT_LDAP_FILTER_H

#include "base/buf.h"
#include "base/span.h"

enum {
    LDAP_FILTER_TEXT_MAX = 4000, /* bytes */
    LDAP_FILTER_DEPTH_MAX = 20,
    LDAP_FILTER_TESTS_MAX = 50, /* equality, presence and substrings together */
    LDAP_FILTER_PIECES_MAX = 10 /* of one substring test */
};

enum ldap_filter_kind { LDAP_AND, LDAP_OR, LDAP_NOT, LDAP_EQUALS, LDAP_PRESENT, LDAP_SUBSTRINGS };

struct ldap_filter {
    enum ldap_filter_kind kind;
    struct ldap_filter **parts; /* of and, or, and (one) not */
    size_t part_count;
    const char *attribute; /* of a test, as written */
    /* of a test: its value, or the pieces between the stars; UTF-8 without NUL */
    const char **pieces;
    size_t piece_count;
    bool is_open_left, is_open_right; /* a star stands before the first piece, behind the last one */
};

enum ldap_filter_fault {
    LDAP_FILTER_GOOD,
    LDAP_FILTER_BAD_SYNTAX,
    LDAP_FILTER_TOO_LARGE,
    LDAP_FILTER_NOT_KNOWN, /* a part of the RFC that is not understood here */
    LDAP_FILTER_BAD_VALUE, /* not UTF-8, a NUL, a bad escape */
    LDAP_FILTER_FAULTS
};
/* A sentence. Static. */
const char *ldap_filter_fault_text(enum ldap_filter_fault fault);

/* The whole of `text`, spaces around it aside. `*at_out`: where it went wrong, in bytes. */
MUST_CHECK enum ldap_filter_fault ldap_filter_parse(const void *owner, struct span text,
                                                    struct ldap_filter **filter_out, size_t *at_out);

/* Adds a value for a filter's text: what means something there is escaped. */
void ldap_filter_add_value(struct buf *out, const char *value);

#endif
