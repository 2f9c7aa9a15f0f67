/*
 * view_build.c -- chunks are shared until somebody touches them.
 */
#include "mailbox/view_build.h"

#include "mailbox/flags.h"

#include <assert.h>
#include <talloc.h>

/* Neighbours that together have no more messages than this are joined when one of them was touched. */
enum { JOIN_BELOW = VIEW_CHUNK_MESSAGES / 2 };

struct slot {
    struct chunk *chunk;
    bool is_own; /* made by this builder: flags may be written in place */
};

struct view_builder {
    struct slot *slots;
    uint32_t count, capacity;
    uint32_t last_uid;
    /* Messages appended since the last flush. */
    uint32_t tail_count;
    struct view_message *tail; /* room for VIEW_CHUNK_MESSAGES */
};

static struct chunk_fixed *fixed_new(uint32_t count)
{
    size_t bytes = sizeof(struct chunk_fixed) + count * (3 * sizeof(int64_t) + 2 * sizeof(uint32_t));
    struct chunk_fixed *fixed = talloc_size(NULL, bytes);

    atomic_init(&fixed->references, 1);
    fixed->count = count;
    fixed->received_us = (int64_t *)(fixed + 1);
    fixed->message_id = fixed->received_us + count;
    fixed->item_id = fixed->message_id + count;
    fixed->uid = (uint32_t *)(fixed->item_id + count);
    fixed->size = fixed->uid + count;
    return fixed;
}

/* With `fixed` (the chunk takes over that reference). */
static struct chunk *chunk_new(struct chunk_fixed *fixed)
{
    struct chunk *chunk = talloc_size(NULL, sizeof *chunk + fixed->count * 2 * sizeof(uint64_t));

    *chunk = (struct chunk){ .count = fixed->count, .fixed = fixed };
    atomic_init(&chunk->references, 1);
    chunk->flags = (uint64_t *)(chunk + 1);
    chunk->modseq = chunk->flags + fixed->count;
    return chunk;
}

static struct chunk *chunk_ref(struct chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->references, 1, memory_order_relaxed);
    return chunk;
}

static void chunk_release(struct chunk *chunk)
{
    if (atomic_fetch_sub_explicit(&chunk->references, 1, memory_order_acq_rel) != 1)
        return;
    if (atomic_fetch_sub_explicit(&chunk->fixed->references, 1, memory_order_acq_rel) == 1)
        talloc_free(chunk->fixed);
    talloc_free(chunk);
}

static void chunk_copy_message(struct chunk *to, uint32_t at, const struct chunk *from, uint32_t i)
{
    to->fixed->uid[at] = from->fixed->uid[i];
    to->fixed->size[at] = from->fixed->size[i];
    to->fixed->received_us[at] = from->fixed->received_us[i];
    to->fixed->message_id[at] = from->fixed->message_id[i];
    to->fixed->item_id[at] = from->fixed->item_id[i];
    to->flags[at] = from->flags[i];
    to->modseq[at] = from->modseq[i];
}

static void chunk_copy_messages(struct chunk *to, uint32_t at, const struct chunk *from)
{
    uint32_t n = from->count;

    memcpy(to->fixed->uid + at, from->fixed->uid, n * sizeof *to->fixed->uid);
    memcpy(to->fixed->size + at, from->fixed->size, n * sizeof *to->fixed->size);
    memcpy(to->fixed->received_us + at, from->fixed->received_us, n * sizeof *to->fixed->received_us);
    memcpy(to->fixed->message_id + at, from->fixed->message_id, n * sizeof *to->fixed->message_id);
    memcpy(to->fixed->item_id + at, from->fixed->item_id, n * sizeof *to->fixed->item_id);
    memcpy(to->flags + at, from->flags, n * sizeof *to->flags);
    memcpy(to->modseq + at, from->modseq, n * sizeof *to->modseq);
}

static void chunk_count_up(struct chunk *chunk)
{
    chunk->unseen = chunk->deleted = 0;
    chunk->bytes = chunk->modseq_max = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        chunk->unseen += !(chunk->flags[i] & FLAG_SEEN);
        chunk->deleted += (chunk->flags[i] & FLAG_DELETED) != 0;
        chunk->bytes += chunk->fixed->size[i];
        if (chunk->modseq[i] > chunk->modseq_max)
            chunk->modseq_max = chunk->modseq[i];
    }
}

uint32_t chunk_lower_bound(const struct chunk *chunk, uint32_t uid)
{
    uint32_t low = 0, high = chunk->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (chunk->fixed->uid[middle] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct view_builder *view_builder_new(const struct view *base)
{
    struct view_builder *builder = talloc_zero(NULL, struct view_builder);

    builder->count = base ? base->chunk_count : 0;
    builder->capacity = builder->count + 4;
    builder->slots = talloc_array(builder, struct slot, builder->capacity);
    for (uint32_t i = 0; i < builder->count; i++)
        builder->slots[i] = (struct slot){ chunk_ref(base->chunks[i]), false };
    builder->last_uid = base ? view_last_uid(base) : 0;
    return builder;
}

static uint32_t chunk_last_uid(const struct chunk *chunk)
{
    return chunk->fixed->uid[chunk->count - 1];
}

/* The messages of the last chunk, where it is not full, are appended to anew. */
static void reopen_tail(struct view_builder *builder)
{
    const struct chunk *last;

    if (!builder->tail)
        builder->tail = talloc_array(builder, struct view_message, VIEW_CHUNK_MESSAGES);
    if (builder->count == 0)
        return;
    last = builder->slots[builder->count - 1].chunk;
    if (last->count >= VIEW_CHUNK_MESSAGES)
        return;
    for (uint32_t i = 0; i < last->count; i++)
        builder->tail[i] = (struct view_message){ .uid = last->fixed->uid[i],
                                                  .size = last->fixed->size[i],
                                                  .flags = last->flags[i],
                                                  .modseq = last->modseq[i],
                                                  .received_us = last->fixed->received_us[i],
                                                  .message_id = last->fixed->message_id[i],
                                                  .item_id = last->fixed->item_id[i] };
    builder->tail_count = last->count;
    chunk_release(builder->slots[--builder->count].chunk);
}

static void add_slot(struct view_builder *builder, struct slot slot)
{
    if (builder->count == builder->capacity) {
        builder->capacity *= 2;
        builder->slots = talloc_realloc(builder, builder->slots, struct slot, builder->capacity);
    }
    builder->slots[builder->count++] = slot;
}

static void flush_tail(struct view_builder *builder)
{
    struct chunk *chunk;

    if (builder->tail_count == 0)
        return;
    chunk = chunk_new(fixed_new(builder->tail_count));
    for (uint32_t i = 0; i < builder->tail_count; i++) {
        const struct view_message *m = &builder->tail[i];

        chunk->fixed->uid[i] = m->uid;
        chunk->fixed->size[i] = m->size;
        chunk->fixed->received_us[i] = m->received_us;
        chunk->fixed->message_id[i] = m->message_id;
        chunk->fixed->item_id[i] = m->item_id;
        chunk->flags[i] = m->flags;
        chunk->modseq[i] = m->modseq;
    }
    add_slot(builder, (struct slot){ chunk, true });
    builder->tail_count = 0;
}

void view_builder_share(struct view_builder *builder, struct chunk *chunk)
{
    flush_tail(builder);
    add_slot(builder, (struct slot){ chunk_ref(chunk), false });
    builder->last_uid = chunk_last_uid(chunk);
}

bool view_builder_append(struct view_builder *builder, const struct view_message *message)
{
    if (message->uid <= builder->last_uid)
        return false;
    if (builder->tail_count == 0)
        reopen_tail(builder);
    builder->tail[builder->tail_count++] = *message;
    builder->last_uid = message->uid;
    if (builder->tail_count == VIEW_CHUNK_MESSAGES)
        flush_tail(builder);
    return true;
}

/* The chunk of this slot with flags that may be written. */
static struct chunk *own_flags(struct slot *slot)
{
    struct chunk *shared = slot->chunk, *own;

    if (slot->is_own)
        return shared;
    atomic_fetch_add_explicit(&shared->fixed->references, 1, memory_order_relaxed);
    own = chunk_new(shared->fixed);
    memcpy(own->flags, shared->flags, 2 * shared->count * sizeof *own->flags);
    chunk_release(shared);
    *slot = (struct slot){ own, true };
    return own;
}

/* First slot whose last UID is at or above `uid`, from `from` on. */
static uint32_t slot_reaching(const struct view_builder *builder, uint32_t from, uint32_t uid)
{
    uint32_t low = from, high = builder->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (chunk_last_uid(builder->slots[middle].chunk) < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void view_builder_flags(struct view_builder *builder, const struct uid_set *uids, uint64_t clear_bits,
                        uint64_t set_bits, uint64_t modseq)
{
    uint32_t at = 0;

    flush_tail(builder);
    for (size_t r = 0; r < uids->count; r++) {
        struct uid_run run = uids->runs[r];

        for (at = slot_reaching(builder, at, run.first); at < builder->count; at++) {
            uint32_t i = chunk_lower_bound(builder->slots[at].chunk, run.first);
            struct chunk *chunk = builder->slots[at].chunk;

            if (chunk->fixed->uid[i] > run.last)
                break;
            chunk = own_flags(&builder->slots[at]);
            for (; i < chunk->count && chunk->fixed->uid[i] <= run.last; i++) {
                chunk->flags[i] = (chunk->flags[i] & ~clear_bits) | set_bits;
                chunk->modseq[i] = modseq;
            }
            if (i < chunk->count)
                break;
        }
    }
}

void view_builder_folded(struct view_builder *builder, const struct folded *folded)
{
    uint32_t at = 0;

    flush_tail(builder);
    for (uint32_t k = 0; k < folded->count; k++) {
        at = slot_reaching(builder, at, folded->uids[k]);
        if (at == builder->count)
            break;
        uint32_t i = chunk_lower_bound(builder->slots[at].chunk, folded->uids[k]);
        if (builder->slots[at].chunk->fixed->uid[i] != folded->uids[k])
            continue;
        struct chunk *chunk = own_flags(&builder->slots[at]);
        chunk->flags[i] = folded->flags[k];
        chunk->modseq[i] = folded->modseqs[k];
    }
}

/* The chunk without the messages of `uids`; NULL when none is left, itself when none is in it. */
static struct chunk *without(struct chunk *chunk, const struct uid_set *uids, size_t *run)
{
    uint32_t kept[VIEW_CHUNK_MESSAGES];
    uint32_t count = 0;
    struct chunk *rest;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t uid = chunk->fixed->uid[i];

        while (*run < uids->count && uids->runs[*run].last < uid)
            ++*run;
        if (*run == uids->count || uid < uids->runs[*run].first)
            kept[count++] = i;
    }
    if (count == chunk->count)
        return chunk;
    if (count == 0)
        return NULL;
    rest = chunk_new(fixed_new(count));
    for (uint32_t i = 0; i < count; i++)
        chunk_copy_message(rest, i, chunk, kept[i]);
    return rest;
}

void view_builder_expunge(struct view_builder *builder, const struct uid_set *uids)
{
    uint32_t to = 0;
    size_t run = 0;

    flush_tail(builder);
    for (uint32_t i = 0; i < builder->count; i++) {
        struct slot slot = builder->slots[i];
        struct chunk *rest;

        while (run < uids->count && uids->runs[run].last < slot.chunk->fixed->uid[0])
            run++;
        if (run == uids->count || uids->runs[run].first > chunk_last_uid(slot.chunk)) {
            builder->slots[to++] = slot;
            continue;
        }
        rest = without(slot.chunk, uids, &run);
        if (rest != slot.chunk) {
            chunk_release(slot.chunk);
            slot = (struct slot){ rest, true };
        }
        if (rest)
            builder->slots[to++] = slot;
    }
    builder->count = to;
}

static struct chunk *join(struct chunk *a, struct chunk *b)
{
    struct chunk *both = chunk_new(fixed_new(a->count + b->count));

    chunk_copy_messages(both, 0, a);
    chunk_copy_messages(both, a->count, b);
    chunk_release(a);
    chunk_release(b);
    return both;
}

static void join_small(struct view_builder *builder)
{
    uint32_t to = 0;

    for (uint32_t i = 0; i < builder->count; i++) {
        struct slot *last = to ? &builder->slots[to - 1] : NULL;
        struct slot slot = builder->slots[i];

        if (last && (last->is_own || slot.is_own) && last->chunk->count + slot.chunk->count <= JOIN_BELOW)
            *last = (struct slot){ join(last->chunk, slot.chunk), true };
        else
            builder->slots[to++] = slot;
    }
    builder->count = to;
}

struct view *view_builder_finish(struct view_builder *builder, const struct view_head *head)
{
    struct view *view;
    size_t bytes;

    flush_tail(builder);
    join_small(builder);
    bytes = sizeof *view + builder->count * (sizeof *view->chunks + sizeof *view->numbers);
    view = talloc_size(NULL, bytes);
    *view =
        (struct view){ .folder_id = head->folder_id,
                       .arrival = head->arrival,
                       .uidvalidity = head->uidvalidity,
                       .uidnext = head->uidnext > builder->last_uid ? head->uidnext : builder->last_uid + 1,
                       .modseq = head->modseq,
                       .keywords = keywords_ref(head->keywords),
                       .chunk_count = builder->count };
    atomic_init(&view->references, 1);
    view->chunks = (struct chunk **)(view + 1);
    view->numbers = (uint32_t *)(view->chunks + builder->count);
    for (uint32_t i = 0; i < builder->count; i++) {
        struct chunk *chunk = builder->slots[i].chunk;

        if (builder->slots[i].is_own)
            chunk_count_up(chunk);
        view->chunks[i] = chunk;
        view->numbers[i] = view->count + 1;
        view->count += chunk->count;
        view->unseen += chunk->unseen;
        view->deleted += chunk->deleted;
        view->bytes += chunk->bytes;
    }
    talloc_free(builder);
    return view;
}

void view_builder_drop(struct view_builder *builder)
{
    for (uint32_t i = 0; i < builder->count; i++)
        chunk_release(builder->slots[i].chunk);
    talloc_free(builder);
}

struct view *view_ref(const struct view *view)
{
    /* The count is not part of what a reader sees as constant. */
    struct view *shared = (struct view *)(uintptr_t)view;

    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    return shared;
}

void view_release(struct view **view)
{
    struct view *gone = *view;

    *view = NULL;
    if (!gone || atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < gone->chunk_count; i++)
        chunk_release(gone->chunks[i]);
    keywords_release(&gone->keywords);
    talloc_free(gone);
}

uint64_t view_memory(const struct view *view)
{
    return sizeof *view + view->count * UINT64_C(48) +
           view->chunk_count * (sizeof(struct chunk) + sizeof(struct chunk_fixed) + 12 + 200);
}

struct keywords *keywords_new(const struct span *names, size_t count)
{
    struct keywords *keywords = talloc_zero(NULL, struct keywords);

    atomic_init(&keywords->references, 1);
    keywords->table.count = count < KEYWORDS_MAX ? count : KEYWORDS_MAX;
    for (size_t i = 0; i < keywords->table.count; i++)
        keywords->table.names[i] = span_copy(keywords, names[i]);
    return keywords;
}

struct keywords *keywords_ref(struct keywords *keywords)
{
    atomic_fetch_add_explicit(&keywords->references, 1, memory_order_relaxed);
    return keywords;
}

void keywords_release(struct keywords **keywords)
{
    struct keywords *gone = *keywords;

    *keywords = NULL;
    if (gone && atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) == 1)
        talloc_free(gone);
}
