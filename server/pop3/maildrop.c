#include "pop3/maildrop.h"

#include "base/log.h"
#include "group/group.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "message/message.h"
#include "pop3/lock.h"
#include "session/session.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <talloc.h>

/* Sessions that read ahead at the same time: each keeps some megabytes. The others read one by one. */
#define READERS_MAX 32
#define SWEEP_MESSAGES 512

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
    struct message_sweep *sweep; /* while the client goes through its messages */
    uint32_t sweep_at,
        sweep_end;     /* number of the message that it gives next, and of the one behind its last */
    bool is_reader;    /* counted in readers */
    uint32_t previous; /* number fetched before */
};

static void stop_reading_ahead(struct pop3_maildrop *drop)
{
    message_sweep_close(&drop->sweep);
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

static bool open_inbox(struct pop3_maildrop *drop, const struct pop3_context *context, struct group *group,
                       const struct identity *identity, struct err *err)
{
    const struct mailbox_reader reader = { identity->recipient_id, identity->mailbox.mailbox_id,
                                           identity->organisation_id };
    struct folder *inbox;

    if (!mailbox_open(context->cache, group, identity->mailbox.mailbox_id, &drop->mailbox, err) ||
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
    struct group *group;

    talloc_set_destructor(drop, destroy);
    drop->net = net;
    if (!group_find(context->groups, identity->mailbox.storage_group_id, &group, err) ||
        !pop3_lock_take(group, identity->mailbox.mailbox_id, &drop->lock, err) ||
        !open_inbox(drop, context, group, identity, err)) {
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

static void read_beside(void *net, void (*work)(void *argument), void *argument)
{
    session_beside(net, work, argument);
}

static void open_sweep(struct pop3_maildrop *drop, uint32_t number)
{
    int64_t ids[SWEEP_MESSAGES];
    struct view_at at = view_from(drop->view, number);
    struct view_message message;
    size_t count = 0;

    while (count < SWEEP_MESSAGES && view_next(&at, &message))
        ids[count++] = message.message_id;
    drop->sweep = message_sweep_open(drop, mailbox_group(drop->mailbox), ids, count);
    drop->sweep_at = number;
    drop->sweep_end = number + (uint32_t)count;
    message_sweep_beside(drop->sweep, read_beside, drop->net);
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

/* Whether drop->sweep gives `number` next, opened now where that is worth it. */
static bool is_swept(struct pop3_maildrop *drop, uint32_t number)
{
    if (drop->sweep && drop->sweep_at == number && number < drop->sweep_end)
        return true;
    stop_reading_ahead(drop);
    if (!is_in_order(drop, number) || !becomes_reader(drop))
        return false;
    open_sweep(drop, number);
    return true;
}

static bool next_of_sweep(struct pop3_maildrop *drop, struct message_sweep_item *item, struct err *err)
{
    drop->sweep_at++;
    if (message_sweep_next(drop->sweep, item, err) && (item->bytes.p || item->is_large))
        return true;
    if (err->kind == ERR_NONE)
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    if (err->kind != ERR_INTERNAL) /* behind a damaged message it goes on */
        stop_reading_ahead(drop);
    return false;
}

bool pop3_maildrop_fetch(struct pop3_maildrop *drop, uint32_t number, const void *owner,
                         struct span *bytes_out, struct err *err)
{
    struct message_sweep_item item;
    struct view_message message;
    bool is_ahead;

    if (!pop3_maildrop_at(drop, number, &message))
        return err_set(err, ERR_NOT_FOUND, "There is no such message.");
    is_ahead = is_swept(drop, number);
    drop->previous = number;
    if (is_ahead) {
        if (!next_of_sweep(drop, &item, err))
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
