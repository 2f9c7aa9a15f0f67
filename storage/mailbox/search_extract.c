/* search_extract.c -- a message as search sees it: decoded, folded fields and the text of its parts. */
#include "mailbox/search_text.h"

#include "format/fold.h"
#include "format/header.h"
#include "format/mime.h"
#include "format/text.h"

#include <talloc.h>

static void add_header(struct buf *out, struct span header)
{
    void *scratch = talloc_new(NULL);
    struct header_field field;

    buf_add_byte(out, '\n');
    while (header_next(&header, &field) && out->length < SEARCH_TEXT_MESSAGE_BYTES) {
        fold_add(out, field.name);
        buf_add_text(out, ": ");
        fold_add(out, span_text(header_decode(scratch, field.value)));
        buf_add_byte(out, '\n');
        talloc_free_children(scratch);
    }
    talloc_free(scratch);
}

void search_extract(const void *owner, struct span bytes, struct search_document *document_out)
{
    void *scratch = talloc_new(NULL);
    struct buf text = BUF_INIT(scratch), header = BUF_INIT((void *)(uintptr_t)owner),
               body = BUF_INIT((void *)(uintptr_t)owner);
    struct mime_index index;

    mime_index_build(scratch, bytes, &index);
    add_header(&header, mime_part_header(bytes, &index.parts[0]));
    text_add_searchable(&text, bytes, &index, SEARCH_TEXT_MESSAGE_BYTES);
    fold_add(&body, buf_span(&text));
    document_out->header = buf_span(&header);
    document_out->body = buf_span(&body);
    talloc_free(scratch);
}
