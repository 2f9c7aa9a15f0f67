/* attachments.c -- the walk: folders, messages, documents. */
#include "mailbox/attachments.h"

#include "base/log.h"
#include "db/statement.h"
#include "format/charset.h"
#include "format/codec.h"
#include "format/fold.h"
#include "format/text.h"
#include "group/store.h"
#include "mailbox/attachments_write.h"
#include "message/message.h"
#include "message/zstd.h"

#include <string.h>
#include <talloc.h>

enum { MEMBERS_A_FOLDER = 200, READ_MAX = 128 * 1024 * 1024 };

struct member {
    uint32_t uid;
    int64_t item_id, message_id;
    uint64_t size;
    bool may_have, is_done, has_text;
};

struct walk {
    struct group *group;
    const struct attachment_reader *reader;
    void *arena;
    int64_t folder_id, mailbox_id;
    uint32_t uid; /* looked at up to here */
    size_t done;
};

bool attachments_unpack(const void *owner, struct span data, int32_t raw_bytes, struct span *text_out)
{
    return raw_bytes >= 0 && zstd_unpack(owner, data, PIECE_ZSTD, ATTACHMENTS_TEXT_MAX, text_out) &&
           span_length(*text_out) == (size_t)raw_bytes;
}

/* ---- the documents of one message */

static void add_reason(struct buf *reasons, const char *reason)
{
    struct span so_far = buf_span(reasons);

    if (so_far.p && memmem(so_far.p, span_length(so_far), reason, strlen(reason)))
        return;
    if (reasons->length > 0)
        buf_add_byte(reasons, ' ');
    buf_add_text(reasons, reason);
}

static bool read_document(struct walk *walk, int kind, struct span message, const struct mime_part *part,
                          struct attachment_outcome *outcome, struct err *err)
{
    struct buf bytes = BUF_INIT(talloc_new(walk->arena)), text = BUF_INIT(bytes.owner);
    size_t most = walk->reader->document_bytes;
    const char *reason = NULL;
    bool done = true;

    if (!codec_decode_all(mime_part_body(message, part), (enum mime_encoding)part->encoding, most + 1,
                          &bytes))
        reason = "encoding";
    else if (bytes.length > most)
        reason = "large";
    else
        done = walk->reader->read(walk->reader->context, kind, buf_span(&bytes), &text, &reason, err);
    if (done && reason) {
        add_reason(&outcome->reasons, reason);
        log_event(LOG_LEVEL_INFO, "attachments.unread", log_i64("message", outcome->message_id),
                  log_i64("part", part->number), log_text("reason", reason));
    }
    size_t room = ATTACHMENTS_TEXT_MAX - outcome->text.length;
    if (done && text.length > 0 && room > 1) {
        buf_add(&outcome->text, text.p, utf8_cut(buf_span(&text), room - 1));
        buf_add_byte(&outcome->text, '\n');
    }
    talloc_free(bytes.owner);
    return done;
}

static bool read_documents(struct walk *walk, struct span message, struct attachment_outcome *outcome,
                           struct err *err)
{
    struct mime_index index;
    size_t seen = 0;

    mime_index_build(walk->arena, message, &index);
    for (uint32_t i = 0; i < index.count && outcome->text.length + 1 < ATTACHMENTS_TEXT_MAX; i++) {
        const struct mime_part *part = &index.parts[i];
        struct mime_type type = mime_part_type(message, &index, part);
        int kind = part->kind == MIME_LEAF ? walk->reader->kind_of(type.type, type.subtype,
                                                                   text_file_name(walk->arena, message, part))
                                           : 0;
        if (kind == 0)
            continue;
        if (seen++ == ATTACHMENTS_PARTS_MAX) {
            add_reason(&outcome->reasons, "many");
            return true;
        }
        if (!read_document(walk, kind, message, part, outcome, err))
            return false;
    }
    return true;
}

/* Nobody shall wait for ever behind a message whose bytes are gone; `verify` tells of those. */
static bool read_message(struct walk *walk, const struct member *member, struct attachment_outcome *outcome,
                         struct err *err)
{
    struct span bytes;

    if (member->size > READ_MAX) {
        add_reason(&outcome->reasons, "large");
        return true;
    }
    if (message_read(walk->group, walk->arena, member->message_id, 0, (size_t)member->size, &bytes, err))
        return read_documents(walk, bytes, outcome, err);
    if (err->kind != ERR_INTERNAL && err->kind != ERR_NOT_FOUND)
        return false;
    *err = ERR_INIT;
    add_reason(&outcome->reasons, "unreadable");
    return true;
}

/* ---- one message */

static void give_up(struct attachment_outcome *outcome)
{
    add_reason(&outcome->reasons, "given-up");
    log_event(LOG_LEVEL_WARNING, "attachments.unread", log_i64("message", outcome->message_id),
              log_text("reason", "given-up"));
}

static bool take_message(struct walk *walk, const struct member *member, struct err *err)
{
    struct attachment_outcome outcome = { .message_id = member->message_id,
                                          .item_id = member->item_id,
                                          .folder_id = walk->folder_id,
                                          .mailbox_id = walk->mailbox_id,
                                          .uid = member->uid,
                                          .text = BUF_INIT(walk->arena),
                                          .reasons = BUF_INIT(walk->arena) };
    struct span known;
    int tries;

    if (member->is_done) { /* somebody else's copy was read */
        if (!attachments_text(walk->group, walk->arena, member->message_id, &known, err))
            return false;
        buf_add_span(&outcome.text, known);
        return attachments_note_item(walk->group, &outcome, err);
    }
    if (!walk->reader->is_there(walk->reader->context))
        return err_set(err, ERR_BUSY, "The role that reads documents does not run.");
    if (!attachments_begin(walk->group, member->message_id, &tries, err))
        return false;
    if (tries > ATTACHMENTS_TRIES)
        give_up(&outcome);
    else if (!read_message(walk, member, &outcome, err))
        return false;
    return attachments_end(walk->group, &outcome, err);
}

/* ---- one folder */

static const char MEMBERS[] =
    "SELECT m.uid, m.item_id, m.message_id, g.size, g.body_structure, coalesce(t.is_done, false), t.data IS NOT NULL"
    "  FROM membership m JOIN message g USING (message_id) LEFT JOIN attachment_text t USING (message_id)"
    " WHERE m.folder_id = $1 AND m.uid > $2 AND m.uid <= $3 ORDER BY m.uid LIMIT $4";

/* By the rendered structure, so that bodies are read only where there may be something. */
static bool may_have(struct span structure)
{
    static const char *const signs[] = { "\"application\"", "\"rtf\"" };

    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        size_t length = strlen(signs[i]);
        for (const char *p = structure.p; (size_t)(structure.end - p) >= length; p++)
            if (*p == '"' && span_starts_nocase(span_of(p, length), signs[i]))
                return true;
    }
    return false;
}

static bool find_members(struct walk *walk, int64_t last_uid, struct member **members_out, size_t *count_out,
                         struct err *err)
{
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    if (!group_acquire(walk->group, DB_BACKGROUND, &db, err))
        return false;
    bool done = db_query(
        db, walk->arena, MEMBERS,
        DB_ARGS(db_i64(walk->folder_id), db_u32(walk->uid), db_i64(last_uid), db_i64(MEMBERS_A_FOLDER)),
        &rows, err);
    db_release(&db);
    if (!done)
        return false;
    *count_out = db_rows_count(rows);
    *members_out = talloc_array(walk->arena, struct member, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*members_out)[i] = (struct member){ .uid = db_get_u32(&row, 0),
                                             .item_id = db_get_i64(&row, 1),
                                             .message_id = db_get_i64(&row, 2),
                                             .size = (uint64_t)db_get_i64(&row, 3),
                                             .may_have = may_have(db_get_bytes(&row, 4)),
                                             .is_done = db_get_bool(&row, 5),
                                             .has_text = db_get_bool(&row, 6) };
    return true;
}

static bool take_members(struct walk *walk, const struct member *members, size_t count, struct err *err)
{
    void *whole = walk->arena;
    bool done = true;

    for (size_t i = 0; done && i < count && walk->reader->goes_on(walk->reader->context); i++) {
        if (members[i].may_have && (!members[i].is_done || members[i].has_text)) {
            walk->arena = talloc_new(whole);
            done = take_message(walk, &members[i], err) || err->kind == ERR_NOT_FOUND;
            TALLOC_FREE(walk->arena);
            walk->arena = whole;
        }
        if (done) {
            walk->uid = members[i].uid;
            walk->done++;
        }
    }
    return done;
}

/* What was passed over is noted once. Where nothing is left between here and the end of the index, that is where we are. */
static bool walk_folder(struct walk *walk, int64_t last_uid, struct err *err)
{
    uint32_t begin_uid = walk->uid;
    struct member *members;
    struct err failure = ERR_INIT;
    size_t count;

    if (!find_members(walk, last_uid, &members, &count, err))
        return false;
    bool done = take_members(walk, members, count, err);
    bool is_end = done && count < MEMBERS_A_FOLDER && (count == 0 || walk->uid == members[count - 1].uid);
    if (is_end)
        walk->uid = (uint32_t)last_uid;
    if (walk->uid > begin_uid && !attachments_advance(walk->group, walk->folder_id, walk->uid, &failure) &&
        done) {
        *err = failure;
        return false;
    }
    return done;
}

static const char FOLDERS[] =
    "SELECT s.folder_id, f.mailbox_id, s.attached_uid, s.indexed_uid FROM search_state s JOIN folder f USING (folder_id)"
    " WHERE s.attached_uid < s.indexed_uid AND f.deleted_us IS NULL AND " MAILBOX_IS_SETTLED(
        "f.mailbox_id") " LIMIT 16";

bool attachments_step(struct group *group, const struct attachment_reader *reader, size_t *done_out,
                      struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;

    *done_out = 0;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);
    if (done) {
        done = db_query(db, arena, FOLDERS, DB_NO_ARGS, &rows, err);
        db_release(&db);
    }
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        struct walk walk = { .group = group,
                             .reader = reader,
                             .arena = talloc_new(arena),
                             .folder_id = db_get_i64(&row, 0),
                             .mailbox_id = db_get_i64(&row, 1),
                             .uid = db_get_u32(&row, 2) };
        done = walk_folder(&walk, db_get_i64(&row, 3), err);
        *done_out += walk.done;
        talloc_free(walk.arena);
    }
    talloc_free(arena);
    return done;
}
