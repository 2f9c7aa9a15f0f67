/*
 * fold_contains.c -- a short needle in a short text, a hundred thousand times: memmem() prepares a table at each call, which
 * costs more than looking at sixteen places at once for the first and the last byte of the needle.
 */
#include "format/fold.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { PLACES = 16 };

/* Places of at[0 .. PLACES) where the needle's ends are right; their bytes and those of `length` - 1 further are there. */
static unsigned places_of(const char *at, __m128i first, __m128i last, size_t length)
{
    __m128i begins = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), first);
    __m128i ends = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + length - 1)), last);

    return (unsigned)_mm_movemask_epi8(_mm_and_si128(begins, ends));
}

static bool contains(struct span text, struct span needle)
{
    size_t length = span_length(needle);
    const char *last_block = text.p + (span_length(text) - length + 1 - PLACES);
    __m128i first = _mm_set1_epi8(needle.p[0]), last = _mm_set1_epi8(needle.p[length - 1]);

    for (const char *at = text.p;; at += PLACES) {
        if (at > last_block)
            at = last_block; /* some places a second time */
        for (unsigned places = places_of(at, first, last, length); places; places &= places - 1)
            if (memcmp(at + __builtin_ctz(places), needle.p, length) == 0)
                return true;
        if (at == last_block)
            return false;
    }
}
#else
enum { PLACES = 1 };

static bool contains(struct span text, struct span needle)
{
    return memmem(text.p, span_length(text), needle.p, span_length(needle)) != NULL;
}
#endif

/* Fewer places than a block has. */
static bool contains_at_few(struct span text, struct span needle)
{
    size_t length = span_length(needle);

    for (const char *at = text.p; length <= (size_t)(text.end - at); at++)
        if (*at == *needle.p && memcmp(at, needle.p, length) == 0)
            return true;
    return false;
}

bool fold_contains(struct span text, struct span needle)
{
    if (span_is_empty(needle))
        return true;
    if (span_length(text) < span_length(needle) + PLACES - 1)
        return !span_is_empty(text) && contains_at_few(text, needle);
    return contains(text, needle);
}
