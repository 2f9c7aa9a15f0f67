/* lines.c -- what one group has and the other has not. */
#include "move/work.h"

#include <stdlib.h>
#include <talloc.h>

static int compare(const void *left, const void *right)
{
    const struct line *x = left, *y = right;

    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    if (x->b != y->b)
        return x->b < y->b ? -1 : 1;
    return (x->c > y->c) - (x->c < y->c);
}

void lines_sort(struct lines *lines)
{
    if (lines->count > 1)
        qsort(lines->list, lines->count, sizeof *lines->list, compare);
}

bool lines_have(const struct lines *sorted, const struct line *line)
{
    return sorted->count > 0 &&
           bsearch(line, sorted->list, sorted->count, sizeof *sorted->list, compare) != NULL;
}

struct lines lines_without(const void *owner, const struct lines *of, const struct lines *in)
{
    struct lines rest = { .list = talloc_array(owner, struct line, (unsigned)of->count + 1) };
    size_t at = 0;

    for (size_t i = 0; i < of->count; i++) {
        while (at < in->count && compare(&in->list[at], &of->list[i]) < 0)
            at++;
        if (at == in->count || compare(&in->list[at], &of->list[i]) != 0)
            rest.list[rest.count++] = of->list[i];
    }
    return rest;
}

int64_t *lines_column(const void *owner, const struct lines *lines, size_t first, size_t count, int which)
{
    int64_t *column = talloc_array(owner, int64_t, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct line *line = &lines->list[first + i];
        column[i] = which == 0 ? line->a : which == 1 ? line->b : which == 2 ? line->c : line->old;
    }
    return column;
}
