/* mail.h -- messages for tests of the stores: distinct by their number, with CRLF line ends. */
#ifndef KIT_MAIL_H
#define KIT_MAIL_H

#include "base/buf.h"

#include <talloc.h>

/* "Subject: Letter <number>" from ada to bob, about `length` bytes; `references` NULL: it begins a conversation. */
static inline struct span kit_mail(void *owner, int number, size_t length, const char *subject,
                                   const char *references)
{
    struct buf mail = BUF_INIT(owner);

    buf_add_format(&mail,
                   "From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nMessage-ID: <%d@example.org>\r\n",
                   number);
    if (references)
        buf_add_format(&mail, "References: <%s>\r\n", references);
    buf_add_format(&mail, "Subject: %s\r\nDate: Mon, 02 Jan 2006 15:04:05 +0000\r\n\r\n",
                   subject ? subject : "Letter");
    while (mail.length < length)
        buf_add_format(&mail, "Line of letter %d at %zu, with words that nobody will miss: %x.\r\n", number,
                       mail.length, (unsigned)(mail.length * 2654435761u) ^ (unsigned)number);
    return buf_span(&mail);
}

#endif
