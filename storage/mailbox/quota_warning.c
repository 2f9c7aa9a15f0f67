/* quota_warning.c -- the letter that tells an owner that the mailbox is nearly full. */
#include "mailbox/filing.h"

#include "mailbox/notice.h"

/* The numbers stand between these parts. */
static const struct {
    const char *subject, *before_used, *before_quota, *rest;
} texts[NOTICE_LANGUAGES] = {
    { "Bo\xc3\xaete aux lettres presque pleine",
      "Votre bo\xc3\xaete aux lettres est presque pleine : ", " Mo sur ",
      " Mo sont utilis\xc3\xa9s.\r\n"
      "Quand elle sera pleine, les nouveaux messages seront refus\xc3\xa9s.\r\n"
      "Supprimez ou archivez des messages, ou demandez plus de place \xc3\xa0 votre administrateur.\r\n" },
    { "Mailbox nearly full", "Your mailbox is nearly full: ", " MB of ",
      " MB are in use.\r\n"
      "When it is full, new messages will be refused.\r\n"
      "Please delete or archive messages, or ask your administrator for more room.\r\n" },
};

struct message_draft *filing_quota_warning(const void *owner, const char *address, const char *language,
                                           int64_t used_bytes, int64_t quota_bytes, int64_t now_us)
{
    enum { MEGABYTE = 1000 * 1000 };
    long long used = used_bytes / MEGABYTE, quota = quota_bytes / MEGABYTE;
    struct buf message = BUF_INIT(owner ? (void *)(uintptr_t)owner : NULL);
    const char *before = "", *subjects[NOTICE_LANGUAGES];

    for (size_t i = 0; i < NOTICE_LANGUAGES; i++)
        subjects[i] = texts[i].subject;
    notice_begin(&message, address, language, subjects, now_us);
    for (size_t i = 0; i < NOTICE_LANGUAGES; i++) {
        if (!notice_speaks(i, language))
            continue;
        buf_add_format(&message, "%s%s%lld%s%lld%s", before, texts[i].before_used, used,
                       texts[i].before_quota, quota, texts[i].rest);
        before = "\r\n";
    }
    return message_prepare(owner, buf_span(&message));
}
