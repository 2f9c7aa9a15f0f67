/* dmarc_read.c -- libxml2's reader walks over the elements; a table says which of them is which field. */
#include "report/dmarc_report.h"

#include "format/charset.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <talloc.h>

enum { DEPTH_MAX = 8, PATH_MAX_BYTES = 128, NODES_MAX = 1000000 };

struct reading {
    const void *owner;
    struct dmarc_report *report;
    struct dmarc_report_row *row; /* NULL outside records */
    size_t capacity;
    char path[PATH_MAX_BYTES]; /* "feedback/record/row/count" */
    size_t depth;
    char text[DMARC_REPORT_TEXT + 1]; /* of the element that is open */
    size_t length;
};

static bool not_good(struct err *err, const char *what)
{
    err_log(err, "aggregate report: %s", what);
    return err_set(err, ERR_INVALID, "This is no aggregate report.");
}

/* ---- which element goes where */

enum place { OF_REPORT, OF_ROW, OF_SIGNATURE };

static const char *const nothing = "";

#define AT_REPORT(field) OF_REPORT, offsetof(struct dmarc_report, field)
#define AT_ROW(field) OF_ROW, offsetof(struct dmarc_report_row, field)
#define AT_SIGNATURE(field) OF_SIGNATURE, offsetof(struct dmarc_report_signature, field)

static const struct {
    const char *path; /* behind "feedback/" */
    enum place place;
    size_t offset;
    bool is_number;
} fields[] = {
    { "report_metadata/org_name", AT_REPORT(reporter), false },
    { "report_metadata/email", AT_REPORT(contact), false },
    { "report_metadata/report_id", AT_REPORT(id), false },
    { "report_metadata/date_range/begin", AT_REPORT(begin_s), true },
    { "report_metadata/date_range/end", AT_REPORT(end_s), true },
    { "policy_published/domain", AT_REPORT(domain), false },
    { "policy_published/adkim", AT_REPORT(adkim), false },
    { "policy_published/aspf", AT_REPORT(aspf), false },
    { "policy_published/p", AT_REPORT(p), false },
    { "policy_published/sp", AT_REPORT(sp), false },
    { "policy_published/pct", AT_REPORT(pct), false },
    { "record/row/source_ip", AT_ROW(source), false },
    { "record/row/count", AT_ROW(count), true },
    { "record/row/policy_evaluated/disposition", AT_ROW(disposition), false },
    { "record/row/policy_evaluated/dkim", AT_ROW(dkim), false },
    { "record/row/policy_evaluated/spf", AT_ROW(spf), false },
    { "record/row/policy_evaluated/reason/type", AT_ROW(reason), false },
    { "record/row/policy_evaluated/reason/comment", AT_ROW(comment), false },
    { "record/identifiers/header_from", AT_ROW(header_from), false },
    { "record/identifiers/envelope_from", AT_ROW(envelope_from), false },
    { "record/auth_results/spf/domain", AT_ROW(spf_domain), false },
    { "record/auth_results/spf/scope", AT_ROW(spf_scope), false },
    { "record/auth_results/spf/result", AT_ROW(spf_result), false },
    { "record/auth_results/dkim/domain", AT_SIGNATURE(domain), false },
    { "record/auth_results/dkim/selector", AT_SIGNATURE(selector), false },
    { "record/auth_results/dkim/result", AT_SIGNATURE(result), false },
};

static void *place_of(struct reading *r, size_t field)
{
    struct dmarc_report_row *row = r->row;
    char *base = NULL;

    if (fields[field].place == OF_REPORT)
        base = (char *)r->report;
    else if (row && fields[field].place == OF_ROW)
        base = (char *)row;
    else if (row && row->signature_count > 0)
        base = (char *)&row->signatures[row->signature_count - 1];
    return base ? base + fields[field].offset : NULL;
}

/* Whole numbers; what is none, or beyond reason, is 0. Both kinds have 64 bits. */
static uint64_t number_of(const char *text)
{
    struct span in = span_trim(span_text(text));
    uint64_t value;

    return span_take_u64(&in, &value) && span_is_empty(in) && value < INT64_MAX / 1000000 ? value : 0;
}

static void take_text(struct reading *r)
{
    static const char root[] = "feedback/";
    struct span text = span_trim(span_of(r->text, r->length));

    if (strncmp(r->path, root, sizeof root - 1) != 0)
        return;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        void *place = strcmp(r->path + sizeof root - 1, fields[i].path) == 0 ? place_of(r, i) : NULL;
        const char *copy;
        uint64_t number;

        if (!place)
            continue;
        copy = span_copy(r->owner, text);
        number = number_of(copy);
        if (fields[i].is_number)
            memcpy(place, &number, sizeof number);
        else
            memcpy(place, &copy, sizeof copy);
    }
}

/* ---- walking */

static void init_row(struct dmarc_report_row *row)
{
    *row = (struct dmarc_report_row){ 0 };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].place == OF_ROW && !fields[i].is_number)
            memcpy((char *)row + fields[i].offset, &nothing, sizeof nothing);
}

/* Rows beyond what we take are read over. */
static void begin_row(struct reading *r)
{
    struct dmarc_report *report = r->report;

    r->row = NULL;
    if (report->count == DMARC_REPORT_ROWS) {
        report->is_cut = true;
        return;
    }
    if (report->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 16;
        report->rows = talloc_realloc(r->owner, report->rows, struct dmarc_report_row, (unsigned)r->capacity);
    }
    r->row = &report->rows[report->count++];
    init_row(r->row);
}

static void begin_signature(struct reading *r)
{
    struct dmarc_report_row *row = r->row;

    if (row && row->signature_count < DMARC_REPORT_SIGNATURES)
        row->signatures[row->signature_count++] = (struct dmarc_report_signature){ "", "", "" };
}

static bool open_element(struct reading *r, const char *name, struct err *err)
{
    size_t length = strlen(r->path);

    if (++r->depth > DEPTH_MAX || length + strlen(name) + 2 > sizeof r->path)
        return not_good(err, "elements too deep");
    if (length > 0)
        r->path[length++] = '/';
    memcpy(r->path + length, name, strlen(name) + 1);
    r->length = 0;
    if (strcmp(r->path, "feedback/record") == 0)
        begin_row(r);
    if (strcmp(r->path, "feedback/record/auth_results/dkim") == 0)
        begin_signature(r);
    return true;
}

static void close_element(struct reading *r)
{
    char *slash = strrchr(r->path, '/');

    take_text(r);
    r->length = 0;
    if (strcmp(r->path, "feedback/record") == 0)
        r->row = NULL;
    *(slash ? slash : r->path) = '\0';
    r->depth--;
}

/* Control characters are spaces; what is beyond DMARC_REPORT_TEXT is left out, never in the middle of a character. */
static void add_text(struct reading *r, const char *text)
{
    for (; text && *text && r->length < DMARC_REPORT_TEXT; text++)
        r->text[r->length++] = (unsigned char)*text < ' ' || *text == 127 ? ' ' : *text;
    while (text && *text && r->length > 0 && ((unsigned char)*text & 0xC0) == 0x80) {
        r->length--;
        if (((unsigned char)r->text[r->length] & 0xC0) != 0x80)
            break;
    }
}

static bool take_node(struct reading *r, xmlTextReaderPtr reader, struct err *err)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(reader);

    switch (xmlTextReaderNodeType(reader)) {
    case XML_READER_TYPE_ELEMENT: {
        bool is_empty = xmlTextReaderIsEmptyElement(reader) == 1;
        if (!open_element(r, name ? name : "", err))
            return false;
        if (is_empty)
            close_element(r);
        return true;
    }
    case XML_READER_TYPE_END_ELEMENT:
        close_element(r);
        return true;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        add_text(r, (const char *)xmlTextReaderConstValue(reader));
        return true;
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY:
    case XML_READER_TYPE_ENTITY_REFERENCE:
        return not_good(err, "it has a document type");
    default:
        return true;
    }
}

static bool walk(struct reading *r, xmlTextReaderPtr reader, struct err *err)
{
    int more = xmlTextReaderRead(reader);

    for (size_t nodes = 0; more == 1; nodes++) {
        if (nodes == NODES_MAX)
            return err_set(err, ERR_LIMIT, "The report is too large.");
        if (!take_node(r, reader, err))
            return false;
        more = xmlTextReaderRead(reader);
    }
    return more == 0 || not_good(err, "not well formed");
}

/* Declarations are refused before libxml2 sees them: what it does not read it cannot expand. */
static bool has_declaration(struct span xml)
{
    for (const char *p = xml.p; (p = memchr(p, '<', (size_t)(xml.end - p))); p++)
        if (xml.end - p > 2 && p[1] == '!' && p[2] != '-' && p[2] != '[')
            return true;
    return false;
}

static void set_defaults(struct dmarc_report *report)
{
    *report = (struct dmarc_report){ 0 };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].place == OF_REPORT && !fields[i].is_number)
            memcpy((char *)report + fields[i].offset, &nothing, sizeof nothing);
}

bool dmarc_report_read(const void *owner, struct span xml, struct dmarc_report *report_out, struct err *err)
{
    struct reading r = { .owner = owner, .report = report_out };
    xmlTextReaderPtr reader;
    bool ok;

    set_defaults(report_out);
    if (span_is_empty(xml) || span_length(xml) > INT32_MAX || span_find_byte(xml, '\0') ||
        has_declaration(xml))
        return not_good(err, "empty, or with declarations");
    reader =
        xmlReaderForMemory(xml.p, (int)span_length(xml), NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    if (!reader)
        return err_set(err, ERR_INTERNAL, "There is no memory to read the report.");
    ok = walk(&r, reader, err);
    xmlFreeTextReader(reader);
    if (!ok)
        return false;
    return (*report_out->domain && *report_out->id && report_out->count > 0) ||
           not_good(err, "without domain, number or records");
}
