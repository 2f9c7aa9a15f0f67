/*
 * channel.h -- what SASL has to know of this connection.
 */
#ifndef MANAGESIEVE_CHANNEL_H
#define MANAGESIEVE_CHANNEL_H

#include "auth/sasl.h"
#include "managesieve/session.h"

struct managesieve_channel {
    struct sasl_channel channel; /* points into the rest */
    uint8_t exporter[STREAM_BINDING_MAX], end_point[STREAM_BINDING_MAX];
};
void managesieve_channel_of(const struct managesieve_session *s, struct managesieve_channel *out);

#endif
