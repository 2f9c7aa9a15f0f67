/* fuzz_smtp_session.c -- a whole session. The first byte chooses the service (or that a server of ours speaks), the size of the pieces in which the network
 * brings the rest, and whether the peer's line ends are forgiven. */
#include "fake/fake_session.h"

#include "base/log.h"
#include "smtp/peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct protocol *const services[] = { &smtp_receive_protocol, &smtp_submission_protocol,
                                                       &smtp_lmtp_protocol, &smtp_receive_protocol };
    struct net_network everybody = { .bits = 0 };

    if (size == 0)
        return 0;
    log_set_level(LOG_LEVEL_ERROR);
    fake_open(services[data[0] & 3]);
    fake.context.normalised = &everybody;
    fake.context.normalised_count = (data[0] & 4) != 0;
    ((struct smtp_session *)fake.state)->is_normalised = (data[0] & 4) != 0;
    if ((data[0] & 3) == 3) { /* a server of ours, past its proof */
        struct smtp_session *s = session_state(&fake);
        s->peer = talloc_zero(fake.memory, struct smtp_peer);
        s->peer->is_proved = true;
    }
    fake_feed(span_of(data + 1, size - 1), data[0] & 0xF8 ? (size_t)(data[0] >> 3) : SIZE_MAX);
    fake_close();
    return 0;
}
