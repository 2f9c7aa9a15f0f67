/* stay.c -- see stay.h. */
#include "jmap/stay.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/access_token.h"

#include <glib.h>
#include <stdatomic.h>
#include <talloc.h>

enum { REST_S = 1, REST_AFTER_TROUBLE_S = 5 };

struct jmap_stays {
    struct directory *directory;
    struct auth *auth;
    struct background background; /* its lock guards the list */
    GQueue list;
};

struct jmap_stay {
    struct jmap_stays *stays;
    GList link;
    struct identity identity; /* what auth_still_valid() looks at, and what it came in with */
    int64_t checked_us;       /* monotonic */
    atomic_bool is_over;
    void (*wake)(void *argument);
    void *argument;
};

/* ---- what they came in with */

static size_t tokens_of(struct jmap_stays *stays, const void *owner, int64_t **ids_out)
{
    size_t count = 0;

    pthread_mutex_lock(&stays->background.lock);
    *ids_out = talloc_array(owner, int64_t, g_queue_get_length(&stays->list) + 1);
    for (GList *at = stays->list.head; at; at = at->next) {
        const struct jmap_stay *stay = at->data;
        if (stay->identity.access_token_id)
            (*ids_out)[count++] = stay->identity.access_token_id;
    }
    pthread_mutex_unlock(&stays->background.lock);
    return count;
}

static void end_those_of(struct jmap_stays *stays, int64_t access_token_id)
{
    pthread_mutex_lock(&stays->background.lock);
    for (GList *at = stays->list.head; at; at = at->next) {
        struct jmap_stay *stay = at->data;
        if (stay->identity.access_token_id == access_token_id && !atomic_exchange(&stay->is_over, true))
            stay->wake(stay->argument);
    }
    pthread_mutex_unlock(&stays->background.lock);
}

static bool look(struct jmap_stays *stays, struct err *err)
{
    void *arena = talloc_new(NULL);
    int64_t *ids, *gone;
    size_t count = tokens_of(stays, arena, &ids), gone_count = 0;
    bool done =
        count == 0 || access_tokens_gone(stays->directory, arena, ids, count, &gone, &gone_count, err);

    for (size_t i = 0; done && i < gone_count; i++)
        end_those_of(stays, gone[i]);
    talloc_free(arena);
    return done;
}

static void *run(void *argument)
{
    struct jmap_stays *stays = argument;
    struct err err = ERR_INIT;

    while (!background_is_ending(&stays->background)) {
        bool done = look(stays, &err);
        if (!done)
            log_err(LOG_LEVEL_WARNING, "jmap.stay", &err);
        pthread_mutex_lock(&stays->background.lock);
        background_rest(&stays->background, done ? REST_S : REST_AFTER_TROUBLE_S);
        pthread_mutex_unlock(&stays->background.lock);
    }
    return NULL;
}

bool jmap_stays_open(const void *owner, struct directory *directory, struct auth *auth,
                     struct jmap_stays **stays_out, struct err *err)
{
    struct jmap_stays *stays = *stays_out = talloc_zero(owner, struct jmap_stays);

    stays->directory = directory;
    stays->auth = auth;
    g_queue_init(&stays->list);
    return background_start(&stays->background, "jmap-stay", run, stays, err);
}

void jmap_stays_close(struct jmap_stays **stays)
{
    if (!*stays)
        return;
    background_end(&(*stays)->background);
    TALLOC_FREE(*stays);
}

/* ---- one of them */

struct jmap_stay *jmap_stay_begin(struct jmap_stays *stays, const struct identity *identity,
                                  void (*wake)(void *argument), void *argument)
{
    struct jmap_stay *stay = talloc_zero(NULL, struct jmap_stay);

    stay->stays = stays;
    stay->link.data = stay;
    stay->identity = (struct identity){ .recipient_id = identity->recipient_id,
                                        .stamp = identity->stamp,
                                        .access_token_id = identity->access_token_id };
    stay->checked_us = clock_monotonic_us();
    atomic_init(&stay->is_over, false);
    stay->wake = wake;
    stay->argument = argument;
    pthread_mutex_lock(&stays->background.lock);
    g_queue_push_tail_link(&stays->list, &stay->link);
    pthread_mutex_unlock(&stays->background.lock);
    return stay;
}

bool jmap_stay_may_go_on(struct jmap_stay *stay)
{
    int64_t now_us = clock_monotonic_us();
    struct err err = ERR_INIT;

    if (atomic_load(&stay->is_over))
        return false;
    if (now_us - stay->checked_us < STAY_CHECK_S * US_PER_S)
        return true;
    stay->checked_us = now_us;
    return auth_still_valid(stay->stays->auth, &stay->identity, &err) || err.kind != ERR_AUTH;
}

void jmap_stay_end(struct jmap_stay **stay)
{
    if (!*stay)
        return;
    pthread_mutex_lock(&(*stay)->stays->background.lock);
    g_queue_unlink(&(*stay)->stays->list, &(*stay)->link);
    pthread_mutex_unlock(&(*stay)->stays->background.lock);
    TALLOC_FREE(*stay);
}
