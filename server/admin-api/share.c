/*
 * share.c -- who reads and changes what is in a mailbox (RFC 4314), given by an administrator: the only way for a mailbox that nobody
 * logs in to.
 *
 * Of such a mailbox whoever looks after recipients decides; into one that somebody logs in to nobody is let by who may not open it
 * himself.
 */
#include "admin_api/approval.h"
#include "admin_api/mailbox.h"
#include "directory/audit.h"
#include "directory/resolve.h"
#include "directory/role.h"
#include "format/address.h"
#include "mailbox/folder.h"
#include "mailbox/rights.h"

#include <string.h>
#include <talloc.h>

/* What the webmail calls them (docs/user-guide). */
static const struct {
    const char *name, *letters;
} known[] = {
    { "reader", "lrs" },      { "contributor", "lrsi" },  { "author", "lrswik" },
    { "editor", "lrswikte" }, { "owner", "lrswipkxtea" },
};

static const char *role_of(unsigned rights)
{
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        unsigned of_role;
        if (rights_parse(span_text(known[i].letters), &of_role) && of_role == rights)
            return known[i].name;
    }
    return NULL;
}

/* "editor", or letters. */
static bool read_rights(const char *text, unsigned *rights_out, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].name, text) == 0)
            text = known[i].letters;
    if (*text && rights_parse(span_text(text), rights_out))
        return true;
    return err_set(err, ERR_INVALID,
                   "Rights are reader, contributor, author, editor, owner or letters of "
                   "lrswipkxtea.");
}

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

/* As IMAP's identifiers: one who is not there, or elsewhere, is refused in the same words. */
static bool find_person(struct admin_call *call, const struct user *user, const char *text,
                        struct resolved *person, struct err *err)
{
    struct address address;

    *person = (struct resolved){ .kind = RESOLVED_UNKNOWN };
    if (address_parse(call->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD &&
        !directory_resolve(call->api->options.directory, call->arena, address.local, address.domain, person,
                           err))
        return false;
    if (person->kind != RESOLVED_RECIPIENT || person->organisation_id != user->organisation_id ||
        person->recipient_kind != RECIPIENT_USER)
        return err_set(err, ERR_INVALID, "%.100s is nobody of this organisation who logs in.", text);
    return person->recipient_id != user->recipient_id ||
           err_set(err, ERR_INVALID, "The owner has all rights always.");
}

/* ---- reading */

static json_t *to_json(struct admin_call *call, const char *folder, const struct rights_entry *entry)
{
    char letters[RIGHTS_TEXT_MAX];
    const char *role = role_of(entry->rights);
    struct resolved person = { .address = entry->subject == RIGHTS_ANYONE ? "anyone" : "authenticated",
                               .name = "" };
    struct err ignored = ERR_INIT;

    if (entry->subject == RIGHTS_RECIPIENT && !directory_resolve_id(call->api->options.directory, call->arena,
                                                                    entry->recipient_id, &person, &ignored))
        return NULL; /* somebody who is gone, whose entry means nothing any more */
    rights_render(entry->rights, letters);
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b}", "person", person.address, "name",
                     person.name ? person.name : "", "folder", folder, "rights", letters, "role", role,
                     "denied", entry->is_negative);
}

static bool list_all(struct admin_call *call, struct opened_mailbox *opened, json_t *list, struct err *err)
{
    struct folder **folders;
    size_t count;

    if (!folder_list(opened->mailbox, &opened->reader, call->arena, &folders, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct rights_entry *entries;
        size_t shares;
        if (folders[i]->folder_id == 0 || folders[i]->is_search)
            continue;
        if (!rights_list(opened->mailbox, &opened->reader, folders[i]->name, call->arena, &entries, &shares,
                         err))
            return false;
        for (size_t e = 0; e < shares; e++) {
            json_t *share = to_json(call, folders[i]->name, &entries[e]);
            if (share)
                json_array_append_new(list, share);
        }
    }
    return true;
}

bool shares_get(struct admin_call *call, struct err *err)
{
    struct opened_mailbox opened = { .mailbox = NULL };
    json_t *list;
    bool done;

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    list = json_array();
    done = list_all(call, &opened, list, err);
    mailbox_close(&opened.mailbox);
    if (!done)
        json_decref(list);
    return done && call_answer(call, json_pack("{s:o}", "shares", list));
}

/* ---- changing */

struct change {
    const char *folder; /* NULL: all */
    struct rights_entry entry;
    size_t folders;
};

static bool change_all(struct admin_call *call, struct opened_mailbox *opened, struct change *change,
                       struct err *err)
{
    struct folder **folders;
    size_t count;

    change->folders = 1;
    if (change->folder)
        return rights_change(opened->mailbox, &opened->reader, change->folder, RIGHTS_SET, &change->entry,
                             err);
    if (!folder_list(opened->mailbox, &opened->reader, call->arena, &folders, &count, err))
        return false;
    change->folders = 0;
    for (size_t i = 0; i < count; i++) {
        if (folders[i]->folder_id == 0 || folders[i]->is_search)
            continue;
        if (!rights_change(opened->mailbox, &opened->reader, folders[i]->name, RIGHTS_SET, &change->entry,
                           err))
            return false;
        change->folders++;
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
    char *text = json_dumps(after, JSON_COMPACT);
    bool done = audit_note(call->api->options.directory, &call->actor, user->organisation_id, action,
                           user->address, text, err);
    free(text);
    json_decref(after);
    return done;
}

/* Rights none: takes them away. *person_out under call->arena. */
static bool give(struct admin_call *call, const char *name, struct change *change,
                 struct resolved *person_out, struct err *err)
{
    struct opened_mailbox opened = { .mailbox = NULL };

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    bool done = may_open(call, &opened.user, err) && find_person(call, &opened.user, name, person_out, err);
    change->entry.subject = RIGHTS_RECIPIENT;
    change->entry.recipient_id = done ? person_out->recipient_id : 0;
    done = done && change_all(call, &opened, change, err) &&
           note(call, &opened.user, change->entry.rights ? "mailbox.share" : "mailbox.unshare",
                person_out->address, change, err);
    mailbox_close(&opened.mailbox);
    return done;
}

bool share_post(struct admin_call *call, struct err *err)
{
    struct change change = { .folder = call_text(call, "folder") };
    struct resolved person;

    if (!read_rights(call_text(call, "rights"), &change.entry.rights, err) ||
        !give(call, call_text(call, "person"), &change, &person, err))
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
