/*
 * framing.h -- where an IMAP command ends: its line, and the literals that continue it.
 *
 * Works on the bytes of the reactor's input buffer as they come, and never looks at a byte twice. It asks for
 * synchronising literals ("+ OK"), refuses those that are too large before a byte of them is sent, and stops at the
 * message of an APPEND or REPLACE: such a literal is streamed, so the unit ends with its "{n}" CRLF and the command
 * goes on after the body.
 *
 * Limits (IMAP rows of the limits table)  before login: a literal 8 KB; the unit is bounded by
 * protocol->unit_max_before_login. After login: literals together IMAP_ARGUMENTS_MAX.
 * Threads  pure; one framing belongs to one session.
 */
#ifndef IMAP_FRAMING_H
#define IMAP_FRAMING_H

#include "base/span.h"

enum {
    IMAP_LITERAL_MAX_BEFORE_LOGIN = 8 * 1024,
    IMAP_UNIT_MAX_BEFORE_LOGIN = 64 * 1024,
    IMAP_ARGUMENTS_MAX = 1024 * 1024,
    IMAP_UNIT_MAX = IMAP_ARGUMENTS_MAX + 64 * 1024,
};

struct imap_framing {
    size_t scanned;    /* bytes of the unit known to belong to it: lines and literals so far */
    size_t searched;   /* no line end before this offset */
    size_t line_start; /* of the last line */
};

enum imap_framed {
    FRAMED_MORE,
    FRAMED_UNIT,   /* complete: *length_out bytes */
    FRAMED_ASK,    /* "+ OK" is to be sent now; then as FRAMED_MORE */
    FRAMED_STREAM, /* as FRAMED_UNIT, but it ends with the head of a literal that is streamed */
    FRAMED_REFUSE, /* BAD [TOOBIG], drop *length_out bytes; the client has not sent the literal */
    FRAMED_CLOSE   /* BYE [TOOBIG]: the literal is on its way already */
};

enum imap_framing_mode {
    FRAMING_BEFORE_LOGIN,
    FRAMING_COMMANDS,
    FRAMING_LINES,       /* of AUTHENTICATE and IDLE: no literals */
    FRAMING_CONTINUATION /* after a streamed literal: every literal but a URL's is streamed */
};

/* Any answer but FRAMED_MORE and FRAMED_ASK begins anew with the next call. */
enum imap_framed imap_frame(struct imap_framing *framing, enum imap_framing_mode mode, struct span buffered,
                            size_t *length_out);

/* The literal's head at the end of a line ("{12}", "{12+}", "~{12}", "{12-}"); false where there is none. A size that
 * does not fit, or is no number, is UINT64_MAX. */
struct imap_literal_head {
    const char *at; /* the "{" or "~" */
    uint64_t size;
    bool is_synchronising, is_binary;
};
/* `line` is without its CRLF. False where no literal's head ends it. */
bool imap_literal_head(struct span line, struct imap_literal_head *head_out);

#endif
