/* push.c -- see push.h. */
#include "jmap/push.h"

#include "base/background.h"
#include "base/clock.h"
#include "jmap/crowd.h"
#include "jmap/listen.h"
#include "jmap/pages.h"
#include "jmap/stay.h"

#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum { PING_LEAST_S = 5, PING_MOST_S = 300, PING_QUIET_S = 60 };

struct jmap_push {
    struct wake_bus *bus;
    struct background background; /* its lock guards the list */
    GQueue streams;
};

struct events {
    struct jmap *jmap;
    struct http_waker *waker;
    GList link;
    struct jmap_client client;
    struct jmap_stay *stay;
    const char *types; /* "*", or names separated by commas */
    bool closes_after_state;
    bool was_told;
    unsigned ping_s;
    bool wants_pings;
    int64_t said_us, woken_us; /* monotonic */
    struct listener *listener;
};

/* ---- the ticker: who has been silent for long says something, so that it is seen whether anybody listens */

static void tick(struct events *events, int64_t now_us)
{
    if (now_us - events->said_us < events->ping_s * US_PER_S &&
        now_us - events->woken_us < STAY_CHECK_S * US_PER_S)
        return;
    events->woken_us = now_us;
    http_waker_wake(events->waker);
}

static void *run(void *argument)
{
    struct jmap_push *push = argument;

    while (!background_is_ending(&push->background)) {
        pthread_mutex_lock(&push->background.lock);
        background_rest(&push->background, 1);
        for (GList *at = push->streams.head; at; at = at->next)
            tick(at->data, clock_monotonic_us());
        pthread_mutex_unlock(&push->background.lock);
    }
    return NULL;
}

bool jmap_push_open(const void *owner, struct wake_bus *bus, struct jmap_push **push_out, struct err *err)
{
    struct jmap_push *push = talloc_zero(owner, struct jmap_push);

    push->bus = bus;
    g_queue_init(&push->streams);
    *push_out = push;
    return background_start(&push->background, "jmap-push", run, push, err);
}

void jmap_push_close(struct jmap_push **push)
{
    if (!*push)
        return;
    background_end(&(*push)->background);
    talloc_free(*push);
    *push = NULL;
}

/* ---- what a stream says */

static void say_state(struct events *events, json_t *changed, struct buf *out)
{
    json_t *change = jmap_state_change(changed);
    char *text = json_dumps(change, JSON_COMPACT);

    jmap_listen_told(events->listener);
    buf_add_format(out,
                   "event: state\nid: %llu\ndata: ", (unsigned long long)jmap_listen_state(events->listener));
    buf_add_text(out, text);
    buf_add_text(out, "\n\n");
    free(text);
    json_decref(change);
}

static void say_ping(const struct events *events, struct buf *out)
{
    if (events->wants_pings)
        buf_add_format(out, "event: ping\ndata: {\"interval\":%u}\n\n", events->ping_s);
    else
        buf_add_text(out, ": still here\n\n");
}

static bool next(void *state, struct buf *out)
{
    struct events *events = state;
    int64_t now_us = clock_monotonic_us();
    json_t *changed;

    if ((events->closes_after_state && events->was_told) || !jmap_stay_may_go_on(events->stay))
        return false;
    changed = jmap_listen_changes(events->listener, events->types);
    if (changed) {
        say_state(events, changed, out);
        events->was_told = true;
    } else if (now_us - events->said_us >= events->ping_s * US_PER_S) {
        say_ping(events, out);
    }
    if (out->length)
        events->said_us = now_us;
    return true;
}

/* ---- its life */

static void wake(void *argument)
{
    http_waker_wake(((struct events *)argument)->waker);
}

static void release(void *state)
{
    struct events *events = state;
    struct jmap_push *push = events->jmap->push;

    pthread_mutex_lock(&push->background.lock);
    g_queue_unlink(&push->streams, &events->link);
    pthread_mutex_unlock(&push->background.lock);
    jmap_stay_end(&events->stay);
    jmap_listen_end(&events->listener);
    jmap_crowd_leave(events->jmap->crowd, events->client, CROWD_STREAMS);
    talloc_free(events);
}

static unsigned number_of(const char *text, unsigned least, unsigned most, unsigned standard)
{
    unsigned long number = text ? strtoul(text, NULL, 10) : 0;

    return number == 0 ? standard : number < least ? least : number > most ? most : (unsigned)number;
}

static struct events *events_new(struct jmap_request *request, const struct http_request *http)
{
    struct events *events = talloc_zero(NULL, struct events);
    const char *close = http_query(http, "closeafter"), *wanted = http_query(http, "types");
    const char *ping = http_query(http, "ping");

    events->jmap = request->jmap;
    events->link.data = events;
    events->client = jmap_client_of(request->identity);
    events->types = talloc_strdup(events, wanted && *wanted ? wanted : "*");
    events->closes_after_state = close && strcmp(close, "state") == 0;
    events->wants_pings = ping && strtoul(ping, NULL, 10) > 0;
    events->ping_s = number_of(ping, PING_LEAST_S, PING_MOST_S, PING_QUIET_S);
    events->said_us = events->woken_us = clock_monotonic_us();
    return events;
}

void jmap_events(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    struct jmap_push *push = request->jmap->push;
    struct events *events = events_new(request, http);
    const char *last = http_header(http, "Last-Event-ID");
    struct err err = ERR_INIT;

    if (!jmap_crowd_enter(request->jmap->crowd, events->client, CROWD_STREAMS)) {
        talloc_free(events);
        jmap_send_problem(reply,
                          jmap_problem("limit", 429, "eventSources", "Too many event streams at once."));
        return;
    }
    if (!jmap_listen(request, &events->listener, &err)) {
        jmap_crowd_leave(request->jmap->crowd, events->client, CROWD_STREAMS);
        talloc_free(events);
        jmap_send_err(reply, &err);
        return;
    }
    if (last) /* who comes back and missed something hears of it at once */
        jmap_listen_from(events->listener, strtoull(last, NULL, 10));
    http_reply_type(reply, "text/event-stream");
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_header(reply, "X-Accel-Buffering", "no");
    events->waker = http_reply_push(reply, next, release, events);
    events->stay = jmap_stay_begin(request->jmap->stays, request->identity, wake, events);
    jmap_listen_wake(events->listener, push->bus, wake, events);
    pthread_mutex_lock(&push->background.lock);
    g_queue_push_tail_link(&push->streams, &events->link);
    pthread_mutex_unlock(&push->background.lock);
}
