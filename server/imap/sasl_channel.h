/*
 * sasl_channel.h -- what SASL has to know of this connection.
 */
#ifndef IMAP_SASL_CHANNEL_H
#define IMAP_SASL_CHANNEL_H

#include "auth/sasl.h"
#include "imap/session.h"

struct imap_sasl_channel {
    struct sasl_channel channel; /* points into the rest */
    uint8_t exporter[STREAM_BINDING_MAX], end_point[STREAM_BINDING_MAX];
};
void imap_sasl_channel_of(struct imap_session *session, struct imap_sasl_channel *out);

#endif
