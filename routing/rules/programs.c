/* programs.c -- loading and keeping. */
#include "rules/programs.h"

#include "base/log.h"
#include "format/sieve_syntax.h"
#include "group/group.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <talloc.h>

enum { ENTRIES_STANDARD = 20000, BYTES_MAX = 128 * 1024 * 1024 };

void programs_release(struct programs **programs)
{
    struct programs *gone = *programs;

    *programs = NULL;
    if (!gone || atomic_fetch_sub(&gone->references, 1) != 1)
        return;
    sieve_program_release(&gone->script);
    sieve_program_release(&gone->inside);
    sieve_program_release(&gone->outside);
    talloc_free(gone);
}

/* ---- the automatic reply as a script */

static struct sieve_program *compile_reply(const struct automatic_reply *reply, const char *text,
                                           int64_t version)
{
    void *arena = talloc_new(NULL);
    struct buf script = BUF_INIT(arena);
    struct sieve_program *program = NULL;
    struct err err = ERR_INIT;

    /* The handle is the version: who changes the reply wants everybody to read the new one. */
    buf_add_format(&script, "require \"vacation\"; vacation :days 1 :handle \"reply %lld\" ",
                   (long long)version);
    if (reply->subject) {
        buf_add_text(&script, ":subject ");
        sieve_add_string(&script, span_text(reply->subject));
        buf_add_byte(&script, ' ');
    }
    sieve_add_string(&script, span_text(text));
    buf_add_byte(&script, ';');
    if (!sieve_compile(buf_span(&script), &program, NULL, &err))
        log_err(LOG_LEVEL_WARNING, "rules.reply.failed", &err);
    talloc_free(arena);
    return program;
}

static void load_reply(struct programs *programs, const struct automatic_reply *reply)
{
    const char *outside = reply->outside_text ? reply->outside_text : reply->inside_text;

    programs->from_us = reply->from_us;
    programs->until_us = reply->until_us;
    if (*reply->inside_text)
        programs->inside = compile_reply(reply, reply->inside_text, programs->version);
    if (*outside)
        programs->outside = compile_reply(reply, outside, programs->version);
}

static struct span *keep_senders(struct programs *programs, const struct span *senders, size_t count)
{
    struct span *kept = talloc_array(programs, struct span, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        kept[i] = span_text(span_copy(programs, senders[i]));
    return kept;
}

bool programs_load(struct group *group, int64_t mailbox_id, struct programs **programs_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct script_at_delivery stored;
    struct programs *programs;
    struct err why = ERR_INIT;

    *programs_out = NULL;
    if (!script_at_delivery(group, mailbox_id, arena, &stored, err)) {
        talloc_free(arena);
        return false;
    }
    if (stored.version != 0) {
        programs = talloc_zero(NULL, struct programs);
        atomic_init(&programs->references, 1);
        programs->version = stored.version;
        programs->name = stored.name ? talloc_strdup(programs, stored.name) : NULL;
        if (stored.name && !sieve_compile(stored.content, &programs->script, NULL, &why))
            programs->trouble = talloc_strdup(programs, why.user);
        if (stored.has_reply)
            load_reply(programs, &stored.reply);
        programs->blocked = keep_senders(programs, stored.blocked, stored.blocked_count);
        programs->allowed = keep_senders(programs, stored.allowed, stored.allowed_count);
        programs->blocked_count = stored.blocked_count;
        programs->allowed_count = stored.allowed_count;
        programs->bytes = sieve_program_bytes(programs->script) + sieve_program_bytes(programs->inside) +
                          sieve_program_bytes(programs->outside) + talloc_total_size(programs);
        *programs_out = programs;
    }
    talloc_free(arena);
    return true;
}

/* ---- the cache: those that are known to have rules, the oldest forgotten first */

struct entry {
    int64_t group_id, mailbox_id; /* the key */
    int64_t version;
    struct programs *programs;
    GList order;
};

struct program_cache {
    pthread_mutex_t lock;
    GHashTable *entries;
    GQueue order;
    size_t entries_max;
    size_t bytes; /* of all programs */
};

static guint hash_entry(gconstpointer arg)
{
    const struct entry *entry = arg;
    uint64_t mixed = (uint64_t)entry->mailbox_id * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)entry->group_id;

    return (guint)(mixed ^ mixed >> 32);
}

static gboolean equal_entries(gconstpointer a, gconstpointer b)
{
    const struct entry *left = a, *right = b;

    return left->mailbox_id == right->mailbox_id && left->group_id == right->group_id;
}

struct program_cache *program_cache_new(const void *owner, size_t entries_max)
{
    struct program_cache *cache = talloc_zero(owner, struct program_cache);

    pthread_mutex_init(&cache->lock, NULL);
    cache->entries = g_hash_table_new(hash_entry, equal_entries);
    cache->entries_max = entries_max ? entries_max : ENTRIES_STANDARD;
    g_queue_init(&cache->order);
    return cache;
}

/* The version stays known; the programs are loaded again when they are needed. */
static void forget_programs(struct program_cache *cache, struct entry *entry)
{
    cache->bytes -= entry->programs ? entry->programs->bytes : 0;
    programs_release(&entry->programs);
}

/* What was known first goes first. */
static void make_room(struct program_cache *cache, const struct entry *kept)
{
    for (GList *at = cache->order.tail; at && cache->bytes > BYTES_MAX; at = at->prev)
        if (at->data != kept)
            forget_programs(cache, at->data);
}

static void drop(struct program_cache *cache, struct entry *entry)
{
    g_hash_table_remove(cache->entries, entry);
    g_queue_unlink(&cache->order, &entry->order);
    forget_programs(cache, entry);
    g_free(entry);
}

void program_cache_close(struct program_cache **handle)
{
    struct program_cache *cache = *handle;

    *handle = NULL;
    if (!cache)
        return;
    while (cache->order.head)
        drop(cache, cache->order.head->data);
    g_hash_table_destroy(cache->entries);
    pthread_mutex_destroy(&cache->lock);
    talloc_free(cache);
}

static struct entry *find(struct program_cache *cache, int64_t group_id, int64_t mailbox_id)
{
    const struct entry key = { .group_id = group_id, .mailbox_id = mailbox_id };

    return g_hash_table_lookup(cache->entries, &key);
}

int64_t program_cache_find(struct program_cache *cache, int64_t group_id, int64_t mailbox_id,
                           struct programs **programs_out)
{
    struct entry *entry;
    int64_t version = 0;

    *programs_out = NULL;
    pthread_mutex_lock(&cache->lock);
    entry = find(cache, group_id, mailbox_id);
    if (entry) {
        version = entry->version;
        *programs_out = entry->programs;
        if (entry->programs)
            atomic_fetch_add(&entry->programs->references, 1);
    }
    pthread_mutex_unlock(&cache->lock);
    return version;
}

static struct entry *add(struct program_cache *cache, int64_t group_id, int64_t mailbox_id)
{
    struct entry *entry = g_new0(struct entry, 1);

    if (cache->order.length >= cache->entries_max)
        drop(cache, cache->order.tail->data);
    entry->group_id = group_id;
    entry->mailbox_id = mailbox_id;
    entry->order.data = entry;
    g_hash_table_add(cache->entries, entry);
    g_queue_push_head_link(&cache->order, &entry->order);
    return entry;
}

void program_cache_put(struct program_cache *cache, int64_t group_id, int64_t mailbox_id, int64_t version,
                       struct programs *programs)
{
    struct entry *entry;

    pthread_mutex_lock(&cache->lock);
    entry = find(cache, group_id, mailbox_id);
    if (version == 0 && entry) {
        drop(cache, entry);
    } else if (version != 0) {
        if (!entry)
            entry = add(cache, group_id, mailbox_id);
        /* Versions only grow: who read earlier does not undo what came later. */
        if (version > entry->version || (version == entry->version && !entry->programs)) {
            forget_programs(cache, entry);
            entry->version = version;
            entry->programs = programs;
            cache->bytes += programs ? programs->bytes : 0;
            programs = NULL;
            make_room(cache, entry);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    programs_release(&programs);
}
