/* settle.c -- see settle.h. */
#include "jmap/settle.h"

#include "base/clock.h"
#include "base/log.h"
#include "directory/tracing.h"
#include "group/group.h"
#include "mailbox/submission.h"
#include "queue/known.h"

#include <jansson.h>
#include <talloc.h>

enum { SETTLED_A_TURN = 100 };

enum fate { FATE_UNKNOWN, FATE_TAKEN, FATE_WAITS };

struct settling {
    void *arena;
    struct directory *directory;
    struct groups *groups;
};

/* Events that only a message has that was taken. */
static bool tells_of_taking(struct span events)
{
    static const char *const names[] = {
        "queued", "filed", "quarantined", "delivered", "relayed", "expanded"
    };
    json_t *list = json_loadb(events.p, span_length(events), 0, NULL), *event;
    bool found = false;
    size_t i;

    json_array_foreach(list, i, event)
    {
        const char *name = json_string_value(json_object_get(event, "event"));
        for (size_t n = 0; name && n < COUNT_OF(names); n++)
            found = found || strcmp(names[n], name) == 0;
    }
    json_decref(list);
    return found;
}

static bool tell_of_taking(const struct trace_found *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].id, name) == 0 && tells_of_taking(rows[i].events))
            return true;
    return false;
}

static bool ask_directory(const struct settling *s, const char *name, bool *is_there_out, struct err *err)
{
    const struct actor actor = { .name = "local:housekeeping" };
    struct trace_found *rows;
    size_t count;

    if (!tracing_load(s->directory, &actor, s->arena, &name, 1, 0, &rows, &count, err))
        return false;
    *is_there_out = tell_of_taking(rows, count, name);
    return true;
}

static bool ask_group(const struct settling *s, int64_t group_id, const char *name, bool *is_there_out,
                      struct err *err)
{
    struct trace_found *rows;
    struct group *group;
    struct db *db;
    size_t count;

    if (!group_find(s->groups, group_id, &group, err) || !group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = trace_load(db, s->arena, &name, 1, 0, &rows, &count, err);
    db_release(&db);
    if (done)
        *is_there_out = tell_of_taking(rows, count, name);
    return done;
}

/* The queue first: what leaves it meanwhile is in a trace by then. */
static bool find_fate(const struct settling *s, const char *name, enum fate *fate_out, struct err *err)
{
    size_t count;
    int64_t *ids = groups_ids(s->groups, s->arena, &count);
    bool is_there = false;

    *fate_out = FATE_WAITS;
    if (!queue_knows(directory_pool(s->directory, DIRECTORY_LOOKS_UP), name, &is_there, err) || is_there)
        return is_there;
    *fate_out = FATE_TAKEN;
    if (!ask_directory(s, name, &is_there, err))
        return false;
    for (size_t i = 0; i < count && !is_there; i++)
        if (!ask_group(s, ids[i], name, &is_there, err))
            return false;
    if (!is_there)
        *fate_out = FATE_UNKNOWN;
    return true;
}

static bool write_down(struct mailbox_cache *cache, struct group *group, struct submission *row,
                       enum fate fate, struct err *err)
{
    bool waits = fate == FATE_WAITS && row->send_at_us > clock_now_us();
    struct mailbox *mailbox;

    log_event(LOG_LEVEL_INFO, "jmap.submission.settled", log_text("id", row->name),
              log_text("taken", fate == FATE_UNKNOWN ? "no" : "yes"));
    row->asked_us = 0;
    row->is_removed = fate == FATE_UNKNOWN;
    row->status = waits ? "pending" : "final";
    if (!waits && row->send_at_us > clock_now_us())
        row->send_at_us = clock_now_us();
    if (!mailbox_open(cache, group, row->mailbox_id, &mailbox, err))
        return err->kind == ERR_NOT_FOUND;
    bool done = submission_set(mailbox, row, err) || err->kind == ERR_NOT_FOUND;
    mailbox_close(&mailbox);
    return done;
}

bool jmap_settle(struct directory *directory, struct groups *groups, struct mailbox_cache *cache,
                 struct group *group, bool *is_done_out, struct err *err)
{
    struct settling s = { .arena = talloc_new(NULL), .directory = directory, .groups = groups };
    int64_t now_us = clock_now_us();
    struct submission *list;
    size_t count = 0;
    bool done = submissions_open(group, s.arena, now_us - SETTLE_LOOK_S * US_PER_S, SETTLED_A_TURN, &list,
                                 &count, err);

    *is_done_out = count < SETTLED_A_TURN;
    for (size_t i = 0; done && i < count; i++) {
        enum fate fate;
        done = find_fate(&s, list[i].name, &fate, err);
        if (done && (fate != FATE_UNKNOWN || list[i].asked_us < now_us - SETTLE_GIVE_UP_S * US_PER_S))
            done = write_down(cache, group, &list[i], fate, err);
        else
            *is_done_out = true; /* what waits for its time is not asked about all the time */
    }
    talloc_free(s.arena);
    return done;
}
