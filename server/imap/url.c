/*
 * url.c -- see url.h.
 */
#include "imap/url.h"

#include "base/hex.h"
#include "base/spool.h"
#include "format/folder_name.h"
#include "format/mime.h"
#include "imap/place.h"
#include "message/message.h"

#include <talloc.h>

static bool decode(void *arena, struct span text, struct span *decoded_out)
{
    char *copy = talloc_size(arena, span_length(text) + 1), *to = copy;

    for (const char *p = text.p; p < text.end; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        if (text.end - p < 3 || hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0 || (p[1] == '0' && p[2] == '0'))
            return false;
        *to++ = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
        p += 2;
    }
    *decoded_out = (struct span){ copy, to };
    return true;
}

/* Up to the next "/;" or ";", which stays. */
static struct span take_piece(struct span *in)
{
    const char *p = in->p;
    struct span piece;

    while (p < in->end && *p != ';' && !(*p == '/' && p + 1 < in->end && p[1] == ';'))
        p++;
    piece = (struct span){ in->p, p };
    in->p = p;
    return piece;
}

static struct span to_capitals(void *arena, struct span text)
{
    char *copy = span_copy(arena, text);

    for (char *p = copy; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return span_text(copy);
}

/* offset ["." length] */
static bool take_partial(struct span *in, struct imap_url *url)
{
    url->is_partial = true;
    if (!span_take_u64(in, &url->offset))
        return false;
    return !span_take_byte(in, '.') || (span_take_u64(in, &url->length) && url->length > 0);
}

bool imap_url_parse(void *arena, struct span text, struct imap_url *url_out)
{
    struct imap_url url = { 0 };
    struct span rest = text, section;

    if (span_take_byte(&rest, '/') && !decode(arena, take_piece(&rest), &url.folder))
        return false;
    if (span_take_word(&rest, ";UIDVALIDITY=") &&
        (!span_take_u32(&rest, &url.uidvalidity) || url.uidvalidity == 0))
        return false;
    (void)!span_take_byte(&rest, '/');
    if (!span_take_word(&rest, ";UID=") || !span_take_u32(&rest, &url.uid) || url.uid == 0)
        return false;
    if (span_take_word(&rest, "/;SECTION=")) {
        if (!decode(arena, take_piece(&rest), &section))
            return false;
        url.section = to_capitals(arena, section);
    }
    if (span_take_word(&rest, "/;PARTIAL=") && !take_partial(&rest, &url))
        return false;
    *url_out = url;
    return span_is_empty(rest);
}

static bool nothing_there(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "The URL names nothing that exists.");
}

/* The folder's newest view, for reading. */
static bool find_view(struct imap_request *req, const struct imap_url *url, struct mailbox **mailbox_out,
                      struct view **view_out, struct err *err)
{
    struct imap_session *session = req->session;
    struct imap_place place;
    struct folder *folder;
    char *name;
    struct buf utf7 = BUF_INIT(req->arena);

    if (span_is_empty(url->folder)) {
        if (!session->selected)
            return nothing_there(err);
        *mailbox_out = session->selected->mailbox;
        *view_out = view_ref(session->selected->told);
        return true;
    }
    if (!folder_name_of_utf8(req->arena, url->folder, &name, err))
        return nothing_there(err);
    folder_name_add_utf7(&utf7, span_text(name));
    if (!imap_place_of(req, imap_speaks_utf8(session) ? span_text(name) : buf_span(&utf7), &place, err) ||
        !folder_find(place.mailbox, &session->reader, place.name, RIGHT_READ, req->arena, &folder, err))
        return false;
    *mailbox_out = place.mailbox;
    if (!place.is_public)
        imap_session_note_visit(session, place.mailbox);
    return view_latest(place.mailbox, folder->folder_id, VIEW_TRUST_WAKE, view_out, err);
}

static bool find_range(struct imap_request *req, struct group *group, int64_t message_id,
                       const struct imap_url *url, struct mime_range *range_out, struct err *err)
{
    struct mime_section section;
    struct message_meta meta;

    if (!message_meta(group, req->arena, message_id, &meta, err))
        return false;
    *range_out = (struct mime_range){ 0, meta.size_bytes };
    if (!span_is_empty(url->section)) {
        if (!mime_section_find(meta.part_index, url->section, &section))
            return nothing_there(err);
        *range_out = section.range;
    }
    if (url->is_partial) {
        uint64_t skip = url->offset < range_out->length ? url->offset : range_out->length;

        range_out->offset += skip;
        range_out->length -= skip;
        if (url->length && url->length < range_out->length)
            range_out->length = url->length;
    }
    return true;
}

static bool read_range(struct imap_request *req, struct group *group, int64_t message_id,
                       const struct mime_range *range, struct spool *out, struct err *err)
{
    uint64_t at = range->offset, end = range->offset + range->length;

    while (at < end) {
        void *arena = talloc_new(req->arena);
        uint64_t until = (at / MESSAGE_CHUNK_BYTES + 1) * MESSAGE_CHUNK_BYTES;
        struct span piece;
        bool done = message_read(group, arena, message_id, at, (size_t)((until < end ? until : end) - at),
                                 &piece, err);

        if (done && span_is_empty(piece))
            done = err_set(err, ERR_INTERNAL, "A message is shorter than it should be.");
        done = done && spool_append(out, piece, err);
        if (done)
            at += span_length(piece);
        talloc_free(arena);
        if (!done)
            return false;
    }
    return true;
}

bool imap_url_read(struct imap_request *req, const struct imap_url *url, uint64_t limit, struct spool *out,
                   uint64_t *length_out, struct err *err)
{
    struct mailbox *mailbox = NULL;
    struct view_message message;
    struct mime_range range;
    struct view *view;
    bool is_there;

    if (!find_view(req, url, &mailbox, &view, err))
        return false;
    is_there = view_find(view, url->uid, &message) &&
               (url->uidvalidity == 0 || url->uidvalidity == view_uidvalidity(view));
    view_release(&view);
    if (!is_there)
        return nothing_there(err);
    if (!find_range(req, mailbox_group(mailbox), message.message_id, url, &range, err))
        return false;
    *length_out = range.length;
    if (range.length > limit)
        return err_set(err, ERR_LIMIT, "The message is too large.");
    return read_range(req, mailbox_group(mailbox), message.message_id, &range, out, err);
}
