/*
 * sasl_channel.c -- see sasl_channel.h.
 */
#include "imap/sasl_channel.h"

void imap_sasl_channel_of(struct imap_session *session, struct imap_sasl_channel *out)
{
    const struct stream *stream = session_stream(session->net);
    size_t length;

    *out = (struct imap_sasl_channel){ .channel.may_send_password = session_may_login(session->net) };
    if (!session_is_tls(session->net))
        return;
    if (stream_channel_binding(stream, STREAM_TLS_EXPORTER, out->exporter, &length))
        out->channel.tls_exporter = span_of(out->exporter, length);
    if (stream_channel_binding(stream, STREAM_TLS_SERVER_END_POINT, out->end_point, &length))
        out->channel.tls_end_point = span_of(out->end_point, length);
}
