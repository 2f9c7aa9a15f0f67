#include "pop3/maildrop.h"

#include "base/log.h"
#include "group/group.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "message/message.h"
#include "pop3/batch.h"
#include "pop3/lock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <talloc.h>

/* Sessions that read ahead at the same time: each keeps two batches, some megabytes. The others read one by one. */
#define READERS_MAX 32

/* How many read ahead in this process; the bound is for its memory as a whole. */
static atomic_int readers;

struct pop3_maildrop {
    struct pop3_lock *lock;
    struct mailbox *mailbox;
    struct view *view;
    int64_t folder_id;
    uint32_t last, count;
    uint64_t bytes;
    uint8_t *deleted, *fetched; /* a bit a message; NULL while none */
    struct session *net;
    struct pop3_batch *batch, *batch_after; /* what is given out, and what a worker reads meanwhile */
    bool is_reader;                         /* counted in readers */
    uint32_t previous;                      /* number fetched before */
};

static void stop_reading_ahead(struct pop3_maildrop *drop)
{
    pop3_batch_drop(&drop->batch);
    pop3_batch_drop(&drop->batch_after);
    if (drop->is_reader)
        atomic_fetch_sub(&readers, 1);
    drop->is_reader = false;
}

static int destroy(struct pop3_maildrop *drop)
{
    stop_reading_ahead(drop);
    view_release(&drop->view);
    mailbox_close(&drop->mailbox);
    pop3_lock_release(&drop->lock);
    return 0;
}

static bool open_inbox(struct pop3_maildrop *drop, const struct pop3_context *context,
                       const struct identity *identity, struct err *err)
{
    const struct mailbox_reader reader = { identity->recipient_id, identity->mailbox.mailbox_id,
                                           identity->organisation_id };
    struct group *group;
    struct folder *inbox;

    if (!group_find(context->groups, identity->mailbox.storage_group_id, &group, err) ||
        !mailbox_open(context->cache, group, identity->mailbox.mailbox_id, &drop->mailbox, err) ||
        !folder_find(drop->mailbox, &reader, FOLDER_INBOX, RIGHT_READ, drop, &inbox, err))
        return false;
    drop->folder_id = inbox->folder_id;
    talloc_free(inbox);
    return view_latest(drop->mailbox, drop->folder_id, VIEW_CHECK, &drop->view, err);
}

bool pop3_maildrop_open(const struct pop3_context *context, const struct identity *identity,
                        struct session *net, struct pop3_maildrop **drop_out, struct err *err)
{
    struct pop3_maildrop *drop = talloc_zero(NULL, struct pop3_maildrop);

    talloc_set_destructor(drop, destroy);
    drop->net = net;
    drop->lock = pop3_lock_take(identity->mailbox.storage_group_id, identity->mailbox.mailbox_id);
    if (!drop->lock) {
        talloc_free(drop);
        return err_set(err, ERR_CONFLICT, "Another session has this mailbox open.");
    }
    if (!open_inbox(drop, context, identity, err)) {
        talloc_free(drop);
        /* The account exists: what is missing is on our side. */
        return err->kind == ERR_NOT_FOUND ? err_set(err, ERR_BUSY, "Your mailbox is not available now.")
                                          : false;
    }
    drop->last = drop->count = view_count(drop->view);
    drop->bytes = view_bytes(drop->view);
    *drop_out = drop;
    return true;
}

void pop3_maildrop_close(struct pop3_maildrop **drop)
{
    talloc_free(*drop);
    *drop = NULL;
}

uint32_t pop3_maildrop_last(const struct pop3_maildrop *drop)
{
    return drop->last;
}

uint32_t pop3_maildrop_count(const struct pop3_maildrop *drop)
{
    return drop->count;
}

uint64_t pop3_maildrop_bytes(const struct pop3_maildrop *drop)
{
    return drop->bytes;
}

static bool has_bit(const uint8_t *bits, uint32_t number)
{
    return bits && (bits[number / 8] & (1u << number % 8));
}

static void set_bit(struct pop3_maildrop *drop, uint8_t **bits, uint32_t number)
{
    if (!*bits)
        *bits = talloc_zero_array(drop, uint8_t, drop->last / 8 + 1);
    (*bits)[number / 8] = (uint8_t)((*bits)[number / 8] | 1u << number % 8);
}

bool pop3_maildrop_at(const struct pop3_maildrop *drop, uint32_t number, struct view_message *message_out)
{
    return number >= 1 && number <= drop->last && view_at(drop->view, number, message_out);
}

bool pop3_maildrop_is_deleted(const struct pop3_maildrop *drop, uint32_t number)
{
    return has_bit(drop->deleted, number);
}

void pop3_maildrop_delete(struct pop3_maildrop *drop, uint32_t number)
{
    struct view_message message;

    if (pop3_maildrop_is_deleted(drop, number) || !pop3_maildrop_at(drop, number, &message))
        return;
    set_bit(drop, &drop->deleted, number);
    drop->count--;
    drop->bytes -= message.size;
}

void pop3_maildrop_undelete_all(struct pop3_maildrop *drop)
{
    TALLOC_FREE(drop->deleted);
    drop->count = drop->last;
    drop->bytes = view_bytes(drop->view);
}

void pop3_maildrop_uidl(const struct pop3_maildrop *drop, const struct view_message *message,
                        char out[POP3_UIDL_SIZE])
{
    snprintf(out, POP3_UIDL_SIZE, "%08x%08x", message->uid, view_uidvalidity(drop->view));
}

/* The messages from `number` on; NULL where there are none. */
static struct pop3_batch *batch_from(struct pop3_maildrop *drop, uint32_t number)
{
    int64_t ids[MESSAGE_SWEEP_AHEAD];
    struct view_at at = view_from(drop->view, number);
    struct view_message message;
    size_t count = 0;

    if (number > drop->last)
        return NULL;
    while (count < MESSAGE_SWEEP_AHEAD && view_next(&at, &message))
        ids[count++] = message.message_id;
    return pop3_batch_new(mailbox_group(drop->mailbox), ids, count, number);
}

/* `number` is the first of drop->batch: those after it can be read while the client takes these. */
static void read_what_follows(struct pop3_maildrop *drop, uint32_t number)
{
    drop->batch_after = batch_from(drop, number + MESSAGE_SWEEP_AHEAD);
    if (drop->batch_after)
        pop3_batch_start(drop->batch_after, drop->net);
}

/* Worth reading ahead: the client goes through its messages, and there is more than one left. */
static bool is_in_order(const struct pop3_maildrop *drop, uint32_t number)
{
    return number < drop->last && (number == 1 || number == drop->previous + 1);
}

static bool becomes_reader(struct pop3_maildrop *drop)
{
    if (atomic_fetch_add(&readers, 1) < READERS_MAX)
        drop->is_reader = true;
    else
        atomic_fetch_sub(&readers, 1);
    return drop->is_reader;
}

/* The batch that gives `number` next, where there is or should be one. */
static struct pop3_batch *batch_with(struct pop3_maildrop *drop, uint32_t number)
{
    if (drop->batch && pop3_batch_at(drop->batch) == number)
        return drop->batch;
    pop3_batch_drop(&drop->batch);
    if (drop->batch_after && pop3_batch_at(drop->batch_after) == number) {
        drop->batch = drop->batch_after;
        drop->batch_after = NULL;
    } else {
        stop_reading_ahead(drop);
        if (!is_in_order(drop, number) || !becomes_reader(drop))
            return NULL;
        drop->batch = batch_from(drop, number);
    }
    read_what_follows(drop, number);
    return drop->batch;
}

static bool next_of_batch(struct pop3_maildrop *drop, struct message_sweep_item *item, struct err *err)
{
    if (!pop3_batch_next(drop->batch, item, err)) {
        stop_reading_ahead(drop);
        return err->kind == ERR_NONE ? err_set(err, ERR_NOT_FOUND, "There is no such message.") : false;
    }
    if (!item->bytes.p && !item->is_large)
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    return true;
}

bool pop3_maildrop_fetch(struct pop3_maildrop *drop, uint32_t number, const void *owner,
                         struct span *bytes_out, struct err *err)
{
    struct message_sweep_item item;
    struct view_message message;
    bool is_ahead;

    if (!pop3_maildrop_at(drop, number, &message))
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    is_ahead = batch_with(drop, number) != NULL;
    drop->previous = number;
    if (is_ahead) {
        if (!next_of_batch(drop, &item, err))
            return false;
        *bytes_out = item.bytes;
        return true;
    }
    *bytes_out = (struct span){ NULL, NULL };
    return message.size > MESSAGE_CHUNK_BYTES ||
           message_read(mailbox_group(drop->mailbox), owner, message.message_id, 0, MESSAGE_CHUNK_BYTES,
                        bytes_out, err);
}

bool pop3_maildrop_part(struct pop3_maildrop *drop, uint32_t number, uint64_t offset, const void *owner,
                        struct span *bytes_out, struct err *err)
{
    struct view_message message;
    size_t length = MESSAGE_CHUNK_BYTES - (size_t)(offset % MESSAGE_CHUNK_BYTES);

    if (!pop3_maildrop_at(drop, number, &message))
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    return message_read(mailbox_group(drop->mailbox), owner, message.message_id, offset, length, bytes_out,
                        err);
}

bool pop3_maildrop_header(struct pop3_maildrop *drop, uint32_t number, const void *owner,
                          struct span *header_out, struct err *err)
{
    struct view_message message;

    if (!pop3_maildrop_at(drop, number, &message))
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    return message_header(mailbox_group(drop->mailbox), owner, message.message_id, header_out, err);
}

void pop3_maildrop_note_fetched(struct pop3_maildrop *drop, uint32_t number)
{
    set_bit(drop, &drop->fetched, number);
}

static struct uid_set deleted_uids(const struct pop3_maildrop *drop, const void *owner)
{
    struct uid_set uids = UID_SET_INIT(owner);
    struct view_at at = view_from(drop->view, 1);

    for (struct view_message message; drop->deleted && view_next(&at, &message);)
        if (has_bit(drop->deleted, message.number))
            uid_set_add_one(&uids, message.uid);
    return uids;
}

static struct uid_set newly_seen_uids(const struct pop3_maildrop *drop, const void *owner)
{
    struct uid_set uids = UID_SET_INIT(owner);
    struct view_at at = view_from(drop->view, 1);

    for (struct view_message message; drop->fetched && view_next(&at, &message);)
        if (has_bit(drop->fetched, message.number) && !has_bit(drop->deleted, message.number) &&
            !(message.flags & FLAG_SEEN))
            uid_set_add_one(&uids, message.uid);
    return uids;
}

/* A convenience for who looks into the mailbox by other ways too: its failure is no failure of QUIT. */
static void mark_seen(struct pop3_maildrop *drop, const void *owner)
{
    struct uid_set uids = newly_seen_uids(drop, owner);
    const struct flags_change change = { .operation = FLAGS_ADD,
                                         .flags = { .system = FLAG_SEEN },
                                         .allowed = FLAG_SEEN,
                                         .unchanged_since = UINT64_MAX };
    struct flags_result result;
    struct err err = ERR_INIT;

    if (uid_set_is_empty(&uids))
        return;
    if (flags_store(drop->mailbox, drop->folder_id, &uids, &change, owner, &result, &err))
        flags_result_release(&result);
    else
        log_err(LOG_LEVEL_WARNING, "pop3.seen.failed", &err);
}

bool pop3_maildrop_update(struct pop3_maildrop *drop, const void *owner, struct err *err)
{
    struct uid_set uids = deleted_uids(drop, owner);
    struct expunge_result result;

    stop_reading_ahead(drop);
    if (!uid_set_is_empty(&uids)) {
        if (!folder_expunge(drop->mailbox, drop->folder_id, &uids, EXPUNGE_ALL, owner, &result, err))
            return false;
        expunge_result_release(&result);
    }
    mark_seen(drop, owner);
    return true;
}
