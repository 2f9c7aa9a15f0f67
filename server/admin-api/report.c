/* report.c -- what others report about our domains. */
#include "directory/report.h"

#include "admin_api/call.h"

#include <stdlib.h>
#include <string.h>

static json_t *report_json(const struct report *r)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:I, s:I}", "id", r->id, "kind", r->kind,
                     "received", json_time(r->received_us), "domain", r->domain, "reporter", r->reporter,
                     "number", r->number, "begin", json_time(r->begin_us), "end", json_time(r->end_us),
                     "passed", (json_int_t)r->passed, "failed", (json_int_t)r->failed);
}

static bool list(struct admin_call *call, const char *kind, struct err *err)
{
    const char *limit = http_query(call->request, "limit");
    struct report *reports;
    int64_t organisation_id;
    json_t *json;
    size_t count;

    if (strcmp(kind, "dmarc") != 0 && strcmp(kind, "tls") != 0)
        return err_set(err, ERR_INVALID, "The kind of a report is dmarc or tls.");
    if (!call_organisation_filter(call, &organisation_id, err) ||
        !report_list(call->api->options.directory, &call->actor, call->arena, organisation_id, kind,
                     http_query(call->request, "before"), limit ? strtoul(limit, NULL, 10) : 0, &reports,
                     &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, report_json(&reports[i]));
    return call_answer(call, json_pack("{s:o}", "reports", json));
}

bool reports_get(struct admin_call *call, struct err *err)
{
    const char *kind = http_query(call->request, "kind");

    return list(call, kind ? kind : "dmarc", err);
}

bool reports_get_dmarc(struct admin_call *call, struct err *err)
{
    return list(call, "dmarc", err);
}

bool reports_get_tls(struct admin_call *call, struct err *err)
{
    return list(call, "tls", err);
}

/* ---- one, with a line for each of its rows: for people who read it in a terminal */

static const char *member(json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text && *text ? text : "-";
}

static void add_dmarc_lines(json_t *lines, json_t *detail)
{
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(detail, "rows"), i, row)
    {
        json_array_append_new(lines,
                              json_sprintf("%s: %lld, from %s, dkim %s, spf %s, %s", member(row, "source"),
                                           (long long)json_integer_value(json_object_get(row, "count")),
                                           member(row, "header_from"), member(row, "dkim"),
                                           member(row, "spf"), member(row, "disposition")));
    }
}

static void add_tls_lines(json_t *lines, json_t *detail)
{
    json_t *policy, *failure;
    size_t i, k;

    json_array_foreach(json_object_get(detail, "policies"), i, policy)
    {
        json_t *of = json_object_get(policy, "policy"), *sums = json_object_get(policy, "summary");

        json_array_append_new(
            lines,
            json_sprintf(
                "%s %s: %lld good, %lld failed", member(of, "policy-type"), member(of, "policy-domain"),
                (long long)json_integer_value(json_object_get(sums, "total-successful-session-count")),
                (long long)json_integer_value(json_object_get(sums, "total-failure-session-count"))));
        json_array_foreach(json_object_get(policy, "failure-details"), k, failure)
        {
            json_array_append_new(lines, json_sprintf("%s: %lld, at %s", member(failure, "result-type"),
                                                      (long long)json_integer_value(
                                                          json_object_get(failure, "failed-session-count")),
                                                      member(failure, "receiving-mx-hostname")));
        }
    }
}

bool report_get_one(struct admin_call *call, struct err *err)
{
    struct report report;
    json_t *json, *detail, *lines;

    if (!report_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &report,
                     err))
        return false;
    json = report_json(&report);
    detail = json_loads(report.detail, 0, NULL);
    lines = json_array();
    add_dmarc_lines(lines, detail);
    add_tls_lines(lines, detail);
    json_object_set_new(json, "lines", lines);
    json_object_set_new(json, "detail", detail ? detail : json_null());
    return call_answer(call, json);
}
