/*
 * pack.c -- reading many messages: from decoded packs, from folder_pack, and what is in neither from its row.
 */
#include "mailbox/pack.h"

#include "base/log.h"
#include "db/statement.h"
#include "mailbox/cache.h"
#include "mailbox/pack_codec.h"
#include "mailbox/search_folder.h"
#include "message/columns.h"
#include "message/message.h"

#include <talloc.h>

/* So few are read by their rows at once, which the cache of message/message.h may have. */
enum { FEW = 8 };

struct reading {
    struct mailbox *mailbox;
    const struct view *view;
    const struct view_message *messages;
    size_t count;
    const void *owner;
    struct pack_row *rows;
    bool *is_missing;
    size_t missing;
    bool is_search;
};

static int unpin(struct pack **pin)
{
    pack_release(*pin);
    return 0;
}

/* The pack lives as long as `owner`; takes over the reference. */
static void pin(const void *owner, struct pack *pack)
{
    struct pack **held = talloc(owner, struct pack *);

    *held = pack;
    talloc_set_destructor(held, unpin);
}

static int cell_of(const struct pack *pack, uint32_t uid)
{
    uint32_t low = 0, high = pack->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (pack->uids[middle] < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pack->count && pack->uids[low] == uid ? (int)low : -1;
}

static void fill(struct pack_row *row, const struct pack *pack, int at)
{
    const struct pack_cell *cell = &pack->cells[at];
    struct span first = span_of(pack->bytes + cell->first, cell->second - cell->first);
    struct span second = span_of(pack->bytes + cell->second, cell->end - cell->second);

    if (pack->part == PACK_SHOWN) {
        row->envelope = first;
        row->body_structure = second;
        return;
    }
    uint32_t begin = at > 0 ? pack->subject_ends[at - 1] : 0;
    row->columns = first;
    row->subject = span_of(pack->subjects + begin, pack->subject_ends[at] - begin);
    row->preview = second;
    row->header_size = cell->header_size;
    row->thread_id = cell->thread_id;
    row->saved_us = cell->saved_us;
}

/* From decoded packs; marks what they lack. */
static void from_cache(struct reading *reading, enum pack_part part)
{
    struct pack *pack = NULL;

    reading->missing = 0;
    for (size_t i = 0; i < reading->count; i++) {
        uint32_t uid = reading->messages[i].uid;
        int at;

        if (!pack || uid < pack->uids[0] || uid > pack->uids[pack->count - 1]) {
            pack = pack_cache_find(reading->mailbox->cache->packs, reading->mailbox->group,
                                   reading->view->folder_id, part, uid);
            if (pack)
                pin(reading->owner, pack);
        }
        at = pack ? cell_of(pack, uid) : -1;
        if (at >= 0)
            fill(&reading->rows[i], pack, at);
        reading->is_missing[i] = at < 0;
        reading->missing += at < 0;
    }
}

/* Packs that overlap a range, by primary key: they are disjoint, so the one before the range is the only further one. */
#define READ_PACKS(column)                                                                                   \
    "SELECT " column " FROM folder_pack WHERE folder_id = $1 AND first_uid <= $3 AND last_uid >= $2"         \
    "   AND first_uid >= coalesce((SELECT max(first_uid) FROM folder_pack WHERE folder_id = $1 AND first_uid <= $2), 0)"
static const char READ_SHOWN[] = READ_PACKS("shown");
static const char READ_SEARCHED[] = READ_PACKS("searched");

struct pack_load {
    struct reading *reading;
    enum pack_part part;
};

static bool load_pack(const struct db_row *row, void *arg, struct err *err)
{
    struct pack_load *load = arg;
    struct pack *pack = pack_decode(load->part, db_get_bytes(row, 0));

    (void)err;
    if (!pack) {
        log_event(LOG_LEVEL_WARNING, "mailbox.pack.unreadable",
                  log_i64("folder", load->reading->view->folder_id));
        return true;
    }
    pack->group = load->reading->mailbox->group;
    pack->folder_id = load->reading->view->folder_id;
    pack_cache_add(load->reading->mailbox->cache->packs, pack);
    pin(load->reading->owner, pack);
    for (size_t i = 0; i < load->reading->count; i++) {
        int at = load->reading->is_missing[i] ? cell_of(pack, load->reading->messages[i].uid) : -1;

        if (at < 0)
            continue;
        fill(&load->reading->rows[i], pack, at);
        load->reading->is_missing[i] = false;
        load->reading->missing--;
    }
    return true;
}

static bool from_packs(struct reading *reading, enum pack_part part, struct db *db, struct err *err)
{
    struct pack_load load = { reading, part };
    uint32_t first = 0, last = 0;

    for (size_t i = 0; i < reading->count; i++) {
        if (!reading->is_missing[i])
            continue;
        if (!first || reading->messages[i].uid < first)
            first = reading->messages[i].uid;
        if (reading->messages[i].uid > last)
            last = reading->messages[i].uid;
    }
    return db_stream(db, part == PACK_SHOWN ? READ_SHOWN : READ_SEARCHED,
                     DB_ARGS(db_i64(reading->view->folder_id), db_u32(first), db_u32(last)), load_pack, &load,
                     err);
}

/* Thread and SAVEDATE, by primary keys. */
static const char READ_ITEMS[] =
    "SELECT m.uid, i.thread_id, m.saved_us FROM membership m JOIN item i USING (item_id)"
    " WHERE m.folder_id = $1 AND m.uid = ANY ($2)";

/* A search folder has no memberships; SAVEDATE is that of the first one. */
static const char READ_ITEMS_THEMSELVES[] =
    "SELECT item_id, thread_id, saved_us FROM item WHERE item_id = ANY ($1)";

static bool items_from_rows(struct reading *reading, const int64_t *keys, const size_t *places, size_t count,
                            struct err *err)
{
    struct db_value wanted = db_i64_array(keys, count), folder = db_i64(reading->view->folder_id);
    struct db_rows *rows;
    struct db_row row;
    struct db *db;
    bool is_read;

    if (!group_acquire(reading->mailbox->group, DB_INTERACTIVE, &db, err))
        return false;
    is_read = reading->is_search
                  ? db_query(db, reading->owner, READ_ITEMS_THEMSELVES, DB_ARGS(wanted), &rows, err)
                  : db_query(db, reading->owner, READ_ITEMS, DB_ARGS(folder, wanted), &rows, err);
    db_release(&db);
    for (size_t n = 0; is_read && db_rows_at(rows, n, &row); n++) {
        for (size_t i = 0; i < count; i++) {
            /* Rows mostly come in the order that we asked in. */
            size_t at = (n + i) % count;

            if (keys[at] != db_get_i64(&row, 0))
                continue;
            reading->rows[places[at]].thread_id = db_get_i64(&row, 1);
            reading->rows[places[at]].saved_us = db_get_i64(&row, 2);
            break;
        }
    }
    return is_read;
}

static bool from_rows(struct reading *reading, enum pack_part part, struct err *err)
{
    unsigned n = (unsigned)reading->missing;
    int64_t *ids = talloc_array(reading->owner, int64_t, n), *keys = talloc_array(reading->owner, int64_t, n);
    size_t *places = talloc_array(reading->owner, size_t, n), count = 0;
    struct message_meta *metas;

    for (size_t i = 0; i < reading->count; i++) {
        if (!reading->is_missing[i])
            continue;
        ids[count] = reading->messages[i].message_id;
        keys[count] = reading->is_search ? reading->messages[i].item_id : reading->messages[i].uid;
        places[count++] = i;
    }
    if (!message_metas(reading->mailbox->group, reading->owner, ids, count, &metas, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct pack_row *row = &reading->rows[places[i]];

        row->header_size = metas[i].header_bytes;
        row->envelope = metas[i].envelope;
        row->body_structure = metas[i].body_structure;
        row->columns = metas[i].columns;
        row->subject = columns_text(metas[i].columns, COLUMNS_SUBJECT);
        row->preview = metas[i].preview;
    }
    return part == PACK_SHOWN || items_from_rows(reading, keys, places, count, err);
}

static bool read_part(struct reading *reading, enum pack_part part, struct err *err)
{
    struct db *db;
    bool is_read;

    from_cache(reading, part);
    if (reading->missing > FEW) {
        if (!group_acquire(reading->mailbox->group, DB_INTERACTIVE, &db, err))
            return false;
        is_read = from_packs(reading, part, db, err);
        db_release(&db);
        if (!is_read)
            return false;
    }
    return reading->missing == 0 || from_rows(reading, part, err);
}

bool pack_read(struct mailbox *mailbox, const struct view *view, const struct view_message *messages,
               size_t count, unsigned wanted, const void *owner, struct pack_row **rows_out, struct err *err)
{
    struct reading reading = { .mailbox = mailbox,
                               .view = view,
                               .messages = messages,
                               .count = count,
                               .owner = owner,
                               .is_search = search_folder_is(mailbox, view->folder_id),
                               .rows = talloc_zero_array(owner, struct pack_row, (unsigned)count + 1),
                               .is_missing = talloc_array(owner, bool, (unsigned)count + 1) };

    for (size_t i = 0; i < count; i++) {
        reading.rows[i].uid = messages[i].uid;
        reading.rows[i].number = messages[i].number;
    }
    *rows_out = reading.rows;
    return (!(wanted & PACK_ENVELOPE) || read_part(&reading, PACK_SHOWN, err)) &&
           (!(wanted & PACK_COLUMNS) || read_part(&reading, PACK_SEARCHED, err));
}

bool pack_scan(struct mailbox *mailbox, const struct view *view, const struct uid_set *numbers,
               unsigned wanted, pack_each *each, void *arg, struct err *err)
{
    struct view_message *messages = talloc_array(NULL, struct view_message, PACK_READ_MAX);
    struct view_select select = view_select_numbers(view, numbers);
    bool is_good = true;
    size_t count;

    do {
        void *arena = talloc_new(messages);
        struct pack_row *rows;

        for (count = 0; count < PACK_READ_MAX && view_select_next(&select, &messages[count]);)
            count++;
        is_good = count == 0 || pack_read(mailbox, view, messages, count, wanted, arena, &rows, err);
        for (size_t i = 0; is_good && i < count; i++)
            is_good = each(&messages[i], &rows[i], arg, err);
        talloc_free(arena);
    } while (is_good && count == PACK_READ_MAX);
    talloc_free(messages);
    return is_good;
}
