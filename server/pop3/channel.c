#include "pop3/channel.h"

void pop3_channel_of(const struct pop3_session *s, struct pop3_channel *out)
{
    const struct stream *stream = session_stream(s->net);
    size_t length;

    *out = (struct pop3_channel){ .channel.may_send_password = session_may_login(s->net) };
    if (!session_is_tls(s->net))
        return;
    if (stream_channel_binding(stream, STREAM_TLS_EXPORTER, out->exporter, &length))
        out->channel.tls_exporter = span_of(out->exporter, length);
    if (stream_channel_binding(stream, STREAM_TLS_SERVER_END_POINT, out->end_point, &length))
        out->channel.tls_end_point = span_of(out->end_point, length);
}
