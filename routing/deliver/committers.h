/* committers.h -- inside this room: the committer of each storage group, made when it is first delivered to. */
#ifndef DELIVER_COMMITTERS_H
#define DELIVER_COMMITTERS_H

#include "deliver/committer.h"

#include <pthread.h>

struct committer_of {
    struct group *group;
    struct committer *committer;
};

struct deliver {
    struct deliver_options options;
    pthread_mutex_t mutex; /* of the list */
    struct committer_of *list;
    size_t count;
};

/* The committer of a storage group, started when it is first asked for. ERR_BUSY where its threads cannot be started. Any thread; lives as long as `deliver`. */
MUST_CHECK bool committers_find(struct deliver *deliver, struct group *group,
                                struct committer **committer_out, struct err *err);

#endif
