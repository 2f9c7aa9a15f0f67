/*
 * sets.c -- see sets.h.
 */
#include "imap/sets.h"

bool imap_set_to_uids(struct imap_request *req, const struct imap_set *set, enum imap_set_kind kind,
                      struct uid_set *uids_out)
{
    const struct imap_selected *selected = req->session->selected;
    struct uid_set numbers;

    if (set->is_saved) {
        *uids_out = uid_set_copy(req->arena, &selected->saved);
        return true;
    }
    if (kind == SET_OF_UIDS) {
        *uids_out = imap_set_resolve(req->arena, set, view_last_uid(selected->told));
        return true;
    }
    numbers = imap_set_resolve(req->arena, set, view_count(selected->told));
    *uids_out = view_uids_of(req->arena, selected->told, &numbers);
    return uid_set_last(&numbers) <= view_count(selected->told);
}

bool imap_take_messages(struct imap_request *req, struct uid_set *uids_out, enum session_next *answer_out)
{
    struct imap_set set;

    if (!imap_take_set(&req->in, &set)) {
        *answer_out = imap_bad(req, "%s needs a set of messages.", req->command->name);
        return false;
    }
    if (imap_set_to_uids(req, &set, req->by_uid ? SET_OF_UIDS : SET_OF_NUMBERS, uids_out))
        return true;
    *answer_out = imap_bad(req, "There are not so many messages.");
    return false;
}
