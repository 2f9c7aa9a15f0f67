/*
 * share.c -- who reads and changes what is in a mailbox (RFC 4314), given by an administrator: the only way for a mailbox that nobody
 * logs in to.
 *
 * Of such a mailbox whoever looks after recipients decides; into one that somebody logs in to nobody is let by who may not open it
 * himself.
 */
#include "admin_api/share.h"

#include "admin_api/approval.h"
#include "admin_api/mailbox.h"
#include "admin_api/rules.h"
#include "directory/audit.h"
#include "directory/resolve.h"
#include "directory/role.h"
#include "format/address.h"
#include "mailbox/rights.h"

#include <string.h>
#include <talloc.h>

static bool may_open(struct admin_call *call, const struct user *user, struct err *err)
{
    struct role_object object;
    bool may;

    if (!call->holder || user->kind != RECIPIENT_USER || call->holder->recipient_id == user->recipient_id)
        return true;
    if (!role_object_address(call->api->options.directory, user->address, &object, err) ||
        !approval_may_now(call, MAILBOX_WRITE, &object, &may, err))
        return false;
    return may || err_set(err, ERR_NOT_FOUND, "There is nothing here.");
}

static bool is_group(const struct resolved *found)
{
    return found->kind == RESOLVED_ALIAS && found->recipient_kind == RECIPIENT_GROUP;
}

static bool is_person(const struct resolved *found)
{
    return found->kind == RESOLVED_RECIPIENT && found->recipient_kind == RECIPIENT_USER;
}

/* As IMAP's identifiers: one who is not there, or elsewhere, is refused in the same words. */
static bool find_person(struct admin_call *call, const struct user *user, const char *text,
                        struct resolved *person, struct rights_entry *entry, struct err *err)
{
    struct address address;

    *person = (struct resolved){ .kind = RESOLVED_UNKNOWN, .address = SHARE_ANYONE, .name = "" };
    entry->subject = RIGHTS_ANYONE;
    if (strcmp(text, SHARE_ANYONE) == 0)
        return true;
    if (address_parse(call->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD &&
        !directory_resolve(call->api->options.directory, call->arena, address.local, address.domain, person,
                           err))
        return false;
    if (person->organisation_id != user->organisation_id || (!is_group(person) && !is_person(person)))
        return err_set(err, ERR_INVALID,
                       "%.100s is nobody of this organisation who logs in, and no group of it.", text);
    entry->subject = is_group(person) ? RIGHTS_GROUP : RIGHTS_RECIPIENT;
    entry->recipient_id = person->recipient_id;
    return person->recipient_id != user->recipient_id ||
           err_set(err, ERR_INVALID, "The owner has all rights always.");
}

/* ---- reading */

static json_t *to_json(struct admin_call *call, enum recipient_kind kind, const struct rights_row *row)
{
    const struct rights_entry *entry = &row->entry;
    char letters[RIGHTS_TEXT_MAX];
    struct resolved person = { .address = entry->subject == RIGHTS_ANYONE ? SHARE_ANYONE : "authenticated",
                               .name = "" };
    struct err ignored = ERR_INIT;

    if (entry->recipient_id && !directory_resolve_id(call->api->options.directory, call->arena,
                                                     entry->recipient_id, &person, &ignored))
        return NULL; /* somebody who is gone, whose entry means nothing any more */
    rights_render(entry->rights, letters);
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s?, s:b}", "person", person.address, "name",
                     person.name ? person.name : "", "group", entry->subject == RIGHTS_GROUP, "folder",
                     row->folder ? row->folder : "", "rights", letters, "role",
                     share_role(kind, entry->rights), "denied", entry->is_negative);
}

bool shares_get(struct admin_call *call, struct err *err)
{
    struct opened_mailbox opened = { .mailbox = NULL };
    struct rights_row *rows;
    size_t count;
    json_t *list;

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    bool done = rights_rows(mailbox_group(opened.mailbox), call->arena, &opened.user.mailbox.mailbox_id, 1,
                            &rows, &count, err);
    mailbox_close(&opened.mailbox);
    if (!done)
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, to_json(call, opened.user.kind, &rows[i]));
    return call_answer(call, json_pack("{s:o}", "shares", list));
}

/* ---- changing */

struct change {
    const char *folder; /* NULL: all, and those that are made later */
    struct rights_entry entry;
    struct rights_exception *but;
    size_t but_count;
    int64_t folders;
};

static bool change_it(struct opened_mailbox *opened, struct change *change, struct err *err)
{
    change->folders = 1;
    if (change->folder)
        return rights_change(opened->mailbox, &opened->reader, change->folder, RIGHTS_SET, &change->entry,
                             err);
    return rights_change_all(opened->mailbox, &opened->reader, &change->entry, change->but, change->but_count,
                             &change->folders, err);
}

/* Of the body; of folders with others as "INBOX=reader". */
static bool read_rights(struct admin_call *call, enum recipient_kind kind, struct change *change,
                        struct err *err)
{
    const char **texts;

    if (!call_has(call, "rights"))
        return true; /* of DELETE */
    if (!share_rights(kind, call_text(call, "rights"), &change->entry.rights, err) ||
        !call_texts(call, "folders", &texts, &change->but_count, err))
        return false;
    if (change->but_count > 0 && change->folder)
        return err_set(err, ERR_INVALID, "folder and folders cannot both be given.");
    change->but = talloc_zero_array(call->arena, struct rights_exception, (unsigned)change->but_count + 1);
    for (size_t i = 0; i < change->but_count; i++) {
        const char *sign = strrchr(texts[i], '=');

        if (!sign)
            return err_set(err, ERR_INVALID, "Folders are named with rights: INBOX=reader, or INBOX=none.");
        change->but[i].folder = talloc_strndup(call->arena, texts[i], (size_t)(sign - texts[i]));
        if (!share_rights(kind, sign + 1, &change->but[i].rights, err))
            return false;
    }
    return true;
}

static bool note(struct admin_call *call, const struct user *user, const char *action, const char *person,
                 const struct change *change, struct err *err)
{
    char letters[RIGHTS_TEXT_MAX];
    json_t *after = json_pack("{s:s, s:s?}", "person", person, "folder", change->folder);

    rights_render(change->entry.rights, letters);
    if (change->entry.rights)
        json_object_set_new(after, "rights", json_string(letters));
    if (change->but_count)
        json_object_set(after, "folders", json_object_get(call->in, "folders"));
    char *text = json_dumps(after, JSON_COMPACT);
    bool done = audit_note(call->api->options.directory, &call->actor, user->organisation_id, action,
                           user->address, text, err);
    free(text);
    json_decref(after);
    return done;
}

/* Without rights, or with none: takes them away. *person_out under call->arena. */
static bool give(struct admin_call *call, const char *name, struct change *change,
                 struct resolved *person_out, struct err *err)
{
    struct opened_mailbox opened = { .mailbox = NULL };

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    bool done = may_open(call, &opened.user, err) && read_rights(call, opened.user.kind, change, err) &&
                find_person(call, &opened.user, name, person_out, &change->entry, err) &&
                change_it(&opened, change, err) &&
                note(call, &opened.user,
                     change->entry.rights || change->but_count ? "mailbox.share" : "mailbox.unshare",
                     person_out->address, change, err);
    mailbox_close(&opened.mailbox);
    return done;
}

bool share_post(struct admin_call *call, struct err *err)
{
    struct change change = { .folder = call_text(call, "folder") };
    struct resolved person;

    if (!give(call, call_text(call, "person"), &change, &person, err))
        return false;
    return call_created(call,
                        json_pack("{s:s, s:s, s:I}", "person", person.address, "name",
                                  person.name ? person.name : "", "folders", (json_int_t)change.folders));
}

bool share_delete(struct admin_call *call, struct err *err)
{
    struct change change = { .folder = http_query(call->request, "folder") };
    struct resolved person;

    return give(call, call->parameters[1], &change, &person, err);
}
