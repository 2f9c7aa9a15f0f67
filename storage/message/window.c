#include "message/window.h"

#include "db/statement.h"
#include "message/zstd.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <talloc.h>

/* Who changes WAITING to READING reads; who changes it to GIVEN_UP says that nobody shall. */
enum window_state { WAITING, READING, GIVEN_UP };

struct window {
    atomic_int references; /* the user's, the helper's */
    atomic_int state;
    sem_t is_read; /* posted once, after READING */
    bool is_done;  /* the user has seen the end of the reading */
    struct err err;
    struct group *group;
    size_t count;
    int64_t ids[WINDOW_MESSAGES];
    struct ahead ahead[WINDOW_MESSAGES];
    void *rows_arena;
};

struct window *window_new(struct group *group, const int64_t *message_ids, size_t count)
{
    struct window *window = calloc(1, sizeof *window);

    if (!window)
        abort();
    atomic_init(&window->references, 1);
    atomic_init(&window->state, WAITING);
    sem_init(&window->is_read, 0, 0);
    window->group = group;
    window->count = count;
    memcpy(window->ids, message_ids, count * sizeof *message_ids);
    return window;
}

static void release(struct window *window)
{
    if (atomic_fetch_sub(&window->references, 1) != 1)
        return;
    for (size_t i = 0; i < window->count; i++)
        if (window->ahead[i].is_cached)
            piece_cache_release(&window->ahead[i].cached);
    talloc_free(window->rows_arena);
    sem_destroy(&window->is_read);
    free(window);
}

/* A piece 0 that is shorter than a piece may be is the whole message. */
static bool take_from_cache(struct window *window, size_t i)
{
    struct ahead *ahead = &window->ahead[i];
    size_t length;

    if (!piece_cache_get((struct cache_key){ group_id(window->group), window->ids[i], 0 }, &ahead->cached))
        return false;
    if (!zstd_raw_length(ahead->cached.data, ahead->cached.codec, MESSAGE_CHUNK_BYTES - 1, &length)) {
        piece_cache_release(&ahead->cached);
        return false;
    }
    ahead->is_there = ahead->is_cached = true;
    ahead->codec = ahead->cached.codec;
    ahead->data = ahead->cached.data;
    return true;
}

static const char READ_BODIES[] =
    "SELECT m.message_id, m.chunks, b.codec, b.data"
    "  FROM message m LEFT JOIN body b ON b.message_id = m.message_id AND b.chunk = 0 AND m.chunks = 1"
    " WHERE m.message_id = ANY($1)";

static void take_row(struct window *window, const struct db_row *row)
{
    int64_t message_id = db_get_i64(row, 0);
    struct ahead found = { .is_there = true,
                           .is_large = db_get_i32(row, 1) > 1,
                           .codec = (int16_t)db_get_i32(row, 2),
                           .data = db_get_bytes(row, 3) };

    if (!found.is_large && found.data.p)
        piece_cache_put((struct cache_key){ group_id(window->group), message_id, 0 }, found.codec,
                        found.data);
    for (size_t i = 0; i < window->count; i++)
        if (window->ids[i] == message_id && !window->ahead[i].is_cached)
            window->ahead[i] = found;
}

static bool read_rows(struct window *window, const int64_t *missing, size_t missed, struct err *err)
{
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    window->rows_arena = talloc_new(NULL);
    if (!group_acquire(window->group, DB_INTERACTIVE, &db, err))
        return false;
    bool done =
        db_query(db, window->rows_arena, READ_BODIES, DB_ARGS(db_i64_array(missing, missed)), &rows, err);
    db_release(&db);
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++)
        take_row(window, &row);
    return done;
}

static void read_now(struct window *window)
{
    int64_t missing[WINDOW_MESSAGES];
    size_t missed = 0;

    for (size_t i = 0; i < window->count; i++)
        if (!take_from_cache(window, i))
            missing[missed++] = window->ids[i];
    if (missed == 0 || read_rows(window, missing, missed, &window->err))
        window->err = ERR_INIT;
    sem_post(&window->is_read);
}

static bool begin(struct window *window, enum window_state to)
{
    int expected = WAITING;
    return atomic_compare_exchange_strong(&window->state, &expected, to);
}

static void help(void *argument)
{
    struct window *window = argument;

    if (begin(window, READING))
        read_now(window);
    release(window);
}

void window_start(struct window *window, message_beside *beside, void *context)
{
    atomic_fetch_add(&window->references, 1);
    beside(context, help, window);
}

bool window_wait(struct window *window, struct err *err)
{
    if (!window->is_done && begin(window, READING))
        read_now(window);
    while (!window->is_done)
        window->is_done = sem_wait(&window->is_read) == 0 || errno != EINTR;
    *err = window->err;
    return err->kind == ERR_NONE;
}

const struct ahead *window_at(const struct window *window, size_t i)
{
    return &window->ahead[i];
}

size_t window_count(const struct window *window)
{
    return window->count;
}

void window_drop(struct window **window)
{
    if (*window) {
        (void)begin(*window, GIVEN_UP);
        release(*window);
    }
    *window = NULL;
}
