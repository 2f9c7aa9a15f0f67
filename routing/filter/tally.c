/* tally.c -- a table from what was found to how often. */
#include "filter/tally.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/report.h"

#include <glib.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

METRIC_COUNTER(dropped, "chappe_dmarc_results_dropped_total",
               "Messages that are not in an aggregate report for want of room")

#define DAY_US (INT64_C(86400) * US_PER_S)

struct tally {
    struct directory *directory;
    struct background own; /* its lock guards all below */
    GHashTable *rows;      /* "day domain\ndetail" -> how often */
};

/* ---- a row as text: the names of routing/report */

static json_t *signatures_of(const struct tally_row *row)
{
    json_t *list = json_array();

    for (size_t i = 0; i < row->signature_count && i < TALLY_SIGNATURES_MAX; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "domain", row->signatures[i].domain,
                                              "selector", row->signatures[i].selector, "result",
                                              dkim_result_name(row->signatures[i].result)));
    return list;
}

/* The policy travels with each row: it may change in the middle of a day. */
static json_t *policy_of(const struct dmarc_record *r)
{
    char percent[16];

    snprintf(percent, sizeof percent, "%u", (unsigned)r->percent);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "adkim", r->is_strict_dkim ? "s" : "r", "aspf",
                     r->is_strict_spf ? "s" : "r", "p", dmarc_policy_name(r->policy), "sp",
                     dmarc_policy_name(r->subdomain_policy), "pct", percent);
}

static void set_text(json_t *json, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(json, name, json_string(text));
}

static char *text_of(const struct tally_row *row)
{
    const struct dmarc_answer *d = row->dmarc;
    json_t *json = json_object();
    char *text;

    set_text(json, "source", row->peer);
    set_text(json, "disposition", row->disposition);
    set_text(json, "dkim", d->is_dkim_aligned ? "pass" : "fail");
    set_text(json, "spf", d->is_spf_aligned ? "pass" : "fail");
    set_text(json, "reason", row->reason);
    set_text(json, "comment", row->comment);
    set_text(json, "header_from", row->from_domain);
    set_text(json, "envelope_from", row->envelope_domain);
    if (row->spf) {
        set_text(json, "spf_domain", row->spf->domain);
        set_text(json, "spf_scope", row->spf->is_helo ? "helo" : "mfrom");
        set_text(json, "spf_result", spf_result_name(row->spf->result));
    }
    json_object_set_new(json, "signatures", signatures_of(row));
    json_object_set_new(json, "policy", policy_of(&d->record));
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

void tally_count(struct tally *tally, const struct tally_row *row)
{
    char *detail = text_of(row), *key;
    gpointer found;

    if (!detail)
        return; /* a name that is no UTF-8 */
    key = g_strdup_printf("%lld %s\n%s", (long long)(clock_now_us() / DAY_US), row->dmarc->domain, detail);
    free(detail);
    pthread_mutex_lock(&tally->own.lock);
    found = g_hash_table_lookup(tally->rows, key);
    if (found || g_hash_table_size(tally->rows) < TALLY_ROWS_MAX)
        g_hash_table_insert(tally->rows, g_steal_pointer(&key),
                            GSIZE_TO_POINTER(GPOINTER_TO_SIZE(found) + 1));
    else
        metric_add(&dropped, 1);
    pthread_mutex_unlock(&tally->own.lock);
    g_free(key);
}

/* ---- writing down */

static GHashTable *new_rows(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void read_key(const void *owner, const char *key, struct report_count *out)
{
    struct span in = span_text(key), domain;
    uint64_t day = 0;

    if (span_take_u64(&in, &day) && span_take_byte(&in, ' ') && span_take_until(&in, '\n', &domain))
        *out = (struct report_count){
            .kind = "dmarc", .day = (int64_t)day, .domain = span_copy(owner, domain), .detail = in.p
        };
}

static void write_down(struct tally *tally, GHashTable *rows)
{
    struct report_count *counts =
        talloc_zero_array(NULL, struct report_count, (unsigned)g_hash_table_size(rows) + 1);
    struct err err = ERR_INIT;
    GHashTableIter iterator;
    gpointer key, value;
    size_t count = 0;

    g_hash_table_iter_init(&iterator, rows);
    while (g_hash_table_iter_next(&iterator, &key, &value)) {
        read_key(counts, key, &counts[count]);
        counts[count++].number = (int64_t)GPOINTER_TO_SIZE(value);
    }
    if (!report_count_add(tally->directory, counts, count, &err)) {
        metric_add(&dropped, (int64_t)count);
        log_err(LOG_LEVEL_WARNING, "filter.tally", &err);
    }
    talloc_free(counts);
}

static void *keep(void *argument)
{
    struct tally *tally = argument;
    bool goes_on = true;

    while (goes_on) {
        GHashTable *rows;

        pthread_mutex_lock(&tally->own.lock);
        background_rest(&tally->own, TALLY_PAUSE_S);
        goes_on = !tally->own.is_ending;
        rows = tally->rows;
        tally->rows = new_rows();
        pthread_mutex_unlock(&tally->own.lock);
        if (g_hash_table_size(rows) > 0)
            write_down(tally, rows);
        g_hash_table_destroy(rows);
    }
    return NULL;
}

bool tally_open(const void *owner, struct directory *directory, struct tally **tally_out, struct err *err)
{
    struct tally *tally = talloc_zero(owner, struct tally);

    tally->directory = directory;
    tally->rows = new_rows();
    *tally_out = tally;
    if (!background_start(&tally->own, "tally", keep, tally, err))
        tally_close(tally_out);
    return *tally_out != NULL;
}

void tally_close(struct tally **handle)
{
    struct tally *tally = *handle;

    if (!tally)
        return;
    background_end(&tally->own);
    g_hash_table_destroy(tally->rows);
    talloc_free(tally);
    *handle = NULL;
}
