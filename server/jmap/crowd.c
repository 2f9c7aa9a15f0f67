/* crowd.c -- see crowd.h. */
#include "jmap/crowd.h"

#include "auth/auth.h"
#include "jmap/picture.h"
#include "jmap/request.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

struct jmap_crowd {
    pthread_mutex_t lock;
    GHashTable *
        counts; /* struct counts, by whom: clients, and persons as clients without a login; only who is there */
};

struct counts {
    struct jmap_client whose;
    unsigned of[CROWD_KINDS];
};

/* Of one client, and of a person with all of his. */
static const struct most {
    unsigned client, person;
} most_of[CROWD_KINDS] = {
    [CROWD_REQUESTS] = { JMAP_REQUESTS_AT_ONCE, JMAP_REQUESTS_AT_ONCE *JMAP_CLIENTS_AT_ONCE },
    [CROWD_UPLOADS] = { JMAP_UPLOADS_AT_ONCE, JMAP_UPLOADS_AT_ONCE *JMAP_CLIENTS_AT_ONCE },
    [CROWD_STREAMS] = { JMAP_STREAMS_AT_ONCE, JMAP_STREAMS_AT_ONCE },
    [CROWD_PICTURES] = { PICTURES_AT_ONCE, PICTURES_AT_ONCE },
    [CROWD_SOCKETS] = { JMAP_SOCKETS_AT_ONCE, JMAP_SOCKETS_AT_ONCE },
};

static guint hash(gconstpointer key)
{
    const struct jmap_client *client = key;

    return g_int64_hash(&client->recipient_id) * 31 + g_int64_hash(&client->login);
}

static gboolean is_same(gconstpointer a, gconstpointer b)
{
    const struct jmap_client *one = a, *other = b;

    return one->recipient_id == other->recipient_id && one->login == other->login;
}

struct jmap_crowd *jmap_crowd_new(const void *owner)
{
    struct jmap_crowd *crowd = talloc_zero(owner, struct jmap_crowd);

    pthread_mutex_init(&crowd->lock, NULL);
    crowd->counts = g_hash_table_new_full(hash, is_same, NULL, g_free);
    return crowd;
}

void jmap_crowd_free(struct jmap_crowd **crowd)
{
    if (!*crowd)
        return;
    g_hash_table_destroy((*crowd)->counts);
    pthread_mutex_destroy(&(*crowd)->lock);
    talloc_free(*crowd);
    *crowd = NULL;
}

struct jmap_client jmap_client_of(const struct identity *identity)
{
    return (struct jmap_client){ identity->recipient_id, identity->access_token_id > 0
                                                             ? identity->access_token_id
                                                             : -1 - identity->app_password_id };
}

/* ---- coming and going */

static struct jmap_client person_of(struct jmap_client client)
{
    return (struct jmap_client){ client.recipient_id, 0 };
}

static struct counts *counts_of(struct jmap_crowd *crowd, struct jmap_client whose)
{
    struct counts *counts = g_hash_table_lookup(crowd->counts, &whose);

    if (!counts) {
        counts = g_new0(struct counts, 1);
        counts->whose = whose;
        g_hash_table_insert(crowd->counts, &counts->whose, counts);
    }
    return counts;
}

static void drop_if_empty(struct jmap_crowd *crowd, struct counts *counts)
{
    unsigned left = 0;

    for (int i = 0; i < CROWD_KINDS; i++)
        left += counts->of[i];
    if (left == 0)
        g_hash_table_remove(crowd->counts, &counts->whose);
}

bool jmap_crowd_enter(struct jmap_crowd *crowd, struct jmap_client client, enum jmap_crowd_kind kind)
{
    struct counts *own, *all;
    bool may;

    pthread_mutex_lock(&crowd->lock);
    own = counts_of(crowd, client);
    all = counts_of(crowd, person_of(client));
    may = own->of[kind] < most_of[kind].client && all->of[kind] < most_of[kind].person;
    own->of[kind] += may;
    all->of[kind] += may;
    drop_if_empty(crowd, own);
    pthread_mutex_unlock(&crowd->lock);
    return may;
}

void jmap_crowd_leave(struct jmap_crowd *crowd, struct jmap_client client, enum jmap_crowd_kind kind)
{
    struct jmap_client whose[] = { client, person_of(client) };

    pthread_mutex_lock(&crowd->lock);
    for (size_t i = 0; i < G_N_ELEMENTS(whose); i++) {
        struct counts *counts = counts_of(crowd, whose[i]);
        counts->of[kind]--;
        drop_if_empty(crowd, counts);
    }
    pthread_mutex_unlock(&crowd->lock);
}
