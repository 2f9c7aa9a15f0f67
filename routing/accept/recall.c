/* recall.c -- held, filed into Drafts, gone from the queue. */
#include "accept/recall.h"

#include "base/clock.h"
#include "base/crashpoint.h"
#include "base/log.h"
#include "db/rehearsal.h"
#include "deliver/deliver.h"
#include "directory/directory.h"
#include "directory/user.h"
#include "format/address.h"
#include "format/header.h"
#include "mailbox/flags.h"
#include "message/message.h"
#include "queue/recall.h"
#include "queue/take.h"

#include <glib.h>
#include <talloc.h>

enum { RECEIPT_COPY = 7, RECEIPT_OF_DRAFT = 0xFF }; /* copies of the row itself count from 0 */

/* ---- the draft */

/* What our way out wrote on top of it. */
static bool is_ours(struct span name)
{
    static const char *const names[] = { "Return-Path", "Received", "DKIM-Signature", "X-Chappe-Path" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(name, names[i]))
            return true;
    return false;
}

static void add_keys(const void *owner, struct span value, GHashTable *keys)
{
    struct address_list list;

    address_list_parse(owner, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        struct address address;
        if (list.items[i].kind == ADDRESS_MAILBOX &&
            address_of_item(owner, &list.items[i], &address) == ADDRESS_GOOD)
            g_hash_table_add(keys, address_key(owner, &address));
    }
}

/* Whom the fields of the message name. */
static GHashTable *named_in(const void *owner, struct span header)
{
    static const char *const fields[] = { "To", "Cc", "Bcc" };
    GHashTable *keys = g_hash_table_new(g_str_hash, g_str_equal);
    struct header_field field;

    while (header_next(&header, &field))
        for (size_t i = 0; i < COUNT_OF(fields); i++)
            if (span_equals_nocase(field.name, fields[i]))
                add_keys(owner, field.value, keys);
    return keys;
}

static void add_hidden(struct buf *out, const void *owner, struct span header, const char *const *asked,
                       size_t asked_count)
{
    GHashTable *named = named_in(owner, header);
    const char *before = "Bcc: ";

    for (size_t i = 0; i < asked_count; i++) {
        struct address address;
        if (address_parse(owner, span_text(asked[i]), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD ||
            g_hash_table_contains(named, address_key(owner, &address)))
            continue;
        buf_add_format(out, "%s%s", before, asked[i]);
        before = ",\r\n ";
    }
    if (*before == ',')
        buf_add_text(out, "\r\n");
    g_hash_table_destroy(named);
}

struct span recall_draft(const void *owner, struct span bytes, const char *const *asked, size_t asked_count)
{
    struct span header = span_of(bytes.p, header_block_length(bytes)), left = header;
    struct buf out = buf_owned_by(owner);
    struct header_field field;

    while (header_next(&left, &field))
        if (!is_ours(field.name))
            buf_add_span(&out, field.whole);
    add_hidden(&out, owner, header, asked, asked_count);
    buf_add_text(&out, "\r\n");
    buf_add_span(&out, (struct span){ header.end, bytes.end });
    return buf_span(&out);
}

/* ---- the way back */

static bool file_draft(const struct recall *recall, const void *owner, const struct queue_recall *held,
                       const struct user *user, struct span bytes, struct recalled *out, struct err *err)
{
    uint8_t receipt[FILING_RECEIPT_BYTES];
    struct span draft = recall_draft(owner, bytes, held->asked, held->asked_count);
    struct deliver_recipient to = { .group_id = user->mailbox.storage_group_id,
                                    .target = { .mailbox_id = user->mailbox.mailbox_id,
                                                .special_use = "\\Drafts",
                                                .flags = FLAG_DRAFT | FLAG_SEEN,
                                                .ignores_quota = true,
                                                .receipt = receipt } };

    filing_receipt(receipt, held->first_row, held->message.received_us);
    receipt[RECEIPT_COPY] = RECEIPT_OF_DRAFT;
    if (!deliver_message_whole(recall->deliver, message_prepare(owner, draft), clock_now_us(), &to, 1, err))
        return false;
    *out = (struct recalled){ .login = user->address,
                              .mailbox_id = user->mailbox.mailbox_id,
                              .folder_id = to.target.filed_folder_id,
                              .uid = to.target.uid,
                              .item_id = to.target.item_id,
                              .recipients = held->asked_count };
    return true;
}

bool recall_message(const struct recall *recall, const void *owner, struct recalled *recalled_out,
                    struct err *err)
{
    struct db_pool *pool = directory_pool(recall->directory, DIRECTORY_LOOKS_UP);
    struct queue_recall held;
    struct user user;
    struct span bytes;

    if (!queue_recall_hold(pool, owner, recall->name, recall->organisation_id, recall->login_id, &held, err))
        return false;
    CRASHPOINT("recall.held");
    if (!user_get(recall->directory, recall->actor, owner, held.message.login_id, &user, err) ||
        !queue_bytes(pool, owner, held.message.message_id, held.message.size_bytes,
                     (size_t)held.message.size_bytes, &bytes, err) ||
        !file_draft(recall, owner, &held, &user, bytes, recalled_out, err))
        return false;
    CRASHPOINT("recall.filed");
    if (!queue_recall_end(pool, recall->actor, &held, err))
        return false;
    if (!db_is_rehearsing())
        log_event(LOG_LEVEL_INFO, "queue.recalled", log_text("id", recall->name),
                  log_text("login", user.address), log_text("by", recall->actor->name),
                  log_i64("recipients", (int64_t)held.asked_count));
    return true;
}
