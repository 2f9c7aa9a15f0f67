/* fuzz_folder_name.c -- an accepted name has one spelling in UTF-7, and the pattern matcher agrees with a
 * plain one. */
#include "format/charset.h"
#include "format/folder_name.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the definition, slowly; for short texts. */

static bool matches_slowly(struct span pattern, struct span name)
{
    if (span_is_empty(pattern))
        return span_is_empty(name);
    if (*pattern.p == '*' || *pattern.p == '%') {
        struct span rest = { pattern.p + 1, pattern.end };

        for (const char *p = name.p;; p++) {
            if (matches_slowly(rest, (struct span){ p, name.end }))
                return true;
            if (p == name.end || (*pattern.p == '%' && *p == FOLDER_SEPARATOR))
                return false;
        }
    }
    return !span_is_empty(name) && *name.p == *pattern.p &&
           matches_slowly((struct span){ pattern.p + 1, pattern.end }, (struct span){ name.p + 1, name.end });
}

static void check_name(void *arena, const char *name)
{
    struct buf utf7 = BUF_INIT(arena);
    struct err err;
    char *again;

    if (!utf8_is_valid(span_text(name)) || strlen(name) > FOLDER_NAME_MAX)
        abort();
    folder_name_add_utf7(&utf7, span_text(name));
    if (!folder_name_of_utf7(arena, buf_span(&utf7), &again, &err) || strcmp(again, name) != 0)
        abort();
    folder_name_parent(arena, name);
    if (!*folder_name_leaf(name))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size), pattern;
    struct err err;
    char *name;

    if (folder_name_of_utf8(arena, in, &name, &err))
        check_name(arena, name);
    if (folder_name_of_utf7(arena, in, &name, &err))
        check_name(arena, name);
    if (span_take_line(&in, &pattern)) {
        bool matches = folder_pattern_matches(pattern, in);
        bool is_inbox = span_starts_nocase(in, "INBOX");

        if (span_length(pattern) < 12 && span_length(in) < 16 && !is_inbox &&
            matches != matches_slowly(pattern, in))
            abort();
    }
    talloc_free(arena);
    return 0;
}
