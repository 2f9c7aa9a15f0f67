/*
 * cmd_enable.c -- ENABLE (RFC 9051, 6.3.1; RFC 5161). What is not known is passed over in silence.
 */
#include "imap/command.h"
#include "imap/condstore.h"

static const struct {
    const char *word;
    unsigned enables;
} extensions[] = {
    { "CONDSTORE", ENABLED_CONDSTORE },
    { "QRESYNC", ENABLED_QRESYNC | ENABLED_CONDSTORE }, /* RFC 7162, 3.2.3 */
    { "UTF8=ACCEPT", ENABLED_UTF8 },
    { "IMAP4rev2", ENABLED_REV2 },
    { "UIDONLY", ENABLED_UIDONLY },
};

enum session_next cmd_enable(struct imap_request *req)
{
    struct imap_session *session = req->session;
    struct buf *out = imap_out(session);
    unsigned wanted = 0;
    struct span word;

    do {
        if (!imap_take_space(&req->in) || !imap_take_atom(&req->in, &word))
            return imap_bad(req, "ENABLE takes names of extensions.");
        for (size_t i = 0; i < COUNT_OF(extensions); i++)
            if (span_equals_nocase(word, extensions[i].word))
                wanted |= 1u << i;
    } while (!imap_at_end(&req->in));
    buf_add_text(out, "* ENABLED");
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        if (!(wanted & (1u << i)) || (session->enabled & extensions[i].enables) == extensions[i].enables)
            continue;
        buf_add_byte(out, ' ');
        buf_add_text(out, extensions[i].word);
    }
    for (size_t i = 0; i < COUNT_OF(extensions); i++)
        if (wanted & (1u << i))
            session->enabled |= extensions[i].enables;
    buf_add_text(out, "\r\n");
    return imap_ok(req, NULL, "ENABLE done.");
}
