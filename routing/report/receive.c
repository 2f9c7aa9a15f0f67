/* receive.c -- from a message to rows. */
#include "report/receive.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/report.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "format/codec.h"
#include "format/mime.h"
#include "report/dmarc_report.h"
#include "report/tls_report.h"
#include "report/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static const char *const kinds[] = { "dmarc", "tls" };
METRIC_COUNTER_BY(received, "chappe_reports_received_total", "Reports of others about our domains", "kind",
                  kinds)

static int64_t microseconds(int64_t seconds)
{
    return seconds > 0 && seconds < INT64_MAX / US_PER_S ? seconds * US_PER_S : 0;
}

/* ---- DMARC */

static char *dmarc_detail(const void *owner, const struct dmarc_report *r)
{
    json_t *rows = json_array(), *json;
    char *text, *copy;

    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(rows, dmarc_report_row_json(&r->rows[i]));
    json = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s}, s:b, s:o}", "contact", r->contact, "policy", "adkim",
                     r->adkim, "aspf", r->aspf, "p", r->p, "sp", r->sp, "pct", r->pct, "cut", (int)r->is_cut,
                     "rows", rows);
    text = json_dumps(json, JSON_COMPACT);
    copy = text ? talloc_strdup(owner, text) : NULL;
    free(text);
    json_decref(json);
    return copy;
}

static bool passed(const struct dmarc_report_row *row)
{
    return strcmp(row->dkim, "pass") == 0 || strcmp(row->spf, "pass") == 0;
}

static bool read_dmarc(const void *owner, struct span text, struct report *out, struct err *err)
{
    struct dmarc_report r;

    if (!dmarc_report_read(owner, text, &r, err))
        return false;
    *out = (struct report){ .kind = kinds[0],
                            .domain = r.domain,
                            .reporter = r.reporter,
                            .number = r.id,
                            .begin_us = microseconds(r.begin_s),
                            .end_us = microseconds(r.end_s),
                            .detail = dmarc_detail(owner, &r) };
    for (size_t i = 0; i < r.count; i++)
        *(passed(&r.rows[i]) ? &out->passed : &out->failed) += (int64_t)r.rows[i].count;
    return out->detail || err_set(err, ERR_INVALID, "This is no aggregate report.");
}

/* ---- TLS */

static bool read_tls(const void *owner, struct span text, struct report *out, struct err *err)
{
    struct tls_report r;
    json_t *json;
    char *detail;

    if (span_length(text) > RECEIVE_JSON_MAX)
        return err_set(err, ERR_LIMIT, "The report is too large.");
    if (!tls_report_read(owner, text, &r, err))
        return false;
    json = json_pack("{s:s, s:o}", "contact", r.contact, "policies", r.policies);
    detail = json_dumps(json, JSON_COMPACT);
    *out = (struct report){ .kind = kinds[1],
                            .domain = r.domain,
                            .reporter = r.reporter,
                            .number = r.id,
                            .begin_us = microseconds(r.begin_s),
                            .end_us = microseconds(r.end_s),
                            .passed = (int64_t)r.passed,
                            .failed = (int64_t)r.failed,
                            .detail = detail ? talloc_strdup(owner, detail) : NULL };
    free(detail);
    json_decref(json);
    return out->detail || err_set(err, ERR_INVALID, "This is no TLS report.");
}

/* ---- one attachment */

static bool is_json(struct span text)
{
    text = span_trim(text);
    return !span_is_empty(text) && *text.p == '{';
}

/* Is the domain, or one above it, the organisation's? ERR_INVALID: not; ERR_BUSY. */
static bool is_ours(struct directory *directory, const void *owner, int64_t organisation_id,
                    struct report *report, struct err *err)
{
    struct resolved found = { .organisation_id = 0 };
    const char *above;
    char *domain;

    if (address_domain(owner, span_text(report->domain), &domain) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "The report is about no domain of ours.");
    report->domain = domain;
    for (above = domain; above && found.organisation_id == 0; above = strchr(above, '.')) {
        above += *above == '.';
        if (!directory_resolve(directory, owner, "postmaster", above, &found, err))
            return false;
    }
    return found.organisation_id == organisation_id ||
           err_set(err, ERR_INVALID, "The report is about no domain of ours.");
}

static bool take_text(struct directory *directory, const void *owner, int64_t organisation_id,
                      struct span text, struct err *err)
{
    struct report report;

    if (!(is_json(text) ? read_tls(owner, text, &report, err) : read_dmarc(owner, text, &report, err)) ||
        !is_ours(directory, owner, organisation_id, &report, err))
        return false;
    report.organisation_id = organisation_id;
    report.received_us = clock_now_us();
    if (!report_keep(directory, &report, err))
        return false;
    metric_add_at(&received, 1, report.kind == kinds[1], 0);
    log_event(LOG_LEVEL_INFO, "report.received", log_text("kind", report.kind),
              log_text("domain", report.domain), log_text("reporter", report.reporter),
              log_text("number", report.number), log_i64("passed", report.passed),
              log_i64("failed", report.failed));
    return true;
}

static bool take_part(struct directory *directory, const void *owner, int64_t organisation_id,
                      struct span message, const struct mime_part *part, struct err *err)
{
    struct span body = mime_part_body(message, part), text;
    struct buf packed = buf_owned_by(owner);

    if (span_length(body) / 4 * 3 > RECEIVE_PACKED_MAX)
        return err_set(err, ERR_LIMIT, "The report is too large.");
    if (!codec_decode_all(body, (enum mime_encoding)part->encoding, RECEIVE_PACKED_MAX, &packed))
        return err_set(err, ERR_INVALID, "The attachment cannot be decoded.");
    return unpack(owner, buf_span(&packed), RECEIVE_XML_MAX, &text, err) &&
           take_text(directory, owner, organisation_id, text, err);
}

/* Words for people are no reports, and are not tried. */
static bool is_words(struct span message, const struct mime_index *index, const struct mime_part *part)
{
    struct mime_type type = mime_part_type(message, index, part);

    return mime_type_is(&type, "text", "plain") || mime_type_is(&type, "text", "html");
}

bool report_receive(struct directory *directory, int64_t organisation_id, struct span message,
                    struct err *err)
{
    void *arena = talloc_new(NULL);
    struct mime_index index;
    size_t tried = 0, taken = 0;
    struct err first = ERR_INIT;

    err_set(&first, ERR_INVALID, "This message brings no report.");
    mime_index_build(arena, message, &index);
    for (uint32_t i = 0; i < index.count && tried < RECEIVE_PARTS_MAX; i++) {
        void *scratch;

        *err = ERR_INIT;
        if (index.parts[i].kind != MIME_LEAF || is_words(message, &index, &index.parts[i]))
            continue;
        scratch = talloc_new(arena);
        if (take_part(directory, scratch, organisation_id, message, &index.parts[i], err))
            taken++;
        else if (tried == 0 || err->kind == ERR_BUSY)
            first = *err;
        tried++;
        talloc_free(scratch);
        if (err->kind == ERR_BUSY)
            break;
    }
    talloc_free(arena);
    *err = first;
    if (taken > 0 && first.kind != ERR_BUSY)
        *err = ERR_INIT;
    return err->kind == ERR_NONE;
}
