/*
 * set.c -- see set.h.
 */
#include "imap/set.h"

#include <stdlib.h>
#include <talloc.h>

static bool take_number(struct imap_in *in, uint32_t *number_out)
{
    if (imap_take_byte(in, '*')) {
        *number_out = IMAP_STAR;
        return true;
    }
    return imap_take_nz_number(in, number_out);
}

static bool take_range(struct imap_in *in, struct imap_range *range_out)
{
    if (!take_number(in, &range_out->first))
        return false;
    range_out->last = range_out->first;
    return !imap_take_byte(in, ':') || take_number(in, &range_out->last);
}

bool imap_take_set(struct imap_in *in, struct imap_set *set_out)
{
    struct imap_in ahead = *in;
    struct imap_set set = { 0 };
    size_t capacity = 0;

    if (imap_take_byte(&ahead, '$')) {
        set.is_saved = true;
    } else {
        do {
            if (set.count == capacity) {
                capacity = capacity ? capacity * 2 : 4;
                set.ranges = talloc_realloc(in->arena, set.ranges, struct imap_range, (unsigned)capacity);
            }
            if (!take_range(&ahead, &set.ranges[set.count]))
                return false;
            set.count++;
        } while (imap_take_byte(&ahead, ','));
    }
    in->rest = ahead.rest;
    *set_out = set;
    return true;
}

bool imap_take_plain_set(struct imap_in *in, struct imap_set *set_out)
{
    struct imap_in ahead = *in;

    if (!imap_take_set(&ahead, set_out) || set_out->is_saved)
        return false;
    for (size_t i = 0; i < set_out->count; i++)
        if (set_out->ranges[i].first == IMAP_STAR || set_out->ranges[i].last == IMAP_STAR)
            return false;
    in->rest = ahead.rest;
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct imap_range *left = a, *right = b;

    return (left->first > right->first) - (left->first < right->first);
}

/* Sorted first: added in order, a million ranges take no longer than their sorting. */
struct uid_set imap_set_resolve(const void *owner, const struct imap_set *set, uint32_t star)
{
    struct imap_range *ranges = talloc_array(owner, struct imap_range, (unsigned)set->count + 1);
    struct uid_set numbers = UID_SET_INIT(owner);
    size_t kept = 0;

    for (size_t i = 0; i < set->count; i++) {
        struct imap_range range = set->ranges[i];

        if ((range.first == IMAP_STAR || range.last == IMAP_STAR) && star == 0)
            continue;
        range.first = range.first == IMAP_STAR ? star : range.first;
        range.last = range.last == IMAP_STAR ? star : range.last;
        if (range.first > range.last)
            range = (struct imap_range){ range.last, range.first };
        ranges[kept++] = range;
    }
    if (kept > 1)
        qsort(ranges, kept, sizeof *ranges, by_first);
    for (size_t i = 0; i < kept; i++)
        uid_set_add(&numbers, ranges[i].first, ranges[i].last);
    talloc_free(ranges);
    return numbers;
}
