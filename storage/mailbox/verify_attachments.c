/* verify_attachments.c -- texts of attachments: can they be read, and has each item behind the walk its words? Repair throws away what is
 * damaged and walks again; texts that are good are not read a second time. */
#include "db/transaction.h"
#include "format/charset.h"
#include "mailbox/attachments.h"
#include "mailbox/verify_report.h"

#include <talloc.h>

static const char TEXTS[] =
    "SELECT t.message_id, t.raw_bytes, t.data FROM attachment_text t WHERE t.message_id > $1 AND t.data IS NOT NULL"
    "   AND ($3 = 0 OR EXISTS (SELECT 1 FROM item i WHERE i.message_id = t.message_id AND i.mailbox_id = $3))"
    " ORDER BY t.message_id LIMIT $2";
static const char DROP_TEXT[] = "DELETE FROM attachment_text WHERE message_id = $1";
static const char DROP_WORDS[] =
    "DELETE FROM search_attachment WHERE item_id IN (SELECT item_id FROM item WHERE message_id = $1)";
static const char WALK_TO_IT[] =
    "UPDATE search_state s SET attached_uid = 0 FROM membership m"
    " WHERE s.folder_id = m.folder_id AND m.item_id IN (SELECT item_id FROM item WHERE message_id = $1)";

static const char LACKING[] =
    "SELECT s.folder_id, f.mailbox_id FROM search_state s JOIN folder f USING (folder_id)"
    " WHERE s.folder_id > $1 AND ($3 = 0 OR f.mailbox_id = $3) AND EXISTS"
    "   (SELECT 1 FROM membership m JOIN attachment_text t USING (message_id)"
    "     WHERE m.folder_id = s.folder_id AND m.uid <= s.attached_uid AND t.data IS NOT NULL"
    "       AND NOT EXISTS (SELECT 1 FROM search_attachment w WHERE w.item_id = m.item_id))"
    " ORDER BY 1 LIMIT $2";
static const char WALK_AGAIN[] = "UPDATE search_state SET attached_uid = 0 WHERE folder_id = $1";

static bool drop_text(struct db *db, void *arg, struct err *err)
{
    struct db_args message = DB_ARGS(db_i64(*(const int64_t *)arg));

    return db_exec(db, DROP_TEXT, message, NULL, err) && db_exec(db, DROP_WORDS, message, NULL, err) &&
           db_exec(db, WALK_TO_IT, message, NULL, err);
}

static bool walk_again(struct db *db, void *arg, struct err *err)
{
    return db_exec(db, WALK_AGAIN, DB_ARGS(db_i64(*(const int64_t *)arg)), NULL, err);
}

/* `id`: what `mend` is about. */
static bool tell(struct verify_work *work, struct verify_finding finding, int64_t id,
                 bool (*mend)(struct db *db, void *arg, struct err *err), struct err *err)
{
    struct db *db;

    finding.is_repaired = work->options->may_repair;
    if (work->options->may_repair) {
        if (!group_acquire(work->group, DB_BACKGROUND, &db, err))
            return false;
        bool done = with_transaction(db, mend, &id, err);
        db_release(&db);
        if (!done)
            return false;
    }
    verify_tell_finding(work, finding);
    return true;
}

static bool check_text(struct verify_work *work, const struct db_row *row, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct span text;
    bool is_good =
        attachments_unpack(arena, db_get_bytes(row, 2), db_get_i32(row, 1), &text) && utf8_is_valid(text);

    talloc_free(arena);
    return is_good || tell(work,
                           (struct verify_finding){ .what = "attachment-text",
                                                    .text = "The text of a message's attachments is damaged.",
                                                    .message_id = db_get_i64(row, 0) },
                           db_get_i64(row, 0), drop_text, err);
}

static bool tell_lacking(struct verify_work *work, const struct db_row *row, struct err *err)
{
    return tell(work,
                (struct verify_finding){ .what = "attachment-words",
                                         .text = "The search index lacks words of attachments of a folder.",
                                         .mailbox_id = db_get_i64(row, 1),
                                         .folder_id = db_get_i64(row, 0) },
                db_get_i64(row, 0), walk_again, err);
}

bool verify_attachments(struct verify_work *work, struct err *err)
{
    return verify_pages(work, TEXTS, 50, check_text, err) &&
           verify_pages(work, LACKING, 50, tell_lacking, err);
}
