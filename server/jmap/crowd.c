/* crowd.c -- see crowd.h. */
#include "jmap/crowd.h"

#include "jmap/picture.h"
#include "jmap/request.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

struct jmap_crowd {
    pthread_mutex_t lock;
    GHashTable *users; /* int64 -> struct counts; only of users that are there */
};

struct counts {
    int64_t recipient_id;
    unsigned of[CROWD_KINDS];
};

static const unsigned most_of[CROWD_KINDS] = { [CROWD_REQUESTS] = JMAP_REQUESTS_AT_ONCE,
                                               [CROWD_UPLOADS] = JMAP_UPLOADS_AT_ONCE,
                                               [CROWD_STREAMS] = JMAP_STREAMS_AT_ONCE,
                                               [CROWD_PICTURES] = PICTURES_AT_ONCE,
                                               [CROWD_SOCKETS] = JMAP_SOCKETS_AT_ONCE };

struct jmap_crowd *jmap_crowd_new(const void *owner)
{
    struct jmap_crowd *crowd = talloc_zero(owner, struct jmap_crowd);

    pthread_mutex_init(&crowd->lock, NULL);
    crowd->users = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return crowd;
}

void jmap_crowd_free(struct jmap_crowd **crowd)
{
    if (!*crowd)
        return;
    g_hash_table_destroy((*crowd)->users);
    pthread_mutex_destroy(&(*crowd)->lock);
    talloc_free(*crowd);
    *crowd = NULL;
}

bool jmap_crowd_enter(struct jmap_crowd *crowd, int64_t recipient_id, enum jmap_crowd_kind kind)
{
    struct counts *counts;
    bool may;

    pthread_mutex_lock(&crowd->lock);
    counts = g_hash_table_lookup(crowd->users, &recipient_id);
    if (!counts) {
        counts = g_new0(struct counts, 1);
        counts->recipient_id = recipient_id;
        g_hash_table_insert(crowd->users, &counts->recipient_id, counts);
    }
    may = counts->of[kind] < most_of[kind];
    counts->of[kind] += may;
    pthread_mutex_unlock(&crowd->lock);
    return may;
}

void jmap_crowd_leave(struct jmap_crowd *crowd, int64_t recipient_id, enum jmap_crowd_kind kind)
{
    struct counts *counts;
    unsigned left = 0;

    pthread_mutex_lock(&crowd->lock);
    counts = g_hash_table_lookup(crowd->users, &recipient_id);
    counts->of[kind]--;
    for (int i = 0; i < CROWD_KINDS; i++)
        left += counts->of[i];
    if (left == 0)
        g_hash_table_remove(crowd->users, &recipient_id);
    pthread_mutex_unlock(&crowd->lock);
}
