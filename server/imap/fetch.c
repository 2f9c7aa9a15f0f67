/*
 * fetch.c -- see fetch.h.
 */
#include "imap/fetch.h"

#include "auth/auth.h"
#include "base/log.h"
#include "format/envelope.h"
#include "imap/date.h"
#include "imap/fetch_section.h"
#include "imap/reply.h"
#include "mailbox/fetched.h"
#include "mailbox/flags.h"
#include "mailbox/pack.h"

#include <talloc.h>

enum { SLICE_OF_ROWS = 512, SLICE_OF_BODIES = 256, PREVIEW_CHARACTERS = 200 };
enum { SLICE_BYTES = 8 * 1024 * 1024, ORDINARY_BYTES = 64 * 1024, LARGEST_BYTES = 1024 * 1024 };

/* What of a message the request needs beyond its view. */
enum need { NEED_PACK = 1, NEED_META = 2, NEED_HEADER = 4, NEED_BODY = 8 };

struct slice {
    void *arena;
    struct view_message *messages;
    size_t count, at;
    struct pack_row *rows;
    struct message_meta *metas;
    struct span *headers;
    struct message_sweep *sweep;
};

struct imap_fetch {
    struct imap_session *session;
    struct group *group;
    struct mailbox *mailbox;
    struct view *view;
    struct imap_fetch_request want;
    unsigned needs;
    unsigned pack_wanted;
    struct view_select select;
    struct slice slice;

    /* In the middle of a message. */
    bool is_inside, may_take_back; /* nothing of the line has left the output yet */
    size_t line_start;
    size_t section;
    struct section_state state;
    struct fetch_source source;
    void *message_arena;
    bool met_unknown_encoding, missed_messages;

    /* Flags of one message after the other are mostly the same. */
    uint64_t rendered_flags;
    bool has_rendered;
    enum imap_recent rendered_recent;
    struct buf rendered;
};

/* The header of a part is read alone. */
static bool is_small_range(const struct imap_section *section)
{
    return !span_is_empty(section->path) &&
           (section->text == SECTION_FIELDS || section->text == SECTION_FIELDS_NOT ||
            section->text == SECTION_HEADER || section->text == SECTION_MIME);
}

static unsigned needs_of(const struct imap_fetch_request *want)
{
    unsigned needs = 0;

    if (want->items &
        (FETCH_ENVELOPE | FETCH_BODYSTRUCTURE | FETCH_BODY | FETCH_THREADID | FETCH_SAVEDATE | FETCH_PREVIEW))
        needs |= NEED_PACK;
    for (size_t i = 0; i < want->section_count; i++) {
        const struct imap_section *section = &want->sections[i];

        if (span_equals_text(section->path, "HEADER"))
            needs |= NEED_HEADER;
        else
            needs |= is_small_range(section) ? NEED_META : NEED_META | NEED_BODY;
    }
    return needs;
}

static int on_free(struct imap_fetch *fetch)
{
    view_release(&fetch->view);
    return 0;
}

struct imap_fetch *imap_fetch_open(const void *owner, struct imap_session *session, struct view *view,
                                   const struct uid_set *uids, const struct imap_fetch_request *want)
{
    struct imap_fetch *fetch = talloc_zero(owner, struct imap_fetch);

    fetch->session = session;
    fetch->mailbox = session->selected->mailbox;
    fetch->group = mailbox_group(fetch->mailbox);
    fetch->view = view_ref(view);
    talloc_set_destructor(fetch, on_free);
    fetch->want = *want;
    fetch->needs = needs_of(want);
    if (want->items & (FETCH_ENVELOPE | FETCH_BODYSTRUCTURE | FETCH_BODY))
        fetch->pack_wanted |= PACK_ENVELOPE;
    if (want->items & (FETCH_THREADID | FETCH_SAVEDATE | FETCH_PREVIEW))
        fetch->pack_wanted |= PACK_COLUMNS;
    fetch->select = view_select_uids(fetch->view, uids);
    fetch->rendered = BUF_INIT(fetch);
    return fetch;
}

bool imap_fetch_met_unknown_encoding(const struct imap_fetch *fetch)
{
    return fetch->met_unknown_encoding;
}

bool imap_fetch_missed_messages(const struct imap_fetch *fetch)
{
    return fetch->missed_messages;
}

void imap_fetch_add_head(const struct imap_session *session, struct buf *out,
                         const struct view_message *message)
{
    bool is_uidonly = imap_has(session, ENABLED_UIDONLY);

    buf_add(out, "* ", 2);
    buf_add_u64(out, is_uidonly ? message->uid : message->number);
    if (is_uidonly)
        buf_add(out, " UIDFETCH (", 11);
    else
        buf_add(out, " FETCH (", 8);
}

enum imap_recent imap_recent_of(const struct imap_session *session, uint32_t uid)
{
    bool is_recent = !imap_has(session, ENABLED_REV2) && !uid_set_is_empty(&session->selected->recent) &&
                     uid_set_contains(&session->selected->recent, uid);

    return is_recent ? IMAP_RECENT : IMAP_NOT_RECENT;
}

static void add_modseq(struct buf *out, uint64_t modseq)
{
    buf_add(out, "MODSEQ (", 8);
    buf_add_u64(out, modseq);
    buf_add(out, ") ", 2);
}

/* The last item left a space behind it. */
static void close_line(struct buf *out)
{
    if (out->p[out->length - 1] == ' ')
        out->length--;
    buf_add(out, ")\r\n", 3);
}

void imap_fetch_add_flags_line(struct imap_session *session, struct buf *out,
                               const struct view_message *message)
{
    const struct keyword_table *keywords = view_keywords(session->selected->told);

    imap_fetch_add_head(session, out, message);
    /* RFC 7162, 3.2.10.2; RFC 5465, 5.1 */
    if ((imap_has(session, ENABLED_QRESYNC) || session->notify) && !imap_has(session, ENABLED_UIDONLY)) {
        buf_add(out, "UID ", 4);
        buf_add_u64(out, message->uid);
        buf_add_byte(out, ' ');
    }
    buf_add(out, "FLAGS (", 7);
    imap_add_flags(out, keywords, message->flags, imap_recent_of(session, message->uid));
    buf_add(out, ") ", 2);
    if (imap_has(session, ENABLED_CONDSTORE))
        add_modseq(out, message->modseq);
    close_line(out);
}

static void add_flags(struct imap_fetch *fetch, struct buf *out, const struct view_message *message)
{
    enum imap_recent recent = imap_recent_of(fetch->session, message->uid);

    if (!fetch->has_rendered || fetch->rendered_flags != message->flags || fetch->rendered_recent != recent) {
        buf_clear(&fetch->rendered);
        buf_add(&fetch->rendered, "FLAGS (", 7);
        imap_add_flags(&fetch->rendered, view_keywords(fetch->view), message->flags, recent);
        buf_add(&fetch->rendered, ") ", 2);
        fetch->rendered_flags = message->flags;
        fetch->rendered_recent = recent;
        fetch->has_rendered = true;
    }
    buf_add_span(out, buf_span(&fetch->rendered));
}

static void add_public_id(struct imap_fetch *fetch, struct buf *out, const char *label,
                          enum group_id_kind kind, int64_t id)
{
    char text[GROUP_PUBLIC_ID_SIZE];

    group_public_id(fetch->group, kind, id, text);
    buf_add_text(out, label);
    buf_add_text(out, text);
    buf_add(out, ") ", 2);
}

/* RFC 8970, 3.2: at most 200 characters. */
static struct span cut_preview(struct span preview)
{
    unsigned characters = 0;

    for (const char *p = preview.p; p < preview.end; p++)
        if (((unsigned char)*p & 0xC0) != 0x80 && characters++ == PREVIEW_CHARACTERS)
            return (struct span){ preview.p, p };
    return preview;
}

/* What the view itself knows. */
static void add_view_items(struct imap_fetch *fetch, struct buf *out, const struct view_message *message)
{
    unsigned items = fetch->want.items;

    if (items & FETCH_UID) {
        buf_add(out, "UID ", 4);
        buf_add_u64(out, message->uid);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_FLAGS)
        add_flags(fetch, out, message);
    if (items & FETCH_INTERNALDATE) {
        buf_add_text(out, "INTERNALDATE ");
        imap_add_date_time(out, message->received_us);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_SIZE) {
        buf_add(out, "RFC822.SIZE ", 12);
        buf_add_u64(out, message->size);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_MODSEQ)
        add_modseq(out, message->modseq);
    if (items & FETCH_EMAILID)
        add_public_id(fetch, out, "EMAILID (", GROUP_ID_ITEM, message->item_id);
}

static void add_pack_items(struct imap_fetch *fetch, struct buf *out, const struct pack_row *row)
{
    unsigned items = fetch->want.items;

    if (items & FETCH_THREADID)
        add_public_id(fetch, out, "THREADID (", GROUP_ID_THREAD, row->thread_id);
    if (items & FETCH_SAVEDATE) {
        buf_add_text(out, "SAVEDATE ");
        imap_add_date_time(out, row->saved_us);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_PREVIEW) {
        buf_add_text(out, "PREVIEW ");
        imap_add_string(fetch->session, out, cut_preview(row->preview));
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_ENVELOPE) {
        buf_add(out, "ENVELOPE ", 9);
        buf_add_span(out, row->envelope);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_BODYSTRUCTURE) {
        buf_add(out, "BODYSTRUCTURE ", 14);
        buf_add_span(out, row->body_structure);
        buf_add_byte(out, ' ');
    }
    if (items & FETCH_BODY) {
        buf_add(out, "BODY ", 5);
        bodystructure_to_body(out, row->body_structure);
        buf_add_byte(out, ' ');
    }
}

static int64_t *message_ids(const struct slice *slice)
{
    int64_t *ids = talloc_array(slice->arena, int64_t, (unsigned)slice->count + 1);

    for (size_t i = 0; i < slice->count; i++)
        ids[i] = slice->messages[i].message_id;
    return ids;
}

/* What header, index and structure of a message may take in memory: little for almost all, up to a megabyte for a large one
 * made for that purpose. */
static size_t most_bytes_of(const struct view_message *message)
{
    if (message->size <= ORDINARY_BYTES)
        return ORDINARY_BYTES / 16;
    return message->size < LARGEST_BYTES ? message->size : LARGEST_BYTES;
}

static void read_beside(void *net, void (*work)(void *argument), void *argument)
{
    session_beside(net, work, argument);
}

/* Takes the next messages and reads what is needed of all of them. False with ERR_NONE: there are no more. */
static bool next_slice(struct imap_fetch *fetch, struct err *err)
{
    struct slice *slice = &fetch->slice;
    size_t most = fetch->needs & (NEED_META | NEED_HEADER | NEED_BODY) ? SLICE_OF_BODIES : SLICE_OF_ROWS;
    size_t bytes = 0;
    int64_t *ids;

    message_sweep_close(&slice->sweep);
    talloc_free(slice->arena);
    *slice = (struct slice){ .arena = talloc_new(fetch) };
    slice->messages = talloc_array(slice->arena, struct view_message, (unsigned)most);
    while (slice->count < most && bytes < SLICE_BYTES &&
           view_select_next(&fetch->select, &slice->messages[slice->count]))
        bytes += most_bytes_of(&slice->messages[slice->count++]);
    if (slice->count == 0)
        return false;
    if ((fetch->needs & NEED_PACK) && !pack_read(fetch->mailbox, fetch->view, slice->messages, slice->count,
                                                 fetch->pack_wanted, slice->arena, &slice->rows, err))
        return false;
    if (!(fetch->needs & (NEED_META | NEED_HEADER | NEED_BODY)))
        return true;
    ids = message_ids(slice);
    if ((fetch->needs & NEED_META) &&
        !message_metas(fetch->group, slice->arena, ids, slice->count, &slice->metas, err))
        return false;
    if ((fetch->needs & NEED_HEADER) &&
        !message_headers(fetch->group, slice->arena, ids, slice->count, &slice->headers, err))
        return false;
    if ((fetch->needs & NEED_BODY) && slice->count > 1) {
        slice->sweep = message_sweep_open(slice->arena, fetch->group, ids, slice->count);
        message_sweep_beside(slice->sweep, read_beside, fetch->session->net);
    }
    return true;
}

/* The bytes of slice->messages[slice->at], or where they can be had. False with ERR_NONE: the message is gone. */
static bool find_source(struct imap_fetch *fetch, struct err *err)
{
    struct slice *slice = &fetch->slice;
    struct fetch_source *source = &fetch->source;
    struct message_sweep_item item;

    *source =
        (struct fetch_source){ .group = fetch->group, .message_id = slice->messages[slice->at].message_id };
    if (slice->headers) {
        source->header = slice->headers[slice->at];
        if (!source->header.p)
            return false;
    }
    if (slice->metas) {
        source->meta = &slice->metas[slice->at];
        if (source->meta->message_id == 0)
            return false;
    }
    if (!slice->sweep)
        return true;
    if (!message_sweep_next(slice->sweep, &item, err))
        return false;
    source->bytes = item.bytes;
    return item.is_large || item.bytes.p;
}

enum begun { BEGUN, GONE, BEGIN_FAILED };

static enum begun begin_message(struct imap_fetch *fetch, struct buf *out, struct err *err)
{
    struct slice *slice = &fetch->slice;
    const struct view_message *message = &slice->messages[slice->at];

    if (fetch->needs & (NEED_META | NEED_HEADER | NEED_BODY) && !find_source(fetch, err))
        return err->kind == ERR_NONE ? GONE : BEGIN_FAILED;
    if (fetch->needs & NEED_PACK && (fetch->pack_wanted & PACK_ENVELOPE) &&
        span_is_empty(slice->rows[slice->at].envelope))
        return GONE;
    fetch->line_start = out->length;
    fetch->may_take_back = true;
    imap_fetch_add_head(fetch->session, out, message);
    add_view_items(fetch, out, message);
    if (slice->rows)
        add_pack_items(fetch, out, &slice->rows[slice->at]);
    return BEGUN;
}

/* The sections of the message under way. FETCH_DONE: all are written. */
static enum fetch_step write_sections(struct imap_fetch *fetch, struct buf *out, struct err *err)
{
    while (fetch->section < fetch->want.section_count) {
        if (!fetch->message_arena)
            fetch->message_arena = talloc_new(fetch);
        switch (fetch_section_step(fetch->message_arena, out, &fetch->source,
                                   &fetch->want.sections[fetch->section], &fetch->state, err)) {
        case SECTION_MORE:
            if (!fetch->source.bytes.p && session_output_is_full(fetch->session->net)) {
                fetch->may_take_back = false;
                return FETCH_MORE;
            }
            continue;
        case SECTION_UNKNOWN_CTE:
            fetch->met_unknown_encoding = true;
            break;
        case SECTION_DONE:
            buf_add_byte(out, ' ');
            break;
        case SECTION_FAILED:
        case SECTION_BROKEN:
            if (!fetch->may_take_back)
                return FETCH_BROKEN;
            out->length = fetch->line_start;
            return FETCH_FAILED;
        }
        fetch->section++;
        fetch->state = (struct section_state){ 0 };
    }
    TALLOC_FREE(fetch->message_arena);
    fetch->section = 0;
    return FETCH_DONE;
}

/* A message that is damaged, or gone between two looks, must not keep its neighbours from being read. Trouble of the
 * database ends the command. */
static enum fetch_step pass_over(struct imap_fetch *fetch, const struct err *err)
{
    if (err->kind != ERR_NOT_FOUND && err->kind != ERR_INTERNAL)
        return FETCH_FAILED;
    log_event(LOG_LEVEL_ERROR, "imap.message.unreadable",
              log_i64("message", fetch->slice.messages[fetch->slice.at].message_id),
              log_text("cause", err->log));
    TALLOC_FREE(fetch->message_arena);
    fetch->section = 0;
    fetch->state = (struct section_state){ 0 };
    fetch->is_inside = false;
    fetch->missed_messages = true;
    fetch->slice.at++;
    return FETCH_DONE;
}

/* For the trace. */
static void note_fetched(const struct imap_fetch *fetch, const struct view_message *message)
{
    const struct imap_session *session = fetch->session;

    fetched_note(session->context->fetched, fetch->group,
                 &(struct fetched_message){ .item_id = message->item_id,
                                            .received_us = message->received_us,
                                            .protocol = "imap",
                                            .login = session->identity ? session->identity->login : NULL,
                                            .peer = session_peer_text(session->net) });
}

/* One message, or the rest of it. */
static enum fetch_step step_message(struct imap_fetch *fetch, struct buf *out, struct err *err)
{
    enum fetch_step step;

    if (!fetch->is_inside) {
        switch (begin_message(fetch, out, err)) {
        case GONE:
            fetch->missed_messages = true;
            fetch->slice.at++;
            return FETCH_DONE;
        case BEGIN_FAILED:
            return pass_over(fetch, err);
        case BEGUN:
            fetch->is_inside = true;
        }
    }
    step = write_sections(fetch, out, err);
    if (step == FETCH_FAILED)
        return pass_over(fetch, err);
    if (step != FETCH_DONE)
        return step;
    if (out->p[out->length - 1] == '(') /* nothing of it could be decoded; "()" is no answer */
        out->length = fetch->line_start;
    else
        close_line(out);
    if (fetch->needs & NEED_BODY)
        note_fetched(fetch, &fetch->slice.messages[fetch->slice.at]);
    fetch->is_inside = false;
    fetch->slice.at++;
    return FETCH_DONE;
}

/* Nothing but the view is needed: no slices. */
static enum fetch_step step_view(struct imap_fetch *fetch, struct buf *out)
{
    struct view_message message;

    while (!session_output_is_full(fetch->session->net)) {
        if (!view_select_next(&fetch->select, &message))
            return FETCH_DONE;
        imap_fetch_add_head(fetch->session, out, &message);
        add_view_items(fetch, out, &message);
        close_line(out);
    }
    return FETCH_MORE;
}

enum fetch_step imap_fetch_step(struct imap_fetch *fetch, struct err *err)
{
    struct buf *out = imap_out(fetch->session);

    *err = ERR_INIT;
    if (fetch->needs == 0)
        return step_view(fetch, out);
    while (!session_output_is_full(fetch->session->net)) {
        enum fetch_step step;

        if (fetch->slice.at == fetch->slice.count && !next_slice(fetch, err))
            return err->kind == ERR_NONE ? FETCH_DONE : FETCH_FAILED;
        step = step_message(fetch, out, err);
        if (step != FETCH_DONE && step != FETCH_MORE)
            return step;
        if (step == FETCH_MORE)
            break;
    }
    if (fetch->slice.sweep)
        message_sweep_rest(fetch->slice.sweep);
    return FETCH_MORE;
}
