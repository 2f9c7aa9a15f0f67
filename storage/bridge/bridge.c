#include "bridge/bridge.h"

#include "base/background.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "bridge/wire.h"
#include "db/pool.h"
#include "directory/directory.h"
#include "directory/server.h"
#include "group/group.h"

#include <fcntl.h>
#include <sys/file.h>
#include <talloc.h>
#include <unistd.h>

/* A session that waits for mail is told of the first change at once, and of those in its wake forty times a second at most; a motor
 * elsewhere has little to do with what ours takes itself. */
enum { LOOK_S = 2, GROUP_GATHER_MS = 25, DIRECTORY_GATHER_MS = 200 };

struct bridge {
    struct bridge_options options;
    uint64_t sender;
    int lock_fd; /* -1: another process of this machine does it */
    struct background background;
    pthread_mutex_t lock; /* of the list, which only the thread changes */
    struct wire **wires;
    size_t count;
};

METRIC_GAUGE(wires_open, "chappe_bridge_databases",
             "Databases over which this process speaks with other machines")

/* ---- from the bus */

/* With the lock: its place in the list; the number of wires where there is none. */
static size_t place_of(const struct bridge *bridge, int64_t group_id)
{
    size_t place = 0;

    while (place < bridge->count && wire_group_id(bridge->wires[place]) != group_id)
        place++;
    return place;
}

static void hear(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    struct bridge *bridge = argument;

    pthread_mutex_lock(&bridge->lock);
    size_t place = place_of(bridge, group_id);
    if (group_id == WAKE_ANY_GROUP)
        for (size_t i = 0; i < bridge->count; i++)
            wire_note(bridge->wires[i], WAKE_ANY_MAILBOX, 0);
    else if (place < bridge->count)
        wire_note(bridge->wires[place], mailbox_id, modseq);
    pthread_mutex_unlock(&bridge->lock);
}

/* ---- the wires */

static bool connect_to(void *argument, int64_t group_id, struct db **db_out, struct err *err)
{
    const struct bridge *bridge = argument;
    struct group *group;

    if (group_id == DIRECTORY_WAKE_GROUP)
        return db_open_dedicated(directory_pool(bridge->options.directory, DIRECTORY_LOOKS_UP),
                                 DB_INTERACTIVE, db_out, err);
    return group_find(bridge->options.groups, group_id, &group, err) &&
           group_open_dedicated(group, DB_INTERACTIVE, db_out, err);
}

static void add(struct bridge *bridge, int64_t group_id)
{
    const struct wire_options options = { .group_id = group_id,
                                          .wake = bridge->options.wake,
                                          .sender = bridge->sender,
                                          .gather_ms = group_id == DIRECTORY_WAKE_GROUP ? DIRECTORY_GATHER_MS
                                                                                        : GROUP_GATHER_MS,
                                          .connect = connect_to,
                                          .argument = bridge };
    struct wire *wire;
    struct err err = ERR_INIT;

    if (!wire_start(&options, &wire, &err)) {
        log_err(LOG_LEVEL_WARNING, "bridge.start", &err);
        return;
    }
    pthread_mutex_lock(&bridge->lock);
    bridge->wires = talloc_realloc(bridge, bridge->wires, struct wire *, (unsigned)bridge->count + 1);
    bridge->wires[bridge->count++] = wire;
    pthread_mutex_unlock(&bridge->lock);
}

static void take_away(struct bridge *bridge, size_t place)
{
    pthread_mutex_lock(&bridge->lock);
    struct wire *wire = bridge->wires[place];
    bridge->wires[place] = bridge->wires[--bridge->count];
    pthread_mutex_unlock(&bridge->lock);
    wire_stop(&wire);
}

static bool is_among(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Those of these groups, and no others. */
static void have_wires(struct bridge *bridge, const int64_t *ids, size_t count)
{
    bool had_some = bridge->count > 0;

    for (size_t place = bridge->count; place-- > 0;)
        if (!is_among(ids, count, wire_group_id(bridge->wires[place])))
            take_away(bridge, place);
    for (size_t i = 0; i < count; i++)
        if (place_of(bridge, ids[i]) == bridge->count)
            add(bridge, ids[i]);
    if (had_some != (bridge->count > 0))
        wake_tap(bridge->options.wake, bridge->count ? hear : NULL, bridge);
    metric_set(&wires_open, (int64_t)bridge->count);
}

/* ---- whether, and who */

static bool take_lock(struct bridge *bridge)
{
    if (bridge->lock_fd >= 0)
        return true;
    bridge->lock_fd = open(bridge->options.lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (bridge->lock_fd >= 0 && flock(bridge->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (bridge->lock_fd >= 0)
        close(bridge->lock_fd);
    bridge->lock_fd = -1;
    return false;
}

/* While the directory cannot be asked, all stays as it is. */
static void look(struct bridge *bridge)
{
    void *arena = talloc_new(NULL);
    struct server *servers;
    size_t server_count, count = 0;
    int64_t *ids;
    struct err err = ERR_INIT;

    if (server_list(bridge->options.directory, arena, &servers, &server_count, &err)) {
        ids = groups_ids(bridge->options.groups, arena, &count);
        ids = talloc_realloc(arena, ids, int64_t, (unsigned)count + 1);
        ids[count] = DIRECTORY_WAKE_GROUP;
        have_wires(bridge, ids, server_count > 1 ? count + 1 : 0);
    }
    talloc_free(arena);
}

static void *run(void *argument)
{
    struct bridge *bridge = argument;

    while (!background_is_ending(&bridge->background)) {
        if (take_lock(bridge))
            look(bridge);
        pthread_mutex_lock(&bridge->background.lock);
        background_rest(&bridge->background, LOOK_S);
        pthread_mutex_unlock(&bridge->background.lock);
    }
    have_wires(bridge, NULL, 0);
    return NULL;
}

/* ---- life */

static void dispose(struct bridge *bridge)
{
    background_end(&bridge->background);
    if (bridge->lock_fd >= 0)
        close(bridge->lock_fd);
    pthread_mutex_destroy(&bridge->lock);
    talloc_free(bridge);
}

bool bridge_start(const struct bridge_options *options, struct bridge **bridge_out, struct err *err)
{
    struct bridge *bridge = talloc_zero(NULL, struct bridge);

    bridge->options = *options;
    bridge->options.lock_path = talloc_strdup(bridge, options->lock_path);
    bridge->lock_fd = -1;
    random_bytes(&bridge->sender, sizeof bridge->sender);
    pthread_mutex_init(&bridge->lock, NULL);
    if (!background_start(&bridge->background, "bridge", run, bridge, err)) {
        dispose(bridge);
        return false;
    }
    *bridge_out = bridge;
    return true;
}

void bridge_stop(struct bridge **handle)
{
    struct bridge *bridge = *handle;

    *handle = NULL;
    if (bridge)
        dispose(bridge);
}
