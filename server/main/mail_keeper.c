/* mail_keeper.c -- once an hour. Several machines may do it at once: what one has done, the other does not find. */
#include "main/mail_keeper.h"

#include "admin_api/api.h"
#include "base/background.h"
#include "base/log.h"
#include "main/storage.h"

#include <talloc.h>

enum { REST_S = 3600, FIRST_REST_S = 60 };

struct mail_keeper {
    struct background background;
    struct admin_api *api;
};

static bool goes_on(void *argument)
{
    struct mail_keeper *keeper = argument;

    return !background_is_ending(&keeper->background);
}

static void rest(struct mail_keeper *keeper, unsigned seconds)
{
    pthread_mutex_lock(&keeper->background.lock);
    background_rest(&keeper->background, seconds);
    pthread_mutex_unlock(&keeper->background.lock);
}

static void *work(void *argument)
{
    struct mail_keeper *keeper = argument;

    for (rest(keeper, FIRST_REST_S); goes_on(keeper); rest(keeper, REST_S)) {
        struct err err = ERR_INIT;
        if (!admin_api_keep_mail(keeper->api, goes_on, keeper, &err))
            log_err(LOG_LEVEL_WARNING, "main.retention", &err);
    }
    return NULL;
}

bool mail_keeper_start(const void *owner, struct storage *storage, struct mail_keeper **keeper_out,
                       struct err *err)
{
    const struct storage_parts *parts = storage_parts(storage);
    const struct admin_api_options options = { .directory = parts->directory,
                                               .groups = parts->groups,
                                               .cache = parts->cache,
                                               .deliver = parts->deliver };
    struct mail_keeper *keeper = *keeper_out = talloc_zero(owner, struct mail_keeper);

    keeper->api = admin_api_new(keeper, &options);
    return background_start(&keeper->background, "retention", work, keeper, err);
}

void mail_keeper_stop(struct mail_keeper **keeper)
{
    if (!*keeper)
        return;
    background_end(&(*keeper)->background);
    TALLOC_FREE(*keeper);
}
