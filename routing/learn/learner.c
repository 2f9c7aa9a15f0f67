/* learner.c -- one lesson after the other. */
#include "learn/learner.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/lesson.h"
#include "filter/book.h"
#include "filter/familiar.h"
#include "filter/teach.h"
#include "group/group.h"
#include "message/message.h"

#include <pthread.h>
#include <talloc.h>

enum { LOOK_S = 1, DEADLINE_S = 10, AGAIN_S = 60, AGAIN_MAX_S = 3600, BOOK_AGE_US = 1000000 };

static const char *const outcomes[] = { "taught", "remembered", "gone", "off", "failed", "given-up" };
enum outcome { TAUGHT, REMEMBERED, GONE, OFF, FAILED, GIVEN_UP };
METRIC_COUNTER_BY(lessons_done, "chappe_lessons_total", "Lessons of users, by what came of them", "outcome",
                  outcomes)

struct learner {
    struct learner_options options;
    struct shelf shelf;
    struct background own; /* its lock guards all below */
};

/* The whole message; *message_out with p NULL: it is gone, or too large to teach anything. */
static bool read_message(struct learner *l, const void *owner, const struct lesson *lesson,
                         struct span *message_out, struct err *err)
{
    struct message_meta meta;
    struct group *group;

    *message_out = span_of(NULL, 0);
    if (!group_find(l->options.groups, lesson->storage_group_id, &group, err))
        return false;
    if (!message_meta(group, owner, lesson->message_id, &meta, err))
        return err->kind == ERR_NOT_FOUND;
    if (meta.size_bytes > LEARNER_BYTES_MAX)
        return true;
    if (message_read(group, owner, lesson->message_id, 0, (size_t)meta.size_bytes, message_out, err))
        return true;
    *message_out = span_of(NULL, 0);
    return err->kind == ERR_NOT_FOUND;
}

/* Every scanner that is to be taught; one that fails is asked again with the others: they know that they have learnt it. */
static bool teach(struct learner *l, const struct filter_settings *s, const struct lesson *lesson,
                  struct span message, bool *is_taught_out, struct err *err)
{
    struct teach_lesson told = { .message = message,
                                 .user = s->learns_per_user ? lesson->address : NULL,
                                 .is_spam = lesson->is_spam };
    int64_t deadline_us = clock_monotonic_us() + DEADLINE_S * US_PER_S;
    bool ok = true;

    *is_taught_out = false;
    if (*s->rspamd_controller) {
        ok = rspamd_teach(l->options.dns, s->rspamd_controller, s->rspamd_password, &told, deadline_us, err);
        *is_taught_out = ok;
    }
    if (ok && *s->spamd && s->spamd_learns) {
        ok = spamd_teach(l->options.dns, s->spamd, &told, deadline_us, err);
        *is_taught_out = ok;
    }
    return ok;
}

static bool work(struct learner *l, const struct book *book, const void *owner, const struct lesson *lesson,
                 enum outcome *outcome_out, struct err *err)
{
    const struct filter_settings *s = book_settings(book, lesson->organisation_id, 0);
    struct familiar_keys keys;
    struct span message;
    bool is_taught;

    *outcome_out = OFF;
    if (!s->learns)
        return true;
    *outcome_out = GONE;
    if (!read_message(l, owner, lesson, &message, err))
        return false;
    if (!message.p)
        return true;
    familiar_keys_of(&keys, l->options.host_name, message);
    if (!familiar_learn(l->options.directory, lesson, keys.spans, keys.count, clock_now_us(), err) ||
        !teach(l, s, lesson, message, &is_taught, err))
        return false;
    *outcome_out = is_taught ? TAUGHT : REMEMBERED;
    return true;
}

static int64_t pause_us(int32_t tries)
{
    int64_t pause_s = AGAIN_S;

    while (--tries > 0 && pause_s < AGAIN_MAX_S)
        pause_s *= 2;
    return (pause_s < AGAIN_MAX_S ? pause_s : AGAIN_MAX_S) * US_PER_S;
}

static void note(const struct lesson *lesson, enum outcome outcome, const struct err *cause)
{
    bool is_trouble = outcome == FAILED || outcome == GIVEN_UP;

    metric_add_at(&lessons_done, 1, outcome, 0);
    log_event(is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "learn.lesson",
              log_text("mailbox", lesson->address ? lesson->address : ""),
              log_i64("message", lesson->message_id), log_text("as", lesson->is_spam ? "spam" : "ham"),
              log_text("outcome", outcomes[outcome]), log_text("cause", is_trouble ? cause->log : ""));
}

/* False for a scanner or a database that is away: the others would meet that, too. */
static bool settle(struct learner *l, const struct book *book, const struct lesson *lesson)
{
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT, cause = ERR_INIT;
    enum outcome outcome;
    bool done = work(l, book, arena, lesson, &outcome, &cause), written;

    if (!done)
        outcome = lesson->tries >= LEARNER_TRIES_MAX ? GIVEN_UP : FAILED;
    note(lesson, outcome, &cause);
    if (outcome == FAILED)
        written =
            lesson_defer(l->options.directory, lesson, clock_now_us() + pause_us(lesson->tries), true, &err);
    else
        written = lesson_end(l->options.directory, lesson, &err);
    if (!written)
        log_err(LOG_LEVEL_WARNING, "learn.settle", &err);
    talloc_free(arena);
    return (done || cause.kind == ERR_INTERNAL) && written;
}

/* True where there may be more at once. */
static bool look(struct learner *l)
{
    void *arena = talloc_new(NULL);
    struct book *book = book_take(&l->shelf, BOOK_AGE_US);
    struct lesson *lessons;
    struct err err = ERR_INIT;
    size_t count = 0, i = 0;
    bool goes_on = book != NULL;

    if (goes_on && !lesson_take(l->options.directory, arena, clock_now_us(), &lessons, &count, &err)) {
        log_err(LOG_LEVEL_WARNING, "learn.take", &err);
        goes_on = false;
    }
    while (goes_on && i < count && !background_is_ending(&l->own))
        goes_on = settle(l, book, &lessons[i++]);
    for (; i < count; i++) /* untried: soon again */
        if (!lesson_defer(l->options.directory, &lessons[i], clock_now_us() + AGAIN_S * US_PER_S, false,
                          &err))
            break;
    book_release(&l->shelf, &book);
    talloc_free(arena);
    return goes_on && count == LESSONS_TAKEN_MAX;
}

static void *learn(void *argument)
{
    struct learner *l = argument;

    while (!background_is_ending(&l->own)) {
        if (look(l))
            continue;
        pthread_mutex_lock(&l->own.lock);
        background_rest(&l->own, LOOK_S);
        pthread_mutex_unlock(&l->own.lock);
    }
    return NULL;
}

bool learner_open(const void *owner, const struct learner_options *options, struct learner **learner_out,
                  struct err *err)
{
    struct learner *l = talloc_zero(owner, struct learner);

    l->options = *options;
    shelf_open(&l->shelf, options->directory);
    *learner_out = l;
    if (!background_start(&l->own, "learner", learn, l, err))
        learner_close(learner_out);
    return *learner_out != NULL;
}

void learner_close(struct learner **handle)
{
    struct learner *l = *handle;

    if (!l)
        return;
    background_end(&l->own);
    shelf_close(&l->shelf);
    talloc_free(l);
    *handle = NULL;
}
