/*
 * reply.h -- replies of SMTP servers (RFC 5321, 4.2), line by line, from a peer that may be hostile.
 *
 * A reply has at most REPLY_LINES_MAX lines of REPLY_LINE_BYTES; the same code in each; codes 200 to 599. Anything else
 * is no reply, and whoever talks to such a server hangs up.
 *
 * Threads  pure functions.
 */
#ifndef CONNECTOR_REPLY_H
#define CONNECTOR_REPLY_H

#include "base/span.h"
#include "connector/outcome.h"

enum { REPLY_LINE_BYTES = 2048, REPLY_LINES_MAX = 100 };

struct reply {
    unsigned code, lines;
    char enhanced
        [OUTCOME_ENHANCED_BYTES]; /* as the server wrote it; "" where it wrote none, or one of another class */
    char text[OUTCOME_TEXT_BYTES]; /* all lines, cleaned, with single spaces between */
};

enum reply_step { REPLY_MORE, REPLY_DONE, REPLY_BAD };

/* Takes one line without its line end into a reply that began as all zero. `rest_out`: the line's text after the code. */
enum reply_step reply_take_line(struct reply *reply, struct span line, struct span *rest_out);

static inline unsigned reply_class(const struct reply *reply)
{
    return reply->code / 100;
}

/* What a refusal means: 4xx deferred, 5xx failed, anything else (a code that does not belong here) deferred as 4.5.0. Returns
 * false. */
bool reply_outcome(const struct reply *reply, struct outcome *outcome);

#endif
