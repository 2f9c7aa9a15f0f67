/*
 * body.h -- a message made ready for what one server can take.
 *
 * What leaves us has CRLF line ends only, no bare CR or LF, no NUL outside BINARYMIME, and is not marked as less than it is.
 * A server without 8BITMIME gets the message re-encoded part by part (RFC 6152, 3), where that is possible.
 */
#ifndef CONNECTOR_BODY_H
#define CONNECTOR_BODY_H

#include "base/buf.h"
#include "connector/features.h"
#include "connector/outcome.h"

struct body {
    struct span bytes; /* as it goes over the wire, before dots are doubled; ends with CRLF unless binary */
    enum outbound_body type; /* what BODY= says */
    bool has_8bit_header;    /* of the message itself: needs SMTPUTF8 */
};

/* Under `owner`; the bytes may be those of the message itself. False: it cannot be sent to this server, the outcome (failed) says
 * why. */
MUST_CHECK bool body_prepare(const void *owner, const struct outbound_message *message,
                             const struct features *features, struct body *body_out, struct outcome *outcome);

/* Adds up to about `most` bytes of `rest` with dots doubled; `rest` shrinks. At its end there is no final dot yet. `rest` must begin
 * at the beginning of a line, and does so afterwards. */
void body_add_dotted(struct buf *out, struct span *rest, size_t most);

/* The message with every part in 7 bits (quoted-printable or base64). False: a header field is 8-bit, a part is signed or of an
 * encoding that forbids it. */
MUST_CHECK bool body_downgrade(const void *owner, struct span message, struct span *message_out);

#endif
