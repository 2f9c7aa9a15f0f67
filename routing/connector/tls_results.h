/*
 * tls_results.h -- how TLS went, counted in memory until somebody takes it for reports (RFC 8460).
 *
 * Threads  all functions may be called from any thread.
 */
#ifndef CONNECTOR_TLS_RESULTS_H
#define CONNECTOR_TLS_RESULTS_H

#include "base/tls.h"
#include "connector/outbound.h"

struct tls_results;

/* Nothing counted yet. Ended by tls_results_free(). */
struct tls_results *tls_results_new(void);
/* Accepts NULL. */
void tls_results_free(struct tls_results **results);
/* One more session like this; `sessions` is not looked at. */
void tls_results_count(struct tls_results *results, const struct outbound_tls_result *result);
/* All that was counted since the last time, under `owner`, and counts from 0 again. Any thread. */
void tls_results_take(struct tls_results *results, const void *owner,
                      struct outbound_tls_result **results_out, size_t *count_out);

/* The result type of a certificate's fault; NULL for TLS_FAULT_NONE. Static. */
const char *tls_results_failure(enum tls_fault fault);

#endif
