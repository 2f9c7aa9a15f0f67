#include "base/background.h"

#include "base/thread.h"

#include <time.h>

bool background_start(struct background *background, const char *name, void *(*run)(void *argument),
                      void *argument, struct err *err)
{
    pthread_condattr_t attributes;

    background->is_ending = false;
    pthread_mutex_init(&background->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&background->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    background->has_thread = thread_start(name, 0, run, argument, &background->thread, err);
    return background->has_thread;
}

bool background_is_ending(struct background *background)
{
    pthread_mutex_lock(&background->lock);
    bool is_ending = background->is_ending;
    pthread_mutex_unlock(&background->lock);
    return is_ending;
}

void background_rest(struct background *background, unsigned seconds)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    while (!background->is_ending &&
           pthread_cond_timedwait(&background->changed, &background->lock, &until) == 0)
        continue;
}

void background_end(struct background *background)
{
    if (background->has_thread) {
        pthread_mutex_lock(&background->lock);
        background->is_ending = true;
        pthread_cond_signal(&background->changed);
        pthread_mutex_unlock(&background->lock);
        pthread_join(background->thread, NULL);
    }
    pthread_cond_destroy(&background->changed);
    pthread_mutex_destroy(&background->lock);
}
