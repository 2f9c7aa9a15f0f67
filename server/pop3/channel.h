/*
 * channel.h -- what SASL has to know of this connection.
 */
#ifndef POP3_CHANNEL_H
#define POP3_CHANNEL_H

#include "auth/sasl.h"
#include "pop3/session.h"

struct pop3_channel {
    struct sasl_channel channel; /* points into the rest */
    uint8_t exporter[STREAM_BINDING_MAX], end_point[STREAM_BINDING_MAX];
};
void pop3_channel_of(const struct pop3_session *s, struct pop3_channel *out);

#endif
