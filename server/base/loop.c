#include "base/loop.h"

#include "base/thread.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct posted {
    reactor_function *function;
    void *argument;
    struct posted *next;
};

struct reactor {
    struct event_base *base;
    int wake_fd;
    struct event wake;
    pthread_mutex_t lock; /* over first and last */
    struct posted *first, **last;
    pthread_t thread;
    bool has_thread;
    _Atomic(pthread_t) running; /* who is inside reactor_run */
};

struct watch {
    struct event event;
    watch_callback *callback;
    void *argument;
};

struct timer {
    struct event event;
    reactor_function *callback;
    void *argument;
};

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        abort();
    return p;
}

static void run_posted(evutil_socket_t fd, short what UNUSED, void *argument)
{
    struct reactor *reactor = argument;
    uint64_t count;
    struct posted *list, *next;

    if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return;
    pthread_mutex_lock(&reactor->lock);
    list = reactor->first;
    reactor->first = NULL;
    reactor->last = &reactor->first;
    pthread_mutex_unlock(&reactor->lock);
    for (; list; list = next) {
        next = list->next;
        list->function(list->argument);
        free(list);
    }
}

bool reactor_new(struct reactor **reactor_out, struct err *err)
{
    struct event_config *config = event_config_new();
    struct reactor *reactor = allocate(sizeof(*reactor));

    /* Only the reactor's thread touches its base: no locks. Changes go to epoll at once: a descriptor is
     * closed right after its watch, and its number may be somebody else's before the next wait. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_require_features(config, EV_FEATURE_ET);
    reactor->base = event_base_new_with_config(config);
    event_config_free(config);
    reactor->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!reactor->base || reactor->wake_fd < 0) {
        err_errno(err, "event base");
        if (reactor->base)
            event_base_free(reactor->base);
        free(reactor);
        return false;
    }
    pthread_mutex_init(&reactor->lock, NULL);
    reactor->last = &reactor->first;
    event_assign(&reactor->wake, reactor->base, reactor->wake_fd, EV_READ | EV_PERSIST, run_posted, reactor);
    event_add(&reactor->wake, NULL);
    *reactor_out = reactor;
    return true;
}

void reactor_run(struct reactor *reactor)
{
    atomic_store(&reactor->running, pthread_self());
    event_base_loop(reactor->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void *thread_main(void *argument)
{
    reactor_run(argument);
    return NULL;
}

bool reactor_start(struct reactor *reactor, const char *name, struct err *err)
{
    reactor->has_thread = thread_start(name, 0, thread_main, reactor, &reactor->thread, err);
    return reactor->has_thread;
}

static void leave_loop(void *argument)
{
    struct reactor *reactor = argument;
    event_base_loopbreak(reactor->base);
}

void reactor_end(struct reactor *reactor)
{
    reactor_post(reactor, leave_loop, reactor);
}

void reactor_stop(struct reactor *reactor)
{
    if (!reactor->has_thread)
        return;
    reactor_end(reactor);
    pthread_join(reactor->thread, NULL);
    reactor->has_thread = false;
}

void reactor_free(struct reactor **reactor)
{
    struct reactor *r = *reactor;
    struct posted *posted;

    *reactor = NULL;
    if (!r)
        return;
    reactor_stop(r);
    while ((posted = r->first)) {
        r->first = posted->next;
        free(posted);
    }
    event_del(&r->wake);
    event_base_free(r->base);
    close(r->wake_fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void reactor_post(struct reactor *reactor, reactor_function *function, void *argument)
{
    static const uint64_t one = 1;
    struct posted *posted = allocate(sizeof(*posted));
    bool was_empty;

    *posted = (struct posted){ .function = function, .argument = argument };
    pthread_mutex_lock(&reactor->lock);
    was_empty = !reactor->first;
    *reactor->last = posted;
    reactor->last = &posted->next;
    pthread_mutex_unlock(&reactor->lock);
    /* The counter of an eventfd cannot overflow here: one addition per emptied list. */
    if (was_empty && write(reactor->wake_fd, &one, sizeof(one)) < 0)
        abort();
}

bool reactor_is_current(const struct reactor *reactor)
{
    return pthread_equal(atomic_load(&reactor->running), pthread_self());
}

static void watch_fired(evutil_socket_t fd UNUSED, short what, void *argument)
{
    struct watch *watch = argument;
    unsigned ready = (what & EV_READ ? WATCH_READ : 0u) | (what & EV_WRITE ? WATCH_WRITE : 0u);

    watch->callback(watch->argument, ready);
}

static struct watch *watch_add(struct reactor *reactor, int fd, short what, watch_callback *callback,
                               void *argument)
{
    struct watch *watch = allocate(sizeof(*watch));

    watch->callback = callback;
    watch->argument = argument;
    event_assign(&watch->event, reactor->base, fd, what, watch_fired, watch);
    event_add(&watch->event, NULL);
    return watch;
}

struct watch *watch_new(struct reactor *reactor, int fd, watch_callback *callback, void *argument)
{
    return watch_add(reactor, fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST, callback, argument);
}

struct watch *watch_new_accept(struct reactor *reactor, int fd, watch_callback *callback, void *argument)
{
    return watch_add(reactor, fd, EV_READ | EV_PERSIST, callback, argument);
}

void watch_free(struct watch **watch)
{
    if (*watch)
        event_del(&(*watch)->event);
    free(*watch);
    *watch = NULL;
}

static void timer_fired(evutil_socket_t fd UNUSED, short what UNUSED, void *argument)
{
    struct timer *timer = argument;
    timer->callback(timer->argument);
}

struct timer *timer_new(struct reactor *reactor, reactor_function *callback, void *argument)
{
    struct timer *timer = allocate(sizeof(*timer));

    timer->callback = callback;
    timer->argument = argument;
    event_assign(&timer->event, reactor->base, -1, 0, timer_fired, timer);
    return timer;
}

void timer_arm(struct timer *timer, int64_t ms)
{
    struct timeval after = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    event_add(&timer->event, &after);
}

void timer_cancel(struct timer *timer)
{
    event_del(&timer->event);
}

void timer_free(struct timer **timer)
{
    if (*timer)
        event_del(&(*timer)->event);
    free(*timer);
    *timer = NULL;
}
