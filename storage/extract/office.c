/* office.c -- the XML of office documents, read as it is unpacked (SAX): tables say which parts and elements hold words. */
#include "extract/formats.h"
#include "extract/zip.h"

#include <libxml/parser.h>
#include <string.h>

enum { NAMES = 10 };

/* Names of elements without their namespace. */
struct flavour {
    const char *counts[NAMES]; /* text inside them is the document's */
    const char *skips[NAMES];  /* except inside these */
    const char *lines[NAMES];  /* they end a line */
    const char *blanks[NAMES]; /* they stand for a blank */
    const char *named;         /* its attribute `name` is text */
};
static const struct flavour words = {
    .counts = { "t" }, .skips = { "rPh" }, .lines = { "p", "br", "cr", "si", "comment" }, .blanks = { "tab" }
};
static const struct flavour sheet = { .counts = { "t", "v" }, .lines = { "row" }, .blanks = { "c" } };
static const struct flavour book = { .named = "sheet" };
static const struct flavour open_document = { .counts = { "p", "h" },
                                              .skips = { "tracked-changes" },
                                              .lines = { "p", "h", "line-break" },
                                              .blanks = { "s", "tab" } };
static const struct flavour properties = {
    .counts = { "title", "subject", "keywords", "keyword", "description", "creator", "initial-creator" },
    .lines = { "title", "subject", "keywords", "keyword", "description", "creator", "initial-creator" }
};
static const struct flavour manifest = { .named = NULL };

static const struct {
    const char *prefix;
    const struct flavour *flavour;
} parts[] = {
    { "word/document", &words },
    { "word/header", &words },
    { "word/footer", &words },
    { "word/footnotes", &words },
    { "word/endnotes", &words },
    { "word/comments", &words },
    { "ppt/slides/", &words },
    { "ppt/notesSlides/", &words },
    { "xl/sharedStrings", &words },
    { "xl/comments", &words },
    { "xl/worksheets/sheet", &sheet },
    { "xl/workbook.xml", &book },
    { "content.xml", &open_document },
    { "styles.xml", &open_document },
    { "docProps/core.xml", &properties },
    { "meta.xml", &properties },
    { "META-INF/manifest.xml", &manifest },
};

struct reading {
    const struct flavour *flavour;
    struct extract_sink *sink;
    xmlParserCtxtPtr parser;
    unsigned counting, skipping; /* how many such elements are open */
    bool is_reference;           /* the cell's value is the number of a shared string */
    bool has_declarations, is_encrypted, is_broken;
};

static bool is_among(const char *const *names, const xmlChar *name)
{
    for (size_t i = 0; i < NAMES && names[i]; i++)
        if (strcmp(names[i], (const char *)name) == 0)
            return true;
    return false;
}

/* libxml2 gives five pointers an attribute: name, prefix, namespace, value, its end. */
static struct span attribute(const xmlChar **attributes, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp((const char *)attributes[5 * i], name) == 0)
            return (struct span){ (const char *)attributes[5 * i + 3], (const char *)attributes[5 * i + 4] };
    return span_text(NULL);
}

static void stop(struct reading *r)
{
    xmlStopParser(r->parser);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int count, int defaulted,
                     const xmlChar **attributes)
{
    struct reading *r = arg;
    const struct flavour *flavour = r->flavour;

    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted;
    r->counting += is_among(flavour->counts, name);
    r->skipping += is_among(flavour->skips, name);
    if (flavour == &sheet && strcmp((const char *)name, "c") == 0)
        r->is_reference = span_equals_text(attribute(attributes, count, "t"), "s");
    if (flavour == &manifest && strcmp((const char *)name, "encryption-data") == 0) {
        r->is_encrypted = true;
        stop(r);
    }
    if (flavour->named && strcmp((const char *)name, flavour->named) == 0) {
        if (!extract_sink_add(r->sink, attribute(attributes, count, "name")))
            stop(r);
        extract_sink_break(r->sink, '\n');
    }
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct reading *r = arg;

    (void)prefix, (void)uri;
    r->counting -= r->counting > 0 && is_among(r->flavour->counts, name);
    r->skipping -= r->skipping > 0 && is_among(r->flavour->skips, name);
    if (is_among(r->flavour->lines, name))
        extract_sink_break(r->sink, '\n');
    else if (is_among(r->flavour->blanks, name))
        extract_sink_break(r->sink, ' ');
}

static void on_text(void *arg, const xmlChar *text, int length)
{
    struct reading *r = arg;

    if (r->counting == 0 || r->skipping > 0 || r->is_reference)
        return;
    if (!extract_sink_add(r->sink, span_of(text, (size_t)length)))
        stop(r);
}

/* No office program writes one; what is declared there could only be made to swell. */
static void on_declarations(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct reading *r = arg;

    (void)name, (void)external, (void)system;
    r->has_declarations = true;
    stop(r);
}

static bool take_piece(struct span piece, void *arg)
{
    struct reading *r = arg;

    if (xmlParseChunk(r->parser, piece.p, (int)span_length(piece), 0) != 0)
        r->is_broken = !r->sink->is_full && !r->is_encrypted;
    return !r->is_broken && !r->sink->is_full && !r->is_encrypted;
}

static enum extract_verdict read_part(const struct zip_entry *entry, const struct flavour *flavour,
                                      size_t *budget, struct extract_sink *sink)
{
    xmlSAXHandler handler = { .initialized = XML_SAX2_MAGIC,
                              .startElementNs = on_start,
                              .endElementNs = on_end,
                              .characters = on_text,
                              .cdataBlock = on_text,
                              .internalSubset = on_declarations };
    struct reading r = { .flavour = flavour, .sink = sink };
    enum extract_verdict verdict;

    r.parser = xmlCreatePushParserCtxt(&handler, &r, NULL, 0, NULL);
    if (!r.parser)
        return EXTRACT_KILLED;
    xmlCtxtUseOptions(r.parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    verdict = zip_unpack(entry, budget, take_piece, &r);
    if (verdict == EXTRACT_DONE && !sink->is_full && !r.is_broken && !r.is_encrypted)
        r.is_broken = xmlParseChunk(r.parser, "", 0, 1) != 0;
    if (r.parser->myDoc)
        xmlFreeDoc(r.parser->myDoc);
    xmlFreeParserCtxt(r.parser);
    extract_sink_break(sink, '\n');
    if (r.is_encrypted)
        return EXTRACT_ENCRYPTED;
    return r.is_broken || r.has_declarations ? EXTRACT_DAMAGED : verdict;
}

static const struct flavour *flavour_of(struct span name)
{
    static const char end[] = ".xml";
    size_t length = span_length(name), tail = sizeof end - 1;

    if (length < tail || memcmp(name.end - tail, end, tail) != 0)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        size_t prefix = strlen(parts[i].prefix);
        if (length >= prefix && memcmp(name.p, parts[i].prefix, prefix) == 0)
            return parts[i].flavour;
    }
    return NULL;
}

/* With a password, Microsoft's programs put the ZIP into their older container. */
static bool is_compound_file(struct span bytes)
{
    static const char magic[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

    return span_length(bytes) >= sizeof magic - 1 && memcmp(bytes.p, magic, sizeof magic - 1) == 0;
}

enum extract_verdict office_text(struct span bytes, struct extract_sink *sink)
{
    size_t budget = EXTRACT_UNPACKED_MAX, seen = 0, read = 0;
    enum extract_verdict verdict = EXTRACT_DONE;
    struct zip zip;
    struct zip_entry entry;

    if (is_compound_file(bytes))
        return EXTRACT_ENCRYPTED;
    if (!zip_open(bytes, &zip))
        return EXTRACT_DAMAGED;
    while (!sink->is_full && seen++ < EXTRACT_ENTRIES_MAX && zip_next(&zip, &entry)) {
        const struct flavour *flavour = flavour_of(entry.name);
        if (!flavour)
            continue;
        enum extract_verdict of_part =
            entry.is_encrypted ? EXTRACT_ENCRYPTED : read_part(&entry, flavour, &budget, sink);
        read++;
        if (verdict == EXTRACT_DONE)
            verdict = of_part;
        if (of_part == EXTRACT_ENCRYPTED || of_part == EXTRACT_SWOLLEN)
            return of_part;
    }
    return read == 0 ? EXTRACT_DAMAGED : verdict;
}
