/* role_mailbox.c -- IMAP, POP3 and ManageSieve. */
#include "base/clock.h"
#include "chappe_version.h"
#include "imap/imap.h"
#include "jmap/finder.h"
#include "learn/box.h"
#include "main/role.h"
#include "main/storage.h"
#include "managesieve/managesieve.h"
#include "pop3/pop3.h"

#include <talloc.h>

struct mailbox_role {
    struct imap_context imap;
    struct pop3_context pop3;
    struct managesieve_context managesieve;
    struct lesson_box *lessons;
    struct jmap_finder *finder; /* what search folders show */
};

/* For sessions that begin with these settings. */
static struct mailbox_role *make(const struct role *role, const struct config *config,
                                 struct lesson_box *lessons, struct jmap_finder *finder)
{
    struct mailbox_role *own = talloc_zero(role->arena, struct mailbox_role);
    const struct storage_parts *parts = storage_parts(role->storage);

    own->lessons = lessons;
    own->finder = finder;
    atomic_store(&finder->search_time_us, config->search_time_s * US_PER_S);
    own->imap = (struct imap_context){ .cache = parts->cache,
                                       .groups = parts->groups,
                                       .bus = parts->wake,
                                       .deliver = parts->deliver,
                                       .auth = parts->auth,
                                       .directory = parts->directory,
                                       .fetched = parts->fetched,
                                       .lessons = lessons,
                                       .spool_directory = config_path(role->arena, config, "spool"),
                                       .append_limit_bytes = config->max_message_size,
                                       .search_time_us = config->search_time_s * US_PER_S,
                                       .version = CHAPPE_VERSION };
    own->pop3 = (struct pop3_context){
        .cache = parts->cache, .groups = parts->groups, .auth = parts->auth, .fetched = parts->fetched
    };
    own->managesieve = (struct managesieve_context){ .groups = parts->groups,
                                                     .auth = parts->auth,
                                                     .script_bytes = config->max_script_size,
                                                     .version = CHAPPE_VERSION };
    return own;
}

bool role_mailbox_start(struct role *role, struct err *err)
{
    struct mailbox_role *own;
    struct lesson_box *lessons;
    struct jmap_finder *finder;

    if (!role_sessions_start(role, err) ||
        !lesson_box_open(role->arena, storage_parts(role->storage)->directory, &lessons, err))
        return false;
    finder = talloc_zero(role->arena, struct jmap_finder);
    search_folder_use(storage_parts(role->storage)->cache, jmap_find_places, finder);
    role->own = own = make(role, role->config, lessons, finder);
    return role_listen(role, "imap", &imap_protocol, &own->imap, err) &&
           role_listen(role, "imaps", &imap_protocol, &own->imap, err) &&
           role_listen(role, "pop3", &pop3_protocol, &own->pop3, err) &&
           role_listen(role, "pop3s", &pop3_protocol, &own->pop3, err) &&
           role_listen(role, "managesieve", &managesieve_protocol, &own->managesieve, err);
}

bool role_mailbox_reload(struct role *role, const struct config *config, struct err *err)
{
    struct mailbox_role *old = role->own, *fresh;

    if (!role_sessions_reload(role, config, err))
        return false;
    role->own = fresh = make(role, config, old->lessons, old->finder);
    role_replace_context(role, &old->imap, &fresh->imap);
    role_replace_context(role, &old->pop3, &fresh->pop3);
    role_replace_context(role, &old->managesieve, &fresh->managesieve);
    return true;
}

void role_mailbox_stop(struct role *role)
{
    struct mailbox_role *own = role->own;

    role_sessions_stop(role);
    if (own)
        lesson_box_close(&own->lessons);
}
