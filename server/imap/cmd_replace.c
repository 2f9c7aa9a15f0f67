/*
 * cmd_replace.c -- REPLACE (RFC 8508): a new message takes the place of an old one.
 */
#include "imap/append.h"
#include "imap/sets.h"

enum session_next cmd_replace(struct imap_request *req)
{
    struct imap_selected *selected = req->session->selected;
    unsigned needed = RIGHT_EXPUNGE | RIGHT_DELETE_MESSAGES;
    struct imap_place place;
    struct err err = ERR_INIT;
    enum session_next answer;
    struct uid_set uids;
    bool is_bad = false;

    if (!imap_take_space(&req->in))
        return imap_bad(req, "REPLACE takes a message, a folder and the new message.");
    if (!imap_take_messages(req, &uids, &answer))
        return answer;
    if (uid_set_size(&uids) != 1)
        return imap_bad(req, "REPLACE takes one message.");
    if (!imap_take_space(&req->in) || (!imap_take_place(req, &place, &is_bad, &err) && is_bad))
        return imap_bad(req, "REPLACE takes a message, a folder and the new message.");
    if (err.kind == ERR_NONE && (selected->rights & needed) != needed)
        (void)err_set(&err, ERR_DENIED, "You may not take messages away from here.");
    if (err.kind == ERR_NONE && view_number_of(selected->told, uid_set_first(&uids)) == 0)
        (void)err_set(&err, ERR_INVALID, "There is no such message.");
    return imap_append_begin(req, &place, &err, uid_set_first(&uids));
}
