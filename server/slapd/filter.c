/* filter.c -- tests translated one by one; what is constant folded away. */
#include "slapd/filter.h"

#include <strings.h>
#include <talloc.h>

/* What a test of LDAP asks of a recipient. */
static const struct {
    const char *ldap, *ours;
} attributes[] = {
    { "cn", "name" },
    { "displayName", "name" },
    { "mail", "address" },
    { "sn", "sn" },
    { "givenName", "givenname" },
    { "initials", "initials" },
    { "title", "title" },
    { "ou", "department" },
    { "department", "department" },
    { "o", "company" },
    { "company", "company" },
    { "physicalDeliveryOfficeName", "office" },
    { "street", "street" },
    { "l", "city" },
    { "st", "st" },
    { "postalCode", "postal_code" },
    { "telephoneNumber", "phone" },
    { "mobile", "mobile" },
    { "facsimileTelephoneNumber", "fax" },
    { "description", "notes" },
};
static const char *const classes_of_people[] = { "top", "person", "organizationalPerson", "inetOrgPerson",
                                                 NULL };

struct writing {
    const char *const *classes; /* of the entry */
    bool is_person;             /* else it has nothing but its class */
    struct buf out;
};

/* What slapd writes that is no filter of the RFC: (?attribute=value) for attributes that it does not know, (?=true) and (?=undefined) for
 * what it has decided itself. The text up to the first of them, and behind it; no raw parenthesis stands in a value. */
static bool take_decided(struct span *in, struct buf *plain)
{
    if (span_take_word(in, "(?=true)"))
        buf_add_text(plain, "(objectClass=*)");
    else if (span_take_word(in, "(?="))
        buf_add_text(plain, "(undefined=");
    else if (span_take_word(in, "(?"))
        buf_add_byte(plain, '(');
    else
        return false;
    return true;
}

enum ldap_filter_fault filter_read(const void *owner, struct span text, struct ldap_filter **filter_out)
{
    struct buf plain = buf_owned_by(owner);
    size_t at;

    while (!span_is_empty(text))
        if (!take_decided(&text, &plain))
            buf_add_byte(&plain, *text.p++);
    return ldap_filter_parse(owner, buf_span(&plain), filter_out, &at);
}

static enum filter_says says(bool is_true)
{
    return is_true ? FILTER_ALWAYS : FILTER_NEVER;
}

static enum filter_says test_class(const struct writing *w, const struct ldap_filter *test)
{
    if (test->kind != LDAP_EQUALS)
        return says(test->kind == LDAP_PRESENT);
    for (const char *const *class_name = w->classes; *class_name; class_name++)
        if (strcasecmp(*class_name, test->pieces[0]) == 0)
            return FILTER_ALWAYS;
    return FILTER_NEVER;
}

static void add_test(struct buf *out, const char *ours, const struct ldap_filter *test)
{
    buf_add_format(out, "(%s=", ours);
    if (test->kind == LDAP_PRESENT || test->is_open_left)
        buf_add_byte(out, '*');
    for (size_t i = 0; i < test->piece_count; i++) {
        if (i > 0)
            buf_add_byte(out, '*');
        ldap_filter_add_value(out, test->pieces[i]);
    }
    if (test->kind == LDAP_SUBSTRINGS && test->is_open_right)
        buf_add_byte(out, '*');
    buf_add_byte(out, ')');
}

static enum filter_says write_test(struct writing *w, const struct ldap_filter *test, bool is_negated)
{
    if (strcasecmp(test->attribute, "objectClass") == 0)
        return test_class(w, test);
    for (size_t i = 0; w->is_person && i < COUNT_OF(attributes); i++)
        if (strcasecmp(attributes[i].ldap, test->attribute) == 0) {
            add_test(&w->out, attributes[i].ours, test);
            return FILTER_ASKS;
        }
    return says(is_negated); /* undefined */
}

static enum filter_says write_filter(struct writing *w, const struct ldap_filter *filter, bool is_negated);

static enum filter_says write_not(struct writing *w, const struct ldap_filter *filter, bool is_negated)
{
    size_t begin = w->out.length;
    enum filter_says said;

    buf_add_text(&w->out, "(!");
    said = write_filter(w, filter->parts[0], !is_negated);
    if (said == FILTER_ASKS) {
        buf_add_byte(&w->out, ')');
        return FILTER_ASKS;
    }
    w->out.length = begin;
    return says(said == FILTER_NEVER);
}

/* One part may decide alone; those that decide nothing are left out. */
static enum filter_says write_list(struct writing *w, const struct ldap_filter *filter, bool is_negated)
{
    enum filter_says deciding = filter->kind == LDAP_AND ? FILTER_NEVER : FILTER_ALWAYS;
    size_t begin = w->out.length, asking = 0;

    buf_add_text(&w->out, filter->kind == LDAP_AND ? "(&" : "(|");
    for (size_t i = 0; i < filter->part_count; i++) {
        enum filter_says said = write_filter(w, filter->parts[i], is_negated);
        if (said == deciding) {
            w->out.length = begin;
            return deciding;
        }
        asking += said == FILTER_ASKS;
    }
    if (asking == 0) {
        w->out.length = begin;
        return says(deciding == FILTER_NEVER);
    }
    buf_add_byte(&w->out, ')');
    return FILTER_ASKS;
}

/* Nesting is bounded by the parser (LDAP_FILTER_DEPTH_MAX). */
static enum filter_says write_filter(struct writing *w, const struct ldap_filter *filter, bool is_negated)
{
    return filter->kind == LDAP_NOT                              ? write_not(w, filter, is_negated)
           : filter->kind == LDAP_AND || filter->kind == LDAP_OR ? write_list(w, filter, is_negated)
                                                                 : write_test(w, filter, is_negated);
}

enum filter_says filter_of_people(const void *owner, const struct ldap_filter *filter, char **query_out)
{
    struct writing w = { .classes = classes_of_people, .is_person = true, .out = buf_owned_by(owner) };
    enum filter_says said = write_filter(&w, filter, false);

    *query_out = said == FILTER_ASKS ? buf_text(&w.out) : NULL;
    return said;
}

void filter_add_address(struct buf *out, const char *address)
{
    buf_add_text(out, "(address=");
    ldap_filter_add_value(out, address);
    buf_add_byte(out, ')');
}

bool filter_takes_container(const struct ldap_filter *filter, const char *class_name)
{
    const char *classes[] = { "top", class_name, NULL };
    void *scratch = talloc_new(NULL);
    struct writing w = { .classes = classes, .out = BUF_INIT(scratch) };
    bool takes = write_filter(&w, filter, false) == FILTER_ALWAYS;

    talloc_free(scratch);
    return takes;
}
