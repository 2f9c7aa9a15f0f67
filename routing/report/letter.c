/* letter.c -- header, a word for people, the attachment. */
#include "report/letter.h"

#include "base/digest.h"
#include "format/codec.h"
#include "format/date.h"
#include "format/message_id.h"

#include <inttypes.h>
#include <string.h>

static void add_header(struct buf *out, const struct letter *l, const char *boundary)
{
    bool is_tls = strcmp(l->kind, "tls") == 0;
    char date[DATE_TEXT_MAX];
    uint8_t random[16];

    random_bytes(random, sizeof random);
    date_render(date, (struct date){ .us = l->now_us });
    buf_add_format(out, "From: <%s>\r\nTo: %s\r\nDate: %s\r\nMessage-ID: ", l->from, l->to, date);
    message_id_add(out, l->now_us, random, l->host_name);
    buf_add_format(out, "\r\nSubject: Report Domain: %s\r\n Submitter: %s\r\n Report-ID: <%s>\r\n", l->domain,
                   l->host_name, l->id);
    if (is_tls)
        buf_add_format(out, "TLS-Report-Domain: %s\r\nTLS-Report-Submitter: %s\r\n", l->domain, l->host_name);
    buf_add_format(out,
                   "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/%s"
                   "\r\n\tboundary=\"%s\"\r\n\r\n",
                   is_tls ? "report; report-type=\"tlsrpt\";" : "mixed;", boundary);
}

static void add_words(struct buf *out, const struct letter *l, const char *boundary)
{
    bool is_tls = strcmp(l->kind, "tls") == 0;

    buf_add_format(out,
                   "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                   "This is a report by %s about %s %s.\r\n\r\n",
                   boundary, l->host_name, is_tls ? "TLS on the way to" : "mail that claims to come from",
                   l->domain);
}

/* receiver "!" domain "!" begin "!" end. */
static void add_attachment(struct buf *out, const struct letter *l, const char *boundary)
{
    bool is_tls = strcmp(l->kind, "tls") == 0;
    const char *type = is_tls ? "application/tlsrpt+gzip" : "application/gzip";
    const char *end = is_tls ? "json.gz" : "xml.gz";

    buf_add_format(out, "--%s\r\nContent-Type: %s;\r\n\tname=\"%s!%s!%" PRId64 "!%" PRId64 ".%s\"\r\n",
                   boundary, type, l->host_name, l->domain, l->begin_s, l->end_s, end);
    buf_add_format(
        out,
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\tfilename=\"%s!%s!%" PRId64
        "!%" PRId64 ".%s\"\r\n\r\n",
        l->host_name, l->domain, l->begin_s, l->end_s, end);
    codec_add_base64_lines(out, l->packed);
    buf_add_format(out, "--%s--\r\n", boundary);
}

void letter_write(struct buf *out, const struct letter *letter)
{
    uint8_t random[12];
    char boundary[2 * sizeof random + 1];

    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), boundary);
    add_header(out, letter, boundary);
    add_words(out, letter, boundary);
    add_attachment(out, letter, boundary);
}
