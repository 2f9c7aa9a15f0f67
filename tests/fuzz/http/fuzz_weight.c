/* fuzz_weight.c -- a field of a request; what names a word nowhere gives it no weight, and no weight is beyond its bounds. */
#include "http/weight.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

static void try_one(const char *field, const char *word, enum http_naming naming)
{
    int weight = http_weight(field, word, naming);

    assert(weight >= -1 && weight <= 1000);
    assert(weight == -1 || strcasestr(field, word) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *field = talloc_strndup(NULL, (const char *)data, size);

    try_one(field, "gzip", HTTP_EXACTLY);
    try_one(field, "br", HTTP_EXACTLY);
    try_one(field, "fr", HTTP_WITH_SUBTAG);
    talloc_free(field);
    return 0;
}
