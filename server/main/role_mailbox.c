/* role_mailbox.c -- IMAP, POP3 and ManageSieve. */
#include "chappe_version.h"
#include "imap/imap.h"
#include "main/role.h"
#include "main/storage.h"
#include "managesieve/managesieve.h"
#include "pop3/pop3.h"

#include <talloc.h>

struct mailbox_role {
    struct imap_context imap;
    struct pop3_context pop3;
    struct managesieve_context managesieve;
};

/* For sessions that begin with these settings. */
static struct mailbox_role *make(const struct role *role, const struct config *config)
{
    struct mailbox_role *own = talloc_zero(role->arena, struct mailbox_role);
    const struct storage_parts *parts = storage_parts(role->storage);

    own->imap = (struct imap_context){ .cache = parts->cache,
                                       .groups = parts->groups,
                                       .bus = parts->wake,
                                       .deliver = parts->deliver,
                                       .auth = parts->auth,
                                       .directory = parts->directory,
                                       .append_limit_bytes = config->max_message_size,
                                       .version = CHAPPE_VERSION };
    own->pop3 = (struct pop3_context){ .cache = parts->cache, .groups = parts->groups, .auth = parts->auth };
    own->managesieve = (struct managesieve_context){ .groups = parts->groups,
                                                     .auth = parts->auth,
                                                     .script_bytes = config->max_script_size,
                                                     .version = CHAPPE_VERSION };
    return own;
}

bool role_mailbox_start(struct role *role, struct err *err)
{
    struct mailbox_role *own;

    if (!role_sessions_start(role, err))
        return false;
    role->own = own = make(role, role->config);
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
    role->own = fresh = make(role, config);
    role_replace_context(role, &old->imap, &fresh->imap);
    role_replace_context(role, &old->pop3, &fresh->pop3);
    role_replace_context(role, &old->managesieve, &fresh->managesieve);
    return true;
}
