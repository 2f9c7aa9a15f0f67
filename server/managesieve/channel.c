#include "managesieve/channel.h"

void managesieve_channel_of(const struct managesieve_session *s, struct managesieve_channel *out)
{
    const struct stream *stream = session_stream(s->net);
    size_t length;

    *out = (struct managesieve_channel){ .channel.may_send_password = session_may_login(s->net) };
    if (!session_is_tls(s->net))
        return;
    if (stream_channel_binding(stream, STREAM_TLS_EXPORTER, out->exporter, &length))
        out->channel.tls_exporter = span_of(out->exporter, length);
    if (stream_channel_binding(stream, STREAM_TLS_SERVER_END_POINT, out->end_point, &length))
        out->channel.tls_end_point = span_of(out->end_point, length);
}
