/*
 * fetch_section.c -- see fetch_section.h.
 *
 * A literal's length stands before it. For plain sections it is known from the index; BINARY is decoded twice, once to
 * count and once to send, so that a part of any size takes the memory of one piece.
 */
#include "imap/fetch_section.h"

#include "format/codec.h"
#include "format/header.h"
#include "imap/reply.h"

#include <talloc.h>

/* Pieces end where the stored ones end, so that none is read twice. */
static bool read_piece(void *owner, const struct fetch_source *source, uint64_t offset, uint64_t end,
                       struct span *piece_out, struct err *err)
{
    uint64_t until = (offset / MESSAGE_CHUNK_BYTES + 1) * MESSAGE_CHUNK_BYTES;

    if (until > end)
        until = end;
    if (source->bytes.p) {
        *piece_out = span_part(source->bytes, (size_t)offset, (size_t)(end - offset));
        return true;
    }
    if (source->header.p && end <= span_length(source->header)) {
        *piece_out = span_part(source->header, (size_t)offset, (size_t)(end - offset));
        return true;
    }
    if (!message_read(source->group, owner, source->message_id, offset, (size_t)(until - offset), piece_out,
                      err))
        return false;
    return !span_is_empty(*piece_out) ||
           err_set(err, ERR_INTERNAL, "A message is shorter than it should be.");
}

static void add_label(struct buf *out, const struct imap_section *section)
{
    buf_add_span(out, section->label);
    buf_add_byte(out, ' ');
}

/* The part of [0, size) that a partial asks for. */
static void cut_partial(const struct imap_section *section, uint64_t size, uint64_t *offset_out,
                        uint64_t *length_out)
{
    *offset_out = 0;
    *length_out = size;
    if (!section->is_partial)
        return;
    *offset_out = section->offset < size ? section->offset : size;
    *length_out = size - *offset_out;
    if (section->length < *length_out)
        *length_out = section->length;
}

/* HEADER.FIELDS: of the message, or of one attached, whose header is read as a whole first. */
static enum section_step add_fields(void *owner, struct buf *out, const struct fetch_source *source,
                                    const struct imap_section *section, const struct mime_range *range,
                                    struct err *err)
{
    struct buf block = BUF_INIT(owner), picked = BUF_INIT(owner);
    uint64_t offset, length, end = range->offset + range->length;
    struct span piece;

    for (uint64_t at = range->offset; at < end; at += span_length(piece)) {
        if (!read_piece(owner, source, at, end, &piece, err))
            return SECTION_FAILED;
        buf_add_span(&block, piece);
    }
    header_select(&picked, buf_span(&block), section->fields, section->field_count,
                  section->text == SECTION_FIELDS ? HEADER_ONLY : HEADER_NOT);
    cut_partial(section, picked.length, &offset, &length);
    add_label(out, section);
    imap_add_literal(out, span_part(buf_span(&picked), (size_t)offset, (size_t)length));
    talloc_free(picked.p);
    talloc_free(block.p);
    return SECTION_DONE;
}

/* The decoded size of a part, and whether it holds NUL and so needs literal8 (RFC 3516, 4.2). */
static bool measure(void *owner, const struct fetch_source *source, const struct mime_section *found,
                    uint64_t *size_out, bool *has_nul_out, struct err *err)
{
    uint64_t end = found->range.offset + found->range.length;
    void *arena = talloc_new(owner);
    struct codec_decoder *decoder = talloc(arena, struct codec_decoder);
    struct buf decoded = BUF_INIT(arena);
    struct span piece;
    bool done = codec_decoder_init(decoder, found->encoding);

    *size_out = 0;
    *has_nul_out = false;
    for (uint64_t at = found->range.offset; done && at < end; at += span_length(piece)) {
        void *piece_arena = talloc_new(arena);

        done = read_piece(piece_arena, source, at, end, &piece, err);
        if (done) {
            buf_clear(&decoded);
            codec_decode(decoder, piece, &decoded);
            if (at + span_length(piece) >= end)
                codec_decode_end(decoder, &decoded);
            *size_out += decoded.length;
            *has_nul_out = *has_nul_out || (decoded.length && memchr(decoded.p, '\0', decoded.length));
        }
        talloc_free(piece_arena);
    }
    talloc_free(arena);
    return done;
}

static bool is_known_encoding(enum mime_encoding encoding)
{
    return encoding != MIME_UUENCODE && encoding != MIME_ENCODING_UNKNOWN;
}

static enum section_step open_binary(void *owner, struct buf *out, const struct fetch_source *source,
                                     const struct imap_section *section, const struct mime_section *found,
                                     struct section_state *state, struct err *err)
{
    struct codec_decoder *decoder;
    uint64_t size;
    bool has_nul;

    if (!is_known_encoding(found->encoding))
        return SECTION_UNKNOWN_CTE;
    if (!measure(owner, source, found, &size, &has_nul, err))
        return SECTION_FAILED;
    add_label(out, section);
    if (section->kind == SECTION_BINARY_SIZE) {
        buf_add_u64(out, size);
        return SECTION_DONE;
    }
    cut_partial(section, size, &state->skip, &state->left);
    if (has_nul)
        buf_add_byte(out, '~');
    buf_add_byte(out, '{');
    buf_add_u64(out, state->left);
    buf_add_text(out, "}\r\n");
    decoder = talloc(owner, struct codec_decoder);
    if (!codec_decoder_init(decoder, found->encoding))
        return SECTION_UNKNOWN_CTE;
    state->decoder = decoder;
    state->is_decoded = true;
    state->offset = found->range.offset;
    state->end = found->range.offset + found->range.length;
    return state->left ? SECTION_MORE : SECTION_DONE;
}

static void open_plain(struct buf *out, const struct imap_section *section, const struct mime_range *range,
                       struct section_state *state)
{
    uint64_t skip;

    cut_partial(section, range->length, &skip, &state->left);
    state->offset = range->offset + skip;
    state->end = state->offset + state->left;
    add_label(out, section);
    buf_add_byte(out, '{');
    buf_add_u64(out, state->left);
    buf_add_text(out, "}\r\n");
}

/* Whole message, header and text need no index of parts. */
static bool find(const struct fetch_source *source, const struct imap_section *section,
                 struct mime_section *found_out)
{
    const struct message_meta *meta = source->meta;

    *found_out = (struct mime_section){ .encoding = MIME_7BIT };
    if (span_is_empty(section->path)) {
        found_out->range.length = source->bytes.p ? span_length(source->bytes) : meta->size_bytes;
        return true;
    }
    if (span_equals_text(section->path, "HEADER") && source->header.p) {
        found_out->range.length = span_length(source->header);
        return true;
    }
    return meta && mime_section_find(meta->part_index, section->path, found_out);
}

static enum section_step open_section(void *owner, struct buf *out, const struct fetch_source *source,
                                      const struct imap_section *section, struct section_state *state,
                                      struct err *err)
{
    struct mime_section found;

    if (!find(source, section, &found)) {
        add_label(out, section);
        buf_add_text(out, section->kind == SECTION_BINARY_SIZE ? "0" : "NIL");
        return SECTION_DONE;
    }
    if (section->text == SECTION_FIELDS || section->text == SECTION_FIELDS_NOT)
        return add_fields(owner, out, source, section, &found.range, err);
    if (section->kind != SECTION_BODY)
        return open_binary(owner, out, source, section, &found, state, err);
    open_plain(out, section, &found.range, state);
    return state->left ? SECTION_MORE : SECTION_DONE;
}

static void write_decoded(struct buf *out, struct section_state *state, struct span decoded)
{
    uint64_t length = span_length(decoded);
    uint64_t skip = state->skip < length ? state->skip : length;
    uint64_t count = length - skip < state->left ? length - skip : state->left;

    buf_add_span(out, span_part(decoded, (size_t)skip, (size_t)count));
    state->skip -= skip;
    state->left -= count;
}

static enum section_step write_piece(void *owner, struct buf *out, const struct fetch_source *source,
                                     struct section_state *state, struct err *err)
{
    void *arena = talloc_new(owner);
    struct buf decoded = BUF_INIT(arena);
    struct span piece;

    if (!read_piece(arena, source, state->offset, state->end, &piece, err)) {
        talloc_free(arena);
        return SECTION_BROKEN;
    }
    state->offset += span_length(piece);
    if (state->is_decoded) {
        codec_decode(state->decoder, piece, &decoded);
        if (state->offset >= state->end)
            codec_decode_end(state->decoder, &decoded);
        write_decoded(out, state, buf_span(&decoded));
    } else {
        buf_add_span(out, piece);
        state->left -= span_length(piece);
    }
    talloc_free(arena);
    if (state->left == 0)
        return SECTION_DONE;
    return state->offset < state->end ? SECTION_MORE : SECTION_BROKEN;
}

enum section_step fetch_section_step(void *owner, struct buf *out, const struct fetch_source *source,
                                     const struct imap_section *section, struct section_state *state,
                                     struct err *err)
{
    if (state->is_open)
        return write_piece(owner, out, source, state, err);
    state->is_open = true;
    return open_section(owner, out, source, section, state, err);
}
