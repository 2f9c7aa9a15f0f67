/* notice.c -- see notice.h. */
#include "mailbox/notice.h"

#include "base/digest.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"

#include <string.h>
#include <talloc.h>

bool notice_speaks(size_t place, const char *language)
{
    static const char *const languages[NOTICE_LANGUAGES] = { "fr", "en" };
    bool is_known = strcmp(language, languages[0]) == 0 || strcmp(language, languages[1]) == 0;

    return !is_known || strcmp(languages[place], language) == 0;
}

static void add_subject(struct buf *out, const char *language, const char *const *subjects)
{
    void *scratch = talloc_new(NULL);
    char *subject = talloc_strdup(scratch, "");

    for (size_t i = 0; i < NOTICE_LANGUAGES; i++)
        if (notice_speaks(i, language))
            subject = talloc_asprintf_append(subject, "%s%s", *subject ? " / " : "", subjects[i]);
    header_add(out, "Subject", subject);
    talloc_free(scratch);
}

void notice_begin(struct buf *out, const char *address, const char *language, const char *const *subjects,
                  int64_t now_us)
{
    const char *to = address ? address : "postmaster@localhost", *at = strchr(to, '@');
    char date[DATE_TEXT_MAX];
    uint8_t random[16];

    date_render(date, (struct date){ .us = now_us });
    random_bytes(random, sizeof random);
    buf_add_format(out, "Date: %s\r\n", date);
    buf_add_format(out, "From: Postmaster <postmaster@%s>\r\nTo: ", at ? at + 1 : "localhost");
    header_add_address(out, NULL, to);
    buf_add_text(out, "\r\n");
    add_subject(out, language, subjects);
    buf_add_text(out, "Message-ID: ");
    message_id_add(out, now_us, random, at ? at + 1 : "localhost");
    buf_add_text(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
}
