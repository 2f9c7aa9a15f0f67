/*
 * cmd_fetch.c -- FETCH (RFC 9051, 6.4.5) with CHANGEDSINCE and VANISHED (RFC 7162) and PARTIAL (RFC 9394).
 *
 * First the news are told, so that what is fetched is the newest; then \Seen is set for all messages at once; then the
 * answer goes out in turns.
 */
#include "imap/condstore.h"
#include "imap/fetch.h"
#include "imap/sets.h"
#include "imap/updates.h"
#include "mailbox/flags.h"

#include <talloc.h>

struct fetch_command {
    struct imap_set set;
    struct imap_fetch_request want;
    struct uid_set uids;
    struct imap_fetch *fetch;
};

static enum session_next answer(struct imap_request *req)
{
    struct fetch_command *command = req->state;
    struct err err;

    switch (imap_fetch_step(command->fetch, &err)) {
    case FETCH_MORE:
        return imap_yield(req, answer);
    case FETCH_FAILED:
        return imap_fail(req, &err);
    case FETCH_BROKEN:
        return SESSION_CLOSE;
    case FETCH_DONE:
        break;
    }
    if (imap_fetch_met_unknown_encoding(command->fetch))
        return imap_no(req, "UNKNOWN-CTE", "A part is encoded in a way that is not known here.");
    if (imap_fetch_missed_messages(command->fetch))
        return imap_no(req, "EXPUNGEISSUED", "Some of the messages no longer exist, or cannot be read.");
    return imap_ok(req, NULL, "%s done.", req->command->name);
}

/* Sets \Seen where a body will be given out and the client may; its FETCH shows the flags then. */
static bool set_seen(struct imap_request *req, struct fetch_command *command, struct err *err)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    struct flags_change change = { .operation = FLAGS_ADD,
                                   .flags = { .system = FLAG_SEEN },
                                   .allowed = FLAG_SEEN,
                                   .unchanged_since = UINT64_MAX };
    struct uid_set unseen;
    struct flags_result result;

    if (!imap_fetch_sets_seen(&command->want) || selected->is_read_only || !(selected->rights & RIGHT_SEEN))
        return true;
    unseen = view_with_flags(req->arena, selected->told, 0, FLAG_SEEN);
    unseen = uid_set_intersect(req->arena, &unseen, &command->uids);
    if (uid_set_is_empty(&unseen))
        return true;
    if (!flags_store(selected->mailbox, selected->folder_id, &unseen, &change, req->arena, &result, err))
        return false;
    imap_updates_own(session, result.modseq, 0, FLAG_SEEN);
    imap_updates_begin_with(session, req->by_uid ? EXPUNGES_MAY_BE_TOLD : EXPUNGES_ARE_HELD,
                            view_ref(result.view));
    flags_result_release(&result);
    command->want.items |= FETCH_FLAGS;
    if (imap_has(session, ENABLED_CONDSTORE))
        command->want.items |= FETCH_MODSEQ;
    return true;
}

/* RFC 9394: the n-th to the m-th of what would be fetched. */
static struct uid_set cut_partial(struct imap_request *req, const struct imap_fetch_request *want,
                                  const struct uid_set *uids)
{
    uint64_t size = uid_set_size(uids), first = want->partial_first, last = want->partial_last, position = 0;
    struct uid_set cut = UID_SET_INIT(req->arena);

    if (want->is_from_end) {
        uint64_t lowest = last > size ? 1 : size - last + 1;

        if (first > size)
            return cut;
        last = size - first + 1;
        first = lowest;
    }
    for (size_t i = 0; i < uids->count && position < last; i++) {
        uint64_t length = (uint64_t)uids->runs[i].last - uids->runs[i].first + 1;
        uint64_t from = first > position + 1 ? first - position - 1 : 0;
        uint64_t until = last - position < length ? last - position : length;

        if (from < until)
            uid_set_add(&cut, uids->runs[i].first + (uint32_t)from,
                        uids->runs[i].first + (uint32_t)until - 1);
        position += length;
    }
    return cut;
}

static void narrow(struct imap_request *req, struct fetch_command *command)
{
    const struct view *told = req->session->selected->told;
    struct uid_set changed;

    if (command->want.is_partial) {
        command->uids = view_existing(req->arena, told, &command->uids);
        command->uids = cut_partial(req, &command->want, &command->uids);
    }
    if (command->want.wants_changed) { /* of these (RFC 9394, 3.4) */
        changed = view_changed_since(req->arena, told, command->want.changed_since);
        command->uids = uid_set_intersect(req->arena, &changed, &command->uids);
    }
}

/* RFC 7162, 3.2.6: what vanished from the UIDs named, the newest ones included. */
static bool say_vanished(struct imap_request *req, const struct fetch_command *command, struct err *err)
{
    struct imap_selected *selected = req->session->selected;
    struct uid_set known, vanished;
    struct buf *out = imap_out(req->session);

    if (!command->want.wants_vanished)
        return true;
    known = imap_set_resolve(req->arena, &command->set, view_uidnext(selected->told) - 1);
    if (!view_expunged_since(selected->mailbox, selected->told, command->want.changed_since, &known,
                             req->arena, &vanished, err))
        return false;
    if (uid_set_is_empty(&vanished))
        return true;
    buf_add_text(out, "* VANISHED (EARLIER) ");
    imap_add_set(out, &vanished);
    buf_add_text(out, "\r\n");
    return true;
}

/* The news that came with setting \Seen go out first. */
static enum session_next open_fetch(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct fetch_command *command = req->state;

    if (!imap_updates_step(session))
        return imap_yield(req, open_fetch);
    command->fetch =
        imap_fetch_open(req->arena, session, session->selected->told, &command->uids, &command->want);
    return answer(req);
}

static enum session_next start(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct fetch_command *command = req->state;
    struct err err = ERR_INIT;

    if (!imap_updates_step(session))
        return imap_yield(req, start);
    if (req->by_uid && !imap_set_to_uids(req, &command->set, SET_OF_UIDS, &command->uids))
        return imap_bad(req, "The set of messages is wrong.");
    if (!say_vanished(req, command, &err))
        return imap_fail(req, &err);
    narrow(req, command);
    if (!set_seen(req, command, &err))
        return imap_fail(req, &err);
    return open_fetch(req);
}

static bool is_allowed(struct imap_request *req, const struct fetch_command *command)
{
    if (!command->want.wants_vanished)
        return true;
    return req->by_uid && command->want.wants_changed && imap_has(req->session, ENABLED_QRESYNC) &&
           !command->set.is_saved;
}

enum session_next cmd_fetch(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct fetch_command *command = talloc_zero(req->arena, struct fetch_command);
    const char *wrong = "FETCH needs messages and what to fetch.";

    req->state = command;
    if (!imap_take_space(&req->in) || !imap_take_set(&req->in, &command->set) || !imap_take_space(&req->in) ||
        !imap_take_fetch_items(&req->in, &command->want, &wrong) ||
        !imap_take_fetch_modifiers(&req->in, &command->want, &wrong))
        return imap_bad(req, "%s", wrong);
    if (!is_allowed(req, command))
        return imap_bad(req, "VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC.");
    if (!req->by_uid && !imap_set_to_uids(req, &command->set, SET_OF_NUMBERS, &command->uids))
        return imap_bad(req, "There are not so many messages.");
    if (command->want.wants_changed || (command->want.items & FETCH_MODSEQ))
        imap_enable_condstore(session);
    if (command->want.wants_changed)
        command->want.items |= FETCH_MODSEQ;
    if (req->by_uid && !imap_has(session, ENABLED_UIDONLY))
        command->want.items |= FETCH_UID;
    if (!imap_updates_begin(session, req->by_uid ? EXPUNGES_MAY_BE_TOLD : EXPUNGES_ARE_HELD, VIEW_TRUST_WAKE))
        return SESSION_CLOSE;
    return start(req);
}
