/* read.h -- inside this room: columns of the two tables into structs. Texts are copied under the owner. */
#ifndef QUEUE_READ_H
#define QUEUE_READ_H

#include "db/statement.h"
#include "queue/take.h"

#define QUEUE_ROW_COLUMNS                                                                                         \
    "r.recipient_id, r.message_id, r.lease, r.address, r.group_id, r.mailbox_id, r.target::text, r.asked, r.why," \
    " r.flags, r.notify, r.orcpt_type, r.orcpt, r.lane, r.next_try_us, r.overdue_us, r.was_warned, r.attempts,"   \
    " r.last_code, r.last_enhanced, r.last_text, r.last_host, r.sender, r.via, r.receipt"
#define QUEUE_MESSAGE_COLUMNS                                                                                      \
    "m.message_id, m.name, m.organisation_id, m.sender, m.login_id, m.login, m.origin, m.ret, m.envid, m.body,"    \
    " m.needs_smtputf8, m.needs_tls, m.deliver_by_us, m.deliver_by_mode, m.priority, m.received_us, m.expires_us," \
    " m.size, m.subject, m.language, m.path"
enum { QUEUE_MESSAGE_COLUMN_COUNT = 21 };

/* A message and, where it is small, its bytes as they are stored. */
struct queue_message_read {
    struct queue_message message; /* first: a struct queue_message * of this room is one of these */
    bool has_piece;
    int16_t codec;
    struct span piece;
};

/* QUEUE_MESSAGE_COLUMNS, then (codec, data) of its piece. */
struct queue_message_read *queue_read_message(const void *owner, const struct db_row *row);
/* The columns of QUEUE_MESSAGE_COLUMNS alone, from column `first` on. */
void queue_read_message_columns(const void *owner, const struct db_row *row, int first,
                                struct queue_message *message_out);
/* QUEUE_ROW_COLUMNS. */
struct queue_taken queue_read_row(const void *owner, const struct db_row *row, int64_t *message_id_out);

#endif
