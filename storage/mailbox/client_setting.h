/*
 * client_setting.h -- what a mail program keeps for its user on the server: JSON of its own, not read here.
 *
 * Threads  any.
 */
#ifndef MAILBOX_CLIENT_SETTING_H
#define MAILBOX_CLIENT_SETTING_H

#include "group/group.h"

enum { CLIENT_SETTING_BYTES_MAX = 64 * 1024 };

/* "{}" where nothing was kept yet; under `owner`. ERR_BUSY. */
MUST_CHECK bool client_setting_get(struct group *group, int64_t mailbox_id, const void *owner,
                                   const char **content_out, struct err *err);
/* In place of what was there. ERR_LIMIT: more than CLIENT_SETTING_BYTES_MAX; ERR_NOT_FOUND: no such mailbox; ERR_BUSY,
 * ERR_UNKNOWN. */
MUST_CHECK bool client_setting_put(struct group *group, int64_t mailbox_id, const char *content,
                                   struct err *err);

#endif
