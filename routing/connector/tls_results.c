/* tls_results.c -- a table of counters by what they count. */
#include "connector/tls_results.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <talloc.h>

struct tls_results {
    pthread_mutex_t lock; /* over the table */
    GHashTable *counted;  /* key -> struct outbound_tls_result, a talloc tree of its own */
};

static const char *const failures[TLS_FAULTS] = {
    [TLS_FAULT_NAME] = "certificate-host-mismatch",    [TLS_FAULT_EXPIRED] = "certificate-expired",
    [TLS_FAULT_UNTRUSTED] = "certificate-not-trusted", [TLS_FAULT_NO_MATCH] = "validation-failure",
    [TLS_FAULT_OTHER] = "validation-failure",
};

const char *tls_results_failure(enum tls_fault fault)
{
    return failures[fault];
}

static void free_result(void *result)
{
    talloc_free(result);
}

static GHashTable *new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_result);
}

struct tls_results *tls_results_new(void)
{
    struct tls_results *results = calloc(1, sizeof *results);

    if (!results)
        abort();
    pthread_mutex_init(&results->lock, NULL);
    results->counted = new_table();
    return results;
}

void tls_results_free(struct tls_results **results)
{
    if (*results) {
        g_hash_table_destroy((*results)->counted);
        pthread_mutex_destroy(&(*results)->lock);
        free(*results);
    }
    *results = NULL;
}

static struct outbound_tls_result *copy(const void *owner, const struct outbound_tls_result *result)
{
    struct outbound_tls_result *made = talloc(owner, struct outbound_tls_result);

    *made = (struct outbound_tls_result){ .domain = talloc_strdup(made, result->domain),
                                          .policy = result->policy,
                                          .policy_text = talloc_strdup(made, result->policy_text),
                                          .failure = result->failure,
                                          .host = talloc_strdup(made, result->host),
                                          .address = talloc_strdup(made, result->address) };
    return made;
}

void tls_results_count(struct tls_results *results, const struct outbound_tls_result *result)
{
    char *key = g_strdup_printf("%s\n%d\n%s\n%s\n%s\n%s", result->domain, (int)result->policy,
                                result->failure ? result->failure : "", result->host, result->address,
                                result->policy_text);
    struct outbound_tls_result *counted;

    pthread_mutex_lock(&results->lock);
    counted = g_hash_table_lookup(results->counted, key);
    if (!counted && g_hash_table_size(results->counted) < OUTBOUND_TLS_RESULTS_MAX) {
        counted = copy(NULL, result);
        g_hash_table_insert(results->counted, g_steal_pointer(&key), counted);
    }
    if (counted)
        counted->sessions++;
    pthread_mutex_unlock(&results->lock);
    g_free(key);
}

void tls_results_take(struct tls_results *results, const void *owner,
                      struct outbound_tls_result **results_out, size_t *count_out)
{
    GHashTable *taken, *fresh = new_table();
    GHashTableIter iterator;
    void *value;
    size_t count = 0;

    pthread_mutex_lock(&results->lock);
    taken = results->counted;
    results->counted = fresh;
    pthread_mutex_unlock(&results->lock);
    *results_out = talloc_zero_array(owner, struct outbound_tls_result, g_hash_table_size(taken) + 1);
    g_hash_table_iter_init(&iterator, taken);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        struct outbound_tls_result *made = copy(*results_out, value);
        made->sessions = ((struct outbound_tls_result *)value)->sessions;
        (*results_out)[count++] = *made;
    }
    g_hash_table_destroy(taken);
    *count_out = count;
}
