/*
 * source_use.c -- the connections of this process to the company directories: one pool a source, until its stamp changes.
 */
#include "base/clock.h"
#include "base/log.h"
#include "directory/act.h"
#include "directory/source.h"

#include <glib.h>
#include <talloc.h>

enum { LOOK_AGAIN_US = 1000000 };

/* Counted by whoever uses it, and by the table while it is the newest. */
struct used {
    struct source_use use; /* first */
    struct source source;
    unsigned references;
    int64_t looked_us; /* monotonic */
};

struct sources {
    struct directory *directory;
    ldap_find_srv *find_srv;
    void *find_srv_arg;
    pthread_mutex_t lock;
    GHashTable *by_id; /* source id -> struct used */
};

static const char SELECT_STAMP[] =
    "SELECT s.stamp, s.is_enabled AND o.is_enabled FROM directory_source s JOIN organisation o USING (organisation_id)"
    " WHERE s.source_id = $1";

struct sources *sources_open(const void *owner, struct directory *directory, ldap_find_srv *find_srv,
                             void *find_srv_arg)
{
    struct sources *sources = talloc_zero(owner, struct sources);

    *sources = (struct sources){ .directory = directory, .find_srv = find_srv, .find_srv_arg = find_srv_arg };
    pthread_mutex_init(&sources->lock, NULL);
    sources->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);
    return sources;
}

/* Under the lock. */
static void let_go(struct used *used)
{
    if (--used->references > 0)
        return;
    ldap_pool_close(&used->use.pool);
    talloc_free(used);
}

void sources_close(struct sources **sources)
{
    GHashTableIter iter;
    gpointer value;

    if (!*sources)
        return;
    g_hash_table_iter_init(&iter, (*sources)->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        let_go(value);
    g_hash_table_destroy((*sources)->by_id);
    pthread_mutex_destroy(&(*sources)->lock);
    talloc_free(*sources);
    *sources = NULL;
}

/* The newest that is known, with a reference more; NULL: none. */
static struct used *hold(struct sources *sources, int64_t source_id)
{
    struct used *used;

    pthread_mutex_lock(&sources->lock);
    used = g_hash_table_lookup(sources->by_id, &source_id);
    if (used)
        used->references++;
    pthread_mutex_unlock(&sources->lock);
    return used;
}

static void forget(struct sources *sources, int64_t source_id)
{
    struct used *used;

    pthread_mutex_lock(&sources->lock);
    used = g_hash_table_lookup(sources->by_id, &source_id);
    if (used) {
        g_hash_table_remove(sources->by_id, &source_id);
        let_go(used);
    }
    pthread_mutex_unlock(&sources->lock);
}

enum freshness { FRESH, STALE, GONE, UNKNOWN };

/* At most once a second a source. While the database is down, what was in use goes on. */
static enum freshness look(struct sources *sources, struct used *used, struct err *err)
{
    int64_t now = clock_monotonic_us(), due;
    void *scratch;
    struct db_row row;
    enum freshness freshness = FRESH;

    pthread_mutex_lock(&sources->lock);
    due = used->looked_us + LOOK_AGAIN_US;
    pthread_mutex_unlock(&sources->lock);
    if (now < due)
        return FRESH;
    scratch = talloc_new(NULL);
    if (!look_up_one(sources->directory, scratch, SELECT_STAMP, DB_ARGS(db_i64(used->source.source_id)), &row,
                     err))
        freshness = err->kind == ERR_NOT_FOUND ? GONE : UNKNOWN;
    else if (!db_get_bool(&row, 1))
        freshness = GONE;
    else if (db_get_i64(&row, 0) != used->source.stamp)
        freshness = STALE;
    talloc_free(scratch);
    if (freshness == FRESH) {
        pthread_mutex_lock(&sources->lock);
        used->looked_us = now;
        pthread_mutex_unlock(&sources->lock);
    }
    return freshness;
}

static bool load(struct sources *sources, int64_t source_id, struct used **used_out, struct err *err)
{
    struct used *used = talloc_zero(NULL, struct used), *other;
    struct ldap_settings settings;

    if (!source_load(sources->directory, used, source_id, &used->source, err) ||
        (!used->source.is_enabled && !not_found(err, "directory source")) ||
        !source_ldap(used, &used->source, &settings, err))
        goto failed;
    settings.find_srv = sources->find_srv;
    settings.find_srv_arg = sources->find_srv_arg;
    if (!ldap_pool_open(NULL, &settings, &used->use.pool, err))
        goto failed;
    used->use.source = &used->source;
    used->references = 2; /* the table's and the caller's */
    used->looked_us = clock_monotonic_us();
    pthread_mutex_lock(&sources->lock);
    other = g_hash_table_lookup(sources->by_id, &source_id);
    g_hash_table_replace(sources->by_id, &used->source.source_id, used);
    if (other)
        let_go(other);
    pthread_mutex_unlock(&sources->lock);
    *used_out = used;
    return true;
failed:
    talloc_free(used);
    return false;
}

bool source_enter(struct sources *sources, int64_t source_id, const struct source_use **use_out,
                  struct err *err)
{
    struct used *used = hold(sources, source_id);
    enum freshness freshness;

    *err = ERR_INIT;
    *use_out = NULL;
    freshness = used ? look(sources, used, err) : STALE;
    if (freshness == FRESH || freshness == UNKNOWN) {
        *use_out = &used->use;
        return true;
    }
    if (used) {
        pthread_mutex_lock(&sources->lock);
        let_go(used);
        pthread_mutex_unlock(&sources->lock);
    }
    if (freshness == GONE) {
        forget(sources, source_id);
        return not_found(err, "directory source");
    }
    *err = ERR_INIT;
    if (!load(sources, source_id, &used, err))
        return false;
    *use_out = &used->use;
    return true;
}

void source_look_again(struct sources *sources, int64_t source_id)
{
    struct used *used;

    pthread_mutex_lock(&sources->lock);
    used = g_hash_table_lookup(sources->by_id, &source_id);
    if (used)
        used->looked_us = 0;
    pthread_mutex_unlock(&sources->lock);
}

void source_leave(struct sources *sources, const struct source_use **use)
{
    struct used *used = (struct used *)(uintptr_t)*use;

    *use = NULL;
    if (!used)
        return;
    pthread_mutex_lock(&sources->lock);
    let_go(used);
    pthread_mutex_unlock(&sources->lock);
}

/* ---- health */

static const char *state_of(const struct ldap_server_health *server)
{
    if (server->is_down)
        return "down";
    if (server->open > 0)
        return "up";
    return server->connected > 0 ? "up" : server->failed + server->timed_out > 0 ? "failing" : "unused";
}

json_t *source_health(const struct source_use *use)
{
    void *scratch = talloc_new(NULL);
    struct ldap_server_health *servers;
    json_t *list = json_array();
    size_t count;

    ldap_pool_health(use->pool, scratch, &servers, &count);
    for (size_t i = 0; i < count; i++) {
        char *fault = g_utf8_make_valid(servers[i].fault, -1); /* cut where its place ended */
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:s, s:i, s:i, s:I, s:I, s:I, s:s}", "url", servers[i].url, "cost",
                            (int)servers[i].cost, "state", state_of(&servers[i]), "connections",
                            (int)servers[i].open, "in_use", (int)servers[i].in_use, "connected",
                            (json_int_t)servers[i].connected, "failed", (json_int_t)servers[i].failed,
                            "timed_out", (json_int_t)servers[i].timed_out, "fault", fault));
        g_free(fault);
    }
    talloc_free(scratch);
    return list;
}

json_t *sources_health(struct sources *sources)
{
    json_t *list = json_array();
    GHashTableIter iter;
    gpointer value;

    pthread_mutex_lock(&sources->lock);
    g_hash_table_iter_init(&iter, sources->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct used *used = value;
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o}", "source", used->source.name, "organisation",
                                        used->source.organisation, "servers", source_health(&used->use)));
    }
    pthread_mutex_unlock(&sources->lock);
    return list;
}
