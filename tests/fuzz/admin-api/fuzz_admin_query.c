/*
 * fuzz_admin_query.c -- what stands behind the '?' of a list and a sentence: the first byte says which. What was taken of a
 * cursor or a filter is within its bounds.
 */
#include "admin_api/filter_term.h"
#include "admin_api/language.h"

#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static void try_filter(void *arena, const char *text)
{
    struct page_term terms[PAGE_TERMS_MAX];
    struct err err = ERR_INIT;
    json_t *object = json_pack("{s:s, s:i, s:b, s:[s, s]}", "name", "\xc3\x89lo\xc3\xafse", "quota", 10,
                               "hidden", 1, "tags", "a", "b");
    size_t count;

    if (page_terms(arena, text, terms, &count, &err)) {
        assert(count <= PAGE_TERMS_MAX);
        for (size_t i = 0; i < count; i++)
            assert(*terms[i].field && strlen(terms[i].value) <= strlen(text));
        (void)filter_terms_hold(terms, count, object);
    } else {
        assert(err.kind == ERR_INVALID);
    }
    json_decref(object);
}

static void try_cursor(void *arena, const char *text)
{
    struct err err = ERR_INIT;
    char *first, *second;

    if (page_cursor_read(arena, text, &first, &second, &err))
        assert(strlen(first) + strlen(second) <= strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    char *text = size ? talloc_strndup(arena, (const char *)data + 1, size - 1) : talloc_strdup(arena, "");

    switch (size ? data[0] % 3 : 0) {
    case 0:
        try_filter(arena, text);
        break;
    case 1:
        try_cursor(arena, text);
        break;
    default:
        g_free(page_fold(text));
        (void)language_french(arena, text);
    }
    talloc_free(arena);
    return 0;
}
