/* fetched.c -- notes of fetches, by storage group. */
#include "mailbox/fetched.h"

#include "base/clock.h"
#include "db/statement.h"
#include "trace/event.h"
#include "trace/later.h"
#include "trace/term.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

enum { SEEN_MAX = 50000 };
#define TOLD_US (INT64_C(30) * 86400 * US_PER_S)

struct fetched {
    struct later *later;
    pthread_mutex_t lock;
    GHashTable
        *seen; /* what was told of: items with group and protocol, as a number; emptied when it is full */
};

struct note {
    struct group *group;
    int64_t at_us, received_us, term;
    struct buf event;
};

/* The row that tells of the filing knows the item by its term; it was written with the filing, which set the date. Without one
 * nothing is told. */
static const char INSERT_NOTES[] =
    "INSERT INTO trace (at_us, trace_id, organisation_id, is_begin, events)"
    " SELECT f.at_us, o.trace_id, o.organisation_id, false, ('[' || f.event || ']')::json"
    "   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) AS f (at_us, received_us, term, event)"
    "  CROSS JOIN LATERAL (SELECT t.trace_id, t.organisation_id FROM trace t"
    "                       WHERE t.terms @> ARRAY[f.term] AND t.at_us >= f.received_us - 86400000000"
    "                         AND t.at_us <= f.received_us + 86400000000 LIMIT 1) AS o";

struct columns {
    int64_t *at_us, *received_us, *terms;
    struct span *events;
    size_t count;
};

static bool write_columns(struct group *group, const struct columns *c, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_exec(db, INSERT_NOTES,
                        DB_ARGS(db_i64_array(c->at_us, c->count), db_i64_array(c->received_us, c->count),
                                db_i64_array(c->terms, c->count), db_text_array(c->events, c->count)),
                        NULL, err);
    db_release(&db);
    return done;
}

static bool write_group(void *const *entries, size_t count, struct group *group, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct columns c = { .at_us = talloc_array(arena, int64_t, (unsigned)count),
                         .received_us = talloc_array(arena, int64_t, (unsigned)count),
                         .terms = talloc_array(arena, int64_t, (unsigned)count),
                         .events = talloc_array(arena, struct span, (unsigned)count) };

    for (size_t i = 0; i < count; i++) {
        const struct note *note = entries[i];
        if (note->group != group)
            continue;
        c.at_us[c.count] = note->at_us;
        c.received_us[c.count] = note->received_us;
        c.terms[c.count] = note->term;
        c.events[c.count++] = buf_span(&note->event);
    }
    bool done = write_columns(group, &c, err);
    talloc_free(arena);
    return done;
}

/* A group that is down loses its notes: they are not worth keeping the others'. */
static bool write_notes(void *arg, void *const *entries, size_t count, struct err *err)
{
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        struct group *group = ((const struct note *)entries[i])->group;
        size_t before = 0;

        while (before < i && ((const struct note *)entries[before])->group != group)
            before++;
        if (before < i)
            continue;
        struct err own = ERR_INIT;
        if (!write_group(entries, count, group, &own))
            *err = own;
    }
    return true;
}

bool fetched_open(const void *owner, struct fetched **fetched_out, struct err *err)
{
    struct fetched *fetched = talloc_zero(owner, struct fetched);

    pthread_mutex_init(&fetched->lock, NULL);
    fetched->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    *fetched_out = fetched;
    if (later_open(fetched, "fetched", write_notes, fetched, &fetched->later, err))
        return true;
    fetched_close(fetched_out);
    return false;
}

void fetched_close(struct fetched **fetched)
{
    if (!*fetched)
        return;
    later_close(&(*fetched)->later);
    g_hash_table_destroy((*fetched)->seen);
    pthread_mutex_destroy(&(*fetched)->lock);
    TALLOC_FREE(*fetched);
}

/* Is it the first time? A number that two share keeps a second message from being told of: rare, and harmless. */
static bool is_first(struct fetched *fetched, const struct group *group,
                     const struct fetched_message *message)
{
    gint64 key =
        message->item_id ^ (group_id(group) << 48) ^ ((gint64)(unsigned char)message->protocol[0] << 40);

    pthread_mutex_lock(&fetched->lock);
    if (g_hash_table_size(fetched->seen) >= SEEN_MAX)
        g_hash_table_remove_all(fetched->seen);
    bool is_new = g_hash_table_add(fetched->seen, g_memdup2(&key, sizeof key));
    pthread_mutex_unlock(&fetched->lock);
    return is_new;
}

void fetched_note(struct fetched *fetched, struct group *group, const struct fetched_message *message)
{
    int64_t now_us = clock_now_us();
    struct note *note;

    if (!fetched || message->received_us < now_us - TOLD_US || !is_first(fetched, group, message))
        return;
    note = talloc(NULL, struct note);
    *note = (struct note){ .group = group,
                           .at_us = now_us,
                           .received_us = message->received_us,
                           .term = trace_term_item(message->item_id),
                           .event = BUF_INIT(note) };
    event_begin(&note->event, now_us, "fetched");
    event_text(&note->event, "by", message->protocol);
    event_text(&note->event, "login", message->login);
    event_text(&note->event, "client", message->peer);
    event_end(&note->event);
    later_add(fetched->later, note);
}
