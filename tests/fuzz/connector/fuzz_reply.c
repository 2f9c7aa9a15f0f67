/* fuzz_reply.c -- replies and the keywords of EHLO from a server that may be hostile: whatever it says, the text is one
 * line of valid UTF-8, the enhanced code is of the code's class, and a bad line ends the reply. */
#include "connector/features.h"
#include "connector/reply.h"

#include <glib.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size), line, text;
    struct reply reply = { .code = 0 };
    struct features features = { .has = 0 };
    struct outcome outcome;

    while (span_take_line(&in, &line)) {
        enum reply_step step = reply_take_line(&reply, line, &text);
        if (step == REPLY_BAD) {
            reply = (struct reply){ .code = 0 };
            continue;
        }
        features_take_line(&features, reply.lines - 1, text);
        if (reply.lines > REPLY_LINES_MAX || reply.code < 200 || reply.code > 599)
            abort();
        if (!g_utf8_validate(reply.text, -1, NULL) || strpbrk(reply.text, "\r\n"))
            abort();
        if (*reply.enhanced && (unsigned)(*reply.enhanced - '0') != reply.code / 100)
            abort();
        if (step == REPLY_DONE) {
            reply_outcome(&reply, &outcome);
            if (outcome.verdict != OUTBOUND_FAILED && outcome.verdict != OUTBOUND_DEFERRED)
                abort();
            reply = (struct reply){ .code = 0 };
            features = (struct features){ .has = 0 };
        }
    }
    return 0;
}
