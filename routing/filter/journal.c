/* journal.c -- journal reports in Exchange's form: the envelope as text, the message attached. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/digest.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"

#include <talloc.h>

static void add_envelope(struct buf *out, const struct filter_input *in, struct span header)
{
    const char *subject = header_text(out->owner, header, "Subject"),
               *id = header_text(out->owner, header, "Message-ID");

    buf_add_format(out, "Sender: %s\r\nSubject: %s\r\nMessage-Id: %s\r\n", in->sender, subject ? subject : "",
                   id ? id : "");
    for (size_t i = 0; i < in->recipient_count; i++)
        buf_add_format(out, "Recipient: %s\r\n", in->recipients[i]);
}

void filter_journal(const struct filter *filter, const struct filter_input *input, struct span message,
                    const char *journal_address, struct buf *out)
{
    struct span header = span_of(message.p, header_block_length(message));
    const char *subject = header_text(out->owner, header, "Subject");
    char date[DATE_TEXT_MAX], boundary[33];
    uint8_t random[16];

    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), boundary);
    date_render(date, (struct date){ .us = clock_now_us() });
    header_add(out, "Date", date);
    buf_add_format(out, "From: <postmaster@%s>\r\nTo: <%s>\r\n", filter->options.host_name, journal_address);
    header_add(out, "Subject", subject ? subject : "");
    buf_add_text(out, "Message-ID: ");
    message_id_add(out, clock_now_us(), random, filter->options.host_name);
    buf_add_format(out,
                   "\r\nX-MS-Journal-Report:\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
                   boundary, boundary);
    add_envelope(out, input, header);
    buf_add_format(out, "\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\n", boundary);
    buf_add_span(out, message);
    buf_add_format(out, "\r\n--%s--\r\n", boundary);
}
