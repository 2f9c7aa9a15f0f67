/* fuzz_accept_encoding.c -- the field of a request; what names a coding nowhere takes none. */
#include "http/site.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *field = talloc_strndup(NULL, (const char *)data, size);

    assert(!site_accepts(field, "gzip") || strcasestr(field, "gzip") != NULL);
    assert(!site_accepts(field, "br") || strcasestr(field, "br") != NULL);
    talloc_free(field);
    return 0;
}
