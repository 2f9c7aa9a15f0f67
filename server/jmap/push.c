/* push.c -- see push.h. */
#include "jmap/push.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/wake.h"
#include "jmap/account.h"
#include "jmap/crowd.h"
#include "jmap/pages.h"
#include "mailbox/items.h"

#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum { PING_LEAST_S = 5, PING_MOST_S = 300, PING_QUIET_S = 60, CHECK_S = 60, ACCOUNTS_MAX = 200 };

struct jmap_push {
    struct wake_bus *bus;
    struct background background; /* its lock guards the list */
    GQueue streams;
};

/* A mailbox that a stream listens to. */
struct listened {
    const char *account_id;
    struct mailbox *mailbox;
    struct wake_subscription *subscription;
    uint64_t told; /* modseq that the client knows */
    struct events *events;
};

struct events {
    struct jmap *jmap;
    struct http_waker *waker;
    GList link;
    int64_t recipient_id;
    struct identity identity; /* what auth_still_valid() looks at */
    const char *types;        /* "*", or names separated by commas */
    bool closes_after_state;
    bool was_told;
    unsigned ping_s;
    bool wants_pings;
    int64_t said_us, checked_us; /* monotonic */
    struct listened *listened;
    size_t count;
};

/* ---- the ticker: who has been silent for long says something, so that it is seen whether anybody listens */

static void tick(struct events *events, int64_t now_us)
{
    if (now_us - events->said_us < events->ping_s * US_PER_S &&
        now_us - events->checked_us < CHECK_S * US_PER_S)
        return;
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

static const char *const types[] = { "Email",           "Mailbox",          "Thread",      "Identity",
                                     "EmailSubmission", "VacationResponse", "SieveScript", "Quota" };

static bool is_named(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if ((strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) ||
            (*at == '*' && (at[1] == ',' || at[1] == '\0')))
            return true;
    return false;
}

static json_t *states_of(const struct events *events, uint64_t modseq)
{
    json_t *states = json_object();

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (is_named(events->types, types[i]))
            json_object_set_new(states, types[i], json_sprintf("%llu", (unsigned long long)modseq));
    return states;
}

/* The accounts that changed since they were told; NULL where none did. */
static json_t *changes_of(struct events *events)
{
    json_t *changed = NULL;

    for (size_t i = 0; i < events->count; i++) {
        struct listened *l = &events->listened[i];
        struct err err = ERR_INIT;
        uint64_t modseq;
        if (!mailbox_modseq(l->mailbox, &modseq, &err) || modseq == l->told)
            continue;
        l->told = modseq;
        changed = changed ? changed : json_object();
        json_object_set_new(changed, l->account_id, states_of(events, modseq));
    }
    return changed;
}

static void say_state(struct events *events, json_t *changed, struct buf *out)
{
    json_t *change = json_pack("{s:s, s:o}", "@type", "StateChange", "changed", changed);
    char *text = json_dumps(change, JSON_COMPACT);

    buf_add_format(out, "event: state\nid: %llu\ndata: ", (unsigned long long)events->listened[0].told);
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

/* A changed password, or a disabled account, ends it; trouble of ours does not. */
static bool still_may(struct events *events, int64_t now_us)
{
    struct err err = ERR_INIT;

    if (now_us - events->checked_us < CHECK_S * US_PER_S)
        return true;
    events->checked_us = now_us;
    return auth_still_valid(events->jmap->options.auth, &events->identity, &err) || err.kind != ERR_AUTH;
}

static bool next(void *state, struct buf *out)
{
    struct events *events = state;
    int64_t now_us = clock_monotonic_us();
    json_t *changed;

    if ((events->closes_after_state && events->was_told) || !still_may(events, now_us))
        return false;
    changed = changes_of(events);
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

static void on_wake(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    const struct listened *listened = argument;

    (void)group_id;
    (void)mailbox_id;
    (void)modseq;
    http_waker_wake(listened->events->waker);
}

static void release(void *state)
{
    struct events *events = state;
    struct jmap_push *push = events->jmap->push;

    pthread_mutex_lock(&push->background.lock);
    g_queue_unlink(&push->streams, &events->link);
    pthread_mutex_unlock(&push->background.lock);
    for (size_t i = 0; i < events->count; i++) {
        wake_unsubscribe(&events->listened[i].subscription);
        mailbox_close(&events->listened[i].mailbox);
    }
    jmap_crowd_leave(events->jmap->crowd, events->recipient_id, CROWD_STREAMS);
    talloc_free(events);
}

static bool listen_to(struct events *events, struct jmap_request *request, struct jmap_account *account,
                      struct err *err)
{
    struct listened *l = &events->listened[events->count];

    if (!jmap_account_open(request, account, err))
        return false;
    *l = (struct listened){ .account_id = talloc_strdup(events, account->id),
                            .mailbox = mailbox_ref(account->mailbox),
                            .events = events };
    if (!mailbox_modseq(l->mailbox, &l->told, err)) {
        mailbox_close(&l->mailbox);
        return false;
    }
    events->count++;
    return true;
}

static bool listen_to_all(struct events *events, struct jmap_request *request, struct err *err)
{
    if (!jmap_accounts(request, err))
        return false;
    events->listened = talloc_zero_array(events, struct listened, (unsigned)request->account_count + 1);
    for (size_t i = 0; i < request->account_count && i < ACCOUNTS_MAX; i++)
        if (!listen_to(events, request, request->accounts[i], err) && request->accounts[i]->is_own)
            return false;
    return events->count > 0 || err_set(err, ERR_NOT_FOUND, "There is nothing to listen to.");
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
    events->recipient_id = request->identity->recipient_id;
    events->identity = (struct identity){ .recipient_id = request->identity->recipient_id,
                                          .stamp = request->identity->stamp };
    events->types = talloc_strdup(events, wanted && *wanted ? wanted : "*");
    events->closes_after_state = close && strcmp(close, "state") == 0;
    events->wants_pings = ping && strtoul(ping, NULL, 10) > 0;
    events->ping_s = number_of(ping, PING_LEAST_S, PING_MOST_S, PING_QUIET_S);
    events->said_us = events->checked_us = clock_monotonic_us();
    return events;
}

static void give_up(struct events *events)
{
    for (size_t i = 0; i < events->count; i++)
        mailbox_close(&events->listened[i].mailbox);
    jmap_crowd_leave(events->jmap->crowd, events->recipient_id, CROWD_STREAMS);
    talloc_free(events);
}

/* A client that comes back and missed something hears of it at once. */
static void resume_from(struct events *events, const char *last_id)
{
    if (last_id)
        events->listened[0].told = strtoull(last_id, NULL, 10);
}

void jmap_events(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    struct jmap_push *push = request->jmap->push;
    struct events *events = events_new(request, http);
    struct err err = ERR_INIT;

    if (!jmap_crowd_enter(request->jmap->crowd, events->recipient_id, CROWD_STREAMS)) {
        talloc_free(events);
        jmap_send_problem(reply,
                          jmap_problem("limit", 429, "eventSources", "Too many event streams at once."));
        return;
    }
    if (!listen_to_all(events, request, &err)) {
        give_up(events);
        jmap_send_err(reply, &err);
        return;
    }
    resume_from(events, http_header(http, "Last-Event-ID"));
    http_reply_type(reply, "text/event-stream");
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_header(reply, "X-Accel-Buffering", "no");
    events->waker = http_reply_push(reply, next, release, events);
    for (size_t i = 0; push->bus && i < events->count; i++)
        events->listened[i].subscription =
            wake_subscribe(push->bus, group_id(mailbox_group(events->listened[i].mailbox)),
                           mailbox_id(events->listened[i].mailbox), on_wake, &events->listened[i]);
    pthread_mutex_lock(&push->background.lock);
    g_queue_push_tail_link(&push->streams, &events->link);
    pthread_mutex_unlock(&push->background.lock);
}
