/*
 * cmd_expunge.c -- EXPUNGE and UID EXPUNGE (RFC 9051, 6.4.3 and 6.4.9), CLOSE and UNSELECT (6.4.1, 6.4.2).
 */
#include "imap/sets.h"
#include "imap/updates.h"
#include "mailbox/expunge.h"

#include <stdio.h>

/* RFC 7162, 3.2.10: the client may take this as what it now knows. */
static const char *highest_modseq(const struct imap_session *session, uint64_t modseq, char code[48])
{
    if (!imap_has(session, ENABLED_CONDSTORE))
        return NULL;
    snprintf(code, 48, "HIGHESTMODSEQ %llu", (unsigned long long)modseq);
    return code;
}

enum session_next cmd_expunge(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    struct expunge_result result;
    enum session_next answer;
    struct err err = ERR_INIT;
    struct uid_set uids;
    char code[48];

    if (req->by_uid && (!imap_take_space(&req->in) || !imap_take_messages(req, &uids, &answer)))
        return imap_bad(req, "UID EXPUNGE needs a set of messages.");
    if (!imap_at_end(&req->in))
        return imap_bad(req, "EXPUNGE takes no arguments.");
    if (!(selected->rights & RIGHT_EXPUNGE))
        return imap_no(req, "NOPERM", "You may not expunge here.");
    if (!folder_expunge(selected->mailbox, selected->folder_id, req->by_uid ? &uids : NULL, EXPUNGE_DELETED,
                        req->arena, &result, &err))
        return imap_fail(req, &err);
    imap_updates_begin_with(session, EXPUNGES_ARE_ASKED, view_ref(result.view));
    expunge_result_release(&result);
    return imap_ok(req, highest_modseq(session, view_modseq(selected->told), code), "EXPUNGE done.");
}

/* Also those that others marked since the client was told last. */
static bool has_deleted(const struct imap_selected *selected)
{
    struct err err = ERR_INIT;
    struct view *latest;
    bool has_some;

    if (!view_latest(selected->mailbox, selected->folder_id, VIEW_TRUST_WAKE, &latest, &err))
        return err.kind != ERR_NOT_FOUND;
    has_some = view_deleted(latest) > 0;
    view_release(&latest);
    return has_some;
}

enum session_next cmd_close(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct imap_selected *selected = session->selected;
    struct expunge_result result;
    struct err err = ERR_INIT;
    const char *said = NULL;
    char code[48];

    if (!imap_at_end(&req->in))
        return imap_bad(req, "CLOSE takes no arguments.");
    if (!selected->is_read_only && (selected->rights & RIGHT_EXPUNGE) && has_deleted(selected)) {
        if (!folder_expunge(selected->mailbox, selected->folder_id, NULL, EXPUNGE_DELETED, req->arena,
                            &result, &err)) {
            if (err.kind != ERR_NOT_FOUND)
                return imap_fail(req, &err);
        } else {
            said = highest_modseq(session, result.modseq, code);
            expunge_result_release(&result);
        }
    }
    imap_deselect(session);
    return imap_ok(req, said, "CLOSE done.");
}

enum session_next cmd_unselect(struct imap_request *req)
{
    if (!imap_at_end(&req->in))
        return imap_bad(req, "UNSELECT takes no arguments.");
    imap_deselect(req->session);
    return imap_ok(req, NULL, "UNSELECT done.");
}
