/* box.c -- a bounded list, and the thread that empties it. */
#include "learn/box.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

#include <pthread.h>
#include <string.h>
#include <talloc.h>

enum { AGAIN_S = 2 };

METRIC_COUNTER(noted, "chappe_lessons_noted_total", "Messages that users moved into Junk or out of it")
METRIC_COUNTER(dropped, "chappe_lessons_dropped_total", "Lessons for which there was no room")

struct lesson_box {
    struct directory *directory;
    struct background own; /* its lock guards all below */
    size_t count;
    struct lesson lessons[LESSON_BOX_MAX];
};

void lesson_box_note(struct lesson_box *box, const struct lesson *lessons, size_t count)
{
    size_t taken;

    if (!box || count == 0)
        return;
    pthread_mutex_lock(&box->own.lock);
    taken = LESSON_BOX_MAX - box->count < count ? LESSON_BOX_MAX - box->count : count;
    memcpy(box->lessons + box->count, lessons, taken * sizeof *lessons);
    box->count += taken;
    pthread_cond_signal(&box->own.changed);
    pthread_mutex_unlock(&box->own.lock);
    metric_add(&noted, (int64_t)taken);
    metric_add(&dropped, (int64_t)(count - taken));
}

static size_t take(struct lesson_box *box, struct lesson *out)
{
    size_t count = box->count;

    memcpy(out, box->lessons, count * sizeof *out);
    box->count = 0;
    return count;
}

/* What could not be written comes before what was dropped meanwhile, as far as there is room. */
static void put_back(struct lesson_box *box, const struct lesson *lessons, size_t count)
{
    size_t room = LESSON_BOX_MAX - box->count, kept = count < room ? count : room;

    memmove(box->lessons + kept, box->lessons, box->count * sizeof *lessons);
    memcpy(box->lessons, lessons, kept * sizeof *lessons);
    box->count += kept;
    metric_add(&dropped, (int64_t)(count - kept));
}

/* Under the lock, which is open while the database is asked. */
static bool write_down(struct lesson_box *box, struct lesson *scratch)
{
    size_t count = take(box, scratch);
    struct err err = ERR_INIT;
    bool ok;

    pthread_mutex_unlock(&box->own.lock);
    ok = lesson_put(box->directory, scratch, count, clock_now_us(), &err);
    if (!ok)
        log_err(LOG_LEVEL_WARNING, "learn.note", &err);
    pthread_mutex_lock(&box->own.lock);
    if (!ok && err.kind == ERR_BUSY)
        put_back(box, scratch, count);
    return ok;
}

static void *empty(void *argument)
{
    struct lesson_box *box = argument;
    struct lesson *scratch = talloc_array(NULL, struct lesson, LESSON_BOX_MAX);

    pthread_mutex_lock(&box->own.lock);
    while (!box->own.is_ending) {
        if (box->count == 0)
            pthread_cond_wait(&box->own.changed, &box->own.lock);
        else if (!write_down(box, scratch))
            background_rest(&box->own, AGAIN_S);
    }
    if (box->count > 0 && !write_down(box, scratch))
        metric_add(&dropped, (int64_t)box->count);
    pthread_mutex_unlock(&box->own.lock);
    talloc_free(scratch);
    return NULL;
}

bool lesson_box_open(const void *owner, struct directory *directory, struct lesson_box **box_out,
                     struct err *err)
{
    struct lesson_box *box = talloc_zero(owner, struct lesson_box);

    box->directory = directory;
    *box_out = box;
    if (!background_start(&box->own, "lessons", empty, box, err))
        lesson_box_close(box_out);
    return *box_out != NULL;
}

void lesson_box_close(struct lesson_box **handle)
{
    struct lesson_box *box = *handle;

    if (!box)
        return;
    background_end(&box->own);
    talloc_free(box);
    *handle = NULL;
}
