/* issuer.c -- a small table; what is in an entry is read and changed under the lock, and asked for outside it. */
#include "auth/issuer.h"

#include "auth/fetch.h"
#include "base/clock.h"
#include "base/digest.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { WAITING_MAX = 16, WAIT_S = FETCH_SECONDS * 2 + 1 };
#define FRESH_US (3600 * US_PER_S)
#define STALE_US (86400 * US_PER_S)
#define UNKNOWN_KEY_US (5 * US_PER_S)
#define REST_US (10 * US_PER_S)

struct entry {
    char *name; /* issuer, and whom it is trusted by; NULL: the entry is free */
    struct issuer said;
    struct jose_keys *keys;
    int64_t said_us, keys_us; /* monotonic; 0: never */
    int64_t failed_us, used_us;
    bool is_asking; /* a thread is; others wait */
    unsigned waiting, requests;
    struct err failure;
};

struct issuers {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    struct entry entries[ISSUERS_MAX];
};

struct issuers *issuers_open(const void *owner)
{
    struct issuers *issuers = talloc_zero(owner, struct issuers);
    pthread_condattr_t monotonic;

    pthread_mutex_init(&issuers->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&issuers->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return issuers;
}

void issuers_close(struct issuers **issuers)
{
    if (!*issuers)
        return;
    pthread_cond_destroy(&(*issuers)->answered);
    pthread_mutex_destroy(&(*issuers)->lock);
    TALLOC_FREE(*issuers);
}

/* ---- the table */

static void empty(struct entry *entry)
{
    talloc_free(entry->name); /* all it knows hangs there */
    *entry = (struct entry){ .name = NULL };
}

static char *name_of(const void *owner, const struct identity_provider *provider)
{
    uint8_t digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];

    sha256(span_text(provider->ca_certificates), digest);
    hex_encode(span_of(digest, sizeof digest), text);
    return talloc_asprintf(owner, "%s %s", provider->issuer, text);
}

/* Its entry, a new one in place of the one that was longest not used; NULL: all are in use just now. */
static struct entry *find(struct issuers *issuers, const struct identity_provider *provider)
{
    char *name = name_of(issuers, provider);
    struct entry *oldest = NULL;

    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        struct entry *entry = &issuers->entries[i];
        if (entry->name && strcmp(entry->name, name) == 0) {
            talloc_free(name);
            entry->used_us = clock_monotonic_us();
            return entry;
        }
        if (!entry->is_asking && entry->waiting == 0 && entry->requests == 0 &&
            (!oldest || entry->used_us < oldest->used_us))
            oldest = entry;
    }
    if (!oldest) {
        talloc_free(name);
        return NULL;
    }
    empty(oldest);
    oldest->name = name;
    oldest->used_us = clock_monotonic_us();
    return oldest;
}

/* ---- asking */

static const char *address_in(const void *owner, const json_t *said, const char *name)
{
    const char *text = json_string_value(json_object_get(said, name));

    return text && fetch_is_address(text) ? talloc_strdup(owner, text) : NULL;
}

static bool has_word(const json_t *list, const char *word)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), word) == 0)
            return true;
    }
    return false;
}

/* Discovery 1.0, 4: what it says must be said by the issuer that was asked. */
static bool ask_itself(const void *owner, const struct identity_provider *provider, struct issuer *out,
                       struct err *err)
{
    size_t length = strlen(provider->issuer);
    struct fetch_request request = {
        .url = talloc_asprintf(owner, "%.*s/.well-known/openid-configuration",
                               (int)(length - (provider->issuer[length - 1] == '/')), provider->issuer),
        .ca_certificates = provider->ca_certificates
    };
    const char *name;
    unsigned status;
    json_t *said;

    if (!fetch_json(owner, &request, &status, &said, err))
        return false;
    name = json_string_value(json_object_get(said, "issuer"));
    if (status != 200 || !name)
        return err_set(err, ERR_BUSY, "There is no OpenID configuration at this issuer (status %u).", status);
    if (strcmp(name, provider->issuer) != 0)
        return err_set(err, ERR_BUSY, "It calls itself %.100s: that has to be the issuer, to the letter.",
                       name);
    const json_t *methods = json_object_get(said, "token_endpoint_auth_methods_supported");
    *out = (struct issuer){ .authorization = address_in(owner, said, "authorization_endpoint"),
                            .token = address_in(owner, said, "token_endpoint"),
                            .introspection = address_in(owner, said, "introspection_endpoint"),
                            .userinfo = address_in(owner, said, "userinfo_endpoint"),
                            .keys = address_in(owner, said, "jwks_uri"),
                            .takes_secret_in_form = has_word(methods, "client_secret_post") &&
                                                    !has_word(methods, "client_secret_basic") };
    return out->keys || err_set(err, ERR_BUSY, "It does not say where its keys are (jwks_uri).");
}

static bool ask_keys(const void *owner, const struct identity_provider *provider, const char *address,
                     struct jose_keys **keys_out, struct err *err)
{
    struct fetch_request request = { .url = address, .ca_certificates = provider->ca_certificates };
    unsigned status;
    json_t *set;

    if (!fetch_json(owner, &request, &status, &set, err))
        return false;
    if (status != 200 || !jose_keys_read(owner, set, keys_out, err))
        return err_set(err, ERR_BUSY, "It did not give its keys (status %u).", status);
    return true;
}

/* Asks for everything, outside the lock; what came is kept in the entry, or the failure. */
static void ask(struct issuers *issuers, struct entry *entry, const struct identity_provider *provider)
{
    void *fresh = talloc_new(NULL);
    struct jose_keys *keys = NULL;
    struct issuer said = { 0 };
    struct err err = ERR_INIT;

    pthread_mutex_unlock(&issuers->lock);
    bool is_done =
        ask_itself(fresh, provider, &said, &err) && ask_keys(fresh, provider, said.keys, &keys, &err);
    pthread_mutex_lock(&issuers->lock);
    if (is_done) {
        talloc_free_children(entry->name);
        talloc_steal(entry->name, fresh);
        entry->said = said;
        entry->keys = keys;
        entry->said_us = entry->keys_us = clock_monotonic_us();
        entry->failed_us = 0;
    } else {
        talloc_free(fresh);
        entry->failure = err;
        entry->failed_us = clock_monotonic_us();
    }
}

static bool is_resting(const struct entry *entry)
{
    return entry->failed_us && clock_monotonic_us() - entry->failed_us < REST_US;
}

/* Under the lock: until nobody asks any more. False: too many wait, or it takes too long. */
static bool wait_for_answer(struct issuers *issuers, struct entry *entry)
{
    struct timespec deadline;
    bool is_over = entry->waiting >= WAITING_MAX;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += WAIT_S;
    entry->waiting++;
    while (entry->is_asking && !is_over)
        is_over = pthread_cond_timedwait(&issuers->answered, &issuers->lock, &deadline) != 0;
    entry->waiting--;
    return !is_over;
}

/* Under the lock: what the entry says is at most `old_us` old, or as new as the provider lets it be. */
static bool refresh(struct issuers *issuers, struct entry *entry, const struct identity_provider *provider,
                    int64_t old_us, struct err *err)
{
    if (entry->is_asking && (!entry->said_us || clock_monotonic_us() - entry->said_us >= STALE_US) &&
        !wait_for_answer(issuers, entry))
        return err_set(err, ERR_BUSY, "The identity provider does not answer at the moment.");
    bool is_old = !entry->said_us || clock_monotonic_us() - entry->said_us >= old_us;
    if (is_old && !entry->is_asking && !is_resting(entry)) {
        entry->is_asking = true;
        ask(issuers, entry, provider);
        entry->is_asking = false;
        pthread_cond_broadcast(&issuers->answered);
    }
    if (entry->said_us && clock_monotonic_us() - entry->said_us < STALE_US)
        return true;
    *err = entry->failure;
    return err->kind != ERR_NONE
               ? false
               : err_set(err, ERR_BUSY, "The identity provider does not answer at the moment.");
}

/* Locks, and gives the entry; false, and unlocked: ERR_BUSY. */
static bool begin(struct issuers *issuers, const struct identity_provider *provider, struct entry **entry_out,
                  struct err *err)
{
    *err = ERR_INIT;
    pthread_mutex_lock(&issuers->lock);
    *entry_out = find(issuers, provider);
    if (*entry_out)
        return true;
    pthread_mutex_unlock(&issuers->lock);
    return err_set(err, ERR_BUSY, "Too many identity providers are asked at the moment.");
}

static const char *copy(const void *owner, const char *text)
{
    return text ? talloc_strdup(owner, text) : NULL;
}

bool issuer_get(struct issuers *issuers, const void *owner, const struct identity_provider *provider,
                struct issuer *issuer_out, struct err *err)
{
    struct entry *entry;

    if (!begin(issuers, provider, &entry, err))
        return false;
    bool ok = refresh(issuers, entry, provider, FRESH_US, err);
    if (ok)
        *issuer_out = (struct issuer){ .authorization = copy(owner, entry->said.authorization),
                                       .token = copy(owner, entry->said.token),
                                       .introspection = copy(owner, entry->said.introspection),
                                       .userinfo = copy(owner, entry->said.userinfo),
                                       .keys = copy(owner, entry->said.keys),
                                       .takes_secret_in_form = entry->said.takes_secret_in_form };
    pthread_mutex_unlock(&issuers->lock);
    return ok;
}

bool issuer_verify(struct issuers *issuers, const struct identity_provider *provider,
                   const struct jose_token *token, struct err *err)
{
    struct entry *entry;

    if (!begin(issuers, provider, &entry, err))
        return false;
    bool ok = refresh(issuers, entry, provider, FRESH_US, err) && jose_verify(token, entry->keys, err);
    if (!ok && err->kind == ERR_NOT_FOUND) {
        *err = ERR_INIT; /* a new key, perhaps */
        ok = refresh(issuers, entry, provider, UNKNOWN_KEY_US, err) && jose_verify(token, entry->keys, err);
    }
    bool is_sure = !is_resting(entry);
    pthread_mutex_unlock(&issuers->lock);
    if (ok || err->kind != ERR_NOT_FOUND)
        return ok;
    return err_set(err, is_sure ? ERR_AUTH : ERR_BUSY, "The token was signed with an unknown key.");
}

bool issuer_count_keys(struct issuers *issuers, const struct identity_provider *provider, size_t *count_out,
                       struct err *err)
{
    struct entry *entry;

    if (!begin(issuers, provider, &entry, err))
        return false;
    bool ok = refresh(issuers, entry, provider, FRESH_US, err);
    *count_out = ok ? jose_keys_count(entry->keys) : 0;
    pthread_mutex_unlock(&issuers->lock);
    return ok;
}

/* ---- other requests */

bool issuer_enter(struct issuers *issuers, const struct identity_provider *provider, struct err *err)
{
    struct entry *entry;

    if (!begin(issuers, provider, &entry, err))
        return false;
    bool ok = entry->requests < ISSUER_REQUESTS_MAX && !is_resting(entry);
    entry->requests += ok;
    pthread_mutex_unlock(&issuers->lock);
    return ok || err_set(err, ERR_BUSY, "The identity provider does not answer at the moment.");
}

void issuer_leave(struct issuers *issuers, const struct identity_provider *provider,
                  enum issuer_outcome outcome)
{
    pthread_mutex_lock(&issuers->lock);
    struct entry *entry = find(issuers, provider);
    if (entry && entry->requests > 0) {
        entry->requests--;
        entry->failed_us = outcome == ISSUER_FAILED ? clock_monotonic_us() : 0;
    }
    pthread_mutex_unlock(&issuers->lock);
}

void issuer_forget(struct issuers *issuers, const struct identity_provider *provider)
{
    pthread_mutex_lock(&issuers->lock);
    struct entry *entry = find(issuers, provider);
    if (entry && !entry->is_asking && entry->waiting == 0 && entry->requests == 0)
        empty(entry);
    pthread_mutex_unlock(&issuers->lock);
}
