/* fuzz_mime.c -- every index is a tree of ranges that lie inside each other, survives packing, and is found
 * by its own numbers. */
#include "format/mime.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(const struct mime_index *index, uint32_t i)
{
    const struct mime_part *part = &index->parts[i], *parent;

    if (part->header_start > part->body_start || part->body_start > part->body_end ||
        part->body_end > index->size || part->depth > MIME_DEPTH_MAX ||
        (part->parent == MIME_NO_PART) != (i == 0))
        abort();
    if (i == 0)
        return;
    parent = &index->parts[part->parent];
    if (part->parent >= i || parent->kind == MIME_LEAF || part->header_start < parent->body_start ||
        part->body_end > parent->body_end || part->depth != parent->depth + 1 ||
        part->header_start < index->parts[i - 1].header_start)
        abort();
}

static void check_section(void *arena, const struct mime_index *index, struct span packed, uint32_t i)
{
    const struct mime_part *part = &index->parts[i];
    struct buf path = BUF_INIT(arena);
    struct mime_section section;

    mime_part_path(&path, index, i);
    if (part->kind == MIME_MULTIPART && part->number == 0)
        return;
    if (!mime_section_find(packed, buf_span(&path), &section) || section.part != i ||
        section.range.offset != part->body_start || section.range.length != part->body_end - part->body_start)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct buf packed = BUF_INIT(arena), again = BUF_INIT(arena);
    struct mime_index index, unpacked;
    struct mime_section section;

    mime_index_build(arena, span_of(data, size), &index);
    mime_index_pack(&packed, &index);
    if (index.count == 0 || index.count > MIME_PARTS_MAX ||
        !mime_index_unpack(arena, buf_span(&packed), &unpacked))
        abort();
    mime_index_pack(&again, &unpacked);
    if (!span_equals(buf_span(&packed), buf_span(&again)))
        abort();
    for (uint32_t i = 0; i < index.count; i++) {
        check_part(&index, i);
        if (i < 50)
            check_section(arena, &index, buf_span(&packed), i);
    }
    if (mime_index_unpack(arena, span_of(data, size), &unpacked))
        for (uint32_t i = 0; i < unpacked.count; i++)
            if (unpacked.parts[i].body_end > unpacked.size)
                abort();
    (void)!mime_section_find(buf_span(&packed), span_of(data, size), &section);
    (void)!mime_section_find(span_of(data, size), span_text("1.2.HEADER"), &section);
    talloc_free(arena);
    return 0;
}
