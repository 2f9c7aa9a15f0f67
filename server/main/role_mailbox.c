/* role_mailbox.c -- IMAP and POP3. */
#include "main/role.h"

bool role_mailbox_start(struct role *role, struct err *err)
{
    return role_sessions_start(role, err);
}
