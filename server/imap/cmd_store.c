/*
 * cmd_store.c -- STORE (RFC 9051, 6.4.6), conditional with UNCHANGEDSINCE (RFC 7162, 3.1.3).
 *
 * However many messages, it is one change in the storage. The replies follow from the view after it: first the news of
 * others, so that the client's picture is the newest, then a FETCH for each message named.
 */
#include "imap/condstore.h"
#include "imap/fetch.h"
#include "imap/flag_list.h"
#include "imap/sets.h"
#include "imap/teach.h"
#include "imap/updates.h"

#include <talloc.h>

struct store {
    struct uid_set uids;
    struct flags_change change;
    bool is_silent, is_conditional;
    struct uid_set replied; /* UIDs that get a reply */
    struct view_select select;
    struct uid_set modified;
};

static const struct {
    const char *name;
    enum flags_operation operation;
    bool is_silent;
} operations[] = {
    { "FLAGS", FLAGS_REPLACE, false }, { "FLAGS.SILENT", FLAGS_REPLACE, true },
    { "+FLAGS", FLAGS_ADD, false },    { "+FLAGS.SILENT", FLAGS_ADD, true },
    { "-FLAGS", FLAGS_REMOVE, false }, { "-FLAGS.SILENT", FLAGS_REMOVE, true },
};

static bool take_modifiers(struct imap_in *in, struct store *store)
{
    store->change.unchanged_since = UINT64_MAX;
    if (!imap_take_byte(in, '('))
        return true;
    store->is_conditional = true;
    return imap_take_keyword(in, "UNCHANGEDSINCE") && imap_take_space(in) &&
           imap_take_modseq_or_zero(in, &store->change.unchanged_since) && imap_take_byte(in, ')') &&
           imap_take_space(in);
}

static bool take_operation(struct imap_in *in, struct store *store)
{
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        if (imap_take_keyword(in, operations[i].name)) {
            store->change.operation = operations[i].operation;
            store->is_silent = operations[i].is_silent;
            return imap_take_space(in);
        }
    return false;
}

/* What the client knows after the command: for updates.h. */
static void note_own(struct imap_session *session, const struct store *store,
                     const struct flags_result *result)
{
    uint64_t bits = flag_list_bits(view_keywords(result->view), &store->change.flags) & store->change.allowed;

    switch (store->change.operation) {
    case FLAGS_ADD:
        imap_updates_own(session, result->modseq, 0, bits);
        break;
    case FLAGS_REMOVE:
        imap_updates_own(session, result->modseq, bits, 0);
        break;
    case FLAGS_REPLACE:
        imap_updates_own(session, result->modseq, store->change.allowed, bits);
        break;
    }
}

static void add_reply(struct imap_session *session, const struct store *store, bool by_uid,
                      const struct view_message *message)
{
    struct buf *out = imap_out(session);
    size_t start;

    imap_fetch_add_head(session, out, message);
    start = out->length;
    if ((by_uid || imap_has(session, ENABLED_QRESYNC)) && !imap_has(session, ENABLED_UIDONLY)) {
        buf_add(out, "UID ", 4);
        buf_add_u64(out, message->uid);
    }
    if (!store->is_silent) {
        buf_add_text(out, out->length > start ? " FLAGS (" : "FLAGS (");
        imap_add_flags(out, view_keywords(session->selected->told), message->flags,
                       imap_recent_of(session, message->uid));
        buf_add_byte(out, ')');
    }
    if (imap_has(session, ENABLED_CONDSTORE)) {
        buf_add_text(out, out->length > start ? " MODSEQ (" : "MODSEQ (");
        buf_add_u64(out, message->modseq);
        buf_add_byte(out, ')');
    }
    buf_add(out, ")\r\n", 3);
}

static enum session_next finish(struct imap_request *req, struct store *store)
{
    struct buf code = BUF_INIT(req->arena);
    struct uid_set modified = store->modified;

    if (uid_set_is_empty(&modified))
        return imap_ok(req, NULL, "STORE done.");
    if (!req->by_uid)
        modified = view_numbers_of(req->arena, req->session->selected->told, &modified);
    buf_add_text(&code, "MODIFIED ");
    imap_add_set(&code, &modified);
    return imap_ok(req, buf_text(&code), "Some messages were changed by others meanwhile.");
}

static enum session_next reply(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct store *store = req->state;
    struct view_message message;

    while (!session_output_is_full(session->net)) {
        if (!view_select_next(&store->select, &message))
            return finish(req, store);
        add_reply(session, store, req->by_uid, &message);
    }
    return imap_yield(req, reply);
}

static enum session_next say_news(struct imap_request *req)
{
    struct store *store = req->state;

    if (!imap_updates_step(req->session))
        return imap_yield(req, say_news);
    store->select = view_select_uids(req->session->selected->told, &store->replied);
    return reply(req);
}

/* All messages named get a reply, but those that others changed; a silent one only tells the new MODSEQ. */
static void choose_replies(struct imap_request *req, struct store *store, const struct flags_result *result)
{
    store->modified = uid_set_copy(req->arena, &result->modified);
    if (!store->is_silent)
        store->replied = uid_set_subtract(req->arena, &store->uids, &store->modified);
    else if (imap_has(req->session, ENABLED_CONDSTORE))
        store->replied = uid_set_copy(req->arena, &result->changed);
    else
        store->replied = UID_SET_INIT(req->arena);
}

static enum session_next run(struct imap_request *req, struct store *store)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    bool holds = !req->by_uid;
    struct flags_result result;
    struct err err = ERR_INIT;

    store->change.allowed = flags_allowed(selected->rights);
    if (store->change.allowed == 0 ||
        (store->change.operation != FLAGS_REPLACE && store->change.flags.keyword_count == 0 &&
         store->change.flags.system && !(store->change.flags.system & store->change.allowed)))
        return imap_no(req, "NOPERM", "You may not change these flags here.");
    if (!flags_store(selected->mailbox, selected->folder_id, &store->uids, &store->change, req->arena,
                     &result, &err))
        return imap_fail(req, &err);
    if (!uid_set_is_empty(&result.changed))
        note_own(session, store, &result);
    if (store->change.operation != FLAGS_REMOVE && (store->change.allowed & FLAGS_KEYWORDS))
        imap_teach_by_keyword(session, &result.changed, result.view, &store->change.flags);
    choose_replies(req, store, &result);
    imap_updates_begin_with(session, holds ? EXPUNGES_ARE_HELD : EXPUNGES_MAY_BE_TOLD, view_ref(result.view));
    flags_result_release(&result);
    return say_news(req);
}

enum session_next cmd_store(struct imap_request *req)
{
    struct store *store = talloc_zero(req->arena, struct store);
    const char *wrong = "STORE needs messages, an operation and flags.";
    enum session_next answer;

    req->state = store;
    if (!imap_take_space(&req->in))
        return imap_bad(req, "%s", wrong);
    if (!imap_take_messages(req, &store->uids, &answer))
        return answer;
    if (!imap_take_space(&req->in) || !take_modifiers(&req->in, store) || !take_operation(&req->in, store))
        return imap_bad(req, "STORE needs messages, an operation and flags.");
    if (!imap_take_store_flags(&req->in, &store->change.flags, &wrong))
        return imap_bad(req, "%s", wrong);
    if (store->is_conditional)
        imap_enable_condstore(req->session);
    return run(req, store);
}
