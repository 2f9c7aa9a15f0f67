/* roll_keeper.c -- once a second: what began, what ended, what is to end. */
#include "main/roll_keeper.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/line_session.h"
#include "session/server.h"

#include <glib.h>
#include <talloc.h>

enum { REST_S = 1, REST_AFTER_TROUBLE_S = 5, TOLD_AT_ONCE = 5000 };

struct roll_keeper {
    struct background background;
    struct session_server *sessions;
    struct directory *directory;
    const char *process;
    GHashTable *known; /* ids that the directory has */
    bool has_begun;
    int64_t renew_us; /* monotonic */
};

static struct roll_keeper *keeper_new(const void *owner)
{
    struct roll_keeper *keeper = talloc_zero(owner, struct roll_keeper);

    keeper->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return keeper;
}

/* Known to the directory, with what it has of us. */
static bool be_known(struct roll_keeper *keeper, struct err *err)
{
    int64_t now_us = clock_monotonic_us();
    bool is_known = true;

    if (!keeper->has_begun) {
        g_hash_table_remove_all(keeper->known);
        keeper->has_begun = line_process_begin(keeper->directory, keeper->process, err);
        keeper->renew_us = now_us + LINE_PROCESS_RENEW_S * US_PER_S;
        return keeper->has_begun;
    }
    if (now_us < keeper->renew_us)
        return true;
    keeper->renew_us = now_us + LINE_PROCESS_RENEW_S * US_PER_S;
    if (!line_process_renew(keeper->directory, keeper->process, &is_known, err))
        return false;
    if (!is_known)
        g_hash_table_remove_all(keeper->known);
    return true;
}

struct round {
    void *arena;
    GHashTable *now; /* ids of those who are logged in; of the arena */
    struct line_session *begun;
    const char **over;
    struct line_news news;
};

static void compare(const struct roll_keeper *keeper, struct round *round)
{
    struct session_login *logins;
    size_t count = session_server_logins(keeper->sessions, round->arena, &logins);
    GHashTableIter at;
    void *id;

    round->begun = talloc_array(round->arena, struct line_session, TOLD_AT_ONCE);
    round->over = talloc_array(round->arena, const char *, TOLD_AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        const struct session_login *l = &logins[i];
        g_hash_table_add(round->now, (void *)(uintptr_t)l->id);
        if (round->news.begun_count < TOLD_AT_ONCE && !g_hash_table_contains(keeper->known, l->id))
            round->begun[round->news.begun_count++] =
                (struct line_session){ l->recipient_id, l->id, l->protocol, l->peer, l->since_us };
    }
    g_hash_table_iter_init(&at, keeper->known);
    while (round->news.over_count < TOLD_AT_ONCE && g_hash_table_iter_next(&at, &id, NULL))
        if (!g_hash_table_contains(round->now, id))
            round->over[round->news.over_count++] = id;
    round->news.begun = round->begun;
    round->news.over = round->over;
}

static bool tell(struct roll_keeper *keeper, const struct round *round, struct err *err)
{
    const struct line_news *news = &round->news;

    if (news->begun_count + news->over_count == 0)
        return true;
    if (!line_session_tell(keeper->directory, keeper->process, news, err)) {
        keeper->has_begun = err->kind != ERR_NOT_FOUND;
        return false;
    }
    for (size_t i = 0; i < news->begun_count; i++)
        g_hash_table_add(keeper->known, g_strdup(news->begun[i].session));
    for (size_t i = 0; i < news->over_count; i++)
        g_hash_table_remove(keeper->known, news->over[i]);
    return true;
}

static bool end_unwanted(struct roll_keeper *keeper, const void *arena, struct err *err)
{
    const char **ids;
    size_t count;

    if (g_hash_table_size(keeper->known) == 0)
        return true;
    if (!line_session_wanted_closed(keeper->directory, arena, keeper->process, &ids, &count, err))
        return false;
    session_server_end(keeper->sessions, ids, count);
    return true;
}

static bool go_round(struct roll_keeper *keeper, struct err *err)
{
    struct round round = { .arena = talloc_new(NULL), .now = g_hash_table_new(g_str_hash, g_str_equal) };
    bool done = be_known(keeper, err);

    if (done) {
        compare(keeper, &round);
        done = tell(keeper, &round, err) && end_unwanted(keeper, round.arena, err);
    }
    g_hash_table_destroy(round.now);
    talloc_free(round.arena);
    return done;
}

static void *work(void *argument)
{
    struct roll_keeper *keeper = argument;
    struct err err = ERR_INIT;

    while (!background_is_ending(&keeper->background)) {
        bool done = go_round(keeper, &err);
        if (!done)
            log_err(LOG_LEVEL_WARNING, "main.roll", &err);
        pthread_mutex_lock(&keeper->background.lock);
        background_rest(&keeper->background, done ? REST_S : REST_AFTER_TROUBLE_S);
        pthread_mutex_unlock(&keeper->background.lock);
    }
    if (keeper->has_begun && !line_process_end(keeper->directory, keeper->process, &err))
        log_err(LOG_LEVEL_WARNING, "main.roll", &err);
    return NULL;
}

bool roll_keeper_start(const void *owner, struct session_server *sessions, struct directory *directory,
                       const char *process, struct roll_keeper **keeper_out, struct err *err)
{
    struct roll_keeper *keeper = *keeper_out = keeper_new(owner);

    keeper->sessions = sessions;
    keeper->directory = directory;
    keeper->process = talloc_strdup(keeper, process);
    return background_start(&keeper->background, "roll", work, keeper, err);
}

void roll_keeper_stop(struct roll_keeper **keeper)
{
    if (!*keeper)
        return;
    background_end(&(*keeper)->background);
    g_hash_table_destroy((*keeper)->known);
    TALLOC_FREE(*keeper);
}
