/* deliver.c -- opening and closing the door, and which committer a mailbox belongs to. */
#include "deliver/deliver.h"

#include "deliver/lanes.h"
#include "group/group.h"

#include <talloc.h>

enum { DEFAULT_COMMITTERS = 2, DEFAULT_QUEUE_LIMIT = 2000 };

bool deliver_open(const void *owner, const struct deliver_options *options, struct deliver **deliver_out,
                  struct err *err)
{
    struct deliver *deliver = talloc_zero(owner, struct deliver);

    (void)err;
    deliver->options = *options;
    if (deliver->options.committers == 0)
        deliver->options.committers = DEFAULT_COMMITTERS;
    if (deliver->options.queue_limit == 0)
        deliver->options.queue_limit = DEFAULT_QUEUE_LIMIT;
    pthread_mutex_init(&deliver->mutex, NULL);
    *deliver_out = deliver;
    return true;
}

bool deliver_has_room(struct deliver *deliver, struct err *err)
{
    return groups_have_room(deliver->options.groups, err);
}

static void stop_lanes(struct lanes *lanes, unsigned committers)
{
    for (unsigned i = 0; i < committers; i++)
        committer_stop(&lanes->committers[i]);
}

void deliver_close(struct deliver **deliver)
{
    if (!*deliver)
        return;
    for (size_t i = 0; i < (*deliver)->count; i++)
        stop_lanes(&(*deliver)->lanes[i], (*deliver)->options.committers);
    pthread_mutex_destroy(&(*deliver)->mutex);
    TALLOC_FREE(*deliver);
}

static bool start_lanes(struct deliver *deliver, struct group *group, struct lanes **lanes_out,
                        struct err *err)
{
    unsigned wanted = deliver->options.committers;
    struct lanes lanes = { .group = group,
                           .committers = talloc_zero_array(deliver, struct committer *, wanted) };

    for (unsigned i = 0; i < wanted; i++)
        if (!committer_start(lanes.committers, group, deliver->options.wake, deliver->options.queue_limit,
                             &lanes.committers[i], err)) {
            stop_lanes(&lanes, i);
            talloc_free(lanes.committers);
            return false;
        }
    deliver->lanes = talloc_realloc(deliver, deliver->lanes, struct lanes, (unsigned)deliver->count + 1);
    deliver->lanes[deliver->count] = lanes;
    *lanes_out = &deliver->lanes[deliver->count++];
    return true;
}

bool lanes_find(struct deliver *deliver, struct group *group, int64_t mailbox_id,
                struct committer **committer_out, struct err *err)
{
    uint64_t hash = (uint64_t)mailbox_id * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    struct lanes *lanes = NULL;

    pthread_mutex_lock(&deliver->mutex);
    for (size_t i = 0; i < deliver->count && !lanes; i++)
        if (deliver->lanes[i].group == group)
            lanes = &deliver->lanes[i];
    bool found = lanes || start_lanes(deliver, group, &lanes, err);
    if (found)
        *committer_out = lanes->committers[hash % deliver->options.committers];
    pthread_mutex_unlock(&deliver->mutex);
    return found;
}
