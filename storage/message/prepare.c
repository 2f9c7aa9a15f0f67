/* prepare.c -- everything about a new message that needs no database. */
#include "message/message.h"

#include "base/digest.h"
#include "format/envelope.h"
#include "format/fold.h"
#include "format/message_id.h"
#include "format/mime.h"
#include "format/text.h"
#include "message/columns.h"
#include "message/zstd.h"

#include <talloc.h>

static struct span fold(struct message_draft *draft, const char *text)
{
    return span_text(fold_text(draft, span_text(text)));
}

static void fill_references(struct message_columns *columns, const struct envelope_columns *found)
{
    size_t count = found->reference_count, skip = 0;

    if (count > COLUMNS_REFERENCES_MAX) {
        skip = count - COLUMNS_REFERENCES_MAX;
        count = COLUMNS_REFERENCES_MAX;
    }
    columns->reference_count = count;
    for (size_t i = 0; i < count; i++)
        columns->references[i] = span_text(found->references[skip + i]);
}

static struct span pack_columns(struct message_draft *draft, const struct envelope_columns *found,
                                bool has_attachment)
{
    struct message_columns columns = {
        .has_date = found->has_date,
        .sent_us = found->has_date ? found->date.us : 0,
        .sent_zone_minutes = found->has_date ? found->date.zone_minutes : 0,
        .subject = fold(draft, found->subject),
        .base_subject = span_text(found->base_subject),
        .from = fold(draft, found->from),
        .to = fold(draft, found->to),
        .cc = fold(draft, found->cc),
        .bcc = fold(draft, found->bcc),
        .from_sort = span_text(found->from_sort),
        .to_sort = span_text(found->to_sort),
        .cc_sort = span_text(found->cc_sort),
        .from_display = span_text(found->from_display),
        .to_display = span_text(found->to_display),
        .is_reply = found->is_reply,
        .has_attachment = has_attachment,
        .message_id = span_text(found->message_id),
        .in_reply_to = span_text(found->in_reply_to),
    };
    struct buf packed = BUF_INIT(draft);

    fill_references(&columns, found);
    columns_pack(&packed, &columns);
    return buf_span(&packed);
}

static void add_reference(struct message_draft *draft, const char *id)
{
    char *canonical = message_id_canonical(draft, span_text(id));
    int64_t hash;

    if (*canonical && draft->reference_count < MESSAGE_REFERENCES_MAX) {
        hash = (int64_t)message_id_hash(span_text(canonical));
        for (size_t i = 0; i < draft->reference_count; i++)
            if (draft->references[i] == hash)
                return;
        draft->references[draft->reference_count++] = hash;
    }
    talloc_free(canonical);
}

/* By what the conversation is found: the message's own id first, then those next to it, then the oldest. */
static void hash_references(struct message_draft *draft, const struct envelope_columns *found)
{
    add_reference(draft, found->message_id);
    add_reference(draft, found->in_reply_to);
    if (found->reference_count > 0)
        add_reference(draft, found->references[0]);
    for (size_t i = found->reference_count; i-- > 1;)
        add_reference(draft, found->references[i]);
    char *subject = envelope_conversation_subject(draft, found->subject);
    draft->subject_hash = (int64_t)message_id_hash(span_text(subject));
    talloc_free(subject);
}

static void compress(struct message_draft *draft, struct span header)
{
    draft->header = zstd_pack(draft, header, NULL);
    draft->stored_bytes = span_length(draft->header);
    draft->piece_count =
        draft->size_bytes == 0
            ? 1
            : (uint32_t)((draft->size_bytes + MESSAGE_CHUNK_BYTES - 1) / MESSAGE_CHUNK_BYTES);
    if (draft->piece_count > 1)
        return;
    draft->pieces = talloc(draft, struct message_piece);
    draft->pieces->data = zstd_pack(draft, draft->bytes, &draft->pieces->codec);
    draft->stored_bytes += span_length(draft->pieces->data);
}

struct message_draft *message_prepare(const void *owner, struct span bytes)
{
    struct message_draft *draft = talloc_zero(owner, struct message_draft);
    struct buf part_index = BUF_INIT(draft), envelope = BUF_INIT(draft), structure = BUF_INIT(draft),
               preview = BUF_INIT(draft);
    struct mime_index index;
    struct envelope_columns columns;

    draft->bytes = bytes;
    draft->size_bytes = span_length(bytes);
    sha256(bytes, draft->content_hash);
    mime_index_build(draft, bytes, &index);
    struct span header = mime_part_header(bytes, &index.parts[0]);
    draft->header_bytes = (uint32_t)span_length(header);
    mime_index_pack(&part_index, &index);
    envelope_render(&envelope, header);
    bodystructure_render(&structure, bytes, &index);
    text_add_preview(&preview, bytes, &index);
    envelope_columns_build(draft, header, &columns);
    draft->part_index = buf_span(&part_index);
    draft->envelope = buf_span(&envelope);
    draft->body_structure = buf_span(&structure);
    draft->preview = buf_span(&preview);
    draft->columns = pack_columns(draft, &columns, text_has_attachment(bytes, &index));
    hash_references(draft, &columns);
    compress(draft, header);
    draft->stored_bytes += span_length(draft->part_index) + span_length(draft->envelope) +
                           span_length(draft->body_structure) + span_length(draft->columns);
    return draft;
}
