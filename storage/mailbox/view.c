/*
 * view.c -- reading a view.
 */
#include "mailbox/view.h"

#include "mailbox/flags.h"
#include "mailbox/view_build.h"

#include <talloc.h>

int64_t view_folder_id(const struct view *view)
{
    return view->folder_id;
}

uint32_t view_uidvalidity(const struct view *view)
{
    return view->uidvalidity;
}

uint32_t view_uidnext(const struct view *view)
{
    return view->uidnext;
}

uint64_t view_modseq(const struct view *view)
{
    return view->modseq;
}

uint32_t view_count(const struct view *view)
{
    return view->count;
}

uint32_t view_unseen(const struct view *view)
{
    return view->unseen;
}

uint32_t view_deleted(const struct view *view)
{
    return view->deleted;
}

uint64_t view_bytes(const struct view *view)
{
    return view->bytes;
}

const struct keyword_table *view_keywords(const struct view *view)
{
    return &view->keywords->table;
}

static struct view_message message_of(const struct view *view, uint32_t chunk, uint32_t i)
{
    const struct chunk *c = view->chunks[chunk];

    return (struct view_message){ .uid = c->fixed->uid[i],
                                  .number = view->numbers[chunk] + i,
                                  .size = c->fixed->size[i],
                                  .flags = c->flags[i],
                                  .modseq = c->modseq[i],
                                  .received_us = c->fixed->received_us[i],
                                  .message_id = c->fixed->message_id[i],
                                  .item_id = c->fixed->item_id[i] };
}

/* The chunk that holds this sequence number, which exists. */
static uint32_t chunk_of_number(const struct view *view, uint32_t number)
{
    uint32_t low = 0, high = view->chunk_count;

    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;

        if (view->numbers[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t view_locate(const struct view *view, uint32_t uid, uint32_t *offset_out)
{
    uint32_t low = 0, high = view->chunk_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct chunk *chunk = view->chunks[middle];

        if (chunk->fixed->uid[chunk->count - 1] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    *offset_out = low < view->chunk_count ? chunk_lower_bound(view->chunks[low], uid) : 0;
    return low;
}

bool view_at(const struct view *view, uint32_t number, struct view_message *message_out)
{
    uint32_t chunk;

    if (number == 0 || number > view->count)
        return false;
    chunk = chunk_of_number(view, number);
    *message_out = message_of(view, chunk, number - view->numbers[chunk]);
    return true;
}

bool view_find(const struct view *view, uint32_t uid, struct view_message *message_out)
{
    uint32_t offset, chunk = view_locate(view, uid, &offset);

    if (chunk == view->chunk_count || view->chunks[chunk]->fixed->uid[offset] != uid)
        return false;
    *message_out = message_of(view, chunk, offset);
    return true;
}

uint32_t view_number_of(const struct view *view, uint32_t uid)
{
    uint32_t offset, chunk = view_locate(view, uid, &offset);

    if (chunk == view->chunk_count || view->chunks[chunk]->fixed->uid[offset] != uid)
        return 0;
    return view->numbers[chunk] + offset;
}

uint32_t view_count_below(const struct view *view, uint32_t uid)
{
    uint32_t offset, chunk = view_locate(view, uid, &offset);

    return chunk == view->chunk_count ? view->count : view->numbers[chunk] + offset - 1;
}

uint32_t view_last_uid(const struct view *view)
{
    const struct chunk *last;

    if (view->chunk_count == 0)
        return 0;
    last = view->chunks[view->chunk_count - 1];
    return last->fixed->uid[last->count - 1];
}

uint32_t view_first_unseen(const struct view *view)
{
    for (uint32_t c = 0; c < view->chunk_count; c++) {
        const struct chunk *chunk = view->chunks[c];

        for (uint32_t i = 0; chunk->unseen && i < chunk->count; i++)
            if (!(chunk->flags[i] & FLAG_SEEN))
                return view->numbers[c] + i;
    }
    return 0;
}

struct view_at view_from(const struct view *view, uint32_t number)
{
    struct view_at at = { .view = view, .number = number ? number : 1 };

    if (at.number > view->count) {
        at.chunk = view->chunk_count;
        return at;
    }
    at.chunk = chunk_of_number(view, at.number);
    at.offset = at.number - view->numbers[at.chunk];
    return at;
}

bool view_next(struct view_at *at, struct view_message *message_out)
{
    if (at->chunk == at->view->chunk_count)
        return false;
    *message_out = message_of(at->view, at->chunk, at->offset);
    at->number++;
    if (++at->offset == at->view->chunks[at->chunk]->count) {
        at->chunk++;
        at->offset = 0;
    }
    return true;
}

struct view_select view_select_uids(const struct view *view, const struct uid_set *uids)
{
    return (struct view_select){ .at = view_from(view, 1), .set = uids, .by_uid = true };
}

struct view_select view_select_numbers(const struct view *view, const struct uid_set *numbers)
{
    return (struct view_select){ .at = view_from(view, 1), .set = numbers };
}

/* Moves on to the first message at or after the beginning of the current run. */
static void seek(struct view_select *select)
{
    const struct view *view = select->at.view;
    uint32_t first = select->set->runs[select->run].first;

    if (!select->by_uid) {
        if (select->at.number < first)
            select->at = view_from(view, first);
        return;
    }
    if (select->at.chunk < view->chunk_count &&
        view->chunks[select->at.chunk]->fixed->uid[select->at.offset] < first) {
        select->at.chunk = view_locate(view, first, &select->at.offset);
        select->at.number = select->at.chunk < view->chunk_count
                                ? view->numbers[select->at.chunk] + select->at.offset
                                : view->count + 1;
    }
}

bool view_select_next(struct view_select *select, struct view_message *message_out)
{
    const struct view *view = select->at.view;

    if (!select->set)
        return view_next(&select->at, message_out);
    for (; select->run < select->set->count; select->run++) {
        seek(select);
        if (select->at.chunk == view->chunk_count)
            return false;
        uint32_t key = select->by_uid ? view->chunks[select->at.chunk]->fixed->uid[select->at.offset]
                                      : select->at.number;
        if (key <= select->set->runs[select->run].last)
            return view_next(&select->at, message_out);
    }
    return false;
}

/* Some UIDs in ascending order. Most often none is missing between them. */
static void add_uids(struct uid_set *set, const uint32_t *uids, uint32_t count)
{
    if (uids[count - 1] - uids[0] == count - 1) {
        uid_set_add(set, uids[0], uids[count - 1]);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        uid_set_add_one(set, uids[i]);
}

struct uid_set view_uids_of(const void *owner, const struct view *view, const struct uid_set *numbers)
{
    struct uid_set uids = UID_SET_INIT(owner);

    for (size_t r = 0; r < numbers->count; r++) {
        struct view_at at = view_from(view, numbers->runs[r].first);
        uint64_t left = (uint64_t)numbers->runs[r].last - at.number + 1;

        for (; at.chunk < view->chunk_count && left > 0; at.chunk++, at.offset = 0) {
            const struct chunk *chunk = view->chunks[at.chunk];
            uint32_t count = chunk->count - at.offset < left ? chunk->count - at.offset : (uint32_t)left;

            add_uids(&uids, chunk->fixed->uid + at.offset, count);
            left -= count;
        }
    }
    return uids;
}

struct uid_set view_numbers_of(const void *owner, const struct view *view, const struct uid_set *uids)
{
    struct uid_set numbers = UID_SET_INIT(owner);

    for (size_t i = 0; i < uids->count; i++) {
        uint32_t first = view_count_below(view, uids->runs[i].first) + 1;
        uint32_t last =
            uids->runs[i].last == UINT32_MAX ? view->count : view_count_below(view, uids->runs[i].last + 1);

        if (first <= last)
            uid_set_add(&numbers, first, last);
    }
    return numbers;
}

struct uid_set view_existing(const void *owner, const struct view *view, const struct uid_set *uids)
{
    struct uid_set found = UID_SET_INIT(owner);
    struct view_select select = view_select_uids(view, uids);

    for (struct view_message m; view_select_next(&select, &m);)
        uid_set_add_one(&found, m.uid);
    return found;
}

struct uid_set view_with_flags(const void *owner, const struct view *view, uint64_t with, uint64_t without)
{
    struct uid_set found = UID_SET_INIT(owner);

    for (uint32_t c = 0; c < view->chunk_count; c++) {
        const struct chunk *chunk = view->chunks[c];

        if (((with & FLAG_DELETED) && !chunk->deleted) || ((without & FLAG_SEEN) && !chunk->unseen))
            continue;
        for (uint32_t i = 0; i < chunk->count; i++)
            if ((chunk->flags[i] & with) == with && !(chunk->flags[i] & without))
                uid_set_add_one(&found, chunk->fixed->uid[i]);
    }
    return found;
}

struct uid_set view_changed_since(const void *owner, const struct view *view, uint64_t modseq)
{
    struct uid_set found = UID_SET_INIT(owner);

    for (uint32_t c = 0; c < view->chunk_count; c++) {
        const struct chunk *chunk = view->chunks[c];

        for (uint32_t i = 0; chunk->modseq_max > modseq && i < chunk->count; i++)
            if (chunk->modseq[i] > modseq)
                uid_set_add_one(&found, chunk->fixed->uid[i]);
    }
    return found;
}
