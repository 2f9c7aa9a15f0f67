/* fuzz_data_filter.c -- the same bytes give the same message wherever they are cut, and a second message never appears
 * except behind CRLF "." CRLF (or a dot line at the very start). The first byte chooses the cut and the mode. */
#include "base/buf.h"
#include "smtp/data_filter.h"

#include <stdlib.h>
#include <talloc.h>

static bool keep(void *arg, struct span bytes)
{
    buf_add_span(arg, bytes);
    return true;
}

static size_t run(struct span in, size_t step, bool normalises, bool is_text, struct buf *kept,
                  unsigned *flaws_out)
{
    struct data_filter filter;
    const char *start = in.p;

    (is_text ? text_filter_init : data_filter_init)(&filter, normalises, keep, kept);
    while (filter.state != DATA_ENDED && !span_is_empty(in)) {
        struct span part = span_part(in, 0, step);

        if (!data_filter_feed(&filter, &part))
            abort();
        in.p = part.p;
    }
    if (filter.state == DATA_ENDED && in.p - start > 3 && memcmp(in.p - 5, "\r\n.\r\n", 5) != 0)
        abort();
    *flaws_out = filter.flaws;
    return (size_t)(in.p - start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct buf whole = BUF_INIT(arena), cut = BUF_INIT(arena);
    unsigned whole_flaws, cut_flaws;
    struct span in;
    uint8_t mode;

    if (size > 0) {
        mode = data[0];
        in = span_of(data + 1, size - 1);
        if (run(in, SIZE_MAX, mode & 1, mode & 2, &whole, &whole_flaws) !=
            run(in, 1 + mode / 4, mode & 1, mode & 2, &cut, &cut_flaws))
            abort();
        if (!span_equals(buf_span(&whole), buf_span(&cut)) || whole_flaws != cut_flaws)
            abort();
    }
    talloc_free(arena);
    return 0;
}
