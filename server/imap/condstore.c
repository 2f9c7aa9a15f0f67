/*
 * condstore.c -- see condstore.h.
 */
#include "imap/condstore.h"

#include "imap/reply.h"

void imap_enable_condstore(struct imap_session *session)
{
    struct buf *out = imap_out(session);

    if (imap_has(session, ENABLED_CONDSTORE))
        return;
    session->enabled |= ENABLED_CONDSTORE;
    if (!session->selected)
        return;
    buf_add_text(out, "* OK [HIGHESTMODSEQ ");
    buf_add_u64(out, view_modseq(session->selected->told));
    buf_add_text(out, "] Changes are told with MODSEQ from now on.\r\n");
}
