/*
 * uid_set.c -- runs kept sorted, disjoint and never adjacent.
 */
#include "mailbox/uid_set.h"

#include <stdlib.h>
#include <talloc.h>

enum { FIRST_CAPACITY = 4 };

static void reserve(struct uid_set *set, size_t count)
{
    size_t capacity = set->capacity ? set->capacity : FIRST_CAPACITY;

    if (count <= set->capacity)
        return;
    while (capacity < count)
        capacity *= 2;
    set->runs = talloc_realloc(set->owner, set->runs, struct uid_run, (unsigned)capacity);
    set->capacity = capacity;
}

/* Index of the first run that ends at or after `uid`; count where none does. */
static size_t first_run_reaching(const struct uid_set *set, uint32_t uid)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->runs[middle].last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Runs [at, end) become one run. */
static void replace_runs(struct uid_set *set, size_t at, size_t end, struct uid_run run)
{
    if (at == end) {
        reserve(set, set->count + 1);
        memmove(set->runs + at + 1, set->runs + at, (set->count - at) * sizeof *set->runs);
        set->count++;
    } else {
        memmove(set->runs + at + 1, set->runs + end, (set->count - end) * sizeof *set->runs);
        set->count -= end - at - 1;
    }
    set->runs[at] = run;
}

void uid_set_add(struct uid_set *set, uint32_t first, uint32_t last)
{
    struct uid_run run = { first < last ? first : last, first < last ? last : first };
    size_t at, end;

    if (run.first == 0)
        run.first = 1;
    if (run.last == 0)
        return;
    if (set->count > 0 &&
        set->runs[set->count - 1].last == run.first - 1) { /* most often: one after the other */
        set->runs[set->count - 1].last = run.last;
        return;
    }
    if (set->count == 0 || set->runs[set->count - 1].last < run.first - 1) {
        reserve(set, set->count + 1);
        set->runs[set->count++] = run;
        return;
    }
    at = first_run_reaching(set, run.first > 1 ? run.first - 1 : 1);
    for (end = at;
         end < set->count && set->runs[end].first <= (run.last < UINT32_MAX ? run.last + 1 : run.last);
         end++) {
        if (set->runs[end].first < run.first)
            run.first = set->runs[end].first;
        if (set->runs[end].last > run.last)
            run.last = set->runs[end].last;
    }
    replace_runs(set, at, end, run);
}

/* One walk over both, so that joining two large sets of single numbers does not move one for each of the other. */
void uid_set_add_all(struct uid_set *set, const struct uid_set *other)
{
    struct uid_set joined = UID_SET_INIT(set->owner);
    size_t a = 0, b = 0;

    if (uid_set_is_empty(other))
        return;
    while (a < set->count || b < other->count) {
        bool is_ours = b == other->count || (a < set->count && set->runs[a].first < other->runs[b].first);
        struct uid_run run = is_ours ? set->runs[a++] : other->runs[b++];

        uid_set_add(&joined, run.first, run.last);
    }
    talloc_free(set->runs);
    *set = joined;
}

uint64_t uid_set_size(const struct uid_set *set)
{
    uint64_t size = 0;

    for (size_t i = 0; i < set->count; i++)
        size += (uint64_t)set->runs[i].last - set->runs[i].first + 1;
    return size;
}

bool uid_set_contains(const struct uid_set *set, uint32_t uid)
{
    size_t at = first_run_reaching(set, uid);

    return at < set->count && set->runs[at].first <= uid;
}

bool uid_set_equals(const struct uid_set *a, const struct uid_set *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->runs, b->runs, a->count * sizeof *a->runs) == 0);
}

uint32_t uid_set_first(const struct uid_set *set)
{
    return set->count ? set->runs[0].first : 0;
}

uint32_t uid_set_last(const struct uid_set *set)
{
    return set->count ? set->runs[set->count - 1].last : 0;
}

struct uid_set uid_set_copy(const void *owner, const struct uid_set *set)
{
    struct uid_set copy = UID_SET_INIT(owner);

    if (set->count) {
        reserve(&copy, set->count);
        memcpy(copy.runs, set->runs, set->count * sizeof *set->runs);
        copy.count = set->count;
    }
    return copy;
}

struct uid_set uid_set_intersect(const void *owner, const struct uid_set *a, const struct uid_set *b)
{
    struct uid_set both = UID_SET_INIT(owner);

    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        uint32_t first = a->runs[i].first > b->runs[j].first ? a->runs[i].first : b->runs[j].first;
        uint32_t last = a->runs[i].last < b->runs[j].last ? a->runs[i].last : b->runs[j].last;

        if (first <= last)
            uid_set_add(&both, first, last);
        if (a->runs[i].last < b->runs[j].last)
            i++;
        else
            j++;
    }
    return both;
}

struct uid_set uid_set_subtract(const void *owner, const struct uid_set *a, const struct uid_set *b)
{
    struct uid_set rest = UID_SET_INIT(owner);
    size_t j = 0;

    for (size_t i = 0; i < a->count; i++) {
        uint64_t from = a->runs[i].first;

        while (j < b->count && b->runs[j].last < from)
            j++;
        for (size_t k = j; k < b->count && b->runs[k].first <= a->runs[i].last; k++) {
            if (b->runs[k].first > from)
                uid_set_add(&rest, (uint32_t)from, b->runs[k].first - 1);
            from = (uint64_t)b->runs[k].last + 1;
        }
        if (from <= a->runs[i].last)
            uid_set_add(&rest, (uint32_t)from, a->runs[i].last);
    }
    return rest;
}

bool uid_set_next(struct uid_set_at *at, uint32_t *uid_out)
{
    const struct uid_run *run;

    if (at->run >= at->set->count)
        return false;
    run = &at->set->runs[at->run];
    *uid_out = run->first + at->offset;
    if (*uid_out == run->last) {
        at->run++;
        at->offset = 0;
    } else {
        at->offset++;
    }
    return true;
}

/* seq-number = nz-number / "*" */
static bool take_number(struct span *in, uint32_t star, uint32_t *number_out, bool *is_star_out)
{
    *is_star_out = span_take_byte(in, '*');
    if (*is_star_out) {
        *number_out = star;
        return true;
    }
    return span_take_u32(in, number_out) && *number_out != 0;
}

static int compare_runs(const void *a, const void *b)
{
    const struct uid_run *left = a, *right = b;

    return left->first < right->first ? -1 : left->first > right->first;
}

bool uid_set_take(struct span *in, uint32_t star, struct uid_set *set_out)
{
    struct span rest = *in;
    struct uid_run *parts = NULL;
    size_t count = 0;
    bool is_valid = false;

    do {
        struct uid_run part;
        bool starts_at_star, ends_at_star = false;

        if (count == UID_SET_RUNS_MAX || !take_number(&rest, star, &part.first, &starts_at_star))
            goto out;
        part.last = part.first;
        if (span_take_byte(&rest, ':') && !take_number(&rest, star, &part.last, &ends_at_star))
            goto out;
        if (star == 0 && (starts_at_star || ends_at_star))
            continue;
        if (part.first > part.last)
            part = (struct uid_run){ part.last, part.first };
        if (count == 0 || (count & (count - 1)) == 0)
            parts = talloc_realloc(NULL, parts, struct uid_run, (unsigned)(count ? count * 2 : 1));
        parts[count++] = part;
    } while (span_take_byte(&rest, ','));
    if (count)
        qsort(parts, count, sizeof *parts, compare_runs);
    for (size_t i = 0; i < count; i++)
        uid_set_add(set_out, parts[i].first, parts[i].last);
    *in = rest;
    is_valid = true;
out:
    talloc_free(parts);
    return is_valid;
}

void uid_set_render(struct buf *out, const struct uid_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (i)
            buf_add_byte(out, ',');
        buf_add_u64(out, set->runs[i].first);
        if (set->runs[i].last != set->runs[i].first) {
            buf_add_byte(out, ':');
            buf_add_u64(out, set->runs[i].last);
        }
    }
}

void uid_set_pack(struct buf *out, const struct uid_set *set)
{
    uint64_t next = 1; /* smallest that the next run can begin with */

    buf_add_varint(out, set->count);
    for (size_t i = 0; i < set->count; i++) {
        buf_add_varint(out, set->runs[i].first - next);
        buf_add_varint(out, set->runs[i].last - set->runs[i].first);
        next = (uint64_t)set->runs[i].last + 2;
    }
}

bool uid_set_unpack(struct span packed, struct uid_set *set_out)
{
    uint64_t count, next = 1;

    if (!span_take_varint(&packed, &count) || count > span_length(packed) / 2)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t gap, length;

        if (!span_take_varint(&packed, &gap) || !span_take_varint(&packed, &length) || gap > UINT32_MAX ||
            length > UINT32_MAX || next + gap + length > UINT32_MAX)
            return false;
        uid_set_add(set_out, (uint32_t)(next + gap), (uint32_t)(next + gap + length));
        next += gap + length + 2;
    }
    return span_is_empty(packed);
}
