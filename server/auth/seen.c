/* seen.c -- see seen.h. */
#include "auth/seen.h"

#include "base/clock.h"
#include "directory/login.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <talloc.h>

struct seen {
    pthread_mutex_t lock;
    GHashTable *logins; /* "7 2 0 0 20419 192.0.2.1" -> struct login_seen */
    GHashTable *visits; /* the same key -> int64_t, when it was there last; wall clock */
    int64_t written_us; /* monotonic */
};

static int close_seen(struct seen *seen)
{
    g_hash_table_destroy(seen->logins);
    g_hash_table_destroy(seen->visits);
    pthread_mutex_destroy(&seen->lock);
    return 0;
}

struct seen *seen_open(const void *owner)
{
    struct seen *seen = talloc_zero(owner, struct seen);

    pthread_mutex_init(&seen->lock, NULL);
    seen->logins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    seen->visits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    talloc_set_destructor(seen, close_seen);
    return seen;
}

enum { KEY_SIZE = 140 };
static void write_key(const struct login_seen *login, char key_out[KEY_SIZE])
{
    snprintf(key_out, KEY_SIZE, "%lld %u %lld %lld %lld %s", (long long)login->recipient_id, login->protocol,
             (long long)login->app_password_id, (long long)login->opener_id,
             (long long)(login->first_us / (86400 * US_PER_S)), login->peer);
}

static void add(struct seen *seen, const struct login_seen *login)
{
    char key[KEY_SIZE];
    struct login_seen *known;

    write_key(login, key);
    known = g_hash_table_lookup(seen->logins, key);
    if (known) {
        known->last_us = MAX(known->last_us, login->last_us);
        known->first_us = MIN(known->first_us, login->first_us);
        known->logins += login->logins;
    } else if (g_hash_table_size(seen->logins) < SEEN_MAX) {
        known = g_new(struct login_seen, 1);
        *known = *login;
        g_hash_table_insert(seen->logins, g_strdup(key), known);
    }
}

static struct login_seen one(const struct auth_request *request, const struct identity *identity)
{
    int64_t now_us = clock_now_us();
    struct login_seen login = { .recipient_id = identity->recipient_id,
                                .app_password_id = identity->app_password_id,
                                .protocol = (unsigned)request->protocol,
                                .first_us = now_us,
                                .last_us = now_us,
                                .logins = 1 };

    net_address_text(&request->peer, login.peer);
    return login;
}

void seen_note(struct seen *seen, const struct auth_request *request, const struct identity *identity)
{
    struct login_seen login = one(request, identity);

    pthread_mutex_lock(&seen->lock);
    add(seen, &login);
    pthread_mutex_unlock(&seen->lock);
}

/* Is this a visit of its own, or does one go on? With a new day a new one begins. */
static bool begins(struct seen *seen, const struct login_seen *visit)
{
    char key[KEY_SIZE];
    int64_t *last_us;

    write_key(visit, key);
    last_us = g_hash_table_lookup(seen->visits, key);
    if (last_us) {
        bool is_new = visit->last_us - *last_us > SEEN_VISIT_S * US_PER_S;
        *last_us = visit->last_us;
        return is_new;
    }
    if (g_hash_table_size(seen->visits) >= SEEN_MAX)
        g_hash_table_remove_all(seen->visits);
    last_us = g_new(int64_t, 1);
    *last_us = visit->last_us;
    g_hash_table_insert(seen->visits, g_strdup(key), last_us);
    return true;
}

void seen_note_visit(struct seen *seen, const struct auth_request *request, const struct identity *identity,
                     int64_t owner_id)
{
    struct login_seen visit = one(request, identity);

    visit.recipient_id = owner_id;
    visit.opener_id = identity->recipient_id;
    pthread_mutex_lock(&seen->lock);
    visit.logins = begins(seen, &visit);
    add(seen, &visit);
    pthread_mutex_unlock(&seen->lock);
}

/* All there is; the table is empty afterwards. */
static struct login_seen *take(struct seen *seen, const void *owner, size_t *count_out)
{
    struct login_seen *list = NULL;
    GHashTableIter at;
    void *value;

    *count_out = 0;
    pthread_mutex_lock(&seen->lock);
    list = talloc_array(owner, struct login_seen, g_hash_table_size(seen->logins) + 1);
    g_hash_table_iter_init(&at, seen->logins);
    while (g_hash_table_iter_next(&at, NULL, &value))
        list[(*count_out)++] = *(struct login_seen *)value;
    g_hash_table_remove_all(seen->logins);
    pthread_mutex_unlock(&seen->lock);
    return list;
}

void seen_write(struct seen *seen, struct directory *directory, bool is_last)
{
    int64_t now_us = clock_monotonic_us();
    void *scratch;
    struct login_seen *list;
    struct err err;
    size_t count;

    if (!is_last && now_us - seen->written_us < SEEN_PERIOD_S * US_PER_S)
        return;
    seen->written_us = now_us;
    scratch = talloc_new(NULL);
    list = take(seen, scratch, &count);
    if (count > 0 && !login_seen_push(directory, list, count, &err)) {
        pthread_mutex_lock(&seen->lock);
        for (size_t i = 0; i < count; i++)
            add(seen, &list[i]);
        pthread_mutex_unlock(&seen->lock);
    }
    talloc_free(scratch);
}
