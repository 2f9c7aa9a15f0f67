/*
 * channel.h -- what SASL has to know of a session's connection.
 *
 * Threads  as the session.
 */
#ifndef SESSION_CHANNEL_H
#define SESSION_CHANNEL_H

#include "auth/sasl.h"
#include "session/session.h"

struct session_channel {
    struct sasl_channel channel; /* points into the rest */
    uint8_t exporter[STREAM_BINDING_MAX], end_point[STREAM_BINDING_MAX];
};
/* Whether a password may be sent now, and what a mechanism may bind to (RFC 5929, RFC 9266): nothing without TLS. *out must
 * not be moved afterwards, since its channel points into it. */
void session_channel_of(const struct session *session, struct session_channel *out);

#endif
