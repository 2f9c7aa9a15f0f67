/* channel.c -- the connection, as SASL sees it. */
#include "session/channel.h"

void session_channel_of(const struct session *session, struct session_channel *out)
{
    const struct stream *stream = session_stream(session);
    size_t length;

    *out = (struct session_channel){ .channel.may_send_password = session_may_login(session) };
    if (!session_is_tls(session))
        return;
    if (stream_channel_binding(stream, STREAM_TLS_EXPORTER, out->exporter, &length))
        out->channel.tls_exporter = span_of(out->exporter, length);
    if (stream_channel_binding(stream, STREAM_TLS_SERVER_END_POINT, out->end_point, &length))
        out->channel.tls_end_point = span_of(out->end_point, length);
}
