/* body.c -- from the tree of libxml2 to what is asked. */
#include "dav/body.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#define DAV_SPACE "DAV:"
#define CARD_SPACE "urn:ietf:params:xml:ns:carddav"
enum { DEPTH_MAX = 16, BYTES_MAX = 256 * 1024 };

static bool is(const xmlNode *node, const char *space, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, space) == 0 && strcmp((const char *)node->name, name) == 0;
}

static bool is_element(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE;
}

static const char *text_of(const void *owner, const xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    const char *copy = talloc_strdup(owner, text ? (const char *)text : "");

    xmlFree(text);
    return copy;
}

static const char *attribute(const void *owner, const xmlNode *node, const char *name)
{
    xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)name);
    const char *copy = text ? talloc_strdup(owner, (const char *)text) : NULL;

    xmlFree(text);
    return copy;
}

static bool is_word(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* ---- what is wanted */

static void read_version(const void *owner, struct body *body, const xmlNode *node)
{
    const char *version = attribute(owner, node, "version"), *type = attribute(owner, node, "content-type");

    body->wants_version_4 = is_word(version, "4.0");
    body->wants_unknown_version = (version && !body->wants_version_4 && !is_word(version, "3.0")) ||
                                  (type && strcasecmp(type, "text/vcard") != 0);
}

static void read_properties(const void *owner, struct body *body, const xmlNode *prop)
{
    for (const xmlNode *node = prop->children; node; node = node->next) {
        if (!is_element(node))
            continue;
        if (body->property_count == BODY_PROPERTIES_MAX) {
            body->is_too_much = true;
            return;
        }
        if (is(node, CARD_SPACE, "address-data"))
            read_version(owner, body, node);
        body->properties[body->property_count++] =
            (struct body_name){ talloc_strdup(owner, node->ns ? (const char *)node->ns->href : ""),
                                talloc_strdup(owner, (const char *)node->name) };
    }
}

/* ---- filters */

static enum body_match match_of(const char *word)
{
    return is_word(word, "equals")        ? BODY_EQUALS
           : is_word(word, "starts-with") ? BODY_BEGINS
           : is_word(word, "ends-with")   ? BODY_ENDS
                                          : BODY_CONTAINS;
}

static void read_filter(const void *owner, struct body *body, const xmlNode *node)
{
    struct body_filter *filter = &body->filters[body->filter_count];
    const char *name = attribute(owner, node, "name");

    if (body->filter_count == BODY_FILTERS_MAX || !name) {
        body->is_too_much = true;
        return;
    }
    body->filter_count++;
    *filter = (struct body_filter){ .property = name,
                                    .needs_all = is_word(attribute(owner, node, "test"), "allof") };
    for (const xmlNode *test = node->children; test; test = test->next) {
        if (is(test, CARD_SPACE, "is-not-defined"))
            filter->is_absent = true;
        if (!is(test, CARD_SPACE, "text-match"))
            continue;
        if (filter->test_count == BODY_TESTS_MAX) {
            body->is_too_much = true;
            return;
        }
        filter->tests[filter->test_count++] =
            (struct body_test){ text_of(owner, test), match_of(attribute(owner, test, "match-type")),
                                is_word(attribute(owner, test, "negate-condition"), "yes") };
    }
}

static void read_filters(const void *owner, struct body *body, const xmlNode *filter)
{
    body->needs_all = is_word(attribute(owner, filter, "test"), "allof");
    for (const xmlNode *node = filter->children; node; node = node->next)
        if (is(node, CARD_SPACE, "prop-filter"))
            read_filter(owner, body, node);
}

/* ---- the rest */

static void read_href(const void *owner, struct body *body, const xmlNode *node)
{
    if (body->href_count == BODY_HREFS_MAX) {
        body->is_too_much = true;
        return;
    }
    if (body->href_count % 64 == 0)
        body->hrefs = talloc_realloc(owner, body->hrefs, const char *, (unsigned)body->href_count + 64);
    body->hrefs[body->href_count++] = text_of(owner, node);
}

static void read_limit(const void *owner, struct body *body, const xmlNode *limit)
{
    for (const xmlNode *node = limit->children; node; node = node->next)
        if (is(node, DAV_SPACE, "nresults") || is(node, CARD_SPACE, "nresults"))
            body->limit = strtoull(text_of(owner, node), NULL, 10);
}

static void read_child(const void *owner, struct body *body, const xmlNode *node)
{
    if (is(node, DAV_SPACE, "prop"))
        read_properties(owner, body, node);
    else if (is(node, DAV_SPACE, "allprop"))
        body->wants_all = true;
    else if (is(node, DAV_SPACE, "propname"))
        body->wants_names = true;
    else if (is(node, DAV_SPACE, "href"))
        read_href(owner, body, node);
    else if (is(node, DAV_SPACE, "sync-token"))
        body->sync_token = text_of(owner, node);
    else if (is(node, DAV_SPACE, "limit") || is(node, CARD_SPACE, "limit"))
        read_limit(owner, body, node);
    else if (is(node, CARD_SPACE, "filter"))
        read_filters(owner, body, node);
}

static enum body_kind kind_of(const xmlNode *root)
{
    return is(root, DAV_SPACE, "propfind")                ? BODY_PROPFIND
           : is(root, CARD_SPACE, "addressbook-query")    ? BODY_QUERY
           : is(root, CARD_SPACE, "addressbook-multiget") ? BODY_MULTIGET
           : is(root, DAV_SPACE, "sync-collection")       ? BODY_SYNC
                                                          : BODY_OTHER;
}

static bool is_too_deep(const xmlNode *node, int depth)
{
    if (depth > DEPTH_MAX)
        return true;
    for (; node; node = node->next)
        if (is_element(node) && is_too_deep(node->children, depth + 1))
            return true;
    return false;
}

struct body *dav_body_read(const void *owner, struct span text)
{
    struct body *body = talloc_zero(owner, struct body);
    xmlDoc *document;

    if (span_is_empty(text)) {
        body->wants_all = true;
        return body;
    }
    if (span_length(text) > BYTES_MAX)
        return NULL;
    document = xmlReadMemory(text.p, (int)span_length(text), NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    bool is_good = root && !document->intSubset && !is_too_deep(root, 0);
    if (is_good) {
        body->kind = kind_of(root);
        for (const xmlNode *node = root->children; node; node = node->next)
            read_child(body, body, node);
    }
    xmlFreeDoc(document);
    return is_good ? body : NULL;
}
