/* sender_rule.c -- see sender_rule.h. */
#include "mailbox/sender_rule.h"

#include "base/clock.h"
#include "format/address.h"
#include "mailbox/script_work.h"

#include <talloc.h>

static const char LIST[] =
    "SELECT sender, is_blocked, created_us FROM sender_rule WHERE mailbox_id = $1 ORDER BY sender";

bool sender_rule_list(struct group *group, int64_t mailbox_id, const void *owner,
                      struct sender_rule **rules_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!script_query(group, owner, LIST, DB_ARGS(db_i64(mailbox_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *rules_out = talloc_array(owner, struct sender_rule, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*rules_out)[i] = (struct sender_rule){ .sender = db_copy_text(*rules_out, &row, 0),
                                                .is_blocked = db_get_bool(&row, 1),
                                                .created_us = db_get_i64(&row, 2) };
    return true;
}

struct putting {
    const char *sender;
    bool is_blocked;
};

static const char COUNT[] = "SELECT count(*) FROM sender_rule WHERE mailbox_id = $1 AND sender <> $2";
static const char PUT[] =
    "INSERT INTO sender_rule (mailbox_id, sender, is_blocked, created_us) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (mailbox_id, sender) DO UPDATE SET is_blocked = excluded.is_blocked";

static bool put(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    const struct putting *putting = arg;
    struct db_row row;

    if (!db_one_row(db, arena, COUNT, DB_ARGS(db_i64(mailbox_id), db_text(putting->sender)), &row, err))
        return false;
    if (db_get_i64(&row, 0) >= SENDER_RULES_MAX)
        return err_set(err, ERR_LIMIT, "A mailbox has rules for at most %d senders.", SENDER_RULES_MAX);
    return db_exec(db, PUT,
                   DB_ARGS(db_i64(mailbox_id), db_text(putting->sender), db_bool(putting->is_blocked),
                           db_i64(clock_now_us())),
                   NULL, err);
}

/* "@example.org" is read as an address of that domain. */
static bool key_of(const void *owner, const char *sender, const char **key_out, struct err *err)
{
    const char *text = *sender == '@' ? talloc_asprintf(owner, "x%s", sender) : sender;
    struct address address;

    if (address_parse(owner, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "A sender is an address, or @ and a domain.");
    *key_out = address_key(owner, &address);
    if (*sender == '@')
        *key_out = strrchr(*key_out, '@');
    return true;
}

bool sender_rule_put(struct group *group, int64_t mailbox_id, const void *owner, const char *sender,
                     bool is_blocked, const char **key_out, struct err *err)
{
    struct putting putting = { .is_blocked = is_blocked };

    if (!key_of(owner, sender, key_out, err))
        return false;
    putting.sender = *key_out;
    return script_change(group, mailbox_id, put, &putting, err);
}

static const char REMOVE[] = "DELETE FROM sender_rule WHERE mailbox_id = $1 AND sender = $2";

static bool remove_one(struct db *db, int64_t mailbox_id, const void *arena, void *arg, struct err *err)
{
    uint64_t affected;

    (void)arena;
    return db_exec(db, REMOVE, DB_ARGS(db_i64(mailbox_id), db_text(arg)), &affected, err) &&
           (affected == 1 || err_set(err, ERR_NOT_FOUND, "There is no rule about this sender."));
}

bool sender_rule_remove(struct group *group, int64_t mailbox_id, const char *sender, struct err *err)
{
    return script_change(group, mailbox_id, remove_one, (void *)(uintptr_t)sender, err);
}
