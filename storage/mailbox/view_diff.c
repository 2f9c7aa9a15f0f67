/*
 * view_diff.c -- what happened between two versions; shared chunks are passed over unread.
 */
#include "mailbox/view.h"

#include "mailbox/view_build.h"

#include <talloc.h>

/* The next chunk of each side that the other does not share; false when one side is at its end. */
static bool skip_shared(struct view_at *a, struct view_at *b)
{
    while (a->chunk < a->view->chunk_count && b->chunk < b->view->chunk_count && a->offset == 0 &&
           b->offset == 0 && a->view->chunks[a->chunk] == b->view->chunks[b->chunk]) {
        a->number += a->view->chunks[a->chunk++]->count;
        b->number += b->view->chunks[b->chunk++]->count;
    }
    return a->chunk < a->view->chunk_count && b->chunk < b->view->chunk_count;
}

/* The same for whom only asks which messages there are: flags may differ. */
static bool skip_same_messages(struct view_at *a, struct view_at *b)
{
    while (a->chunk < a->view->chunk_count && b->chunk < b->view->chunk_count && a->offset == 0 &&
           b->offset == 0 && a->view->chunks[a->chunk]->fixed == b->view->chunks[b->chunk]->fixed) {
        a->number += a->view->chunks[a->chunk++]->count;
        b->number += b->view->chunks[b->chunk++]->count;
    }
    return a->chunk < a->view->chunk_count && b->chunk < b->view->chunk_count;
}

static uint32_t uid_at(const struct view_at *at)
{
    return at->view->chunks[at->chunk]->fixed->uid[at->offset];
}

static void step(struct view_at *at)
{
    at->number++;
    if (++at->offset == at->view->chunks[at->chunk]->count) {
        at->chunk++;
        at->offset = 0;
    }
}

/* UIDs of `a` that `b` lacks. */
static struct uid_set lacking(const void *owner, const struct view *a, const struct view *b)
{
    struct uid_set set = UID_SET_INIT(owner);
    struct view_at at = view_from(a, 1), other = view_from(b, 1);

    while (skip_same_messages(&at, &other)) {
        uint32_t mine = uid_at(&at), theirs = uid_at(&other);

        if (mine < theirs)
            uid_set_add_one(&set, mine);
        if (mine <= theirs)
            step(&at);
        if (mine >= theirs)
            step(&other);
    }
    for (struct view_message m; view_next(&at, &m);)
        uid_set_add_one(&set, m.uid);
    return set;
}

static void tell_expunged(const struct view *old, const struct uid_set *gone, const struct view_diff *diff)
{
    if (diff->expunged) {
        for (size_t r = gone->count; r > 0; r--) {
            struct uid_run run = gone->runs[r - 1];
            uint32_t first = view_count_below(old, run.first) + 1;
            uint32_t last = run.last == UINT32_MAX ? old->count : view_count_below(old, run.last + 1);
            struct view_message m;

            for (uint32_t number = last; number >= first; number--)
                if (view_at(old, number, &m))
                    diff->expunged(diff->arg, number, m.uid);
        }
    }
    if (diff->expunged_uids)
        diff->expunged_uids(diff->arg, gone);
}

static void tell_message(const struct view_at *old, const struct view_at *now, const struct view_diff *diff)
{
    const struct chunk *before = old->view->chunks[old->chunk], *after = now->view->chunks[now->chunk];
    struct view_at here = *now;
    struct view_message m;

    if (before->flags[old->offset] == after->flags[now->offset] &&
        before->modseq[old->offset] == after->modseq[now->offset])
        return;
    (void)view_next(&here, &m);
    diff->flags(diff->arg, &m, before->flags[old->offset]);
}

/* The messages of a whole chunk, the same on both sides. */
static void tell_chunk(struct view_at *a, struct view_at *b, const struct view_diff *diff)
{
    const struct chunk *before = a->view->chunks[a->chunk], *after = b->view->chunks[b->chunk];

    for (uint32_t i = 0; i < after->count; i++) {
        if (before->flags[i] == after->flags[i] && before->modseq[i] == after->modseq[i])
            continue;
        struct view_at here = { .view = b->view, .number = b->number + i, .chunk = b->chunk, .offset = i };
        struct view_message m;
        (void)view_next(&here, &m);
        diff->flags(diff->arg, &m, before->flags[i]);
    }
    a->number += before->count;
    b->number += after->count;
    a->chunk++;
    b->chunk++;
}

static void tell_flags(const struct view *old, const struct view *new_view, const struct view_diff *diff)
{
    struct view_at a = view_from(old, 1), b = view_from(new_view, 1);

    while (skip_shared(&a, &b)) {
        if (a.offset == 0 && b.offset == 0 &&
            a.view->chunks[a.chunk]->fixed == b.view->chunks[b.chunk]->fixed) {
            tell_chunk(&a, &b, diff);
            continue;
        }
        uint32_t was = uid_at(&a), is = uid_at(&b);

        if (was == is)
            tell_message(&a, &b, diff);
        if (was <= is)
            step(&a);
        if (was >= is)
            step(&b);
    }
}

void view_diff(const struct view *old, const struct view *new_view, const struct view_diff *diff)
{
    uint32_t last = view_last_uid(old) < old->uidnext ? old->uidnext - 1 : view_last_uid(old);
    uint32_t appended = new_view->count - view_count_below(new_view, last + 1);

    if (old == new_view)
        return;
    if (diff->expunged || diff->expunged_uids) {
        void *arena = talloc_new(NULL);
        struct uid_set gone = lacking(arena, old, new_view);

        if (!uid_set_is_empty(&gone))
            tell_expunged(old, &gone, diff);
        talloc_free(arena);
    }
    if (diff->flags)
        tell_flags(old, new_view, diff);
    if (diff->appended && appended) {
        struct view_message first;

        if (view_at(new_view, new_view->count - appended + 1, &first))
            diff->appended(diff->arg, first.uid, appended);
    }
}

bool view_has_all_of(const struct view *new_view, const struct view *old)
{
    struct view_at a = view_from(old, 1), b = view_from(new_view, 1);

    while (skip_same_messages(&a, &b)) {
        uint32_t was = uid_at(&a), is = uid_at(&b);

        if (was < is)
            return false;
        if (was == is)
            step(&a);
        step(&b);
    }
    return a.chunk == old->chunk_count;
}

/* True when `chunk` has every message of `told` from `at` up to its last UID; moves `at` past them. */
static bool chunk_has_all(const struct chunk *chunk, struct view_at *at)
{
    uint32_t last = chunk->fixed->uid[chunk->count - 1];
    uint32_t i = 0;
    bool has_all = true;

    if (at->offset == 0 && at->chunk < at->view->chunk_count &&
        at->view->chunks[at->chunk]->fixed == chunk->fixed) {
        at->number += chunk->count;
        at->chunk++;
        return true;
    }
    while (at->chunk < at->view->chunk_count && uid_at(at) <= last) {
        while (chunk->fixed->uid[i] < uid_at(at))
            i++;
        has_all = has_all && chunk->fixed->uid[i] == uid_at(at);
        step(at);
    }
    return has_all;
}

/* Messages of both from `a` and `b` on, up to the UID `last`, those of `b` where both have one. */
static void append_both(struct view_builder *builder, struct view_at *a, struct view_at *b, uint32_t last)
{
    for (;;) {
        bool has_a = a->chunk < a->view->chunk_count && uid_at(a) <= last;
        bool has_b = b->chunk < b->view->chunk_count && uid_at(b) <= last;
        struct view_message m;

        if (!has_a && !has_b)
            return;
        if (has_b && (!has_a || uid_at(b) <= uid_at(a))) {
            if (has_a && uid_at(a) == uid_at(b))
                step(a);
            (void)view_next(b, &m);
        } else {
            (void)view_next(a, &m);
        }
        (void)view_builder_append(builder, &m);
    }
}

struct view *view_keep_expunged(const struct view *told, const struct view *latest)
{
    struct view_head head = { .folder_id = latest->folder_id,
                              .arrival = latest->arrival,
                              .uidvalidity = latest->uidvalidity,
                              .uidnext = latest->uidnext,
                              .modseq = latest->modseq,
                              .keywords = latest->keywords };
    struct view_builder *builder;
    struct view_at a, b;

    if (view_has_all_of(latest, told))
        return view_ref(latest);
    builder = view_builder_new(NULL);
    a = view_from(told, 1);
    for (uint32_t c = 0; c < latest->chunk_count; c++) {
        struct chunk *chunk = latest->chunks[c];
        struct view_at from = a;

        if (chunk_has_all(chunk, &a)) {
            view_builder_share(builder, chunk);
            continue;
        }
        b = view_from(latest, latest->numbers[c]);
        append_both(builder, &from, &b, chunk->fixed->uid[chunk->count - 1]);
    }
    b = view_from(latest, latest->count + 1);
    append_both(builder, &a, &b, UINT32_MAX);
    return view_builder_finish(builder, &head);
}

struct view *view_without_new(const struct view *view, uint32_t uidnext)
{
    const struct uid_run run = { uidnext, UINT32_MAX };
    struct uid_set cut = { .runs = (struct uid_run *)(uintptr_t)&run, .count = 1 };
    struct view_head head = { .folder_id = view->folder_id,
                              .arrival = view->arrival,
                              .uidvalidity = view->uidvalidity,
                              .uidnext = uidnext,
                              .modseq = view->modseq,
                              .keywords = view->keywords };
    struct view_builder *builder;
    struct view *without;

    if (view->uidnext <= uidnext)
        return view_ref(view);
    builder = view_builder_new(view);
    view_builder_expunge(builder, &cut);
    without = view_builder_finish(builder, &head);
    without->uidnext = uidnext; /* the builder goes by the last UID it has seen */
    return without;
}
