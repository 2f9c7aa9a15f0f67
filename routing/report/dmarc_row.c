/* dmarc_row.c -- a row as JSON: as it is counted, stored and shown. */
#include "report/dmarc_report.h"

#include <talloc.h>

static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    { "source", offsetof(struct dmarc_report_row, source) },
    { "disposition", offsetof(struct dmarc_report_row, disposition) },
    { "dkim", offsetof(struct dmarc_report_row, dkim) },
    { "spf", offsetof(struct dmarc_report_row, spf) },
    { "reason", offsetof(struct dmarc_report_row, reason) },
    { "comment", offsetof(struct dmarc_report_row, comment) },
    { "header_from", offsetof(struct dmarc_report_row, header_from) },
    { "envelope_from", offsetof(struct dmarc_report_row, envelope_from) },
    { "spf_domain", offsetof(struct dmarc_report_row, spf_domain) },
    { "spf_scope", offsetof(struct dmarc_report_row, spf_scope) },
    { "spf_result", offsetof(struct dmarc_report_row, spf_result) },
};

json_t *dmarc_report_row_json(const struct dmarc_report_row *row)
{
    json_t *json = json_object(), *signatures = json_array();

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *text;

        memcpy(&text, (const char *)row + texts[i].offset, sizeof text);
        if (text && *text)
            json_object_set_new(json, texts[i].name, json_string(text));
    }
    for (size_t i = 0; i < row->signature_count; i++)
        json_array_append_new(signatures,
                              json_pack("{s:s, s:s, s:s}", "domain", row->signatures[i].domain, "selector",
                                        row->signatures[i].selector, "result", row->signatures[i].result));
    if (row->count)
        json_object_set_new(json, "count", json_integer((json_int_t)row->count));
    json_object_set_new(json, "signatures", signatures);
    return json;
}

static const char *text_of(const void *owner, json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? talloc_strdup(owner, text) : "";
}

void dmarc_report_row_of(const void *owner, json_t *json, struct dmarc_report_row *row_out)
{
    json_t *signature;
    size_t i;

    *row_out = (struct dmarc_report_row){ 0 };
    for (size_t k = 0; k < COUNT_OF(texts); k++) {
        const char *text = text_of(owner, json, texts[k].name);

        memcpy((char *)row_out + texts[k].offset, &text, sizeof text);
    }
    json_array_foreach(json_object_get(json, "signatures"), i, signature)
    {
        if (row_out->signature_count == DMARC_REPORT_SIGNATURES)
            break;
        row_out->signatures[row_out->signature_count++] =
            (struct dmarc_report_signature){ text_of(owner, signature, "domain"),
                                             text_of(owner, signature, "selector"),
                                             text_of(owner, signature, "result") };
    }
}
