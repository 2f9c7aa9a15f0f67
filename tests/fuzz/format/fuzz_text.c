/* fuzz_text.c -- searchable text, previews and file names are bounded UTF-8; folding is stable. */
#include "format/charset.h"
#include "format/fold.h"
#include "format/text.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 100000 };

static void check_name(const char *name)
{
    if (!name)
        return;
    if (!*name || strlen(name) > TEXT_FILE_NAME_MAX || strchr(name, '/') || strchr(name, '\\') ||
        !utf8_is_valid(span_text(name)))
        abort();
    for (; *name; name++)
        if ((unsigned char)*name < ' ')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span message = span_of(data, size);
    struct buf out = BUF_INIT(arena), html = BUF_INIT(arena);
    struct mime_index index;
    char *folded;

    mime_index_build(arena, message, &index);
    text_add_searchable(&out, message, &index, CAP);
    if (out.length > CAP || !utf8_is_valid(buf_span(&out)) || (out.length && memchr(out.p, '\0', out.length)))
        abort();
    folded = fold_text(arena, buf_span(&out));
    if (!utf8_is_valid(span_text(folded)) || strcmp(fold_text(arena, span_text(folded)), folded) != 0)
        abort();
    buf_clear(&out);
    text_add_preview(&out, message, &index);
    if (out.length > TEXT_PREVIEW_CHARACTERS * 4 || !utf8_is_valid(buf_span(&out)))
        abort();
    for (uint32_t i = 0; i < index.count; i++)
        check_name(text_file_name(arena, message, &index.parts[i]));
    (void)text_has_attachment(message, &index);
    utf8_add_valid(&html, message);
    buf_clear(&out);
    html_add_text(&out, buf_span(&html), CAP);
    if (out.length > CAP || !utf8_is_valid(buf_span(&out)))
        abort();
    if (html_cut(buf_span(&html), CAP / 2) > CAP / 2)
        abort();
    talloc_free(arena);
    return 0;
}
