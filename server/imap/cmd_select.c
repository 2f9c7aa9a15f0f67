/*
 * cmd_select.c -- SELECT and EXAMINE (RFC 9051, 6.3.2 and 6.3.3), with CONDSTORE and QRESYNC (RFC 7162).
 *
 * A warm folder costs one query, which also says whether the view that is in memory is the newest.
 */
#include "group/group.h"
#include "imap/condstore.h"
#include "imap/fetch.h"
#include "imap/list.h"
#include "imap/notify.h"
#include "imap/place.h"
#include "imap/set.h"
#include "imap/updates.h"
#include "mailbox/flags.h"
#include "mailbox/search_folder.h"

#include <talloc.h>

struct qresync {
    bool is_asked;
    uint32_t uidvalidity;
    uint64_t modseq;
    bool has_known;
    struct imap_set known;
    bool has_matches;
    struct imap_set match_numbers, match_uids;
};

struct select {
    bool is_examine;
    struct qresync qresync;
    struct uid_set changed;
    struct imap_fetch *fetch;
};

/* "(" uidvalidity SP modseq [SP known-uids] [SP "(" known-numbers SP known-uids ")"] ")" (RFC 7162, 7). */
static bool take_qresync(struct imap_in *in, struct qresync *qresync)
{
    qresync->is_asked = true;
    if (!imap_take_space(in) || !imap_take_byte(in, '(') || !imap_take_nz_number(in, &qresync->uidvalidity) ||
        !imap_take_space(in) || !imap_take_modseq(in, &qresync->modseq))
        return false;
    while (imap_take_space(in)) {
        if (imap_take_byte(in, '(')) {
            if (qresync->has_matches || !imap_take_plain_set(in, &qresync->match_numbers) ||
                !imap_take_space(in) || !imap_take_plain_set(in, &qresync->match_uids) ||
                !imap_take_byte(in, ')'))
                return false;
            qresync->has_matches = true;
        } else {
            if (qresync->has_known || qresync->has_matches || !imap_take_plain_set(in, &qresync->known))
                return false;
            qresync->has_known = true;
        }
    }
    return imap_take_byte(in, ')');
}

static bool take_parameters(struct imap_request *req, struct select *select, bool *wants_condstore)
{
    struct imap_in *in = &req->in;

    *wants_condstore = false;
    if (imap_at_end(in))
        return true;
    if (!imap_take_space(in) || !imap_take_byte(in, '('))
        return false;
    do {
        if (imap_take_keyword(in, "CONDSTORE"))
            *wants_condstore = true;
        else if (!imap_take_keyword(in, "QRESYNC") || !imap_has(req->session, ENABLED_QRESYNC) ||
                 select->qresync.is_asked || !take_qresync(in, &select->qresync))
            return false;
    } while (imap_take_space(in));
    return imap_take_byte(in, ')') && imap_at_end(in);
}

/* The n-th and the m-th of two sets side by side: up to which UID does the client's picture agree with ours? What vanished
 * below that, it knows already (RFC 7162, 3.2.5.2). */
static uint32_t matching_uid(struct imap_request *req, const struct view *view, const struct qresync *qresync)
{
    struct uid_set numbers = imap_set_resolve(req->arena, &qresync->match_numbers, 0);
    struct uid_set uids = imap_set_resolve(req->arena, &qresync->match_uids, 0);
    struct uid_set_at number_at = UID_SET_START(&numbers), uid_at = UID_SET_START(&uids);
    uint32_t number, uid, agreed = 0;
    struct view_message message;

    while (uid_set_next(&number_at, &number) && uid_set_next(&uid_at, &uid)) {
        if (number > view_count(view) || !view_at(view, number, &message) || message.uid != uid)
            break;
        agreed = uid;
    }
    return agreed;
}

/* UIDs that the client may still believe in. */
static struct uid_set known_uids(struct imap_request *req, const struct view *view,
                                 const struct qresync *qresync)
{
    uint32_t last = view_uidnext(view) - 1;
    struct uid_set known = UID_SET_INIT(req->arena), agreed = UID_SET_INIT(req->arena);

    if (qresync->has_known)
        known = imap_set_resolve(req->arena, &qresync->known, last);
    else if (last > 0)
        uid_set_add(&known, 1, last);
    if (qresync->has_matches) {
        uint32_t until = matching_uid(req, view, qresync);

        if (until > 0)
            uid_set_add(&agreed, 1, until);
        known = uid_set_subtract(req->arena, &known, &agreed);
    }
    return known;
}

static bool say_vanished(struct imap_request *req, const struct select *select, struct err *err)
{
    struct imap_selected *selected = req->session->selected;
    struct uid_set known = known_uids(req, selected->told, &select->qresync);
    struct buf *out = imap_out(req->session);
    struct uid_set vanished;

    if (!view_expunged_since(selected->mailbox, selected->told, select->qresync.modseq, &known, req->arena,
                             &vanished, err))
        return false;
    if (uid_set_is_empty(&vanished))
        return true;
    buf_add_text(out, "* VANISHED (EARLIER) ");
    imap_add_set(out, &vanished);
    buf_add_text(out, "\r\n");
    return true;
}

static enum session_next finish(struct imap_request *req)
{
    struct imap_session *session = req->session;

    session->state = SELECTED;
    imap_notify_selected(session);
    return imap_ok(req, session->selected->is_read_only ? "READ-ONLY" : "READ-WRITE", "%s done.",
                   req->command->name);
}

static enum session_next say_changed(struct imap_request *req)
{
    struct select *select = req->state;
    struct err err;

    switch (imap_fetch_step(select->fetch, &err)) {
    case FETCH_MORE:
        return imap_yield(req, say_changed);
    case FETCH_FAILED:
        imap_deselect(req->session);
        return imap_fail(req, &err);
    case FETCH_BROKEN:
        return SESSION_CLOSE;
    case FETCH_DONE:
        break;
    }
    return finish(req);
}

static enum session_next resynchronise(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    struct select *select = req->state;
    struct imap_fetch_request want = { .items = FETCH_FLAGS | FETCH_MODSEQ |
                                                (imap_has(session, ENABLED_UIDONLY) ? 0 : FETCH_UID) };
    struct err err = ERR_INIT;
    struct uid_set known;

    if (!select->qresync.is_asked || select->qresync.uidvalidity != view_uidvalidity(selected->told))
        return finish(req);
    if (!say_vanished(req, select, &err)) {
        imap_deselect(session);
        return imap_fail(req, &err);
    }
    select->changed = view_changed_since(req->arena, selected->told, select->qresync.modseq);
    if (select->qresync.has_known) {
        known = imap_set_resolve(req->arena, &select->qresync.known, view_uidnext(selected->told) - 1);
        select->changed = uid_set_intersect(req->arena, &select->changed, &known);
    }
    select->fetch = imap_fetch_open(req->arena, session, selected->told, &select->changed, &want);
    return say_changed(req);
}

static void say_number(struct buf *out, const char *code, uint64_t number, const char *text)
{
    buf_add_text(out, "* OK [");
    buf_add_text(out, code);
    buf_add_byte(out, ' ');
    buf_add_u64(out, number);
    buf_add_text(out, "] ");
    buf_add_text(out, text);
    buf_add_text(out, "\r\n");
}

/* RFC 9051, 6.3.2: what every SELECT says. */
static void describe(struct imap_session *session, const struct imap_place *place,
                     const struct folder *folder)
{
    struct imap_selected *selected = session->selected;
    const struct view *view = selected->told;
    struct buf *out = imap_out(session);
    char id[GROUP_PUBLIC_ID_SIZE];

    imap_updates_write_flags(session, view);
    buf_add_text(out, "* ");
    buf_add_u64(out, view_count(view));
    buf_add_text(out, " EXISTS\r\n");
    imap_updates_write_recent(session, RECENT_ALWAYS);
    if (!imap_has(session, ENABLED_REV2 | ENABLED_UIDONLY) && view_first_unseen(view))
        say_number(out, "UNSEEN", view_first_unseen(view), "The first unseen message.");
    say_number(out, "UIDVALIDITY", view_uidvalidity(view), "UIDs are valid.");
    say_number(out, "UIDNEXT", view_uidnext(view), "The next UID.");
    say_number(out, "HIGHESTMODSEQ", view_modseq(view), "The latest change.");
    folder_public_id(selected->mailbox, selected->folder_id, id);
    buf_add_text(out, "* OK [MAILBOXID (");
    buf_add_text(out, id);
    buf_add_text(out, ")] This folder's id.\r\n");
    if (imap_has(session, ENABLED_REV2)) {
        buf_add_text(out, "* ");
        imap_add_list(session, out, &(struct imap_listed){ .folder = folder, .shown = place->shown }, 0);
        buf_add_text(out, "\r\n");
    }
}

/* A folder in which nothing may be changed is open for reading only, whatever was asked (RFC 4314, 5.2). */
static bool is_read_only(const struct select *select, const struct folder *folder)
{
    unsigned changing = RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE;

    return select->is_examine || !(folder->rights & changing);
}

static void claim_recent(struct imap_session *session, const struct folder *folder)
{
    struct imap_selected *selected = session->selected;
    uint32_t next = view_uidnext(selected->told);

    if (imap_has(session, ENABLED_REV2) || folder->recent_uid >= next)
        return;
    if (selected->is_read_only)
        uid_set_add(&selected->recent, folder->recent_uid, next - 1);
    else
        (void)imap_claim_recent(session, selected->told);
}

static enum session_next open_folder(struct imap_request *req, const struct imap_place *place)
{
    struct imap_session *session = req->session;
    struct select *select = req->state;
    struct imap_selected *selected;
    struct folder *folder;
    struct err err = ERR_INIT;

    if (!folder_find(place->mailbox, &session->reader, place->name, RIGHT_READ, req->arena, &folder, &err))
        return imap_fail(req, &err);
    selected = imap_selected_new(session, place->mailbox);
    if (!view_latest(place->mailbox, folder->folder_id, VIEW_TRUST_WAKE, &selected->told, &err)) {
        talloc_free(selected);
        return imap_fail(req, &err);
    }
    selected->folder_id = folder->folder_id;
    selected->name = talloc_strdup(selected, place->name);
    selected->rights = folder->rights;
    selected->special_use = folder->special_use ? folder_special_use(span_text(folder->special_use)) : NULL;
    selected->is_read_only = is_read_only(select, folder);
    session->selected = selected;
    if (!place->is_public) /* nobody's to know */
        imap_session_note_visit(session, place->mailbox);
    claim_recent(session, folder);
    describe(session, place, folder);
    return resynchronise(req);
}

enum open_for { FOR_WRITING, FOR_READING };

static enum session_next run(struct imap_request *req, enum open_for purpose)
{
    struct imap_session *session = req->session;
    struct select *select = talloc_zero(req->arena, struct select);
    struct imap_place place;
    struct err err = ERR_INIT;
    bool is_bad = false, wants_condstore;

    req->state = select;
    select->is_examine = purpose == FOR_READING;
    if (!imap_take_space(&req->in) || (!imap_take_place(req, &place, &is_bad, &err) && is_bad) ||
        !take_parameters(req, select, &wants_condstore))
        return imap_bad(req, "%s takes the name of a folder, and parameters as in RFC 7162.",
                        req->command->name);
    if (session->selected) {
        imap_deselect(session); /* even when the new one cannot be opened */
        imap_untagged_ok(session, "CLOSED", "The previous folder is closed.");
    }
    if (err.kind != ERR_NONE)
        return imap_fail(req, &err);
    if (wants_condstore)
        imap_enable_condstore(session);
    return open_folder(req, &place);
}

enum session_next cmd_select(struct imap_request *req)
{
    return run(req, FOR_WRITING);
}

enum session_next cmd_examine(struct imap_request *req)
{
    return run(req, FOR_READING);
}
