/*
 * framing.c -- see framing.h.
 */
#include "imap/framing.h"

#include "imap/parse.h"

/* The digits between the braces. A minus sign or an overflow is an attack or a mistake, and both are too big. */
static bool size_of(struct span digits, uint64_t *size_out)
{
    struct span rest = digits;

    if (span_is_empty(digits))
        return false;
    if (span_take_u64(&rest, size_out) && span_is_empty(rest) && *size_out <= INT64_MAX)
        return true;
    if (*digits.p == '-')
        digits.p++;
    for (const char *p = digits.p; p < digits.end; p++)
        if (*p < '0' || *p > '9')
            return false;
    *size_out = UINT64_MAX;
    return !span_is_empty(digits);
}

bool imap_literal_head(struct span line, struct imap_literal_head *head_out)
{
    struct imap_literal_head head = { .is_synchronising = true };
    struct span digits;

    if (span_length(line) < 3 || line.end[-1] != '}')
        return false;
    digits.end = line.end - 1;
    for (digits.p = digits.end; digits.p > line.p && digits.p[-1] != '{'; digits.p--)
        if (digits.end - digits.p > 24)
            return false;
    if (digits.p == line.p)
        return false;
    head.at = digits.p - 1;
    if (digits.end[-1] == '+' || digits.end[-1] == '-') {
        head.is_synchronising = false;
        digits.end--;
    }
    if (!size_of(digits, &head.size))
        return false;
    head.is_binary = head.at > line.p && head.at[-1] == '~';
    head.at -= head.is_binary;
    *head_out = head;
    return true;
}

/* What stands before the literal, as far as it decides whether the literal is a message. */
struct opening {
    struct span command;
    bool is_uid;
    struct span rest; /* after the command's name */
};

static bool take_opening(struct span text, struct opening *opening_out)
{
    struct imap_in in = { .rest = text };
    struct span tag;

    *opening_out = (struct opening){ 0 };
    if (!imap_take_tag(&in, &tag) || !imap_take_space(&in) || !imap_take_atom(&in, &opening_out->command))
        return false;
    if (span_equals_nocase(opening_out->command, "UID")) {
        opening_out->is_uid = true;
        if (!imap_take_space(&in) || !imap_take_atom(&in, &opening_out->command))
            return false;
    }
    opening_out->rest = in.rest;
    return true;
}

static bool ends_with_word(struct span text, const char *word)
{
    size_t length = strlen(word);

    while (!span_is_empty(text) && text.end[-1] == ' ')
        text.end--;
    return span_length(text) >= length &&
           span_equals_nocase((struct span){ text.end - length, text.end }, word);
}

/* The first literal of APPEND may be the folder's name, and of REPLACE the one after the message number. */
static bool is_folder_name(const struct opening *opening)
{
    struct span between = span_trim(opening->rest);

    if (span_equals_nocase(opening->command, "APPEND"))
        return span_is_empty(between);
    for (const char *p = between.p; p < between.end; p++)
        if (*p == ' ')
            return false; /* number and name both stand there already */
    return true;
}

static bool is_message(struct span unit, const struct imap_literal_head *head, enum imap_framing_mode mode)
{
    struct span before = { unit.p, head->at };
    struct opening opening;

    if (ends_with_word(before, "URL"))
        return false;
    if (mode == FRAMING_CONTINUATION)
        return true;
    if (mode != FRAMING_COMMANDS || !take_opening(before, &opening))
        return false;
    if (!span_equals_nocase(opening.command, "APPEND") && !span_equals_nocase(opening.command, "REPLACE"))
        return false;
    return !is_folder_name(&opening);
}

static enum imap_framed end_with(struct imap_framing *framing, enum imap_framed framed)
{
    *framing = (struct imap_framing){ 0 };
    return framed;
}

/* A line is complete and a literal continues it. */
static enum imap_framed continue_with(struct imap_framing *framing, enum imap_framing_mode mode,
                                      struct span unit, const struct imap_literal_head *head, bool *goes_on)
{
    size_t length = span_length(unit);
    uint64_t most = mode == FRAMING_BEFORE_LOGIN ? IMAP_LITERAL_MAX_BEFORE_LOGIN : IMAP_ARGUMENTS_MAX;
    uint64_t room = mode == FRAMING_BEFORE_LOGIN ? IMAP_UNIT_MAX_BEFORE_LOGIN : IMAP_UNIT_MAX;

    *goes_on = false;
    if (is_message(unit, head, mode))
        return end_with(framing, FRAMED_STREAM);
    if (head->size > most || length + head->size > room)
        return end_with(framing, head->is_synchronising ? FRAMED_REFUSE : FRAMED_CLOSE);
    framing->scanned = length + (size_t)head->size;
    framing->searched = framing->line_start = framing->scanned;
    *goes_on = true;
    return head->is_synchronising ? FRAMED_ASK : FRAMED_MORE;
}

enum imap_framed imap_frame(struct imap_framing *framing, enum imap_framing_mode mode, struct span buffered,
                            size_t *length_out)
{
    size_t available = span_length(buffered);

    while (available > framing->searched) {
        struct span unseen = { buffered.p + framing->searched, buffered.end };
        const char *lf = span_find_byte(unseen, '\n');
        struct imap_literal_head head;
        struct span unit, line;
        enum imap_framed framed;
        bool goes_on;

        if (!lf) {
            framing->searched = available;
            return FRAMED_MORE;
        }
        unit = (struct span){ buffered.p, lf + 1 };
        line = (struct span){ buffered.p + framing->line_start, lf };
        *length_out = span_length(unit);
        if (!span_is_empty(line) && line.end[-1] == '\r')
            line.end--;
        else
            return end_with(framing, FRAMED_UNIT); /* a bare LF: refused by the parser, never a literal */
        if (mode == FRAMING_LINES || !imap_literal_head(line, &head))
            return end_with(framing, FRAMED_UNIT);
        framed = continue_with(framing, mode, unit, &head, &goes_on);
        if (!goes_on || framed == FRAMED_ASK)
            return framed;
    }
    return FRAMED_MORE;
}
