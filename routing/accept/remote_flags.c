/* remote_flags.c -- what the way to an address tells the queue. */
#include "accept/accept.h"

unsigned accept_remote_flags(const struct resolve_remote *remote)
{
    static const unsigned flags[RESOLVE_WHYS] = {
        [RESOLVE_WHY_BACKUP] = QUEUE_IS_BACKUP,
        [RESOLVE_WHY_RELAY] = QUEUE_IS_RELAY,
        [RESOLVE_WHY_LIST] = QUEUE_IS_POST,
    };

    return flags[remote->why];
}
