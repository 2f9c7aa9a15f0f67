/* resolver.c -- libunbound: its settings, its thread, and those who wait. */
#include "dns/resolver.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <talloc.h>
#include <time.h>
#include <unbound.h>
#include <unistd.h>

struct batch;

/* A question that libunbound works on; it may outlive the one who asked. */
struct pending {
    struct pending *previous, *next;
    struct resolver *resolver;
    struct batch *batch; /* NULL: nobody waits any longer */
    size_t slot;
};

/* On the stack of the one who waits. */
struct batch {
    pthread_cond_t done;
    size_t missing;
    struct resolver_result *results;
    struct pending *pending[DNS_QUESTIONS_MAX];
};

struct resolver {
    atomic_int references;
    struct ub_ctx *ub;
    bool validates;
    int wake_fd;
    atomic_bool is_ending;
    pthread_t pump;
    pthread_mutex_t lock;  /* over all below and all batches */
    struct pending *first; /* what libunbound works on */
};

/* What libunbound's defaults for a library (1 MB of cache, 16 ports) leave too small for a mail server, and what a forwarder on
 * this machine or for private networks needs. A server that was away is asked again after seconds, not minutes. */
static const struct {
    const char *option, *value;
} settings[] = {
    { "do-not-query-localhost:", "no" }, { "unblock-lan-zones:", "yes" },
    { "insecure-lan-zones:", "yes" },    { "num-queries-per-thread:", "1024" },
    { "outgoing-range:", "512" },        { "msg-cache-size:", "16m" },
    { "rrset-cache-size:", "32m" },      { "key-cache-size:", "4m" },
    { "infra-cache-numhosts:", "1000" }, { "infra-host-ttl:", "10" },
    { "infra-cache-max-rtt:", "2000" },  { "infra-keep-probing:", "yes" },
};

/* Zones that libunbound would answer itself, for private use by RFC 6761; who has them knows why. */
static const char *const not_ours[] = { "test.", "home.arpa." };

static void unlink_pending(struct pending *pending)
{
    if (pending->previous)
        pending->previous->next = pending->next;
    else
        pending->resolver->first = pending->next;
    if (pending->next)
        pending->next->previous = pending->previous;
}

/* An answer, on the pump's thread. */
static void take_answer(void *argument, int error, struct ub_result *result)
{
    struct pending *pending = argument;
    struct resolver *resolver = pending->resolver;

    pthread_mutex_lock(&resolver->lock);
    unlink_pending(pending);
    if (pending->batch) {
        struct batch *batch = pending->batch;
        batch->results[pending->slot] =
            (struct resolver_result){ .result = result, .error = error, .is_done = true };
        batch->pending[pending->slot] = NULL;
        if (--batch->missing == 0)
            pthread_cond_signal(&batch->done);
        result = NULL;
    }
    pthread_mutex_unlock(&resolver->lock);
    ub_resolve_free(result);
    free(pending);
}

static void *pump(void *argument)
{
    struct resolver *resolver = argument;
    struct pollfd ready[] = { { .fd = ub_fd(resolver->ub), .events = POLLIN },
                              { .fd = resolver->wake_fd, .events = POLLIN } };

    while (!atomic_load(&resolver->is_ending))
        if (poll(ready, COUNT_OF(ready), -1) > 0 && (ready[0].revents & POLLIN))
            ub_process(resolver->ub);
    return NULL;
}

static bool set_servers(struct ub_ctx *ub, const char *servers, struct err *err)
{
    g_auto(GStrv) words = g_strsplit_set(servers ? servers : "", " \t,", -1);
    size_t count = 0;

    for (char **word = words; *word; word++) {
        struct span address = span_text(*word), rest = address;
        struct net_address parsed;
        uint32_t port = 53;
        bool has_port = span_take_until(&rest, '@', &address);

        if (!**word)
            continue;
        if (!net_address_parse(address, &parsed) ||
            (has_port &&
             (!span_take_u32(&rest, &port) || !span_is_empty(rest) || port == 0 || port > 65535)) ||
            ub_ctx_set_fwd(ub, *word) != 0)
            return err_set(err, ERR_INVALID, "%s is no address of a DNS server.", *word);
        count++;
    }
    if (count == 0 && ub_ctx_resolvconf(ub, NULL) != 0)
        return err_set(err, ERR_INVALID, "The DNS servers of the system are not known: /etc/resolv.conf.");
    return true;
}

static bool set_up(struct resolver *resolver, const struct dns_options *options, struct err *err)
{
    struct ub_ctx *ub = resolver->ub;

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (ub_ctx_set_option(ub, settings[i].option, settings[i].value) != 0) {
            err_log(err, "libunbound: option %s", settings[i].option);
            return err_set(err, ERR_INTERNAL, "The resolver cannot be started.");
        }
    if (!set_servers(ub, options->servers, err))
        return false;
    resolver->validates = options->trust_anchor && *options->trust_anchor;
    if (resolver->validates &&
        (access(options->trust_anchor, R_OK) != 0 || ub_ctx_add_ta_file(ub, options->trust_anchor) != 0)) {
        err_log(err, "%s: %s", options->trust_anchor, strerror(errno));
        return err_set(err, ERR_INVALID, "The trust anchor %s cannot be read.", options->trust_anchor);
    }
    ub_ctx_debugout(ub, NULL); /* what matters is in the answers */
    ub_ctx_async(ub, 1);
    /* These settle the context: nothing can be set any more, and what is wrong with the anchor shows. */
    for (size_t i = 0; i < COUNT_OF(not_ours); i++)
        if (ub_ctx_zone_remove(ub, not_ours[i]) != 0)
            return err_set(err, ERR_INVALID, "The trust anchor %s has no usable key.",
                           resolver->validates ? options->trust_anchor : "");
    return true;
}

static void nothing_asked(void *argument UNUSED, int error UNUSED, struct ub_result *result)
{
    ub_resolve_free(result);
}

bool resolver_new(const struct dns_options *options, struct resolver **resolver_out, struct err *err)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);

    if (!resolver)
        abort();
    resolver->ub = ub_ctx_create();
    if (!resolver->ub)
        abort();
    if (!set_up(resolver, options, err)) {
        ub_ctx_delete(resolver->ub);
        free(resolver);
        return false;
    }
    atomic_init(&resolver->references, 1);
    pthread_mutex_init(&resolver->lock, NULL);
    resolver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Its thread starts with the first question; two first ones at once would race. */
    if (resolver->wake_fd < 0 ||
        ub_resolve_async(resolver->ub, "localhost.", DNS_A, 1, NULL, nothing_asked, NULL) != 0 ||
        !thread_start("dns", 0, pump, resolver, &resolver->pump, err)) {
        ub_ctx_delete(resolver->ub);
        if (resolver->wake_fd >= 0)
            close(resolver->wake_fd);
        free(resolver);
        return err_set(err, ERR_INTERNAL, "The resolver cannot be started.");
    }
    *resolver_out = resolver;
    return true;
}

void resolver_hold(struct resolver *resolver)
{
    atomic_fetch_add(&resolver->references, 1);
}

void resolver_release(struct resolver *resolver)
{
    static const uint64_t one = 1;
    struct pending *next;

    if (atomic_fetch_sub(&resolver->references, 1) != 1)
        return;
    atomic_store(&resolver->is_ending, true);
    if (write(resolver->wake_fd, &one, sizeof one) != (ssize_t)sizeof one)
        abort(); /* an eventfd takes 2^64 of these */
    pthread_join(resolver->pump, NULL);
    ub_ctx_delete(resolver->ub);
    for (struct pending *pending = resolver->first; pending; pending = next) {
        next = pending->next;
        free(pending);
    }
    close(resolver->wake_fd);
    pthread_mutex_destroy(&resolver->lock);
    free(resolver);
}

bool resolver_validates(const struct resolver *resolver)
{
    return resolver->validates;
}

/* Hands one question to libunbound. */
static void start(struct resolver *resolver, struct batch *batch, const struct dns_question *question,
                  size_t slot)
{
    struct pending *pending = calloc(1, sizeof *pending);
    int error;

    if (!pending)
        abort();
    *pending = (struct pending){ .resolver = resolver, .batch = batch, .slot = slot };
    pthread_mutex_lock(&resolver->lock);
    pending->next = resolver->first;
    if (pending->next)
        pending->next->previous = pending;
    resolver->first = pending;
    batch->pending[slot] = pending;
    batch->missing++;
    pthread_mutex_unlock(&resolver->lock);

    error =
        ub_resolve_async(resolver->ub, question->name, (int)question->type, 1, pending, take_answer, NULL);
    if (error != 0)
        take_answer(pending, error, NULL);
}

static void wait_until(struct resolver *resolver, struct batch *batch, int64_t deadline_us)
{
    struct timespec until = { .tv_sec = deadline_us / US_PER_S, .tv_nsec = deadline_us % US_PER_S * 1000 };

    pthread_mutex_lock(&resolver->lock);
    while (batch->missing > 0)
        if (pthread_cond_timedwait(&batch->done, &resolver->lock, &until) == ETIMEDOUT)
            break;
    for (size_t i = 0; i < DNS_QUESTIONS_MAX; i++)
        if (batch->pending[i])
            batch->pending[i]->batch = NULL;
    pthread_mutex_unlock(&resolver->lock);
}

void resolver_ask(struct resolver *resolver, const struct dns_question *questions, size_t count,
                  int64_t deadline_us, struct resolver_result *results)
{
    struct batch batch = { .results = results };
    pthread_condattr_t attributes;

    memset(results, 0, count * sizeof *results);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&batch.done, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < count; i++) {
        if (dns_name_is_valid(questions[i].name))
            start(resolver, &batch, &questions[i], i);
        else
            results[i] = (struct resolver_result){ .error = UB_SYNTAX, .is_done = true };
    }
    wait_until(resolver, &batch, deadline_us);
    pthread_cond_destroy(&batch.done);
}

void resolver_results_free(struct resolver_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ub_resolve_free(results[i].result);
}

static const char *rcode_reason(int rcode)
{
    static const char *const names[] = { [1] = "FORMERR", [2] = "SERVFAIL", [4] = "NOTIMP", [5] = "REFUSED" };
    return rcode > 0 && (size_t)rcode < COUNT_OF(names) && names[rcode] ? names[rcode] : "an unusable answer";
}

static void take_records(const void *owner, const struct dns_question *question,
                         const struct ub_result *result, struct dns_answer *answer)
{
    size_t count = 0;

    while (result->data[count])
        count++;
    answer->is_cut = count > DNS_RECORDS_MAX;
    count = answer->is_cut ? DNS_RECORDS_MAX : count;
    answer->records = talloc_zero_array(owner, struct dns_record, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        if (dns_record_parse(answer->records, question->type,
                             span_of(result->data[i], (size_t)result->len[i]),
                             &answer->records[answer->count]))
            answer->count++;
    if (answer->count == 0) {
        answer->status = DNS_TEMPORARY;
        answer->reason = "the records are damaged";
    }
}

static enum dns_status status_of(const struct resolver_result *result)
{
    if (result->error == UB_SYNTAX)
        return DNS_NO_NAME;
    if (!result->is_done || result->error != 0 || !result->result)
        return DNS_TEMPORARY;
    if (result->result->bogus)
        return DNS_BOGUS;
    if (result->result->havedata)
        return DNS_FOUND;
    if (result->result->nxdomain)
        return DNS_NO_NAME;
    return result->result->rcode == 0 ? DNS_NO_DATA : DNS_TEMPORARY;
}

static const char *temporary_reason(const void *owner, const struct resolver_result *result)
{
    if (!result->is_done)
        return "no answer in time";
    if (result->error != 0 || !result->result)
        return talloc_strdup(owner, ub_strerror(result->error));
    return rcode_reason(result->result->rcode);
}

/* One line of printable ASCII. */
static const char *clean(const void *owner, const char *text)
{
    char *copy = talloc_strndup(owner, text ? text : "does not validate", 300);

    for (char *p = copy; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = ' ';
    return copy;
}

/* Lower case, without final dot. */
static const char *plain_name(const void *owner, const char *name)
{
    size_t length = strlen(name);
    char *copy = talloc_strndup(owner, name, length > 1 && name[length - 1] == '.' ? length - 1 : length);

    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return copy;
}

void resolver_answer(const void *owner, const struct dns_question *question,
                     const struct resolver_result *result, struct dns_answer *answer_out)
{
    const struct ub_result *got = result->result;

    *answer_out = (struct dns_answer){ .status = status_of(result) };
    answer_out->canonical = plain_name(owner, got && got->canonname ? got->canonname : question->name);
    if (answer_out->status == DNS_TEMPORARY)
        answer_out->reason = temporary_reason(owner, result);
    else if (answer_out->status == DNS_BOGUS)
        answer_out->reason = clean(owner, got ? got->why_bogus : NULL);
    if (!got)
        return;
    answer_out->is_secure = got->secure != 0;
    answer_out->ttl_s = got->ttl > 0 ? (uint32_t)got->ttl : 0;
    if (answer_out->status == DNS_FOUND)
        take_records(owner, question, got, answer_out);
}
