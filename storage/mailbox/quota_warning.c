/* quota_warning.c -- the letter that tells an owner that the mailbox is nearly full. */
#include "mailbox/filing.h"

#include "base/digest.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"

#include <string.h>
#include <talloc.h>

/* The numbers stand between these parts. */
static const struct {
    const char *language, *subject, *before_used, *before_quota, *rest;
} texts[] = {
    { "fr", "Bo\xc3\xaete aux lettres presque pleine",
      "Votre bo\xc3\xaete aux lettres est presque pleine : ", " Mo sur ",
      " Mo sont utilis\xc3\xa9s.\r\n"
      "Quand elle sera pleine, les nouveaux messages seront refus\xc3\xa9s.\r\n"
      "Supprimez ou archivez des messages, ou demandez plus de place \xc3\xa0 votre administrateur.\r\n" },
    { "en", "Mailbox nearly full", "Your mailbox is nearly full: ", " MB of ",
      " MB are in use.\r\n"
      "When it is full, new messages will be refused.\r\n"
      "Please delete or archive messages, or ask your administrator for more room.\r\n" },
};

/* Both where neither is meant. */
static bool is_used(size_t text, const char *language)
{
    bool is_known = strcmp(language, "fr") == 0 || strcmp(language, "en") == 0;

    return !is_known || strcmp(texts[text].language, language) == 0;
}

static void add_subject(struct buf *out, const char *language)
{
    void *scratch = talloc_new(NULL);
    char *subject = talloc_strdup(scratch, "");

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (is_used(i, language))
            subject = talloc_asprintf_append(subject, "%s%s", *subject ? " / " : "", texts[i].subject);
    header_add(out, "Subject", subject);
    talloc_free(scratch);
}

static void add_headers(struct buf *out, const char *address, const char *language, int64_t now_us)
{
    char date[DATE_TEXT_MAX];
    uint8_t random[16];
    const char *at = strchr(address, '@');

    date_render(date, (struct date){ .us = now_us });
    random_bytes(random, sizeof random);
    buf_add_format(out, "Date: %s\r\n", date);
    buf_add_format(out, "From: Postmaster <postmaster@%s>\r\nTo: ", at ? at + 1 : "localhost");
    header_add_address(out, NULL, address);
    buf_add_text(out, "\r\n");
    add_subject(out, language);
    buf_add_text(out, "Message-ID: ");
    message_id_add(out, now_us, random, at ? at + 1 : "localhost");
    buf_add_text(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
}

struct message_draft *filing_quota_warning(const void *owner, const char *address, const char *language,
                                           int64_t used_bytes, int64_t quota_bytes, int64_t now_us)
{
    enum { MEGABYTE = 1000 * 1000 };
    long long used = used_bytes / MEGABYTE, quota = quota_bytes / MEGABYTE;
    struct buf message = BUF_INIT(owner ? (void *)(uintptr_t)owner : NULL);
    const char *before = "";

    add_headers(&message, address ? address : "postmaster@localhost", language, now_us);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!is_used(i, language))
            continue;
        buf_add_format(&message, "%s%s%lld%s%lld%s", before, texts[i].before_used, used,
                       texts[i].before_quota, quota, texts[i].rest);
        before = "\r\n";
    }
    return message_prepare(owner, buf_span(&message));
}
