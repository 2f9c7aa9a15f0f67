/* fuzz_managesieve_session.c -- a whole session. The first byte chooses the size of the pieces in which the network brings the
 * rest, and whether the client is logged in already. */
#include "fake_managesieve.h"

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    log_set_level(LOG_LEVEL_ERROR);
    fake_open();
    fake.drops_output = true;
    if (data[0] & 1)
        fake_feed(span_text("AUTHENTICATE \"PLAIN\" \"AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\"\r\n"), SIZE_MAX);
    fake_feed(span_of(data + 1, size - 1), data[0] & 0xf8 ? (size_t)(data[0] >> 3) : SIZE_MAX);
    fake_close();
    return 0;
}
