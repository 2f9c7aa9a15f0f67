#include "base/metrics.h"

#include <pthread.h>
#include <stdlib.h>

static const int64_t bounds_us[METRIC_BUCKETS] = { 100,   250,   500,    1000,   2500,    5000,    10000,
                                                   25000, 50000, 100000, 250000, 1000000, 5000000, 30000000 };

static const char *const kind_words[] = {
    [METRIC_KIND_COUNTER] = "counter",
    [METRIC_KIND_GAUGE] = "gauge",
    [METRIC_KIND_HISTOGRAM] = "histogram",
};

struct refresher {
    void (*refresh)(void *);
    void *argument;
    struct refresher *next;
};

/* All metrics of the program: filled by constructors before main(), only read afterwards. */
static struct metric *first, **last = &first;
/* What is computed when asked; a few entries, added while the role starts. */
static struct refresher *refreshers;
static pthread_mutex_t refreshers_lock = PTHREAD_MUTEX_INITIALIZER;

void metric_register(struct metric *metric)
{
    *last = metric;
    last = &metric->next;
}

void metric_observe_us(struct metric *histogram, size_t label, int64_t duration_us)
{
    _Atomic int64_t *cells = histogram->cells + label * METRIC_HISTOGRAM_CELLS;
    size_t bucket = 0;

    while (bucket < METRIC_BUCKETS && duration_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&cells[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&cells[METRIC_BUCKETS + 1], duration_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&cells[METRIC_BUCKETS + 2], 1, memory_order_relaxed);
}

void metrics_before_render(void (*refresh)(void *), void *argument)
{
    struct refresher *added = malloc(sizeof(*added));

    if (!added)
        abort();
    *added = (struct refresher){ .refresh = refresh, .argument = argument };
    pthread_mutex_lock(&refreshers_lock);
    added->next = refreshers;
    refreshers = added;
    pthread_mutex_unlock(&refreshers_lock);
}

static size_t label_count(const struct metric_label *label)
{
    return label->name ? label->count : 1;
}

static int64_t cell(const struct metric *metric, size_t index)
{
    return atomic_load_explicit(&metric->cells[index], memory_order_relaxed);
}

static void add_series(struct buf *out, const struct metric *metric, const char *suffix, size_t i, size_t j,
                       const char *le)
{
    const char *separator = "{";
    size_t index[2] = { i, j };

    buf_add_text(out, metric->name);
    buf_add_text(out, suffix);
    for (size_t k = 0; k < 2; k++) {
        if (!metric->labels[k].name)
            continue;
        buf_add_format(out, "%s%s=\"%s\"", separator, metric->labels[k].name,
                       metric->labels[k].values[index[k]]);
        separator = ",";
    }
    if (le) {
        buf_add_format(out, "%sle=\"%s\"", separator, le);
        separator = ",";
    }
    buf_add_text(out, *separator == ',' ? "} " : " ");
}

static void add_seconds(struct buf *out, int64_t us)
{
    buf_add_format(out, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void render_histogram(struct buf *out, const struct metric *metric, size_t i)
{
    size_t base = i * METRIC_HISTOGRAM_CELLS;
    int64_t below = 0;

    for (size_t bucket = 0; bucket < METRIC_BUCKETS; bucket++) {
        char le[32];
        struct buf text = BUF_INIT(out->owner);
        below += cell(metric, base + bucket);
        add_seconds(&text, bounds_us[bucket]);
        memcpy(le, text.p, text.length);
        le[text.length] = '\0';
        add_series(out, metric, "_bucket", i, 0, le);
        buf_add_i64(out, below);
        buf_add_byte(out, '\n');
    }
    below += cell(metric, base + METRIC_BUCKETS);
    add_series(out, metric, "_bucket", i, 0, "+Inf");
    buf_add_i64(out, below);
    buf_add_byte(out, '\n');
    add_series(out, metric, "_sum", i, 0, NULL);
    add_seconds(out, cell(metric, base + METRIC_BUCKETS + 1));
    buf_add_byte(out, '\n');
    add_series(out, metric, "_count", i, 0, NULL);
    buf_add_i64(out, below);
    buf_add_byte(out, '\n');
}

static void render_metric(struct buf *out, const struct metric *metric)
{
    size_t second = label_count(&metric->labels[1]);

    buf_add_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                   kind_words[metric->kind]);
    for (size_t i = 0; i < label_count(&metric->labels[0]); i++) {
        if (metric->kind == METRIC_KIND_HISTOGRAM) {
            render_histogram(out, metric, i);
            continue;
        }
        for (size_t j = 0; j < second; j++) {
            add_series(out, metric, "", i, j, NULL);
            buf_add_i64(out, cell(metric, i * second + j));
            buf_add_byte(out, '\n');
        }
    }
}

void metrics_render(struct buf *out)
{
    pthread_mutex_lock(&refreshers_lock);
    for (struct refresher *r = refreshers; r; r = r->next)
        r->refresh(r->argument);
    pthread_mutex_unlock(&refreshers_lock);
    for (const struct metric *metric = first; metric; metric = metric->next)
        render_metric(out, metric);
}
