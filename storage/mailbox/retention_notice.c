/* retention_notice.c -- the letter that tells an owner how long mail is kept in the mailbox. */
#include "mailbox/retain.h"

#include "base/buf.h"
#include "mailbox/notice.h"
#include "message/message.h"

#include <string.h>

struct words {
    const char *subject, *lead, *all, *others, *below, *acts[RETENTION_ACTS], *rest, *colon;
    const char *trash, *junk, *sent, *archive, *drafts;
};

/* clang-format off */
static const struct words words[NOTICE_LANGUAGES] = {
    { .subject = "Combien de temps le courrier est gardé dans votre boîte",
      .lead = "Votre organisation a fixé combien de temps le courrier est gardé dans cette boîte :\r\n\r\n",
      .all = "tous les dossiers",
      .others = "tous les autres dossiers",
      .below = " (et les dossiers en dessous)",
      .acts = { [RETENTION_DELETE] = "supprimé après %d jours", [RETENTION_TRASH] = "mis à la corbeille après %d jours",
                [RETENTION_ARCHIVE] = "mis dans les archives après %d jours" },
      .rest = "\r\nLe délai court du jour où un message est arrivé dans le dossier. Une règle générale ne touche ni les brouillons ni ce qui est mis en attente.\r\n"
              "De lui-même, le serveur commence un jour après ce message. Ce qui est supprimé peut encore être repris pendant un temps ;\r\n"
              "demandez à votre administrateur. Mettez à l’abri ce que vous devez garder plus longtemps.\r\n",
      .colon = " : ",
      .trash = "Corbeille", .junk = "Indésirables", .sent = "Envoyés", .archive = "Archives", .drafts = "Brouillons" },
    { .subject = "How long mail is kept in your mailbox",
      .lead = "Your organisation has set how long mail is kept in this mailbox:\r\n\r\n",
      .all = "all folders",
      .others = "all other folders",
      .below = " (and folders below it)",
      .acts = { [RETENTION_DELETE] = "deleted after %d days", [RETENTION_TRASH] = "moved to the deleted items after %d days",
                [RETENTION_ARCHIVE] = "moved to the archive after %d days" },
      .rest = "\r\nThe time runs from the day on which a message came into the folder. A rule for all folders leaves drafts and what was put off alone.\r\n"
              "By itself the server begins a day after this message. What is deleted can be had back for some time: ask your administrator.\r\n"
              "Please put what you must keep for longer somewhere else.\r\n",
      .colon = ": ",
      .trash = "Deleted", .junk = "Junk", .sent = "Sent", .archive = "Archive", .drafts = "Drafts" },
};
/* clang-format on */

static const char *folder_of(const struct words *w, const char *folder)
{
    const struct {
        const char *use, *name;
    } uses[] = { { "\\Trash", w->trash },
                 { "\\Junk", w->junk },
                 { "\\Sent", w->sent },
                 { "\\Archive", w->archive },
                 { "\\Drafts", w->drafts } };

    for (size_t i = 0; i < COUNT_OF(uses); i++)
        if (strcmp(folder, uses[i].use) == 0)
            return uses[i].name;
    return folder;
}

static void add_rule(struct buf *out, const struct words *w, const struct retention_rule *rule, bool is_only)
{
    buf_add_text(out, "- ");
    if (*rule->folder) {
        buf_add_text(out, folder_of(w, rule->folder));
        buf_add_text(out, w->below);
    } else {
        buf_add_text(out, is_only ? w->all : w->others);
    }
    buf_add_text(out, w->colon);
    for (const char *p = w->acts[rule->act]; *p; p++)
        if (p[0] == '%' && p[1] == 'd') {
            buf_add_u64(out, (uint64_t)rule->days);
            p++;
        } else {
            buf_add_byte(out, *p);
        }
    buf_add_text(out, "\r\n");
}

struct message_draft *retention_notice(const void *owner, const char *address, const char *language,
                                       const struct retention_rule *rules, size_t count, int64_t now_us)
{
    struct buf message = BUF_INIT(owner ? (void *)(uintptr_t)owner : NULL);
    const char *before = "", *subjects[NOTICE_LANGUAGES];

    for (size_t i = 0; i < NOTICE_LANGUAGES; i++)
        subjects[i] = words[i].subject;
    notice_begin(&message, address, language, subjects, now_us);
    for (size_t i = 0; i < NOTICE_LANGUAGES; i++) {
        if (!notice_speaks(i, language))
            continue;
        buf_add_text(&message, before);
        buf_add_text(&message, words[i].lead);
        for (size_t k = 0; k < count; k++)
            add_rule(&message, &words[i], &rules[k], count == 1);
        buf_add_text(&message, words[i].rest);
        before = "\r\n";
    }
    return message_prepare(owner, buf_span(&message));
}
