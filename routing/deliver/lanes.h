/* lanes.h -- inside this room: the committers of each storage group, made when it is first delivered to. */
#ifndef DELIVER_LANES_H
#define DELIVER_LANES_H

#include "deliver/committer.h"

#include <pthread.h>

struct lanes {
    struct group *group;
    struct committer **committers;
};

struct deliver {
    struct deliver_options options;
    pthread_mutex_t mutex; /* of the list */
    struct lanes *lanes;
    size_t count;
};

/* The committer for this mailbox. */
MUST_CHECK bool lanes_find(struct deliver *deliver, struct group *group, int64_t mailbox_id,
                           struct committer **committer_out, struct err *err);

#endif
