/* sts_cache.c -- policies in memory and on disk. */
#include "connector/sts_cache.h"

#include "base/clock.h"
#include "base/log.h"
#include "connector/sts_fetch.h"
#include "dns/dns.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <unistd.h>

#define REFRESH_US (INT64_C(86400) * US_PER_S) /* a policy this old is fetched again */
#define RETRY_US (INT64_C(300) * US_PER_S)     /* after a fetch that failed */

struct entry {
    char id[STS_ID_MAX + 1];
    char *text; /* NULL: no policy is known */
    size_t length;
    int64_t fetched_us, expires_us; /* wall clock: they outlive the process */
    int64_t tried_us;
    bool is_fetching, is_loaded;
};

struct sts_cache {
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t fetched;
    GHashTable *entries; /* domain -> struct entry */
};

static void free_entry(void *entry)
{
    free(((struct entry *)entry)->text);
    free(entry);
}

struct sts_cache *sts_cache_new(void)
{
    struct sts_cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        abort();
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->fetched, NULL);
    cache->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_entry);
    return cache;
}

void sts_cache_free(struct sts_cache **cache)
{
    if (*cache) {
        g_hash_table_destroy((*cache)->entries);
        pthread_cond_destroy(&(*cache)->fetched);
        pthread_mutex_destroy(&(*cache)->lock);
        free(*cache);
    }
    *cache = NULL;
}

/* ---- on disk: the first line "id fetched_us", then the policy as it was fetched */

static char *file_of(const void *owner, const struct settings *settings, const char *domain)
{
    return settings->state_directory && !strchr(domain, '/')
               ? talloc_asprintf(owner, "%s/mta-sts-%s", settings->state_directory, domain)
               : NULL;
}

static bool set_policy(struct entry *entry, const char *id, struct span text, int64_t fetched_us)
{
    void *scratch = talloc_new(NULL);
    struct sts_policy policy;
    bool is_good = sts_parse(scratch, text, &policy);

    if (is_good) {
        free(entry->text);
        entry->length = span_length(text);
        entry->text = g_memdup2(text.p, entry->length);
        (void)snprintf(entry->id, sizeof entry->id, "%s", id);
        entry->fetched_us = fetched_us;
        entry->expires_us = fetched_us + (int64_t)policy.max_age_s * US_PER_S;
    }
    talloc_free(scratch);
    return is_good;
}

static void load(struct entry *entry, const char *file)
{
    g_autofree char *bytes = NULL;
    char id[STS_ID_MAX + 1];
    long long fetched_us;
    size_t length;
    struct span text, line;

    entry->is_loaded = true;
    if (!file || !g_file_get_contents(file, &bytes, &length, NULL))
        return;
    text = span_of(bytes, length);
    if (span_take_line(&text, &line) && sscanf(bytes, "%32[0-9A-Za-z] %lld", id, &fetched_us) == 2)
        (void)!set_policy(entry, id, text, fetched_us);
}

static void save(const struct entry *entry, const char *file)
{
    GString *bytes;

    if (!file)
        return;
    bytes = g_string_new(NULL);
    g_string_append_printf(bytes, "%s %lld\n", entry->id, (long long)entry->fetched_us);
    g_string_append_len(bytes, entry->text, (gssize)entry->length);
    if (!g_file_set_contents_full(file, bytes->str, (gssize)bytes->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                  NULL))
        log_event(LOG_LEVEL_WARNING, "outbound.sts.save", log_text("file", file));
    g_string_free(bytes, TRUE);
}

/* ---- in memory */

/* Makes room by forgetting what can be learnt again. Under the lock. */
static gboolean is_forgettable(void *domain UNUSED, void *value, void *now_us)
{
    const struct entry *entry = value;
    return !entry->is_fetching && (!entry->text || entry->expires_us <= *(int64_t *)now_us);
}

static gboolean is_idle(void *domain UNUSED, void *value, void *unused UNUSED)
{
    return !((struct entry *)value)->is_fetching;
}

static struct entry *entry_of(struct sts_cache *cache, const struct settings *settings, const char *domain)
{
    struct entry *entry = g_hash_table_lookup(cache->entries, domain);
    int64_t now_us = clock_now_us();

    if (!entry) {
        void *scratch = talloc_new(NULL);
        if (g_hash_table_size(cache->entries) >= STS_CACHE_MAX &&
            g_hash_table_foreach_remove(cache->entries, is_forgettable, &now_us) == 0)
            g_hash_table_foreach_remove(cache->entries, is_idle, NULL); /* they are on disk */
        entry = calloc(1, sizeof *entry);
        if (!entry)
            abort();
        load(entry, file_of(scratch, settings, domain));
        g_hash_table_insert(cache->entries, g_strdup(domain), entry);
        talloc_free(scratch);
    }
    return entry;
}

/* The id of the domain's one valid record; false: none, or trouble. */
static bool find_record(const struct settings *settings, const void *owner, const char *domain,
                        char id[STS_ID_MAX + 1])
{
    struct dns_answer answer;
    size_t count = 0;

    dns_ask(settings->dns, owner, talloc_asprintf(owner, "_mta-sts.%s", domain), DNS_TXT, 0, &answer);
    for (size_t i = 0; i < answer.count; i++) {
        if (!span_starts_nocase(answer.records[i].text, "v=STSv1"))
            continue;
        if (++count > 1 || !sts_take_record(answer.records[i].text, id))
            return false;
    }
    return count == 1;
}

static bool is_due(const struct entry *entry, const char *id)
{
    int64_t now_us = clock_now_us();

    if (entry->tried_us + RETRY_US > now_us)
        return entry->text && strcmp(entry->id, id) != 0 && entry->fetched_us == entry->tried_us;
    return !entry->text || strcmp(entry->id, id) != 0 || entry->expires_us <= now_us ||
           entry->fetched_us + REFRESH_US <= now_us;
}

/* Fetches outside of the lock. What went wrong, as reports call it; NULL: nothing. */
static const char *fetch(struct sts_cache *cache, const struct settings *settings, const void *owner,
                         const char *domain, const char *id, const atomic_bool *is_stopping,
                         struct entry *entry)
{
    struct span text = span_of("", 0);
    struct err err = ERR_INIT;
    const char *failure = NULL;

    entry->is_fetching = true;
    pthread_mutex_unlock(&cache->lock);
    if (!sts_fetch(settings, owner, domain, is_stopping, &text, &err))
        failure = err.kind == ERR_AUTH ? "sts-webpki-invalid" : "sts-policy-fetch-error";
    pthread_mutex_lock(&cache->lock);
    entry->is_fetching = false;
    entry->tried_us = clock_now_us();
    if (!failure && !set_policy(entry, id, text, entry->tried_us)) {
        failure = "sts-policy-invalid";
        err_set(&err, ERR_INVALID, "The policy cannot be read.");
    }
    if (!failure)
        save(entry, file_of(owner, settings, domain));
    else
        log_event(LOG_LEVEL_WARNING, "outbound.sts.fetch", log_text("domain", domain),
                  log_text("reason", err.user));
    pthread_cond_broadcast(&cache->fetched);
    return failure;
}

void sts_cache_find(struct sts_cache *cache, const struct settings *settings, const void *owner,
                    const char *domain, const atomic_bool *is_stopping, struct sts_found *found_out)
{
    char id[STS_ID_MAX + 1];
    bool has_record = find_record(settings, owner, domain, id);
    struct entry *entry;

    *found_out = (struct sts_found){ .text = "" };
    pthread_mutex_lock(&cache->lock);
    entry = entry_of(cache, settings, domain);
    while (entry->is_fetching) {
        pthread_cond_wait(&cache->fetched, &cache->lock);
        entry = entry_of(cache, settings, domain);
    }
    if (has_record && is_due(entry, id))
        found_out->failure = fetch(cache, settings, owner, domain, id, is_stopping, entry);
    if (entry->text && entry->expires_us > clock_now_us() &&
        sts_parse(owner, span_of(entry->text, entry->length), &found_out->policy))
        found_out->text = talloc_strndup(owner, entry->text, entry->length);
    else
        found_out->policy = (struct sts_policy){ .mode = STS_NONE };
    pthread_mutex_unlock(&cache->lock);
}
