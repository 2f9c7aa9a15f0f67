/* copies.c -- filings of an outcome as targets of a delivery: folders found or made, flags as bits, each folder once. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/preference.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "mailbox/flags.h"
#include "rules/room.h"

#include <talloc.h>

#define NOTICE_REMEMBERED_US (INT64_C(365) * 86400 * US_PER_S)

/* ---- where to */

static const struct folder *find_place(const struct judging *judging, const struct sieve_filing *filing)
{
    const struct folder *found = NULL;

    if (filing->mailbox_id)
        found = judging_find_id(judging, filing->mailbox_id);
    if (!found && filing->special_use)
        found = judging_find_use(judging, filing->special_use);
    return found ? found : judging_find(judging, filing->folder);
}

/* The name of the folder; NULL: where mail goes as usual, because there is no such folder and none is to be made. */
static bool place_of(struct judging *judging, const struct sieve_filing *filing, const char **name_out,
                     struct err *err)
{
    const struct folder *found;
    struct err why = ERR_INIT;
    const char *use = filing->special_use ? folder_special_use(span_text(filing->special_use)) : NULL;

    *name_out = NULL;
    if (!filing->mailbox_id && !filing->special_use && strcmp(filing->folder, FOLDER_INBOX) == 0 &&
        !filing->is_fcc)
        return true;
    if (!judging_folders(judging, err))
        return false;
    found = find_place(judging, filing);
    if (found) {
        *name_out = talloc_strdup(judging->owner, found->name);
        return true;
    }
    if (!filing->creates || judging->message->is_rehearsal)
        return true;
    if (judging_create(judging, filing->folder, use, &why)) {
        *name_out = filing->folder;
        return true;
    }
    if (err_is_temporary(why.kind)) {
        *err = why;
        return false;
    }
    log_err(LOG_LEVEL_INFO, "rules.create.failed", &why);
    return true;
}

/* ---- which flags */

static void set_flags(const void *owner, struct filing_target *target, const char *const *names)
{
    size_t count = 0, known = 0;
    const char **keywords;

    while (names[count])
        count++;
    while (target->keywords && target->keywords[known])
        known++;
    keywords = talloc_zero_array(owner, const char *, (unsigned)(count + known) + 1);
    for (size_t i = 0; i < known; i++)
        keywords[i] = target->keywords[i];
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = flag_of_name(span_text(names[i]));

        if (bit)
            target->flags |= bit;
        else if (keyword_is_valid(span_text(names[i])))
            keywords[known++] = names[i];
    }
    target->keywords = known > 0 ? keywords : NULL;
}

/* ---- which bytes */

static const struct message_draft *draft_of(struct judging *judging, const struct rules_plan *plan,
                                            const struct sieve_filing *filing)
{
    if (!filing->is_edited && !filing->is_fcc)
        return judging->message->draft;
    for (size_t i = 0; i < plan->copy_count; i++)
        if (plan->copies[i].draft->bytes.p == filing->bytes.p)
            return plan->copies[i].draft;
    return message_prepare(judging->owner, filing->bytes);
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct rules_copy *find_copy(struct rules_plan *plan, const struct message_draft *draft,
                                    const char *name)
{
    for (size_t i = 0; i < plan->copy_count; i++)
        if (plan->copies[i].draft == draft && same_name(plan->copies[i].target.folder_name, name))
            return &plan->copies[i];
    return NULL;
}

static struct rules_copy *add_copy(const void *owner, struct rules_plan *plan)
{
    plan->copies = talloc_realloc(owner, plan->copies, struct rules_copy, (unsigned)plan->copy_count + 1);
    return &plan->copies[plan->copy_count++];
}

bool copies_of(struct judging *judging, struct rules_plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->outcome->filing_count; i++) {
        const struct sieve_filing *filing = &plan->outcome->filings[i];
        const struct message_draft *draft = draft_of(judging, plan, filing);
        struct rules_copy *copy;
        const char *name;

        if (!place_of(judging, filing, &name, err))
            return false;
        copy = find_copy(plan, draft, name);
        if (!copy) {
            copy = add_copy(judging->owner, plan);
            *copy = (struct rules_copy){ .draft = draft, .target = judging->recipient->usual };
            if (name || filing->is_fcc) {
                copy->target.folder_id = 0;
                copy->target.special_use = NULL;
                copy->target.folder_name = name;
            }
            copy->target.checks_script = true;
            copy->target.script_version = plan->version;
        }
        set_flags(judging->owner, &copy->target, filing->flags);
    }
    return true;
}

/* ---- what the owner is told of a failure */

static const char french_format[] =
    "Votre filtre de messages%s%s%s n'a pas pu \xc3\xaatre ex\xc3\xa9"
    "cut\xc3\xa9 jusqu'au bout :\r\n"
    "\r\n    %s\r\n\r\n"
    "Le message re\xc3\xa7u a \xc3\xa9t\xc3\xa9 plac\xc3\xa9 dans votre bo\xc3\xaete de r\xc3\xa9"
    "ception, comme "
    "tous ceux pour lesquels cela se produit.\r\n"
    "Cet avis n'est envoy\xc3\xa9 qu'une fois, jusqu'\xc3\xa0 ce que le filtre change.\r\n";
static const char english_format[] =
    "Your mail filter%s%s%s could not be run to its end:\r\n"
    "\r\n    %s\r\n\r\n"
    "The message that came is in your Inbox, and so is every one for which this happens.\r\n"
    "This notice is sent once, until the filter changes.\r\n";

/* What the owner chose; "auto" also where that cannot be learnt now. */
static const char *language_of(const struct judging *judging)
{
    struct preference preference;
    struct err err = ERR_INIT;

    return judging->rules->options.directory &&
                   preference_find(judging->rules->options.directory, judging->arena,
                                   judging->recipient->mailbox_id, &preference, &err)
               ? preference.language
               : "auto";
}

static struct span render_notice(struct judging *judging, const struct programs *programs, const char *what)
{
    struct buf out = buf_owned_by(judging->owner);
    const char *address = judging->recipient->address ? judging->recipient->address : "postmaster@localhost";
    const char *at = strrchr(address, '@'), *host = at ? at + 1 : "localhost";
    const char *open = programs->name ? " \"" : "", *name = programs->name ? programs->name : "";
    const char *close = programs->name ? "\"" : "";
    const char *language = language_of(judging);
    bool in_french = strcmp(language, "en") != 0, in_english = strcmp(language, "fr") != 0;
    char date[DATE_TEXT_MAX];
    uint8_t random[16];

    date_render(date, (struct date){ .us = judging->message->received_us });
    random_bytes(random, sizeof random);
    buf_add_format(&out, "Date: %s\r\nFrom: Postmaster <postmaster@%s>\r\nTo: ", date, host);
    header_add_address(&out, NULL, address);
    buf_add_text(&out, "\r\n");
    header_add(&out, "Subject",
               !in_english  ? "Erreur dans votre filtre de messages"
               : !in_french ? "Error in your mail filter"
                            : "Erreur dans votre filtre de messages / Error in your mail filter");
    buf_add_text(&out, "Message-ID: ");
    message_id_add(&out, judging->message->received_us, random, host);
    buf_add_text(&out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    if (in_french)
        buf_add_format(&out, french_format, open, name, close, what);
    if (in_french && in_english)
        buf_add_text(&out, "\r\n");
    if (in_english)
        buf_add_format(&out, english_format, open, name, close, what);
    return buf_span(&out);
}

void plan_mark(const void *owner, struct rules_plan *plan, const char *kind, const uint8_t key[32],
               int64_t expires_us)
{
    struct script_mark *mark;

    plan->marks = talloc_realloc(owner, plan->marks, struct script_mark, (unsigned)plan->mark_count + 1);
    mark = &plan->marks[plan->mark_count++];
    *mark = (struct script_mark){ .kind = kind, .expires_us = expires_us };
    memcpy(mark->key, key, sizeof mark->key);
}

bool copies_add_notice(struct judging *judging, struct rules_plan *plan, const struct programs *programs,
                       const char *what, struct err *err)
{
    const struct rules_recipient *recipient = judging->recipient;
    struct rules_copy *copy;
    uint8_t key[32];
    bool is_told;

    sha256(span_of(&plan->version, sizeof plan->version), key);
    if (!script_is_marked(judging->group, recipient->mailbox_id, "notice", key, judging->message->received_us,
                          &is_told, err))
        return false;
    if (is_told)
        return true;
    copy = add_copy(judging->owner, plan);
    *copy = (struct rules_copy){
        .draft = message_prepare(judging->owner, render_notice(judging, programs, what)),
        .target = { .mailbox_id = recipient->mailbox_id,
                    .ignores_quota = true,
                    .checks_script = true,
                    .script_version = plan->version },
    };
    plan_mark(judging->owner, plan, "notice", key, judging->message->received_us + NOTICE_REMEMBERED_US);
    return true;
}
