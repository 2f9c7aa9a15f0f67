/* teach.c -- which message teaches what. */
#include "imap/teach.h"

#include "group/group.h"
#include "learn/box.h"

static void note(struct imap_session *session, const struct view *view, const struct uid_set *uids,
                 bool is_spam)
{
    struct mailbox *mailbox = session->selected->mailbox;
    struct lesson lessons[TEACH_MESSAGES_MAX];
    struct view_select select = view_select_uids(view, uids);
    struct view_message message;
    size_t count = 0;

    while (view_select_next(&select, &message))
        lessons[count++ % TEACH_MESSAGES_MAX] =
            (struct lesson){ .mailbox_id = mailbox_id(mailbox),
                             .storage_group_id = group_id(mailbox_group(mailbox)),
                             .message_id = message.message_id,
                             .is_spam = is_spam };
    lesson_box_note(session->context->lessons, lessons,
                    count < TEACH_MESSAGES_MAX ? count : TEACH_MESSAGES_MAX);
}

static bool is_use(const char *use, const char *wanted)
{
    return use && strcmp(use, wanted) == 0;
}

/* Out of Junk is no spam, but for the way into Trash; a copy out of Junk says so as well. */
void imap_teach_by_move(struct imap_session *session, const struct uid_set *uids, const char *special_use)
{
    bool was_junk = is_use(session->selected->special_use, "\\Junk");
    bool is_junk = is_use(special_use, "\\Junk"), is_trash = is_use(special_use, "\\Trash");

    if (was_junk == is_junk || is_trash || uid_set_is_empty(uids))
        return;
    note(session, session->selected->told, uids, is_junk);
}

/* Both at once say nothing. */
void imap_teach_by_keyword(struct imap_session *session, const struct uid_set *changed,
                           const struct view *view, const struct flag_list *flags)
{
    static const struct {
        const char *name;
        bool is_spam;
    } words[] = { { "$Junk", true }, { "Junk", true }, { "$NotJunk", false }, { "NonJunk", false } };
    bool says_spam = false, says_ham = false;

    if (!session->context->lessons || uid_set_is_empty(changed))
        return;
    for (size_t i = 0; i < flags->keyword_count; i++)
        for (size_t k = 0; k < COUNT_OF(words); k++)
            if (span_equals_nocase(flags->keywords[i], words[k].name)) {
                says_spam = says_spam || words[k].is_spam;
                says_ham = says_ham || !words[k].is_spam;
            }
    if (says_spam != says_ham)
        note(session, view, changed, says_spam);
}
