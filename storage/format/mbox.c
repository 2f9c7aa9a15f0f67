/*
 * mbox.c -- messages one after the other in one file, told apart by "From " lines.
 */
#include "format/mbox.h"

#include "format/codec.h"
#include "format/date.h"
#include "format/header.h"
#include "format/maildir.h"

static const char FROM[] = "From ";

/* The sender may be absent or hold quoted spaces; the date is what follows the last word that is no part of
 * it. */
bool mbox_separator_parse(struct span line, struct mbox_separator *separator_out)
{
    struct span rest = line;
    struct date date;

    if (span_length(line) > 1000 || !span_take_word(&rest, FROM) || memcmp(line.p, FROM, 5) != 0)
        return false;
    *separator_out = (struct mbox_separator){ .sender = { rest.p, rest.p } };
    for (int words = 0; words < 4 && !span_is_empty(rest); words++) {
        struct span word;

        if (words > 0 && date_parse(rest, &date)) {
            separator_out->has_date = true;
            separator_out->delivered_us = date.us;
            separator_out->sender = span_trim((struct span){ separator_out->sender.p, rest.p });
            return true;
        }
        if (!span_take_until(&rest, ' ', &word))
            return false;
        while (span_take_byte(&rest, ' '))
            ;
    }
    return false;
}

/* Begin of the first separator line at or after p; `end` where there is none. A separator follows an empty
 * line. */
static const char *find_separator(const char *p, struct span file, struct mbox_separator *separator)
{
    while (p < file.end) {
        const char *feed = memchr(p, '\n', (size_t)(file.end - p));
        const char *stop = feed ? feed : file.end;
        bool is_after_empty = p == file.p || (p - file.p >= 2 && p[-1] == '\n' && p[-2] == '\n') ||
                              (p - file.p >= 4 && memcmp(p - 4, "\r\n\r\n", 4) == 0);

        if (*p == 'F' && is_after_empty) {
            struct span line = { p, stop > p && stop[-1] == '\r' ? stop - 1 : stop };

            if (mbox_separator_parse(line, separator))
                return p;
        }
        p = feed ? feed + 1 : file.end;
    }
    return file.end;
}

static const char *line_after(const char *p, const char *end)
{
    const char *feed = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

    return feed ? feed + 1 : end;
}

bool mbox_next(struct span *file, struct mbox_separator *separator_out, struct span *message_out)
{
    struct mbox_separator next;
    const char *start, *stop;

    start = find_separator(file->p, *file, separator_out);
    if (start == file->end)
        return false;
    start = line_after(start, file->end);
    stop = find_separator(start, (struct span){ file->p, file->end }, &next);
    file->p = stop;
    if (stop > start && stop[-1] == '\n') { /* the empty line that ends it */
        const char *before = stop - 1;

        if (before > start && before[-1] == '\r')
            before--;
        if (before == start || before[-1] == '\n')
            stop = before;
    }
    *message_out = (struct span){ start, stop };
    return true;
}

static bool is_flag_field(struct span name)
{
    static const char *const names[] = { "Status",           "X-Status",          "X-Keywords",
                                         "X-Mozilla-Status", "X-Mozilla-Status2", "X-UID",
                                         "X-IMAP",           "X-IMAPbase",        "X-Mozilla-Keys" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(name, names[i]))
            return true;
    return false;
}

/* mboxrd: one '>' off every line of '>'s and "From ". */
static void add_unquoted(struct buf *out, struct span body)
{
    const char *from = body.p;

    for (const char *p = body.p; p < body.end; p = line_after(p, body.end)) {
        const char *q = p;

        while (q < body.end && *q == '>')
            q++;
        if (q > p && body.end - q >= 5 && memcmp(q, FROM, 5) == 0) {
            codec_add_crlf(out, (struct span){ from, p });
            from = p + 1;
        }
    }
    codec_add_crlf(out, (struct span){ from, body.end });
}

void mbox_add_message(struct buf *out, struct span quoted)
{
    size_t header_length = header_block_length(quoted);
    struct span block = span_part(quoted, 0, header_length);
    const char *from = block.p;
    struct span in = block;
    struct header_field field;

    while (header_next(&in, &field)) {
        if (!is_flag_field(field.name))
            continue;
        codec_add_crlf(out, (struct span){ from, field.whole.p });
        from = field.whole.end;
    }
    codec_add_crlf(out, (struct span){ from, block.end });
    add_unquoted(out, (struct span){ block.end, quoted.end });
}

static void add_separator(struct buf *out, const char *sender, int64_t delivered_us)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char imap[DATE_TEXT_MAX];
    int64_t day = date_day((struct date){ .us = delivered_us }), year;
    int month, day_of_month;

    date_of_days(day, &year, &month, &day_of_month);
    date_render_imap(imap, (struct date){ .us = delivered_us });
    buf_add_text(out, FROM);
    for (const char *p = sender && *sender ? sender : "MAILER-DAEMON"; *p; p++)
        buf_add_byte(out, (unsigned char)*p <= ' ' ? '-' : *p);
    buf_add_format(out, " %.3s %.3s %2d %.8s %04d\n", days + ((day + 4) % 7 + 7) % 7 * 3,
                   months + (month - 1) * 3, day_of_month, strchr(imap, ' ') + 1, (int)year);
}

void mbox_add_quoted(struct buf *out, const char *sender, int64_t delivered_us, struct span message)
{
    add_separator(out, sender, delivered_us);
    while (!span_is_empty(message)) {
        const char *stop = line_after(message.p, message.end), *q = message.p, *text_end = stop;

        while (q < stop && *q == '>')
            q++;
        if (stop - q >= 5 && memcmp(q, FROM, 5) == 0)
            buf_add_byte(out, '>');
        if (text_end > message.p && text_end[-1] == '\n')
            text_end--;
        if (text_end > message.p && text_end[-1] == '\r')
            text_end--;
        buf_add(out, message.p, (size_t)(text_end - message.p));
        buf_add_byte(out, '\n');
        message.p = stop;
    }
    buf_add_byte(out, '\n');
}

static const struct {
    char letter;
    unsigned flag;
} letters[] = { { 'R', MAILDIR_SEEN },
                { 'A', MAILDIR_ANSWERED },
                { 'F', MAILDIR_FLAGGED },
                { 'D', MAILDIR_DELETED },
                { 'T', MAILDIR_DRAFT } };

static unsigned flags_of_letters(struct span value)
{
    unsigned flags = 0;

    for (; value.p < value.end; value.p++)
        for (size_t i = 0; i < COUNT_OF(letters); i++)
            flags |= letters[i].letter == *value.p ? letters[i].flag : 0;
    return flags;
}

/* Thunderbird: four hexadecimal digits; 1 read, 2 answered, 4 flagged, 8 deleted, 0x1000 forwarded. */
static unsigned flags_of_mozilla(struct span value)
{
    unsigned bits = 0;

    value = span_trim(value);
    for (; value.p < value.end; value.p++) {
        char c = *value.p;
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : 0;

        bits = (bits << 4 | (unsigned)digit) & 0xFFFF;
    }
    return (bits & 1 ? MAILDIR_SEEN : 0u) | (bits & 2 ? MAILDIR_ANSWERED : 0u) |
           (bits & 4 ? MAILDIR_FLAGGED : 0u) | (bits & 8 ? MAILDIR_DELETED : 0u) |
           (bits & 0x1000 ? MAILDIR_PASSED : 0u);
}

void mbox_flags_parse(struct span header_block, struct mbox_flags *flags_out)
{
    struct header_field field;
    bool has_status = header_find(header_block, "Status", &field);

    *flags_out = (struct mbox_flags){ .is_recent = true, .keywords = span_text("") };
    if (has_status) {
        flags_out->flags = flags_of_letters(field.value);
        flags_out->is_recent = !span_find_byte(field.value, 'O');
    }
    if (header_find(header_block, "X-Status", &field)) {
        flags_out->flags |= flags_of_letters(field.value);
        has_status = true;
    }
    if (!has_status && header_find(header_block, "X-Mozilla-Status", &field)) {
        flags_out->flags = flags_of_mozilla(field.value);
        flags_out->is_recent = false;
    }
    if (header_find(header_block, "X-Keywords", &field) ||
        header_find(header_block, "X-Mozilla-Keys", &field))
        flags_out->keywords = span_trim(field.value);
}
