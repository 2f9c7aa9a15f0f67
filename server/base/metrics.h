/*
 * metrics.h -- counters, gauges and histograms of one process, rendered for Prometheus.
 *
 * A metric is a static struct beside the code that counts; it registers itself when the program starts.
 * Labels are static tables of words (protocol, reason, command), at most two a metric: never anything a
 * client sends, so that the number of series is known when we compile.
 *
 *   static const char *const reasons[] = { "not-found", "quota" };
 *   METRIC_COUNTER(deliveries, "chappe_deliveries_total", "Messages filed in a mailbox")
 *   METRIC_COUNTER_BY(refused, "chappe_refused_total", "Refusals", "reason", reasons)
 *   metric_add(&deliveries, 1);
 *   metric_add_at(&refused, 1, 0, 1);
 *
 * Threads  all functions may be called from any thread; counting is one relaxed atomic addition.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

#include <stdatomic.h>

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

struct metric_label {
    const char *name; /* NULL: no such label */
    const char *const *values;
    size_t count;
};

/* Upper bounds of the buckets of every histogram, in microseconds; one more for what is above. */
#define METRIC_BUCKETS 14
#define METRIC_HISTOGRAM_CELLS (METRIC_BUCKETS + 3) /* buckets, +Inf, sum in us, count */

struct metric {
    const char *name, *help;
    enum metric_kind kind;
    struct metric_label labels[2];
    _Atomic int64_t *cells;
    struct metric *next;
};

/* From now on it is shown; it lives as long as the process. */
void metric_register(struct metric *metric);

#define METRIC_DEFINE_(var, name_, help_, kind_, cells_count, ...)                                           \
    static _Atomic int64_t var##_cells[cells_count];                                                         \
    static struct metric var = {                                                                             \
        .name = (name_), .help = (help_), .kind = (kind_), .labels = { __VA_ARGS__ }, .cells = var##_cells   \
    };                                                                                                       \
    __attribute__((constructor)) static void var##_register(void)                                            \
    {                                                                                                        \
        metric_register(&var);                                                                               \
    }
#define METRIC_LABEL_(label_, values_)                                                                       \
    {                                                                                                        \
        (label_), (values_), COUNT_OF(values_)                                                               \
    }

#define METRIC_COUNTER(var, name_, help_)                                                                    \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_COUNTER, 1, { .name = NULL })
#define METRIC_GAUGE(var, name_, help_)                                                                      \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_GAUGE, 1, { .name = NULL })
/* `values` is an array of words with static storage. */
#define METRIC_COUNTER_BY(var, name_, help_, label, values)                                                  \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_COUNTER, COUNT_OF(values), METRIC_LABEL_(label, values))
#define METRIC_COUNTER_BY2(var, name_, help_, label, values, label2, values2)                                \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_COUNTER, COUNT_OF(values) * COUNT_OF(values2),             \
                   METRIC_LABEL_(label, values), METRIC_LABEL_(label2, values2))
#define METRIC_GAUGE_BY(var, name_, help_, label, values)                                                    \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_GAUGE, COUNT_OF(values), METRIC_LABEL_(label, values))
/* Durations, observed in microseconds, rendered in seconds. */
#define METRIC_HISTOGRAM(var, name_, help_)                                                                  \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_HISTOGRAM, METRIC_HISTOGRAM_CELLS, { .name = NULL })
#define METRIC_HISTOGRAM_BY(var, name_, help_, label, values)                                                \
    METRIC_DEFINE_(var, name_, help_, METRIC_KIND_HISTOGRAM, METRIC_HISTOGRAM_CELLS *COUNT_OF(values),       \
                   METRIC_LABEL_(label, values))

static inline void metric_add(struct metric *metric, int64_t by)
{
    atomic_fetch_add_explicit(&metric->cells[0], by, memory_order_relaxed);
}

/* The series of value `first` of the first label and `second` of the second (0 where there is none). */
static inline void metric_add_at(struct metric *metric, int64_t by, size_t first, size_t second)
{
    size_t width = metric->labels[1].name ? metric->labels[1].count : 1;
    atomic_fetch_add_explicit(&metric->cells[first * width + second], by, memory_order_relaxed);
}

static inline void metric_set(struct metric *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->cells[0], value, memory_order_relaxed);
}

/* One duration in microseconds, into the bucket it falls in. `label`: 0 for a histogram without labels. Any thread,
 * no lock. */
void metric_observe_us(struct metric *histogram, size_t label, int64_t duration_us);

/* A reader that computes a value when asked (pool size, log lines dropped) is called before rendering. */
void metrics_before_render(void (*refresh)(void *), void *argument);
/* Text exposition format 0.0.4. */
void metrics_render(struct buf *out);

#endif
