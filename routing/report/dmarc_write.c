/* dmarc_write.c -- the elements in the order of RFC 7489, appendix C. */
#include "report/dmarc_report.h"

#include "format/markup.h"

#include <inttypes.h>

static void add_text(struct buf *out, const char *text)
{
    for (; text && *text; text++)
        markup_add_byte(out, (unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static void add_element(struct buf *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    buf_add_format(out, "<%s>", name);
    add_text(out, text);
    buf_add_format(out, "</%s>", name);
}

static void add_head(struct buf *out, const struct dmarc_report *r)
{
    buf_add_text(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback>\n<version>1.0</version>\n<report_metadata>");
    add_element(out, "org_name", r->reporter);
    add_element(out, "email", r->contact);
    add_element(out, "report_id", r->id);
    buf_add_format(out, "<date_range><begin>%" PRId64 "</begin><end>%" PRId64 "</end></date_range>",
                   r->begin_s, r->end_s);
    buf_add_text(out, "</report_metadata>\n<policy_published>");
    add_element(out, "domain", r->domain);
    add_element(out, "adkim", r->adkim);
    add_element(out, "aspf", r->aspf);
    add_element(out, "p", r->p);
    add_element(out, "sp", r->sp);
    add_element(out, "pct", r->pct);
    buf_add_text(out, "</policy_published>\n");
}

static void add_results(struct buf *out, const struct dmarc_report_row *row)
{
    buf_add_text(out, "<auth_results>");
    for (size_t i = 0; i < row->signature_count; i++) {
        buf_add_text(out, "<dkim>");
        add_element(out, "domain", row->signatures[i].domain);
        add_element(out, "selector", row->signatures[i].selector);
        add_element(out, "result", row->signatures[i].result);
        buf_add_text(out, "</dkim>");
    }
    if (row->spf_result && *row->spf_result) {
        buf_add_text(out, "<spf>");
        add_element(out, "domain", row->spf_domain);
        add_element(out, "scope", row->spf_scope);
        add_element(out, "result", row->spf_result);
        buf_add_text(out, "</spf>");
    }
    buf_add_text(out, "</auth_results>");
}

static void add_row(struct buf *out, const struct dmarc_report_row *row)
{
    buf_add_text(out, "<record><row>");
    add_element(out, "source_ip", row->source);
    buf_add_format(out, "<count>%" PRIu64 "</count><policy_evaluated>", row->count);
    add_element(out, "disposition", row->disposition);
    add_element(out, "dkim", row->dkim);
    add_element(out, "spf", row->spf);
    if (row->reason && *row->reason) {
        buf_add_text(out, "<reason>");
        add_element(out, "type", row->reason);
        add_element(out, "comment", row->comment);
        buf_add_text(out, "</reason>");
    }
    buf_add_text(out, "</policy_evaluated></row><identifiers>");
    add_element(out, "envelope_from", row->envelope_from);
    add_element(out, "header_from", row->header_from);
    buf_add_text(out, "</identifiers>");
    add_results(out, row);
    buf_add_text(out, "</record>\n");
}

void dmarc_report_write(struct buf *out, const struct dmarc_report *report)
{
    add_head(out, report);
    for (size_t i = 0; i < report->count; i++)
        add_row(out, &report->rows[i]);
    buf_add_text(out, "</feedback>\n");
}
