/* search_follow.c -- see search_follow.h: from one look at a search folder to the next. */
#include "mailbox/search_state.h"

#include "db/statement.h"

#include <stdlib.h>
#include <talloc.h>

/* What is new in one folder. */
struct touched {
    int64_t folder_id;
    struct view *view;
    struct uid_set uids; /* that came or changed, and those whose attachments were read */
};

struct following {
    struct search_reading *reading;
    struct search_state *state;
    const struct view *base;
    uint64_t since;
    void *arena;             /* of what is touched: dropped when it is looked at again */
    struct touched *touched; /* by folder */
    size_t touched_count;
    struct uid_set gone; /* UIDs of the search folder */
    bool is_too_much, is_lost;
};

/* ---- what has changed */

static int release_touched(struct touched *touched)
{
    size_t count = talloc_array_length(touched);

    for (size_t i = 0; i < count; i++)
        view_release(&touched[i].view);
    return 0;
}

/* Those of which attachments have been read since. */
static void add_attached(struct following *following, const struct search_source *now,
                         const struct search_source *before, struct touched *touched)
{
    struct uid_set read = UID_SET_INIT(following->arena), there;

    if (now->attached_uid <= before->attached_uid) { /* they are all being read once more */
        following->is_too_much = true;
        return;
    }
    uid_set_add(&read, (uint32_t)before->attached_uid + 1, (uint32_t)now->attached_uid);
    there = view_existing(following->arena, touched->view, &read);
    uid_set_add_all(&touched->uids, &there);
}

static void leave(struct following *following, struct shown_place *place)
{
    if (place->shown)
        uid_set_add_one(&following->gone, place->shown);
    place->shown = 0;
}

static bool leave_expunged(struct following *following, const struct touched *touched, struct err *err)
{
    struct search_state *state = following->state;
    struct uid_set expunged;

    if (!view_expunged_since(following->reading->mailbox, touched->view, following->since, NULL,
                             following->arena, &expunged, err))
        return false;
    for (size_t r = 0; r < expunged.count; r++)
        for (size_t i = search_state_lower_bound(state, touched->folder_id, expunged.runs[r].first);
             i < state->count && state->places[i].folder_id == touched->folder_id &&
             state->places[i].uid <= expunged.runs[r].last;
             i++)
            leave(following, &state->places[i]);
    return true;
}

/* The folder as it is at `modseq` or later; NULL: it has just gone. */
static bool open_view(const struct following *following, const struct search_source *source,
                      struct view **view_out, struct err *err)
{
    struct mailbox *mailbox = following->reading->mailbox;
    bool is_read = view_latest(mailbox, source->folder_id, VIEW_TRUST_WAKE, view_out, err);

    if (is_read && view_modseq(*view_out) < source->modseq) {
        view_release(view_out);
        is_read = view_latest(mailbox, source->folder_id, VIEW_CHECK, view_out, err);
    }
    if (!is_read && err->kind == ERR_NOT_FOUND) {
        *err = ERR_INIT;
        return true;
    }
    return is_read;
}

static bool touch(struct following *following, const struct search_source *now, struct err *err)
{
    const struct search_source *before =
        search_source_find(following->state->sources, following->state->source_count, now->folder_id);
    bool is_read_on = before && now->attached_count != before->attached_count;
    struct touched *touched = &following->touched[following->touched_count];

    if (before && !is_read_on && now->modseq <= following->since)
        return true;
    if (!open_view(following, now, &touched->view, err))
        return false;
    if (!touched->view)
        return true;
    following->touched_count++;
    touched->folder_id = now->folder_id;
    /* of a folder that was not there, or came back, all is new */
    touched->uids = view_changed_since(following->arena, touched->view, before ? following->since : 0);
    if (is_read_on)
        add_attached(following, now, before, touched);
    return true;
}

/* Looks at all folders that changed. Again after a look: what was touched is as of now. */
static bool touch_all(struct following *following, struct err *err)
{
    struct search_reading *reading = following->reading;
    uint64_t count = 0;
    bool is_done = true;

    talloc_free(following->arena);
    following->arena = talloc_new(reading->arena);
    following->touched =
        talloc_zero_array(following->arena, struct touched, (unsigned)reading->source_count + 1);
    talloc_set_destructor(following->touched, release_touched);
    following->touched_count = 0;
    for (size_t i = 0; is_done && !following->is_too_much && i < reading->source_count; i++)
        is_done = touch(following, &reading->sources[i], err);
    for (size_t i = 0; i < following->touched_count; i++)
        count += uid_set_size(&following->touched[i].uids);
    following->is_too_much = following->is_too_much || count > SEARCH_FOLLOW_MAX;
    return is_done;
}

static bool leave_all(struct following *following, struct err *err)
{
    const struct search_reading *reading = following->reading;
    struct search_state *state = following->state;

    for (size_t i = 0; i < following->touched_count; i++)
        if (!leave_expunged(following, &following->touched[i], err))
            return false;
    for (size_t i = 0; i < state->count;) {
        int64_t folder_id = state->places[i].folder_id;
        size_t end = search_state_lower_bound(state, folder_id + 1, 0);

        for (; !search_source_find(reading->sources, reading->source_count, folder_id) && i < end; i++)
            leave(following, &state->places[i]);
        i = end;
    }
    return true;
}

/* ---- the difference */

static bool ask(struct following *following, struct search_place **asked_out, size_t *count_out,
                struct err *err)
{
    struct search_reading *reading = following->reading;
    struct search_place *asked = talloc_array(reading->arena, struct search_place, SEARCH_FOLLOW_MAX + 1);
    size_t count = 0;

    for (size_t i = 0; i < following->touched_count; i++) {
        struct uid_set_at at = UID_SET_START(&following->touched[i].uids);

        for (uint32_t uid; count < SEARCH_FOLLOW_MAX && uid_set_next(&at, &uid);)
            asked[count++] = (struct search_place){ following->touched[i].folder_id, uid };
    }
    *asked_out = asked;
    *count_out = count;
    reading->place_count = 0;
    return count == 0 || search_find(reading, asked, count, err);
}

static void compare(struct following *following, const struct search_place *asked, size_t count)
{
    struct search_reading *reading = following->reading;
    struct uid_set_at at = UID_SET_START(&following->gone);
    size_t k = 0;

    reading->fresh = talloc_array(reading->arena, size_t, (unsigned)count + 1);
    reading->fresh_count = reading->gone_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct shown_place *place = search_state_find(following->state, asked[i].folder_id, asked[i].uid);
        bool holds = k < reading->place_count && search_places_compare(&reading->places[k], &asked[i]) == 0;

        if (holds && (!place || !place->shown))
            reading->fresh[reading->fresh_count++] = k;
        else if (!holds && place)
            leave(following, place);
        k += holds;
    }
    reading->gone = talloc_array(reading->arena, int64_t, (unsigned)uid_set_size(&following->gone) + 1);
    for (uint32_t uid; uid_set_next(&at, &uid);)
        reading->gone[reading->gone_count++] = uid;
}

static bool write_work(struct db *db, void *arg, struct err *err)
{
    struct following *following = arg;
    struct search_reading *reading = following->reading;
    struct journal_lock lock = { .mailbox = reading->mailbox };

    if (!journal_lock(db, reading->arena, &lock, err) || !search_head_read(db, reading, err))
        return false;
    following->is_lost = reading->head.modseq != following->state->folder_modseq ||
                         strcmp(reading->head.filter, following->state->filter) != 0;
    if (following->is_lost)
        return err_set(err, ERR_CONFLICT, "The search folder was changed meanwhile.");
    return search_write_rows(db, reading, &lock, err);
}

/* ---- the view */

struct changed {
    uint32_t uid;
    uint64_t flags, modseq;
};

static int by_uid(const void *a, const void *b)
{
    uint32_t x = ((const struct changed *)a)->uid, y = ((const struct changed *)b)->uid;

    return (x > y) - (x < y);
}

/* Of those that stay: flags and modseqs of the originals where they are other ones. */
static struct folded changed_flags(const struct following *following)
{
    void *arena = following->reading->arena;
    struct changed *list = talloc_array(arena, struct changed, SEARCH_FOLLOW_MAX + 1);
    struct folded folded = { .count = 0 };
    struct view_message now, before;
    size_t count = 0;

    for (size_t i = 0; i < following->touched_count; i++) {
        const struct touched *touched = &following->touched[i];
        struct view_select select = view_select_uids(touched->view, &touched->uids);

        while (count < SEARCH_FOLLOW_MAX && view_select_next(&select, &now)) {
            const struct shown_place *place =
                search_state_find(following->state, touched->folder_id, now.uid);

            if (place && place->shown && view_find(following->base, place->shown, &before) &&
                (now.flags != before.flags || now.modseq > before.modseq))
                list[count++] = (struct changed){ place->shown, now.flags,
                                                  now.modseq > before.modseq ? now.modseq : before.modseq };
        }
    }
    if (count > 1)
        qsort(list, count, sizeof *list, by_uid);
    folded.uids = talloc_array(arena, uint32_t, (unsigned)count + 1);
    folded.flags = talloc_array(arena, uint64_t, (unsigned)count + 1);
    folded.modseqs = talloc_array(arena, uint64_t, (unsigned)count + 1);
    for (; folded.count < count; folded.count++) {
        folded.uids[folded.count] = list[folded.count].uid;
        folded.flags[folded.count] = list[folded.count].flags;
        folded.modseqs[folded.count] = list[folded.count].modseq;
    }
    return folded;
}

static bool find_fresh(const struct following *following, const struct search_place *place,
                       struct view_message *message)
{
    for (size_t i = 0; i < following->touched_count; i++)
        if (following->touched[i].folder_id == place->folder_id)
            return view_find(following->touched[i].view, place->uid, message);
    return false;
}

static void append_fresh(const struct following *following, struct view_builder *builder, uint64_t *modseq)
{
    const struct search_reading *reading = following->reading;
    struct view_message message;

    for (size_t i = 0; i < reading->fresh_count; i++) {
        if (!find_fresh(following, &reading->places[reading->fresh[i]], &message))
            continue;
        message.uid = reading->fresh_uid + (uint32_t)i;
        if (message.modseq < reading->head.modseq)
            message.modseq = reading->head.modseq;
        if (*modseq < message.modseq)
            *modseq = message.modseq;
        (void)view_builder_append(builder, &message);
    }
}

static struct view *build(const struct following *following)
{
    const struct search_head *head = &following->reading->head;
    struct folded folded = changed_flags(following);
    struct view_head next = { .folder_id = following->reading->folder_id,
                              .arrival = head->arrival,
                              .uidvalidity = head->uidvalidity,
                              .uidnext = head->uidnext,
                              .modseq = following->base->modseq > head->modseq ? following->base->modseq
                                                                               : head->modseq,
                              .keywords = head->keywords };
    struct view_builder *builder;

    if (folded.count + following->reading->gone_count + following->reading->fresh_count == 0)
        return view_ref(following->base);
    builder = view_builder_new(following->base);
    view_builder_expunge(builder, &following->gone);
    view_builder_folded(builder, &folded);
    for (size_t i = 0; i < folded.count; i++)
        if (next.modseq < folded.modseqs[i])
            next.modseq = folded.modseqs[i];
    append_fresh(following, builder, &next.modseq);
    return view_builder_finish(builder, &next);
}

/* ---- all of it */

static bool follow(struct following *following, bool *is_done_out, struct err *err)
{
    struct search_reading *reading = following->reading;
    struct search_source *before = reading->sources;
    size_t before_count = reading->source_count, count;
    struct search_place *asked;

    if (!touch_all(following, err))
        return false;
    if (following->is_too_much)
        return true;
    if (!leave_all(following, err) || !ask(following, &asked, &count, err))
        return false;
    compare(following, asked, count);
    *is_done_out = true;
    if (reading->gone_count + reading->fresh_count == 0)
        return true;
    if (!journal_run(reading->mailbox, write_work, following, err)) {
        *is_done_out = false;
        *err = following->is_lost ? ERR_INIT : *err;
        return following->is_lost;
    }
    /* with the flags of all that was committed before these rows */
    if (!search_sources_read(reading, err) || !touch_all(following, err))
        return false;
    reading->sources = before;
    reading->source_count = before_count;
    *is_done_out = !following->is_too_much;
    return true;
}

bool search_follow(struct search_reading *reading, const struct view *base, uint64_t since,
                   struct view_read *read, bool *is_done_out, struct err *err)
{
    struct following following = { .reading = reading,
                                   .state = cache_take_search(reading->mailbox, reading->folder_id),
                                   .base = base,
                                   .since = since,
                                   .gone = UID_SET_INIT(reading->arena) };
    const struct search_state *state = following.state;
    bool is_followed = true;

    *is_done_out = false;
    if (state && base && state->view == base && base->arrival == reading->head.arrival &&
        state->folder_modseq == reading->head.modseq && strcmp(state->filter, reading->head.filter) == 0)
        is_followed = follow(&following, is_done_out, err);
    if (is_followed && *is_done_out) {
        read->view = build(&following);
        if (!uid_set_is_empty(&following.gone))
            expunge_list_add(&read->expunges, read->view->modseq, &following.gone);
        search_state_follow(following.state, reading, read->view);
        cache_keep_search(reading->mailbox, reading->folder_id, following.state);
    } else {
        talloc_free(following.state);
    }
    return is_followed;
}
