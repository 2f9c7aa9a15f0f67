/* tls_report.c -- policies with their sums, and what failed. */
#include "report/tls_report.h"

#include "base/clock.h"
#include "format/date.h"

#include <string.h>
#include <talloc.h>

/* ---- written */

static json_t *time_text(int64_t seconds)
{
    char text[DATE_TEXT_MAX];

    date_render_utc(text, seconds * US_PER_S);
    return json_string(text);
}

static json_t *lines_of(const char *text)
{
    json_t *lines = json_array();
    struct span in = span_text(text), line;

    while (span_take_line(&in, &line))
        if (!span_is_empty(span_trim(line)))
            json_array_append_new(lines, json_stringn(line.p, span_length(line)));
    return lines;
}

static const char *member(json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

static json_t *policy_of(const struct tls_report *head, json_t *detail)
{
    json_t *policy =
        json_pack("{s:s, s:s}", "policy-type", member(detail, "type"), "policy-domain", head->domain);

    if (*member(detail, "text"))
        json_object_set_new(policy, "policy-string", lines_of(member(detail, "text")));
    return json_pack("{s:o, s:{s:i, s:i}, s:[]}", "policy", policy, "summary",
                     "total-successful-session-count", 0, "total-failure-session-count", 0,
                     "failure-details");
}

/* The policies that were met, each once: by type and text. */
static json_t *find_policy(json_t *policies, const struct tls_report *head, json_t *detail)
{
    json_t *fresh = policy_of(head, detail), *one;
    size_t i;

    json_array_foreach(policies, i, one)
    {
        if (json_equal(json_object_get(one, "policy"), json_object_get(fresh, "policy"))) {
            json_decref(fresh);
            return one;
        }
    }
    json_array_append_new(policies, fresh);
    return fresh;
}

static void add_sum(json_t *policy, const char *name, uint64_t sessions)
{
    json_t *summary = json_object_get(policy, "summary");
    json_int_t before = json_integer_value(json_object_get(summary, name));

    json_object_set_new(summary, name, json_integer(before + (json_int_t)sessions));
}

static void add_failure(json_t *policy, json_t *detail, uint64_t sessions)
{
    json_t *failure = json_pack("{s:s, s:I}", "result-type", member(detail, "failure"),
                                "failed-session-count", (json_int_t)sessions);

    if (*member(detail, "mx"))
        json_object_set_new(failure, "receiving-mx-hostname", json_string(member(detail, "mx")));
    if (*member(detail, "address"))
        json_object_set_new(failure, "receiving-ip", json_string(member(detail, "address")));
    json_array_append_new(json_object_get(policy, "failure-details"), failure);
}

json_t *tls_report_make(const struct tls_report *head, const struct tls_report_count *counts, size_t count)
{
    json_t *policies = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *policy = find_policy(policies, head, counts[i].detail);
        bool is_failure = *member(counts[i].detail, "failure") != '\0';

        add_sum(policy, is_failure ? "total-failure-session-count" : "total-successful-session-count",
                counts[i].sessions);
        if (is_failure)
            add_failure(policy, counts[i].detail, counts[i].sessions);
    }
    return json_pack("{s:s, s:{s:o, s:o}, s:s, s:s, s:o}", "organization-name", head->reporter, "date-range",
                     "start-datetime", time_text(head->begin_s), "end-datetime", time_text(head->end_s),
                     "contact-info", head->contact, "report-id", head->id, "policies", policies);
}

/* ---- read */

static bool not_good(struct err *err, const char *what)
{
    err_log(err, "TLS report: %s", what);
    return err_set(err, ERR_INVALID, "This is no TLS report.");
}

/* A string that fits, its control characters as spaces; NULL for what is none. */
static json_t *clean_text(json_t *value)
{
    size_t length = json_string_length(value);
    char text[TLS_REPORT_TEXT];
    json_t *made;

    if (!json_is_string(value))
        return NULL;
    if (length > sizeof text)
        length = sizeof text;
    memcpy(text, json_string_value(value), length);
    while (length > 0 && length < json_string_length(value) &&
           ((unsigned char)json_string_value(value)[length] & 0xC0) == 0x80)
        length--; /* never in the middle of a character */
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            text[i] = ' ';
    made = json_stringn(text, length);
    return made ? made : json_string("?");
}

static void take_text(json_t *to, json_t *from, const char *name)
{
    json_t *text = clean_text(json_object_get(from, name));

    if (text)
        json_object_set_new(to, name, text);
}

static uint64_t number(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;

    return n > 0 && n < INT64_C(1) << 48 ? (uint64_t)n : 0;
}

static json_t *clean_list(json_t *from)
{
    json_t *to = json_array(), *one;
    size_t i;

    json_array_foreach(from, i, one)
    {
        json_t *text = i < TLS_REPORT_LIST ? clean_text(one) : NULL;

        if (text)
            json_array_append_new(to, text);
    }
    return to;
}

static json_t *clean_failures(json_t *from)
{
    static const char *const names[] = { "result-type",        "sending-mta-ip", "receiving-mx-hostname",
                                         "receiving-mx-helo",  "receiving-ip",   "additional-information",
                                         "failure-reason-code" };
    json_t *to = json_array(), *one;
    size_t i;

    json_array_foreach(from, i, one)
    {
        json_t *failure;

        if (i >= TLS_REPORT_LIST || !json_is_object(one))
            break;
        failure = json_object();
        for (size_t k = 0; k < COUNT_OF(names); k++)
            take_text(failure, one, names[k]);
        json_object_set_new(failure, "failed-session-count",
                            json_integer((json_int_t)number(one, "failed-session-count")));
        json_array_append_new(to, failure);
    }
    return to;
}

static json_t *clean_policy(json_t *one, struct tls_report *report)
{
    json_t *policy = json_object_get(one, "policy"), *summary = json_object_get(one, "summary");
    uint64_t passed = number(summary, "total-successful-session-count");
    uint64_t failed = number(summary, "total-failure-session-count");
    json_t *clean = json_object();

    take_text(clean, policy, "policy-type");
    take_text(clean, policy, "policy-domain");
    json_object_set_new(clean, "policy-string", clean_list(json_object_get(policy, "policy-string")));
    json_object_set_new(clean, "mx-host", clean_list(json_object_get(policy, "mx-host")));
    report->passed += passed;
    report->failed += failed;
    return json_pack("{s:o, s:{s:I, s:I}, s:o}", "policy", clean, "summary", "total-successful-session-count",
                     (json_int_t)passed, "total-failure-session-count", (json_int_t)failed, "failure-details",
                     clean_failures(json_object_get(one, "failure-details")));
}

/* "2031-02-03T04:05:06Z": seconds since 1970; 0 for what is no time. */
static int64_t time_of(json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    int64_t us;

    return text && date_parse_utc(span_text(text), &us) ? us / US_PER_S : 0;
}

static const char *text_of(const void *owner, json_t *json, const char *name)
{
    json_t *text = clean_text(json_object_get(json, name));
    char *copy = talloc_strdup(owner, text ? json_string_value(text) : "");

    json_decref(text);
    return copy;
}

static bool read_report(const void *owner, json_t *json, struct tls_report *r, struct err *err)
{
    json_t *policies = json_object_get(json, "policies"), *one, *range = json_object_get(json, "date-range");
    size_t i;

    if (!json_is_array(policies) || json_array_size(policies) == 0)
        return not_good(err, "no policies");
    r->reporter = text_of(owner, json, "organization-name");
    r->contact = text_of(owner, json, "contact-info");
    r->id = text_of(owner, json, "report-id");
    r->begin_s = time_of(range, "start-datetime");
    r->end_s = time_of(range, "end-datetime");
    r->domain = text_of(owner, json_object_get(json_array_get(policies, 0), "policy"), "policy-domain");
    if (!*r->id || !*r->domain)
        return not_good(err, "without number or domain");
    r->policies = json_array();
    json_array_foreach(policies, i, one)
    {
        if (i == TLS_REPORT_LIST)
            break;
        json_array_append_new(r->policies, clean_policy(one, r));
    }
    return true;
}

bool tls_report_read(const void *owner, struct span text, struct tls_report *report_out, struct err *err)
{
    json_error_t fault;
    json_t *json = json_loadb(text.p ? text.p : "", span_length(text), JSON_REJECT_DUPLICATES, &fault);
    bool ok;

    *report_out = (struct tls_report){ .reporter = "" };
    ok = json_is_object(json) ? read_report(owner, json, report_out, err) : not_good(err, "no JSON object");
    json_decref(json);
    return ok;
}
