/*
 * progress.c -- see progress.h.
 */
#include "imap/progress.h"

#include "base/clock.h"
#include "mailbox/search.h"

enum { EVERY_S = 10, LOOK_EVERY = 256 };

void imap_progress(struct imap_request *req, uint64_t done, uint64_t goal)
{
    struct buf *out = imap_out(req->session);
    int64_t now_us;

    if (done % LOOK_EVERY != 0)
        return;
    now_us = clock_monotonic_us();
    if (req->progress_due_us == 0)
        req->progress_due_us = now_us + EVERY_S * US_PER_S;
    if (now_us < req->progress_due_us)
        return;
    req->progress_due_us = now_us + EVERY_S * US_PER_S;
    buf_add_text(out, "* OK [INPROGRESS (\"");
    buf_add_span(out, req->tag);
    buf_add_text(out, "\" ");
    buf_add_u64(out, done);
    buf_add_byte(out, ' ');
    if (goal)
        buf_add_u64(out, goal);
    else
        buf_add_text(out, "NIL");
    buf_add_text(out, ")] Still working.\r\n");
    session_flush(req->session->net);
}

bool imap_search_goes_on(struct imap_request *req, uint64_t done, uint64_t goal, struct err *err)
{
    imap_progress(req, done, goal);
    return done % LOOK_EVERY != 0 || mailbox_search_may_go_on(req->search_until_us, err);
}
