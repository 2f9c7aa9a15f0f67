/* fuzz_csv.c -- lines of CSV: what is taken ends, and no field is longer than the input. */
#include "format/csv.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

enum { FIELDS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of((const char *)data, size);
    void *arena = talloc_new(NULL);
    char *fields[FIELDS];
    size_t count;

    csv_skip_mark(&rest);
    while (!span_is_empty(rest)) {
        const char *before = rest.p;
        if (!csv_take_line(&rest, arena, fields, FIELDS, &count))
            break;
        assert(rest.p > before && count > 0 && count <= FIELDS);
        for (size_t i = 0; i < count; i++)
            assert(strlen(fields[i]) <= size);
    }
    talloc_free(arena);
    return 0;
}
