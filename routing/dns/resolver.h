/*
 * resolver.h -- between the files of this room only: one context of libunbound with the thread that collects its answers.
 *
 * libunbound answers in a thread of its own and is pumped by another of ours, so that whoever asks waits on a condition and
 * can give up at a deadline. What nobody waits for any longer is thrown away when it comes.
 *
 * Ownership  counted: dns.c holds one reference for the current resolver, each caller one while it asks.
 * Threads    all functions may be called from any thread.
 */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include "dns/dns.h"

struct resolver;
struct ub_result;

/* One answer as libunbound gave it. */
struct resolver_result {
    struct ub_result *result; /* NULL where there is none */
    int error;                /* enum ub_ctx_err */
    bool is_done;
};

/* With one reference; its thread starts with the first question. ERR_INVALID: an address of a server or the trust
 * anchor cannot be used; ERR_INTERNAL. */
MUST_CHECK bool resolver_new(const struct dns_options *options, struct resolver **resolver_out,
                             struct err *err);
/* One more reference. Any thread. */
void resolver_hold(struct resolver *resolver);
/* The last reference ends it. */
void resolver_release(struct resolver *resolver);
/* It has a trust anchor: answers may be secure (DNSSEC). */
bool resolver_validates(const struct resolver *resolver);

/* Asks all, waits until all are done or the deadline has come. The results are the caller's (resolver_results_free). */
void resolver_ask(struct resolver *resolver, const struct dns_question *questions, size_t count,
                  int64_t deadline_us, struct resolver_result *results);
/* Frees what resolver_ask() put into `count` results. */
void resolver_results_free(struct resolver_result *results, size_t count);

/* Turns what libunbound said into an answer under `owner`. */
void resolver_answer(const void *owner, const struct dns_question *question,
                     const struct resolver_result *result, struct dns_answer *answer_out);

/* True where the text can be asked for: labels of 1 to 63 printable bytes, 253 in all, one final dot allowed. */
bool dns_name_is_valid(const char *name);

#endif
