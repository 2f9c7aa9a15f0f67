/* raise.c -- see raise.h. */
#include "mailbox/raise.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "group/group.h"
#include "group/store.h"

#include <talloc.h>

static const char RAISE[] =
    "UPDATE mailbox m SET modseq = modseq + 1 WHERE mailbox_id = $1 AND deleted_us IS NULL"
    " RETURNING modseq, " MAILBOX_IS_MOUNTED;

struct raising {
    struct mailbox *mailbox;
    raise_work *work;
    void *arg;
    uint64_t modseq;
};

static bool raise_in(struct db *db, void *arg, struct err *err)
{
    struct raising *raising = arg;
    void *arena = talloc_new(NULL);
    struct db_row row;
    bool is_done = db_one_row(db, arena, RAISE, DB_ARGS(db_i64(mailbox_id(raising->mailbox))), &row, err);

    if (is_done && !db_get_bool(&row, 1))
        is_done = err_set(err, ERR_BUSY, "The mailbox is not available at the moment.");
    if (is_done) {
        raising->modseq = (uint64_t)db_get_i64(&row, 0);
        is_done = !raising->work || raising->work(db, raising->mailbox, raising->modseq, raising->arg, err);
    }
    talloc_free(arena);
    return is_done;
}

bool mailbox_raise(struct mailbox *mailbox, raise_work *work, void *arg, struct err *err)
{
    struct raising raising = { mailbox, work, arg, 0 };
    struct group *group = mailbox_group(mailbox);
    struct db *db;
    bool is_done = group_acquire(group, DB_INTERACTIVE, &db, err);

    if (!is_done)
        return false;
    is_done = with_transaction(db, raise_in, &raising, err);
    db_release(&db);
    if (is_done)
        mailbox_announce(mailbox_cache_of(mailbox), group_id(group), mailbox_id(mailbox), raising.modseq);
    return is_done;
}
