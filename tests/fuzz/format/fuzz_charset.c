/* fuzz_charset.c -- the first line names a charset, the rest is in it: the result is bounded UTF-8. */
#include "format/charset.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size), charset = span_text("");
    struct buf out = BUF_INIT(arena);
    char *normal, *folded;

    (void)!span_take_line(&in, &charset);
    charset_add_utf8(&out, charset, in, 10000);
    if (out.length > 10000 || !utf8_is_valid(buf_span(&out)) ||
        (out.length && memchr(out.p, '\0', out.length)))
        abort();
    normal = utf8_nfc(arena, buf_span(&out));
    folded = utf8_fold_case(arena, buf_span(&out));
    if (!normal || !folded || strcmp(utf8_nfc(arena, span_text(normal)), normal) != 0)
        abort();
    if ((utf8_nfc(arena, in) != NULL) != utf8_is_valid(in))
        abort();
    talloc_free(arena);
    return 0;
}
