/* fuzz_imap_session.c -- a whole session. The first byte chooses the size of the pieces in which the network brings the rest, and
 * whether ada is logged in and has INBOX selected already. */
#include "fake/fake_session.h"
#include "fake/fake_storage.h"

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    log_set_level(LOG_LEVEL_ERROR + 1);
    fake_storage_open();
    fake_open(&imap_protocol);
    if (data[0] & 1)
        fake_feed(span_text("a LOGIN ada@example.org x\r\n"), SIZE_MAX);
    if ((data[0] & 3) == 3)
        fake_feed(span_text("b SELECT INBOX\r\n"), SIZE_MAX);
    if (data[0] & 4)
        fake.output_limit = 40;
    fake_feed(span_of(data + 1, size - 1), data[0] & 0xF8 ? (size_t)(data[0] >> 3) : SIZE_MAX);
    fake_close();
    if (fake_storage.mailbox.references != 0)
        abort();
    fake_storage_close();
    return 0;
}
