/*
 * sweep.c -- one body after the other, read 32 to a round trip, the next ones perhaps by a helper while these are taken.
 * Only messages of one piece are read ahead: a larger one is named, and whoever wants it reads it in pieces.
 */
#include "message/message.h"
#include "message/window.h"
#include "message/zstd.h"

#include <talloc.h>

struct message_sweep {
    struct group *group;
    int64_t *ids;
    size_t count, next;
    size_t first; /* ids[first ..] are in `window` */
    struct window *window, *window_after;
    message_beside *beside;
    void *beside_context;
    char *raw; /* of the message given out last */
    size_t raw_size;
};

/* Also when the sweep goes with its owner, without message_sweep_close(). */
static int drop_windows(struct message_sweep *sweep)
{
    window_drop(&sweep->window);
    window_drop(&sweep->window_after);
    return 0;
}

struct message_sweep *message_sweep_open(const void *owner, struct group *group, const int64_t *message_ids,
                                         size_t count)
{
    struct message_sweep *sweep = talloc_zero(owner, struct message_sweep);

    talloc_set_destructor(sweep, drop_windows);
    sweep->group = group;
    sweep->ids = talloc_array(sweep, int64_t, (unsigned)count + 1);
    if (count > 0)
        memcpy(sweep->ids, message_ids, count * sizeof *message_ids);
    sweep->count = count;
    return sweep;
}

void message_sweep_beside(struct message_sweep *sweep, message_beside *beside, void *context)
{
    sweep->beside = beside;
    sweep->beside_context = context;
}

void message_sweep_rest(struct message_sweep *sweep)
{
    drop_windows(sweep);
    TALLOC_FREE(sweep->raw);
    sweep->raw_size = 0;
}

void message_sweep_close(struct message_sweep **sweep)
{
    TALLOC_FREE(*sweep);
}

static struct window *window_from(const struct message_sweep *sweep, size_t first)
{
    size_t count = first < sweep->count ? sweep->count - first : 0;

    if (count == 0)
        return NULL;
    return window_new(sweep->group, sweep->ids + first, count < WINDOW_MESSAGES ? count : WINDOW_MESSAGES);
}

/* The window that has ids[next], read. */
static bool open_window(struct message_sweep *sweep, struct err *err)
{
    if (!sweep->window || sweep->next == sweep->first + window_count(sweep->window)) {
        window_drop(&sweep->window);
        sweep->window = sweep->window_after ? sweep->window_after : window_from(sweep, sweep->next);
        sweep->first = sweep->next;
        sweep->window_after =
            sweep->beside ? window_from(sweep, sweep->first + window_count(sweep->window)) : NULL;
        if (sweep->window_after)
            window_start(sweep->window_after, sweep->beside, sweep->beside_context);
    }
    if (window_wait(sweep->window, err))
        return true;
    message_sweep_rest(sweep);
    return false;
}

static bool unpack(struct message_sweep *sweep, const struct ahead *ahead, int64_t message_id,
                   struct span *raw_out, struct err *err)
{
    size_t length;

    if (ahead->codec == PIECE_RAW && ahead->data.p) {
        *raw_out = ahead->data;
        return true;
    }
    if (ahead->data.p && zstd_raw_length(ahead->data, ahead->codec, MESSAGE_CHUNK_BYTES, &length)) {
        if (!sweep->raw || sweep->raw_size < length + 1) {
            talloc_free(sweep->raw);
            sweep->raw_size = length + 1;
            sweep->raw = talloc_array(sweep, char, (unsigned)sweep->raw_size);
        }
        if (zstd_unpack_into(sweep->raw, length, ahead->data, ahead->codec)) {
            *raw_out = span_of(sweep->raw, length);
            if (ahead->is_cached)
                piece_cache_keep_unpacked(&ahead->cached, *raw_out);
            return true;
        }
    }
    err_log(err, "message %lld: its body is damaged", (long long)message_id);
    return err_set(err, ERR_INTERNAL, "This message is damaged.");
}

bool message_sweep_next(struct message_sweep *sweep, struct message_sweep_item *item_out, struct err *err)
{
    *err = ERR_INIT;
    if (sweep->next == sweep->count || !open_window(sweep, err))
        return false;
    const struct ahead *ahead = window_at(sweep->window, sweep->next - sweep->first);
    *item_out = (struct message_sweep_item){ .number = sweep->next,
                                             .message_id = sweep->ids[sweep->next],
                                             .is_large = ahead->is_large,
                                             .bytes = { NULL, NULL } };
    sweep->next++;
    return !ahead->is_there || ahead->is_large ||
           unpack(sweep, ahead, item_out->message_id, &item_out->bytes, err);
}
