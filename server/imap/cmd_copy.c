/*
 * cmd_copy.c -- COPY and MOVE (RFC 9051, 6.4.7 and 6.4.8), with COPYUID (RFC 4315).
 */
#include "imap/place.h"
#include "imap/sets.h"
#include "imap/teach.h"
#include "imap/updates.h"
#include "mailbox/copy.h"
#include "mailbox/flags.h"

#include <stdio.h>

/* set SP mailbox. False where *answer_out is what to return. */
static bool take_arguments(struct imap_request *req, struct uid_set *uids, struct imap_place *to,
                           enum session_next *answer_out)
{
    struct err err = ERR_INIT;
    bool is_bad = true;

    if (!imap_take_space(&req->in)) {
        *answer_out = imap_bad(req, "%s needs messages and a folder.", req->command->name);
        return false;
    }
    if (!imap_take_messages(req, uids, answer_out))
        return false;
    if (imap_take_space(&req->in) && imap_take_place(req, to, &is_bad, &err)) {
        if (imap_at_end(&req->in))
            return true;
        is_bad = true;
    }
    *answer_out = is_bad ? imap_bad(req, "%s needs messages and a folder.", req->command->name)
                         : imap_fail_destination(req, &err);
    return false;
}

static const char *copy_code(struct imap_request *req, const struct copy_result *result)
{
    struct buf code = BUF_INIT(req->arena);

    if (uid_set_is_empty(&result->source_uids))
        return NULL;
    buf_add_text(&code, "COPYUID ");
    buf_add_u64(&code, result->destination_uidvalidity);
    buf_add_byte(&code, ' ');
    imap_add_set(&code, &result->source_uids);
    buf_add_byte(&code, ' ');
    imap_add_set(&code, &result->destination_uids);
    return buf_text(&code);
}

/* MOVE tells COPYUID before the EXPUNGEs (RFC 9051, 6.4.8), COPY in its tagged reply. */
static enum session_next answer(struct imap_request *req, enum copy_kind kind,
                                const struct copy_result *result)
{
    struct imap_session *session = req->session;
    const char *code = copy_code(req, result);
    char modseq[48];

    if (kind == COPY_KEEP)
        return imap_ok(req, code, "COPY done.");
    if (code)
        imap_untagged_ok(session, code, "Moved.");
    imap_updates_begin_with(session, EXPUNGES_ARE_ASKED, view_ref(result->source));
    snprintf(modseq, sizeof modseq, "HIGHESTMODSEQ %llu",
             (unsigned long long)view_modseq(session->selected->told));
    return imap_ok(req, imap_has(session, ENABLED_CONDSTORE) && code ? modseq : NULL, "MOVE done.");
}

static enum session_next run(struct imap_request *req, enum copy_kind kind)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    unsigned needed = RIGHT_EXPUNGE | RIGHT_DELETE_MESSAGES;
    struct copy_result result;
    enum session_next said;
    struct imap_place to;
    struct folder *folder;
    struct err err = ERR_INIT;
    struct uid_set uids;

    if (!take_arguments(req, &uids, &to, &said))
        return said;
    if (kind == COPY_MOVE && (selected->rights & needed) != needed)
        return imap_no(req, "NOPERM", "You may not take messages away from here.");
    if (!folder_find(to.mailbox, &session->reader, to.name, RIGHT_INSERT, req->arena, &folder, &err))
        return imap_fail_destination(req, &err);
    if (!folder_copy(selected->mailbox, selected->folder_id, &uids, to.mailbox, folder->folder_id, kind,
                     req->arena, &result, &err))
        return imap_fail(req, &err);
    imap_teach_by_move(session, &result.source_uids, folder->special_use);
    said = answer(req, kind, &result);
    copy_result_release(&result);
    return said;
}

enum session_next cmd_copy(struct imap_request *req)
{
    return run(req, COPY_KEEP);
}

enum session_next cmd_move(struct imap_request *req)
{
    return run(req, COPY_MOVE);
}
