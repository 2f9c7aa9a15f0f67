/* fuzz_name.c -- a path of names: nothing in it separates that did not before, and no name is decoded twice. */
#include "http/request.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <talloc.h>

static size_t count(const char *text, char byte)
{
    size_t found = 0;

    for (; *text; text++)
        found += *text == byte;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *target = talloc_strndup(NULL, (const char *)data, size);
    char *path = http_path_of_names(target, span_text(target));
    char *name = http_name(target, span_text(path));

    if (strstr(target, "%00") == NULL) {
        assert(count(path, '/') == count(target, '/') && count(path, '\\') == count(target, '\\'));
        assert(strcmp(http_path_of_names(target, span_text(path)), path) == 0);
        assert(strlen(name) <= strlen(target));
    }
    talloc_free(target);
    return 0;
}
