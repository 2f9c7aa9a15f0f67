/* reply.c -- reading replies. */
#include "connector/reply.h"

#include <stdio.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "x.y.z " in front of the text (RFC 2034), of the class of the code. */
static void take_enhanced(struct reply *reply, struct span *text)
{
    const char *p = text->p;
    size_t length;
    int dots = 0;

    while (p < text->end && (is_digit(*p) || (*p == '.' && p > text->p && p[-1] != '.')) &&
           p - text->p < OUTCOME_ENHANCED_BYTES - 1)
        dots += *p++ == '.';
    length = (size_t)(p - text->p);
    if (dots != 2 || length < 5 || p[-1] == '.' || (p < text->end && *p != ' ') || text->p[1] != '.' ||
        (unsigned)(*text->p - '0') != reply->code / 100)
        return;
    if (reply->lines == 1) {
        memcpy(reply->enhanced, text->p, length);
        reply->enhanced[length] = '\0';
    }
    text->p = p < text->end ? p + 1 : p;
}

static void add_text(struct reply *reply, struct span text)
{
    size_t length = strlen(reply->text);

    text = span_trim(text);
    if (span_is_empty(text) || length + 2 >= sizeof reply->text)
        return;
    if (length > 0)
        reply->text[length++] = ' ';
    outcome_clean(text, reply->text + length, sizeof reply->text - length);
}

enum reply_step reply_take_line(struct reply *reply, struct span line, struct span *rest_out)
{
    unsigned code;
    char after;
    struct span text;

    *rest_out = span_of(line.end, 0);
    if (span_length(line) < 3 || span_length(line) > REPLY_LINE_BYTES || !is_digit(line.p[0]) ||
        !is_digit(line.p[1]) || !is_digit(line.p[2]) || reply->lines >= REPLY_LINES_MAX)
        return REPLY_BAD;
    code = (unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
    after = span_length(line) > 3 ? line.p[3] : ' ';
    if (code < 200 || code > 599 || (after != ' ' && after != '-') ||
        (reply->lines > 0 && code != reply->code))
        return REPLY_BAD;
    reply->code = code;
    reply->lines++;
    text = span_part(line, 4, span_length(line));
    *rest_out = text;
    take_enhanced(reply, &text);
    add_text(reply, text);
    return after == '-' ? REPLY_MORE : REPLY_DONE;
}

bool reply_outcome(const struct reply *reply, struct outcome *outcome)
{
    unsigned class = reply_class(reply);

    if (class != 4 && class != 5)
        return outcome_set(outcome, OUTBOUND_DEFERRED, "x.5.0", "unexpected reply: %u %s", reply->code,
                           reply->text);
    outcome_set(outcome, class == 5 ? OUTBOUND_FAILED : OUTBOUND_DEFERRED, "x.0.0", "%s", reply->text);
    outcome->code = reply->code;
    if (*reply->enhanced)
        memcpy(outcome->enhanced, reply->enhanced, sizeof outcome->enhanced);
    return false;
}
