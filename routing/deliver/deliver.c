/* deliver.c -- opening and closing the door, and the committer of each storage group. */
#include "deliver/deliver.h"

#include "deliver/committers.h"
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

void deliver_close(struct deliver **deliver)
{
    if (!*deliver)
        return;
    for (size_t i = 0; i < (*deliver)->count; i++)
        committer_stop(&(*deliver)->list[i].committer);
    pthread_mutex_destroy(&(*deliver)->mutex);
    TALLOC_FREE(*deliver);
}

static bool add_committer(struct deliver *deliver, struct group *group, struct committer **committer_out,
                          struct err *err)
{
    const struct committer_options options = { .group = group,
                                               .wake = deliver->options.wake,
                                               .threads = deliver->options.committers,
                                               .queue_limit = deliver->options.queue_limit };

    if (!committer_start(deliver, &options, committer_out, err))
        return false;
    deliver->list = talloc_realloc(deliver, deliver->list, struct committer_of, (unsigned)deliver->count + 1);
    deliver->list[deliver->count++] = (struct committer_of){ group, *committer_out };
    return true;
}

bool committers_find(struct deliver *deliver, struct group *group, struct committer **committer_out,
                     struct err *err)
{
    bool found = false;

    pthread_mutex_lock(&deliver->mutex);
    for (size_t i = 0; i < deliver->count && !found; i++) {
        found = deliver->list[i].group == group;
        *committer_out = deliver->list[i].committer;
    }
    found = found || add_committer(deliver, group, committer_out, err);
    pthread_mutex_unlock(&deliver->mutex);
    return found;
}
