/* compose.c -- counted rows as XML or JSON, packed. */
#include "report/compose.h"

#include "base/digest.h"
#include "directory/report.h"
#include "report/dmarc_report.h"
#include "report/tls_report.h"
#include "report/unpack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ID_BYTES = 16 };

static json_t *object_of(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);

    return json ? json : json_object();
}

static const char *text_in(const void *owner, json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return talloc_strdup(owner, text ? text : "");
}

/* The policy is that of the last row: the newest are not told apart within a day. */
static void write_dmarc(const struct compose *c, void *arena, const struct report_count *counts, size_t count,
                        struct buf *out)
{
    struct dmarc_report report = { .reporter = c->host_name,
                                   .contact = c->contact,
                                   .id = c->id,
                                   .begin_s = c->begin_s,
                                   .end_s = c->end_s,
                                   .domain = c->domain,
                                   .count = count };

    report.rows = talloc_zero_array(arena, struct dmarc_report_row, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        json_t *json = object_of(counts[i].detail), *policy = json_object_get(json, "policy");

        dmarc_report_row_of(report.rows, json, &report.rows[i]);
        report.rows[i].count = (uint64_t)counts[i].number;
        report.adkim = text_in(arena, policy, "adkim");
        report.aspf = text_in(arena, policy, "aspf");
        report.p = text_in(arena, policy, "p");
        report.sp = text_in(arena, policy, "sp");
        report.pct = text_in(arena, policy, "pct");
        json_decref(json);
    }
    dmarc_report_write(out, &report);
}

static void write_tls(const struct compose *c, void *arena, const struct report_count *counts, size_t count,
                      struct buf *out)
{
    const struct tls_report head = { .reporter = c->host_name,
                                     .contact = c->contact,
                                     .id = c->id,
                                     .begin_s = c->begin_s,
                                     .end_s = c->end_s,
                                     .domain = c->domain };
    struct tls_report_count *rows = talloc_zero_array(arena, struct tls_report_count, (unsigned)count + 1);
    json_t *json;
    char *text;

    for (size_t i = 0; i < count; i++)
        rows[i] = (struct tls_report_count){ object_of(counts[i].detail), (uint64_t)counts[i].number };
    json = tls_report_make(&head, rows, count);
    text = json_dumps(json, JSON_COMPACT);
    buf_add_text(out, text ? text : "{}");
    free(text);
    json_decref(json);
    for (size_t i = 0; i < count; i++)
        json_decref(rows[i].detail);
}

struct span compose_report(const struct compose *compose, void *arena, const struct report_count *counts,
                           size_t count)
{
    struct buf text = BUF_INIT(arena), packed = BUF_INIT(arena);

    if (strcmp(compose->kind, "dmarc") == 0)
        write_dmarc(compose, arena, counts, count, &text);
    else
        write_tls(compose, arena, counts, count, &text);
    pack_gzip(&packed, buf_span(&text));
    return buf_span(&packed);
}

const char *compose_id(void *arena, const struct report_count *counts, size_t count)
{
    struct sha256 *sha = sha256_new(arena);
    uint8_t digest[SHA256_BYTES];
    char text[2 * ID_BYTES + 1];

    sha256_add(sha, span_text(counts[0].domain));
    for (size_t i = 0; i < count; i++)
        sha256_add(sha,
                   span_text(talloc_asprintf(arena, "\n%" PRId64 " %s", counts[i].number, counts[i].detail)));
    sha256_finish(sha, digest);
    hex_encode(span_of(digest, ID_BYTES), text);
    return talloc_asprintf(arena, "%" PRId64 ".%s", counts[0].day, text);
}
