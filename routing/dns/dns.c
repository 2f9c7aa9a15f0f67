/* dns.c -- the resolver of a process: questions, the breaker, and another one after a reload. */
#include "dns/dns.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dns/resolver.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

enum {
    TIMEOUT_MS = 15000,
    BREAKER_TIMEOUTS = 8,        /* questions in a row without an answer in time */
    BREAKER_WAITED_US = 2000000, /* who had less time than this has shown nothing about the servers */
    BREAKER_PAUSE_US = 2000000,  /* between two that are tried nevertheless */
};

struct dns {
    pthread_mutex_t lock; /* over all below */
    struct resolver *resolver;
    unsigned timeout_ms;
    unsigned timeouts;     /* in a row */
    int64_t next_probe_us; /* while the breaker is open */
};

static const char *const statuses[DNS_STATUSES] = {
    [DNS_FOUND] = "found",         [DNS_NO_DATA] = "no-data", [DNS_NO_NAME] = "no-name",
    [DNS_TEMPORARY] = "temporary", [DNS_BOGUS] = "bogus",
};

METRIC_COUNTER_BY(answers, "chappe_dns_answers_total", "Answers to questions to the DNS", "status", statuses)
METRIC_HISTOGRAM(durations, "chappe_dns_seconds", "Time until a question to the DNS was answered")
METRIC_COUNTER(refusals, "chappe_dns_breaker_refusals_total", "Questions not asked while no server answers")

const char *dns_status_name(enum dns_status status)
{
    return statuses[status];
}

bool dns_open(const struct dns_options *options, struct dns **dns_out, struct err *err)
{
    struct resolver *resolver;
    struct dns *dns;

    if (!resolver_new(options, &resolver, err))
        return false;
    dns = calloc(1, sizeof *dns);
    if (!dns)
        abort();
    pthread_mutex_init(&dns->lock, NULL);
    dns->resolver = resolver;
    dns->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    *dns_out = dns;
    return true;
}

bool dns_reload(struct dns *dns, const struct dns_options *options, struct err *err)
{
    struct resolver *fresh, *old;

    if (!resolver_new(options, &fresh, err))
        return false;
    pthread_mutex_lock(&dns->lock);
    old = dns->resolver;
    dns->resolver = fresh;
    dns->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    dns->timeouts = 0;
    pthread_mutex_unlock(&dns->lock);
    resolver_release(old);
    return true;
}

void dns_close(struct dns **dns)
{
    if (*dns) {
        resolver_release((*dns)->resolver);
        pthread_mutex_destroy(&(*dns)->lock);
        free(*dns);
    }
    *dns = NULL;
}

bool dns_validates(struct dns *dns)
{
    bool validates;

    pthread_mutex_lock(&dns->lock);
    validates = resolver_validates(dns->resolver);
    pthread_mutex_unlock(&dns->lock);
    return validates;
}

/* The resolver to ask, held; NULL while the breaker is open. */
static struct resolver *enter(struct dns *dns, int64_t now_us, int64_t *deadline_us)
{
    struct resolver *resolver = NULL;

    pthread_mutex_lock(&dns->lock);
    if (dns->timeouts < BREAKER_TIMEOUTS || now_us >= dns->next_probe_us) {
        resolver = dns->resolver;
        resolver_hold(resolver);
        dns->next_probe_us = now_us + BREAKER_PAUSE_US;
    }
    if (*deadline_us == 0)
        *deadline_us = now_us + (int64_t)dns->timeout_ms * 1000;
    pthread_mutex_unlock(&dns->lock);
    return resolver;
}

static void leave(struct dns *dns, struct resolver *resolver, const struct resolver_result *results,
                  size_t count, int64_t waited_us)
{
    size_t answered = 0;

    for (size_t i = 0; i < count; i++)
        answered += results[i].is_done;
    pthread_mutex_lock(&dns->lock);
    if (answered > 0)
        dns->timeouts = 0;
    else if (waited_us >= BREAKER_WAITED_US && ++dns->timeouts == BREAKER_TIMEOUTS)
        log_event(LOG_LEVEL_WARNING, "dns.breaker.open", log_i64("timeouts", dns->timeouts));
    pthread_mutex_unlock(&dns->lock);
    resolver_release(resolver);
}

void dns_ask_all(struct dns *dns, const void *owner, struct dns_question *questions, size_t count,
                 int64_t deadline_us)
{
    struct resolver_result results[DNS_QUESTIONS_MAX] = { { .is_done = false } };
    int64_t began_us = clock_monotonic_us();
    struct resolver *resolver;

    assert(count > 0 && count <= DNS_QUESTIONS_MAX);
    resolver = enter(dns, began_us, &deadline_us);
    if (resolver)
        resolver_ask(resolver, questions, count, deadline_us, results);
    else
        metric_add(&refusals, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        resolver_answer(owner, &questions[i], &results[i], &questions[i].answer);
        if (!resolver)
            questions[i].answer.reason = "the DNS servers do not answer";
        metric_add_at(&answers, 1, questions[i].answer.status, 0);
    }
    metric_observe_us(&durations, 0, clock_monotonic_us() - began_us);
    if (resolver) {
        leave(dns, resolver, results, count, clock_monotonic_us() - began_us);
        resolver_results_free(results, count);
    }
}

void dns_ask(struct dns *dns, const void *owner, const char *name, enum dns_type type, int64_t deadline_us,
             struct dns_answer *answer_out)
{
    struct dns_question question = { .name = name, .type = type };

    dns_ask_all(dns, owner, &question, 1, deadline_us);
    *answer_out = question.answer;
}
