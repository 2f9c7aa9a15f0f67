/* callout.c -- what is remembered first, then the question. */
#include "callout/callout.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "callout/memory.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <talloc.h>

enum { QUESTIONS = 2 }; /* the recipient, and somebody who is not there */

enum result { TAKEN, REFUSED, TAKEN_REMEMBERED, REFUSED_REMEMBERED, CATCH_ALL, AWAY, BUSY, UNSURE };
static const char *const results[] = {
    "taken", "refused", "taken-remembered", "refused-remembered", "catch-all", "away", "busy", "unsure"
};
METRIC_COUNTER_BY(asked, "chappe_callout_total",
                  "Recipients of backed-up domains, by what their primary says", "result", results)

struct callout {
    struct callout_options options;
    pthread_mutex_t lock; /* of all below */
    struct memory *memory;
    unsigned asking;
};

static int callout_free(struct callout *callout)
{
    pthread_mutex_destroy(&callout->lock);
    return 0;
}

struct callout *callout_new(const void *owner, const struct callout_options *options)
{
    struct callout *callout = talloc_zero(owner, struct callout);

    callout->options = *options;
    if (!callout->options.now_us)
        callout->options.now_us = clock_monotonic_us;
    callout->memory = memory_new(callout);
    pthread_mutex_init(&callout->lock, NULL);
    talloc_set_destructor(callout, callout_free);
    return callout;
}

enum callout_verdict callout_verdict_of(unsigned code, const char *enhanced)
{
    if (code / 100 == 2)
        return CALLOUT_TAKES;
    if (code != 550 && code != 551 && code != 553)
        return CALLOUT_UNSURE;
    /* 5.1: the address; 5.2.1: its mailbox takes nothing. Others are about us, the moment, or a rule. */
    return !*enhanced || strncmp(enhanced, "5.1.", 4) == 0 || strcmp(enhanced, "5.2.1") == 0 ||
                   strcmp(enhanced, "5.0.0") == 0
               ? CALLOUT_REFUSES
               : CALLOUT_UNSURE;
}

/* What is known without asking; else one more is asking from now on, who ends that by finish(). */
static bool is_known(struct callout *callout, const char *domain, const char *address,
                     enum result *result_out, bool *wants_stranger_out)
{
    int64_t now_us = callout->options.now_us();
    struct memory_domain *of = memory_domain(callout->memory, domain, now_us);
    enum callout_verdict verdict = memory_find(callout->memory, address, now_us);

    *result_out = verdict == CALLOUT_TAKES              ? TAKEN_REMEMBERED
                  : verdict == CALLOUT_REFUSES          ? REFUSED_REMEMBERED
                  : of && of->catches_until_us > now_us ? CATCH_ALL
                  : of && of->away_until_us > now_us    ? AWAY
                  : !of || of->asking >= CALLOUT_AT_ONCE || callout->asking >= CALLOUT_THREADS ? BUSY
                                                                                               : UNSURE;
    if (*result_out != UNSURE)
        return true;
    *wants_stranger_out = of->strict_until_us <= now_us;
    of->asking++;
    callout->asking++;
    return false;
}

/* What was learnt; verdicts[1] of somebody who is not there, where that was asked. */
static enum result finish(struct callout *callout, const char *domain, const char *address, bool was_reached,
                          const enum callout_verdict verdicts[QUESTIONS], bool asked_stranger)
{
    int64_t now_us = callout->options.now_us();
    struct memory_domain *of = memory_domain(callout->memory, domain, now_us);

    of->asking--; /* a domain that is being asked keeps its place */
    callout->asking--;
    if (!was_reached) {
        of->away_until_us = now_us + CALLOUT_AWAY_S * US_PER_S;
        return AWAY;
    }
    if (asked_stranger && verdicts[1] == CALLOUT_TAKES)
        of->catches_until_us = now_us + CALLOUT_CATCHES_S * US_PER_S;
    if (asked_stranger && verdicts[1] == CALLOUT_REFUSES)
        of->strict_until_us = now_us + CALLOUT_CATCHES_S * US_PER_S;
    if (verdicts[0] == CALLOUT_UNSURE)
        return UNSURE;
    memory_put(callout->memory, address, verdicts[0], now_us);
    return verdicts[0] == CALLOUT_TAKES ? TAKEN : REFUSED;
}

/* An address that nobody has, and nobody can foresee. */
static const char *stranger(const void *owner, const char *domain)
{
    uint64_t number;

    random_bytes((uint8_t *)&number, sizeof number);
    return talloc_asprintf(owner, "nobody-%016" PRIx64 "@%s", number, domain);
}

static enum result ask(struct callout *callout, const char *domain, const char *address, bool wants_stranger)
{
    void *scratch = talloc_new(NULL);
    const char *addresses[QUESTIONS] = { address, wants_stranger ? stranger(scratch, domain) : NULL };
    enum callout_verdict verdicts[QUESTIONS] = { CALLOUT_UNSURE, CALLOUT_UNSURE };
    int64_t began_us = clock_monotonic_us();
    bool was_reached =
        callout->options.probe(callout->options.arg, domain, addresses, wants_stranger ? 2 : 1, verdicts);

    pthread_mutex_lock(&callout->lock);
    enum result result = finish(callout, domain, address, was_reached, verdicts, wants_stranger);
    pthread_mutex_unlock(&callout->lock);
    log_event(LOG_LEVEL_INFO, "callout", log_text("to", address), log_text("result", results[result]),
              log_text("catch_all", !wants_stranger                ? "known"
                                    : verdicts[1] == CALLOUT_TAKES ? "yes"
                                                                   : "no"),
              log_i64("us", clock_monotonic_us() - began_us));
    talloc_free(scratch);
    return result;
}

bool callout_ask(struct callout *callout, const char *domain, const char *address)
{
    bool wants_stranger = false;
    enum result result;

    pthread_mutex_lock(&callout->lock);
    bool known = is_known(callout, domain, address, &result, &wants_stranger);
    pthread_mutex_unlock(&callout->lock);
    if (!known)
        result = ask(callout, domain, address, wants_stranger);
    metric_add_at(&asked, 1, result, 0);
    return result != REFUSED && result != REFUSED_REMEMBERED;
}
