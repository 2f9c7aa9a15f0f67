/*
 * privileges.h -- who the server runs as, and giving up to be root.
 *
 * Started by root, the supervisor turns into the configured user before it opens anything, and keeps one
 * capability, CAP_NET_BIND_SERVICE, where a port below 1024 is to be opened; the roles inherit both.
 */
#ifndef MAIN_PRIVILEGES_H
#define MAIN_PRIVILEGES_H

#include "main/config.h"

#include <sys/types.h>

struct account {
    char name[64];
    uid_t uid;
    gid_t gid;
};

/* As root the configured user; ERR_INVALID where it does not exist or is root. Otherwise ourselves. */
MUST_CHECK bool account_of_server(const struct config *config, struct account *account_out, struct err *err);

/* Turns into that account for good; nothing to do when we are it. `keeps_bind`: with CAP_NET_BIND_SERVICE, also over
 * execve. ERR_DENIED when we are neither root nor that account. */
MUST_CHECK bool privileges_drop(const struct account *account, bool keeps_bind, struct err *err);

/* As many open files as the machine allows us (at most 1,048,576): a session is one. */
void privileges_raise_limits(void);

#endif
