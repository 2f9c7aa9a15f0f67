/*
 * fake_storage.h -- one mailbox in memory, for sessions without a database: real views, messages in an array.
 *
 * Logins: ada@example.org with any password but "wrong". Folders INBOX (three messages), Archive and Drafts are there. Functions of
 * the rooms auth, directory, group, mailbox, message and deliver that the session calls are defined here; included once
 * by the program, after fake_session.h. fake_storage_fail makes the next calls fail with this kind.
 */
#ifndef FAKE_STORAGE_H
#define FAKE_STORAGE_H

#include "auth/sasl.h"
#include "base/clock.h"
#include "base/wake.h"
#include "deliver/deliver.h"
#include "directory/public_folder.h"
#include "format/folder_name.h"
#include "group/quota.h"
#include "mailbox/annotation.h"
#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/pack.h"
#include "mailbox/search_folder.h"
#include "mailbox/view_build.h"
#include "message/columns.h"
#include "message/message.h"

#include <stdio.h>

enum { FAKE_FOLDERS = 16, FAKE_MAILS = 128, FAKE_KEYWORDS = 8 };

struct mailbox {
    int references;
};

struct fake_folder {
    char name[FOLDER_NAME_MAX + 1];
    bool exists, is_subscribed;
    struct view *view;
    uint32_t recent;
};

static struct {
    void *memory;
    struct mailbox mailbox;
    struct fake_folder folders[FAKE_FOLDERS]; /* folder_id is the index + 1 */
    struct message_draft *mails[FAKE_MAILS];  /* message_id is the index + 1 */
    size_t mail_count;
    uint64_t modseq;
    struct keywords *keywords;
    struct span keyword_names[FAKE_KEYWORDS];
    size_t keyword_count;
    enum err_kind fails;
} fake_storage;

static const char *const fake_texts[] = {
    "From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: one\r\n\r\nfirst\r\n",
    "From: bob@example.org\r\nSubject: two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "AAECAw==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\ninner\r\n--b--\r\n",
    "Subject: =?utf-8?q?=C3=A9t=C3=A9?=\r\nContent-Transfer-Encoding: x-strange\r\n\r\nthird\r\n",
};

static bool fake_fails(struct err *err)
{
    return fake_storage.fails != ERR_NONE && !err_set(err, fake_storage.fails, "It does not work now.");
}

static struct view *fake_finish(struct view_builder *builder, int64_t folder_id, uint32_t uidnext)
{
    return view_builder_finish(builder, &(struct view_head){ .folder_id = folder_id,
                                                             .uidvalidity = (uint32_t)folder_id + 10,
                                                             .uidnext = uidnext,
                                                             .modseq = ++fake_storage.modseq,
                                                             .keywords = fake_storage.keywords });
}

static void fake_publish(int64_t folder_id, struct view *view)
{
    struct fake_folder *folder = &fake_storage.folders[folder_id - 1];

    view_release(&folder->view);
    folder->view = view;
}

static void fake_file(int64_t folder_id, int64_t message_id, uint64_t flags, int64_t received_us)
{
    const struct view *old = fake_storage.folders[folder_id - 1].view;
    struct view_builder *builder = view_builder_new(old);

    view_builder_append(
        builder, &(struct view_message){ .uid = view_uidnext(old),
                                         .size = (uint32_t)fake_storage.mails[message_id - 1]->size_bytes,
                                         .flags = flags,
                                         .modseq = fake_storage.modseq + 1,
                                         .received_us = received_us,
                                         .message_id = message_id,
                                         .item_id = message_id });
    fake_publish(folder_id, fake_finish(builder, folder_id, view_uidnext(old) + 1));
}

static int64_t fake_mail(struct span bytes)
{
    if (fake_storage.mail_count == FAKE_MAILS)
        return 0;
    fake_storage.mails[fake_storage.mail_count] = message_prepare(
        fake_storage.memory,
        span_of(talloc_memdup(fake_storage.memory, bytes.p, span_length(bytes)), span_length(bytes)));
    return (int64_t)++fake_storage.mail_count;
}

static int64_t fake_folder_make(const char *name)
{
    for (int64_t i = 0; i < FAKE_FOLDERS; i++)
        if (!fake_storage.folders[i].exists && !fake_storage.folders[i].view) {
            struct fake_folder *folder = &fake_storage.folders[i];

            snprintf(folder->name, sizeof folder->name, "%s", name);
            folder->exists = true;
            folder->recent = 1;
            folder->view = fake_finish(view_builder_new(NULL), i + 1, 1);
            return i + 1;
        }
    return 0;
}

static void fake_storage_open(void)
{
    memset(&fake_storage, 0, sizeof fake_storage);
    fake_storage.memory = talloc_new(NULL);
    fake_storage.keywords = keywords_new(NULL, 0);
    fake_folder_make("INBOX");
    fake_folder_make("Archive");
    fake_folder_make("Drafts");
    fake_storage.folders[1].is_subscribed = true;
    for (size_t i = 0; i < COUNT_OF(fake_texts); i++)
        fake_file(1, fake_mail(span_text(fake_texts[i])), 0, (int64_t)i * 86400 * 1000000);
}

static void fake_storage_close(void)
{
    for (size_t i = 0; i < FAKE_FOLDERS; i++)
        view_release(&fake_storage.folders[i].view);
    keywords_release(&fake_storage.keywords);
    talloc_free(fake_storage.memory);
}

/* ---- auth, directory, wake */

static struct identity *fake_identity(const void *owner)
{
    struct identity *identity = talloc_zero(owner, struct identity);

    *identity = (struct identity){ .recipient_id = 1,
                                   .organisation_id = 1,
                                   .login = "ada@example.org",
                                   .name = "Ada",
                                   .mailbox = { 1, 1, 1 } };
    return identity;
}
bool auth_password(struct auth *auth, const void *owner, const struct auth_request *request,
                   struct span login, struct span password, struct identity **identity_out,
                   unsigned *delay_ms_out, struct err *err)
{
    (void)auth;
    (void)request;
    *delay_ms_out = 0;
    if (!span_equals_text(login, "ada@example.org") || span_equals_text(password, "wrong"))
        return err_set(err, ERR_AUTH, "Wrong name or password.");
    *identity_out = fake_identity(owner);
    return true;
}
bool auth_still_valid(struct auth *auth, const struct identity *identity, struct err *err)
{
    (void)auth;
    (void)identity;
    (void)err;
    return true;
}
struct sasl {
    const void *owner;
    struct identity *identity;
    unsigned steps;
};
const char **sasl_mechanisms(struct auth *auth, const void *owner, enum directory_protocol protocol,
                             const struct sasl_channel *channel)
{
    (void)protocol;
    static const char *names[] = { "PLAIN", NULL };

    (void)auth;
    (void)owner;
    (void)channel;
    return names;
}
bool sasl_start(struct auth *auth, const void *owner, const struct auth_request *request,
                const struct sasl_channel *channel, struct span mechanism, struct sasl **sasl_out,
                struct err *err)
{
    (void)auth;
    (void)request;
    (void)channel;
    if (!span_equals_nocase(mechanism, "PLAIN"))
        return err_set(err, ERR_INVALID, "There is no such mechanism.");
    *sasl_out = talloc_zero(owner, struct sasl);
    (*sasl_out)->owner = owner;
    return true;
}
enum sasl_next sasl_step(struct sasl *sasl, const struct span *response, struct span *challenge_out,
                         struct err *err)
{
    *challenge_out = span_text("");
    if (!response && sasl->steps++ == 0)
        return SASL_CHALLENGE;
    if (!response || !span_equals(*response, span_of("\0ada@example.org\0right", 22))) {
        (void)err_set(err, response && span_is_empty(*response) ? ERR_INVALID : ERR_AUTH,
                      "Wrong name or password.");
        return SASL_FAILED;
    }
    sasl->identity = fake_identity(sasl->owner);
    return SASL_OK;
}
struct identity *sasl_identity(const struct sasl *sasl)
{
    return sasl->identity;
}
unsigned sasl_delay_ms(const struct sasl *sasl)
{
    (void)sasl;
    return 100;
}
const char *sasl_login(const struct sasl *sasl)
{
    (void)sasl;
    return "";
}
bool directory_resolve(struct directory *directory, const void *owner, const char *local, const char *domain,
                       struct resolved *resolved_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)domain;
    (void)err;
    *resolved_out = (struct resolved){ .kind = RESOLVED_UNKNOWN };
    if (strcmp(local, "ada") == 0)
        *resolved_out = (struct resolved){ .kind = RESOLVED_RECIPIENT,
                                           .organisation_id = 1,
                                           .recipient_id = 1,
                                           .address = "ada@example.org",
                                           .mailbox = { 1, 1, 1 } };
    return true;
}
bool directory_resolve_id(struct directory *directory, const void *owner, int64_t recipient_id,
                          struct resolved *resolved_out, struct err *err)
{
    (void)recipient_id;
    return directory_resolve(directory, owner, "ada", "example.org", resolved_out, err);
}
struct wake_subscription *wake_subscribe(struct wake_bus *bus, int64_t group_id_, int64_t mailbox_id_,
                                         wake_callback *callback, void *argument)
{
    (void)bus;
    callback(argument, group_id_, mailbox_id_, 0); /* at once, to have it run */
    return NULL;
}
void wake_unsubscribe(struct wake_subscription **subscription)
{
    *subscription = NULL;
}

/* ---- group */

bool group_find(struct groups *groups, int64_t storage_group_id, struct group **group_out, struct err *err)
{
    (void)groups;
    (void)storage_group_id;
    *group_out = NULL;
    return !fake_fails(err);
}
int64_t group_id(const struct group *group)
{
    (void)group;
    return 1;
}
int64_t *groups_ids(const struct groups *groups, const void *owner, size_t *count_out)
{
    (void)groups;
    *count_out = 0;
    return talloc_zero(owner, int64_t);
}
void group_public_id(const struct group *group, enum group_id_kind kind, int64_t id,
                     char text_out[GROUP_PUBLIC_ID_SIZE])
{
    (void)group;
    snprintf(text_out, GROUP_PUBLIC_ID_SIZE, "%c%lld", (char)kind, (long long)id);
}
bool group_public_id_decode(const struct group *group, enum group_id_kind kind, struct span text,
                            int64_t *id_out)
{
    uint64_t id;

    (void)group;
    if (!span_take_byte(&text, (char)kind) || !span_take_u64(&text, &id) || !span_is_empty(text) ||
        id > INT64_MAX)
        return false;
    *id_out = (int64_t)id;
    return true;
}
bool mailbox_usage(struct group *group, int64_t mailbox_id_, struct mailbox_usage *usage_out, struct err *err)
{
    (void)group;
    (void)mailbox_id_;
    *usage_out = (struct mailbox_usage){ .used_bytes = 1, .used_messages = 1, .quota_bytes = 10000 };
    return !fake_fails(err);
}

/* ---- mailbox */

bool mailbox_open(struct mailbox_cache *cache, struct group *group, int64_t id, struct mailbox **mailbox_out,
                  struct err *err)
{
    (void)cache;
    (void)group;
    (void)id;
    if (fake_fails(err))
        return false;
    *mailbox_out = mailbox_ref(&fake_storage.mailbox);
    return true;
}
struct mailbox *mailbox_ref(struct mailbox *mailbox)
{
    mailbox->references++;
    return mailbox;
}
void mailbox_close(struct mailbox **mailbox)
{
    if (*mailbox)
        (*mailbox)->references--;
    *mailbox = NULL;
}
int64_t mailbox_id(const struct mailbox *mailbox)
{
    (void)mailbox;
    return 1;
}
int64_t mailbox_organisation_id(const struct mailbox *mailbox)
{
    (void)mailbox;
    return 1;
}
struct group *mailbox_group(const struct mailbox *mailbox)
{
    (void)mailbox;
    return NULL;
}
static void fake_describe(int64_t folder_id, struct folder *folder)
{
    const struct fake_folder *from = &fake_storage.folders[folder_id - 1];

    *folder = (struct folder){ .folder_id = folder_id,
                               .name = from->name,
                               .uidvalidity = view_uidvalidity(from->view),
                               .uidnext = view_uidnext(from->view),
                               .modseq = view_modseq(from->view),
                               .messages = view_count(from->view),
                               .recent_uid = from->recent,
                               .is_subscribed = from->is_subscribed,
                               .rights = RIGHTS_ALL };
}
bool folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                 unsigned rights, const void *owner, struct folder **folder_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)rights;
    if (fake_fails(err))
        return false;
    for (int64_t i = 0; i < FAKE_FOLDERS; i++)
        if (fake_storage.folders[i].exists && strcmp(fake_storage.folders[i].name, name) == 0) {
            *folder_out = talloc(owner, struct folder);
            fake_describe(i + 1, *folder_out);
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
}
bool folder_list(struct mailbox *mailbox, const struct mailbox_reader *reader, const void *owner,
                 struct folder ***folders_out, size_t *count_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    *count_out = 0;
    *folders_out = talloc_array(owner, struct folder *, FAKE_FOLDERS);
    for (int64_t i = 0; i < FAKE_FOLDERS; i++)
        if (fake_storage.folders[i].exists) {
            (*folders_out)[*count_out] = talloc(owner, struct folder);
            fake_describe(i + 1, (*folders_out)[(*count_out)++]);
        }
    return !fake_fails(err);
}
bool folder_create(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                   const char *special_use, const void *owner, struct folder **folder_out, struct err *err)
{
    (void)special_use;
    if (folder_find(mailbox, reader, name, 0, owner, folder_out, err))
        return err_set(err, ERR_EXISTS, "It exists.");
    if (fake_fails(err))
        return false;
    if (!fake_folder_make(name))
        return err_set(err, ERR_LIMIT, "There are too many folders.");
    *err = ERR_INIT;
    return folder_find(mailbox, reader, name, 0, owner, folder_out, err);
}
bool folder_delete(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                   struct err *err)
{
    struct folder *folder;
    void *arena = talloc_new(NULL);
    bool done = folder_find(mailbox, reader, name, 0, arena, &folder, err);

    if (done && folder->folder_id == 1)
        done = err_set(err, ERR_DENIED, "INBOX stays.");
    if (done)
        fake_storage.folders[folder->folder_id - 1].exists = false;
    talloc_free(arena);
    return done;
}
bool folder_rename(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *from,
                   const char *to, struct err *err)
{
    struct folder *folder;
    void *arena = talloc_new(NULL);
    struct err unused = ERR_INIT;
    bool done = folder_find(mailbox, reader, from, 0, arena, &folder, err);

    if (done && (folder->folder_id == 1 || folder_find(mailbox, reader, to, 0, arena, &folder, &unused)))
        done = err_set(err, ERR_EXISTS, "It exists.");
    if (done)
        snprintf(fake_storage.folders[folder->folder_id - 1].name, FOLDER_NAME_MAX, "%s", to);
    talloc_free(arena);
    return done;
}
bool folder_subscribe(struct mailbox *mailbox, const char *name, struct err *err)
{
    (void)mailbox;
    (void)name;
    return !fake_fails(err);
}
bool folder_unsubscribe(struct mailbox *mailbox, const char *name, struct err *err)
{
    return folder_subscribe(mailbox, name, err);
}
bool folder_claim_recent(struct mailbox *mailbox, int64_t folder_id, uint32_t *first_out, struct err *err)
{
    struct fake_folder *folder = &fake_storage.folders[folder_id - 1];

    (void)mailbox;
    *first_out = folder->recent;
    folder->recent = view_uidnext(folder->view);
    return !fake_fails(err);
}
bool rights_shared_mailboxes(struct mailbox_cache *cache, struct group *group,
                             const struct mailbox_reader *reader, const void *owner,
                             int64_t **mailbox_ids_out, size_t *count_out, struct err *err)
{
    (void)cache;
    (void)group;
    (void)reader;
    (void)owner;
    (void)err;
    *mailbox_ids_out = NULL;
    *count_out = 0;
    return true;
}
bool directory_resolve_ids(struct directory *directory, const void *owner, const int64_t *ids, size_t count,
                           struct resolved **resolved_out, size_t *count_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)ids;
    (void)count;
    (void)err;
    *resolved_out = NULL;
    *count_out = 0;
    return true;
}
bool public_folder_find(struct directory *directory, const void *owner, int64_t organisation_id,
                        const char *name, struct resolved *resolved_out, struct err *err)
{
    (void)directory;
    (void)owner;
    (void)organisation_id;
    (void)name;
    (void)resolved_out;
    return err_set(err, ERR_NOT_FOUND, "There is no such user.");
}
bool folder_list_many(struct mailbox_cache *cache, struct group *group, const struct mailbox_reader *reader,
                      const int64_t *mailbox_ids, size_t count, const void *owner,
                      struct folder_found **found_out, size_t *found_count_out, struct err *err)
{
    (void)cache;
    (void)group;
    (void)reader;
    (void)mailbox_ids;
    (void)count;
    (void)owner;
    (void)err;
    *found_out = NULL;
    *found_count_out = 0;
    return true;
}
bool rights_list(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                 const void *owner, struct rights_entry **entries_out, size_t *count_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)folder_name;
    *entries_out = talloc_zero(owner, struct rights_entry);
    (*entries_out)->rights = RIGHT_LOOKUP | RIGHT_READ;
    *count_out = 1;
    return !fake_fails(err);
}
bool rights_change(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                   enum rights_change change, const struct rights_entry *entry, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)folder_name;
    (void)change;
    (void)entry;
    return !fake_fails(err);
}
bool rights_mine(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                 unsigned *rights_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)folder_name;
    *rights_out = RIGHTS_ALL;
    return !fake_fails(err);
}
bool annotation_get(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                    const struct span *entries, size_t entry_count, enum annotation_depth depth,
                    const void *owner, struct annotation **values_out, size_t *count_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)folder_name;
    (void)depth;
    *values_out = talloc_zero(owner, struct annotation);
    if (entry_count > 0)
        **values_out = (struct annotation){ span_copy(owner, entries[0]), span_of("a\"b\0c", 5) };
    *count_out = entry_count > 0;
    return !fake_fails(err);
}
bool folder_set_special_use(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                            const char *special_use, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)name;
    return special_use && strcmp(special_use, "\\Sent") == 0
               ? err_set(err, ERR_EXISTS, "Another folder has this use.")
               : !fake_fails(err);
}
bool annotation_changes(struct mailbox *mailbox, const struct mailbox_reader *reader, uint64_t since,
                        const void *owner, struct annotation_change **changes_out, size_t *count_out,
                        struct err *err)
{
    (void)mailbox;
    (void)reader;
    *changes_out = talloc_zero(owner, struct annotation_change);
    **changes_out = (struct annotation_change){ 0, "/shared/comment", since + 1 };
    *count_out = 1;
    return !fake_fails(err);
}
bool annotation_last(struct mailbox *mailbox, uint64_t *modseq_out, struct err *err)
{
    (void)mailbox;
    *modseq_out = 1;
    return !fake_fails(err);
}
bool annotation_set(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *folder_name,
                    const struct annotation *values, size_t count, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)folder_name;
    (void)values;
    return count > 100 ? err_set(err, ERR_LIMIT, "There are too many.") : !fake_fails(err);
}
bool view_latest(struct mailbox *mailbox, int64_t folder_id, enum view_freshness freshness,
                 struct view **view_out, struct err *err)
{
    const struct fake_folder *folder = &fake_storage.folders[folder_id - 1];

    (void)mailbox;
    (void)freshness;
    if (fake_fails(err))
        return false;
    if (!folder->exists)
        return err_set(err, ERR_NOT_FOUND, "The folder is gone.");
    *view_out = view_ref(folder->view);
    return true;
}
bool view_expunged_since(struct mailbox *mailbox, const struct view *view, uint64_t modseq,
                         const struct uid_set *known, const void *owner, struct uid_set *uids_out,
                         struct err *err)
{
    struct uid_set all = UID_SET_INIT(owner), there;

    (void)mailbox;
    (void)modseq;
    if (view_uidnext(view) > 1)
        uid_set_add(&all, 1, view_uidnext(view) - 1);
    there = view_existing(owner, view, &all);
    *uids_out = uid_set_subtract(owner, known ? known : &all, &there);
    return !fake_fails(err);
}
static bool fake_add_keywords(const struct flag_list *flags, struct err *err)
{
    for (size_t i = 0; i < flags->keyword_count; i++) {
        if (keyword_bit(&fake_storage.keywords->table, flags->keywords[i]) >= 0)
            continue;
        if (fake_storage.keyword_count == FAKE_KEYWORDS)
            return err_set(err, ERR_LIMIT, "There are too many keywords.");
        fake_storage.keyword_names[fake_storage.keyword_count++] =
            span_text(span_copy(fake_storage.memory, flags->keywords[i]));
        keywords_release(&fake_storage.keywords);
        fake_storage.keywords = keywords_new(fake_storage.keyword_names, fake_storage.keyword_count);
    }
    return true;
}
bool flags_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                 const struct flags_change *change, const void *owner, struct flags_result *result_out,
                 struct err *err)
{
    const struct view *old = fake_storage.folders[folder_id - 1].view;
    struct view_select select = view_select_uids(old, uids);
    struct view_builder *builder;
    uint64_t bits;

    (void)mailbox;
    *result_out = (struct flags_result){ .changed = UID_SET_INIT(owner), .modified = UID_SET_INIT(owner) };
    if (fake_fails(err) || !fake_add_keywords(&change->flags, err))
        return false;
    bits = flag_list_bits(&fake_storage.keywords->table, &change->flags) & change->allowed;
    for (struct view_message m; view_select_next(&select, &m);) {
        uint64_t flags = change->operation == FLAGS_ADD      ? m.flags | bits
                         : change->operation == FLAGS_REMOVE ? m.flags & ~bits
                                                             : (m.flags & ~change->allowed) | bits;
        if (m.modseq > change->unchanged_since)
            uid_set_add_one(&result_out->modified, m.uid);
        else if (flags != m.flags)
            uid_set_add_one(&result_out->changed, m.uid);
    }
    builder = view_builder_new(old);
    view_builder_flags(builder, &result_out->changed,
                       change->operation == FLAGS_ADD      ? 0
                       : change->operation == FLAGS_REMOVE ? bits
                                                           : change->allowed,
                       change->operation == FLAGS_REMOVE ? 0 : bits, fake_storage.modseq + 1);
    fake_publish(folder_id, fake_finish(builder, folder_id, view_uidnext(old)));
    result_out->view = view_ref(fake_storage.folders[folder_id - 1].view);
    result_out->modseq = view_modseq(result_out->view);
    return true;
}
void flags_result_release(struct flags_result *result)
{
    view_release(&result->view);
}
bool folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                    enum expunge_which which, const void *owner, struct expunge_result *result_out,
                    struct err *err)
{
    const struct view *old = fake_storage.folders[folder_id - 1].view;
    struct view_select select = view_select_uids(old, uids);
    struct view_builder *builder;

    (void)mailbox;
    *result_out = (struct expunge_result){ .expunged = UID_SET_INIT(owner) };
    if (fake_fails(err))
        return false;
    for (struct view_message m; view_select_next(&select, &m);)
        if (which == EXPUNGE_ALL || (m.flags & FLAG_DELETED))
            uid_set_add_one(&result_out->expunged, m.uid);
    builder = view_builder_new(old);
    view_builder_expunge(builder, &result_out->expunged);
    fake_publish(folder_id, fake_finish(builder, folder_id, view_uidnext(old)));
    result_out->view = view_ref(fake_storage.folders[folder_id - 1].view);
    result_out->modseq = view_modseq(result_out->view);
    return true;
}
void expunge_result_release(struct expunge_result *result)
{
    view_release(&result->view);
}
bool folder_expunge_within(struct db *db, void *within, struct err *err)
{
    const struct expunge_within *asked = within;
    struct expunge_result result;
    void *arena = talloc_new(NULL);
    bool done;

    (void)db;
    done = folder_expunge(asked->mailbox, asked->folder_id, asked->uids, EXPUNGE_ALL, arena, &result, err);
    if (done && uid_set_is_empty(&result.expunged))
        done = err_set(err, ERR_CONFLICT, "The message is gone.");
    expunge_result_release(&result);
    talloc_free(arena);
    return done;
}
void mailbox_announce(struct mailbox_cache *cache, int64_t group, int64_t mailbox, uint64_t modseq)
{
    (void)cache;
    (void)group;
    (void)mailbox;
    (void)modseq;
}
bool folder_copy(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids, struct mailbox *to,
                 int64_t to_folder_id, enum copy_kind kind, const void *owner, struct copy_result *result_out,
                 struct err *err)
{
    struct view *old = view_ref(fake_storage.folders[from_folder_id - 1].view);
    struct view_select select = view_select_uids(old, uids);
    struct expunge_result expunged;
    bool done = !fake_fails(err);

    (void)to;
    *result_out =
        (struct copy_result){ .source_uids = UID_SET_INIT(owner), .destination_uids = UID_SET_INIT(owner) };
    for (struct view_message m; done && view_select_next(&select, &m);) {
        if (view_count(fake_storage.folders[to_folder_id - 1].view) > 1000) {
            done = err_set(err, ERR_QUOTA, "The destination is full.");
            break;
        }
        uid_set_add_one(&result_out->source_uids, m.uid);
        uid_set_add_one(&result_out->destination_uids,
                        view_uidnext(fake_storage.folders[to_folder_id - 1].view));
        fake_file(to_folder_id, m.message_id, m.flags, m.received_us);
    }
    view_release(&old);
    if (!done)
        return false;
    if (kind == COPY_MOVE) {
        done = folder_expunge(from, from_folder_id, &result_out->source_uids, EXPUNGE_ALL, owner, &expunged,
                              err);
        expunge_result_release(&expunged);
    }
    result_out->destination_uidvalidity = view_uidvalidity(fake_storage.folders[to_folder_id - 1].view);
    result_out->source = view_ref(fake_storage.folders[from_folder_id - 1].view);
    return done;
}
void copy_result_release(struct copy_result *result)
{
    view_release(&result->source);
}
static void fake_row(const struct view_message *message, struct pack_row *row)
{
    const struct message_draft *draft = fake_storage.mails[message->message_id - 1];

    *row = (struct pack_row){ .uid = message->uid,
                              .number = message->number,
                              .envelope = draft->envelope,
                              .body_structure = draft->body_structure,
                              .columns = draft->columns,
                              .subject = columns_text(draft->columns, COLUMNS_SUBJECT),
                              .preview = draft->preview,
                              .header_size = draft->header_bytes,
                              .thread_id = message->item_id,
                              .saved_us = message->received_us };
}
bool pack_read(struct mailbox *mailbox, const struct view *view, const struct view_message *messages,
               size_t count, unsigned wanted, const void *owner, struct pack_row **rows_out, struct err *err)
{
    (void)mailbox;
    (void)view;
    (void)wanted;
    *rows_out = talloc_array(owner, struct pack_row, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        fake_row(&messages[i], &(*rows_out)[i]);
    return !fake_fails(err);
}
bool pack_scan(struct mailbox *mailbox, const struct view *view, const struct uid_set *numbers,
               unsigned wanted, pack_each *each, void *arg, struct err *err)
{
    struct view_select select = view_select_numbers(view, numbers);

    (void)mailbox;
    (void)wanted;
    for (struct view_message m; view_select_next(&select, &m);) {
        struct pack_row row;

        fake_row(&m, &row);
        if (!each(&m, &row, arg, err))
            return err->kind == ERR_NONE;
    }
    return !fake_fails(err);
}
bool folder_search(struct mailbox *mailbox, const void *owner, int64_t folder_id,
                   const struct search_uids *among, const struct search_key *keys, size_t key_count,
                   int64_t until_us, struct search_uids *found_out, struct err *err)
{
    (void)until_us;
    (void)mailbox;
    (void)folder_id;
    (void)keys;
    for (size_t i = 0; i < key_count; i++) {
        found_out[i] = (struct search_uids){ 1, talloc_zero(owner, uint32_t) };
        found_out[i].uids[0] = among && among->count ? among->uids[0] : 1;
    }
    return !fake_fails(err);
}
bool search_folder_keeps_name(const char *name)
{
    return strncmp(name, SEARCH_FOLDERS, strlen(SEARCH_FOLDERS)) == 0;
}
bool search_folders_as_folders(struct mailbox *mailbox, const struct mailbox_reader *reader,
                               const void *owner, struct folder ***folders_out, size_t *count_out,
                               struct err *err)
{
    (void)mailbox;
    (void)reader;
    *count_out = 0;
    *folders_out = talloc_array(owner, struct folder *, 0);
    return !fake_fails(err);
}
bool search_folder_count(struct mailbox *mailbox, struct folder *folder, struct err *err)
{
    (void)mailbox;
    (void)folder;
    return !fake_fails(err);
}
void folder_public_id(struct mailbox *mailbox, int64_t folder_id, char text_out[GROUP_PUBLIC_ID_SIZE])
{
    (void)mailbox;
    group_public_id(NULL, GROUP_ID_FOLDER, folder_id, text_out);
}

/* ---- message, deliver */

static const struct message_draft *fake_draft(int64_t message_id)
{
    return message_id >= 1 && message_id <= (int64_t)fake_storage.mail_count
               ? fake_storage.mails[message_id - 1]
               : NULL;
}
static struct message_meta fake_meta(int64_t message_id)
{
    const struct message_draft *draft = fake_draft(message_id);

    if (!draft)
        return (struct message_meta){ 0 };
    return (struct message_meta){ .message_id = message_id,
                                  .size_bytes = draft->size_bytes,
                                  .header_bytes = draft->header_bytes,
                                  .part_index = draft->part_index,
                                  .envelope = draft->envelope,
                                  .body_structure = draft->body_structure,
                                  .columns = draft->columns,
                                  .preview = draft->preview };
}
bool message_metas(struct group *group, const void *owner, const int64_t *message_ids, size_t count,
                   struct message_meta **metas_out, struct err *err)
{
    (void)group;
    *metas_out = talloc_array(owner, struct message_meta, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        (*metas_out)[i] = fake_meta(message_ids[i]);
    return !fake_fails(err);
}
bool message_meta(struct group *group, const void *owner, int64_t message_id, struct message_meta *meta_out,
                  struct err *err)
{
    (void)group;
    (void)owner;
    *meta_out = fake_meta(message_id);
    return !fake_fails(err) && (meta_out->message_id || err_set(err, ERR_NOT_FOUND, "It is gone."));
}
bool message_headers(struct group *group, const void *owner, const int64_t *message_ids, size_t count,
                     struct span **headers_out, struct err *err)
{
    (void)group;
    *headers_out = talloc_zero_array(owner, struct span, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++)
        if (fake_draft(message_ids[i]))
            (*headers_out)[i] =
                span_part(fake_draft(message_ids[i])->bytes, 0, fake_draft(message_ids[i])->header_bytes);
    return !fake_fails(err);
}
bool message_read(struct group *group, const void *owner, int64_t message_id, uint64_t offset, size_t length,
                  struct span *bytes_out, struct err *err)
{
    (void)group;
    (void)owner;
    if (fake_fails(err) || !fake_draft(message_id))
        return err_set(err, ERR_BUSY, "It cannot be read now.");
    /* In small pieces, so that pieces meet. */
    *bytes_out = span_part(fake_draft(message_id)->bytes, (size_t)offset, length < 7 ? length : 7);
    return true;
}
struct message_sweep {
    const int64_t *ids;
    size_t count, at;
};
struct message_sweep *message_sweep_open(const void *owner, struct group *group, const int64_t *message_ids,
                                         size_t count)
{
    struct message_sweep *sweep = talloc_zero(owner, struct message_sweep);

    (void)group;
    sweep->ids = message_ids;
    sweep->count = count;
    return sweep;
}
bool message_sweep_next(struct message_sweep *sweep, struct message_sweep_item *item_out, struct err *err)
{
    *err = ERR_INIT;
    if (fake_fails(err) || sweep->at == sweep->count)
        return false;
    *item_out = (struct message_sweep_item){ .number = sweep->at, .message_id = sweep->ids[sweep->at] };
    item_out->is_large = sweep->at % 2 == 1; /* every second one is read in pieces */
    if (fake_draft(item_out->message_id) && !item_out->is_large)
        item_out->bytes = fake_draft(item_out->message_id)->bytes;
    sweep->at++;
    return true;
}
void message_sweep_beside(struct message_sweep *sweep, message_beside *beside, void *context)
{
    (void)sweep;
    (void)beside;
    (void)context;
}
void message_sweep_rest(struct message_sweep *sweep)
{
    (void)sweep;
}
void message_sweep_close(struct message_sweep **sweep)
{
    TALLOC_FREE(*sweep);
}
bool deliver_appends(struct deliver *deliver, int64_t group_id_, struct deliver_append *appends, size_t count,
                     db_work *before, void *before_arg, struct err *err)
{
    (void)deliver;
    (void)group_id_;
    if (fake_fails(err) || (before && !before(NULL, before_arg, err)))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t id = fake_mail(appends[i].draft->bytes);

        if (!id)
            return err_set(err, ERR_QUOTA, "The mailbox is full.");
        appends[i].target.uid = view_uidnext(fake_storage.folders[appends[i].target.folder_id - 1].view);
        appends[i].target.uidvalidity =
            view_uidvalidity(fake_storage.folders[appends[i].target.folder_id - 1].view);
        fake_file(appends[i].target.folder_id, id, appends[i].target.flags, appends[i].received_us);
    }
    return true;
}

#endif
