/* search_state.c -- see search_state.h. */
#include "mailbox/search_state.h"

#include <stdlib.h>
#include <talloc.h>

static int release_state(struct search_state *state)
{
    view_release(&state->view);
    return 0;
}

size_t search_state_lower_bound(const struct search_state *state, int64_t folder_id, uint32_t uid)
{
    struct search_place wanted = { folder_id, uid };
    size_t low = 0, high = state->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct search_place at = { state->places[middle].folder_id, state->places[middle].uid };

        if (search_places_compare(&at, &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct shown_place *search_state_find(const struct search_state *state, int64_t folder_id, uint32_t uid)
{
    size_t at = search_state_lower_bound(state, folder_id, uid);
    struct shown_place *place = &state->places[at];

    return at < state->count && place->folder_id == folder_id && place->uid == uid ? place : NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct shown_place *x = a, *y = b;
    struct search_place p = { x->folder_id, x->uid }, q = { y->folder_id, y->uid };

    return search_places_compare(&p, &q);
}

static void keep_sources(struct search_state *state, const struct search_reading *reading)
{
    talloc_free(state->sources);
    state->sources =
        talloc_memdup(state, reading->sources, (reading->source_count + 1) * sizeof *state->sources);
    state->source_count = reading->source_count;
}

struct search_state *search_state_new(const struct search_reading *reading, const struct view *view)
{
    struct search_state *state = talloc_zero(NULL, struct search_state);

    state->filter = talloc_strdup(state, reading->head.filter);
    state->folder_modseq = reading->head.modseq;
    state->view = view_ref(view);
    talloc_set_destructor(state, release_state);
    keep_sources(state, reading);
    state->places = talloc_array(state, struct shown_place, (unsigned)reading->shown_count + 1);
    for (size_t i = 0; i < reading->shown_count; i++)
        state->places[state->count++] = (struct shown_place){ .folder_id = reading->shown[i].at.folder_id,
                                                              .uid = reading->shown[i].at.uid,
                                                              .shown = reading->shown[i].uid };
    if (state->count > 1)
        qsort(state->places, state->count, sizeof *state->places, by_place);
    return state;
}

void search_state_follow(struct search_state *state, const struct search_reading *reading,
                         const struct view *view)
{
    struct shown_place *old = state->places;
    size_t old_count = state->count, i = 0, k = 0;

    view_release(&state->view);
    state->view = view_ref(view);
    state->folder_modseq = reading->head.modseq;
    keep_sources(state, reading);
    if (reading->gone_count + reading->fresh_count == 0)
        return;
    state->places = talloc_array(state, struct shown_place, (unsigned)(old_count + reading->fresh_count) + 1);
    state->count = 0;
    while (i < old_count || k < reading->fresh_count) {
        struct search_place fresh = { 0 };
        if (k < reading->fresh_count)
            fresh = reading->places[reading->fresh[k]];
        struct search_place at = { 0 };
        if (i < old_count)
            at = (struct search_place){ old[i].folder_id, old[i].uid };
        if (k == reading->fresh_count || (i < old_count && search_places_compare(&at, &fresh) < 0)) {
            if (old[i].shown)
                state->places[state->count++] = old[i];
            i++;
        } else {
            state->places[state->count++] =
                (struct shown_place){ fresh.folder_id, fresh.uid, reading->fresh_uid + (uint32_t)k };
            k++;
        }
    }
    talloc_free(old);
}

static int by_folder(const void *a, const void *b)
{
    int64_t x = ((const struct search_source *)a)->folder_id,
            y = ((const struct search_source *)b)->folder_id;

    return (x > y) - (x < y);
}

const struct search_source *search_source_find(const struct search_source *sources, size_t count,
                                               int64_t folder_id)
{
    struct search_source key = { .folder_id = folder_id };

    return count ? bsearch(&key, sources, count, sizeof *sources, by_folder) : NULL;
}
