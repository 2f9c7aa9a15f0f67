/*
 * cmd_acl.c -- SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314).
 *
 * Identifiers are addresses of users and groups in the folder owner's organisation, "anyone" (of the organisation) and
 * "authenticated"; "-" before one takes rights away. A folder that one may not administer looks like one that does
 * not exist, unless one may look it up.
 */
#include "directory/resolve.h"
#include "format/address.h"
#include "imap/place.h"
#include "mailbox/folder.h"
#include "mailbox/rights.h"

#include <talloc.h>

/* RFC 4314, 2.1.1: every right stands alone, none is always given; "c" and "d" are for clients of RFC 2086. */
static const char every_right[] = "l r s w i p k x t e a c d";

/* Whom an identifier names. */
struct subject {
    struct rights_entry entry;
    int64_t mailbox_id; /* of a user; 0: none */
};

/* One who does not exist, or not in this organisation, is refused in the same words. */
static bool find_recipient(struct imap_request *req, struct span text, struct subject *subject,
                           struct err *err)
{
    struct imap_session *session = req->session;
    struct resolved resolved;
    struct address address;

    if (address_parse(req->arena, text, ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "Nobody has this identifier.");
    if (!directory_resolve(session->context->directory, req->arena, address.local, address.domain, &resolved,
                           err))
        return false;
    bool is_group = resolved.kind == RESOLVED_ALIAS && resolved.recipient_kind == RECIPIENT_GROUP;
    if ((resolved.kind != RESOLVED_RECIPIENT && !is_group) || resolved.detail ||
        resolved.organisation_id != session->reader.organisation_id)
        return err_set(err, ERR_INVALID, "Nobody has this identifier.");
    subject->entry.subject = is_group ? RIGHTS_GROUP : RIGHTS_RECIPIENT;
    subject->entry.recipient_id = resolved.recipient_id;
    subject->mailbox_id = resolved.mailbox.mailbox_id;
    return true;
}

static bool take_identifier(struct imap_request *req, struct subject *subject, bool *is_bad_out,
                            struct err *err)
{
    struct rights_entry *entry = &subject->entry;
    struct span text;

    *subject = (struct subject){ .mailbox_id = 0 };
    *is_bad_out = !imap_take_astring(&req->in, &text) || span_is_empty(text);
    if (*is_bad_out)
        return false;
    entry->is_negative = span_take_byte(&text, '-');
    if (span_equals_text(text, "anyone"))
        entry->subject = RIGHTS_ANYONE;
    else if (span_equals_text(text, "authenticated"))
        entry->subject = RIGHTS_AUTHENTICATED;
    else
        return find_recipient(req, text, subject, err);
    return true;
}

/* SP folder SP identifier. False: *answer_out is the reply. */
static bool take_folder_and_identifier(struct imap_request *req, struct imap_place *place,
                                       struct subject *subject, enum session_next *answer_out)
{
    struct err err = ERR_INIT;
    bool is_bad = !imap_take_space(&req->in);

    if (!is_bad && imap_take_place(req, place, &is_bad, &err)) {
        is_bad = !imap_take_space(&req->in);
        if (!is_bad && take_identifier(req, subject, &is_bad, &err))
            return true;
    }
    *answer_out = is_bad ? imap_bad(req, "%s needs a folder and an identifier.", req->command->name)
                         : imap_fail(req, &err);
    return false;
}

static bool take_rights(struct imap_request *req, struct rights_entry *entry, enum rights_change *change)
{
    struct span letters;

    if (!imap_take_space(&req->in) || !imap_take_astring(&req->in, &letters) || !imap_at_end(&req->in))
        return false;
    *change = RIGHTS_SET;
    if (span_take_byte(&letters, '+'))
        *change = RIGHTS_ADD;
    else if (span_take_byte(&letters, '-'))
        *change = RIGHTS_REMOVE;
    return rights_parse(letters, &entry->rights);
}

static bool is_owner(const struct imap_place *place, const struct subject *subject)
{
    return subject->mailbox_id && subject->mailbox_id == mailbox_id(place->mailbox);
}

static enum session_next change_rights(struct imap_request *req, const struct imap_place *place,
                                       enum rights_change change, const struct subject *subject)
{
    struct mailbox_reader *reader = &req->session->reader;
    struct rights_entry *entries;
    struct err err = ERR_INIT;
    size_t count;

    if (is_owner(place, subject)) {
        if (!rights_list(place->mailbox, reader, place->name, req->arena, &entries, &count, &err))
            return imap_fail(req, &err); /* who may not ask does not learn whose it is */
        return imap_no(req, "NOPERM", "The owner has all rights always.");
    }
    if (!rights_change(place->mailbox, reader, place->name, change, &subject->entry, &err))
        return imap_fail(req, &err);
    return imap_ok(req, NULL, "%s done.", req->command->name);
}

enum session_next cmd_setacl(struct imap_request *req)
{
    enum rights_change change;
    struct subject subject;
    enum session_next answer;
    struct imap_place place;

    if (!take_folder_and_identifier(req, &place, &subject, &answer))
        return answer;
    if (!take_rights(req, &subject.entry, &change))
        return imap_bad(req, "The rights are missing or hold a letter that is no right.");
    return change_rights(req, &place, change, &subject);
}

enum session_next cmd_deleteacl(struct imap_request *req)
{
    struct subject subject;
    enum session_next answer;
    struct imap_place place;

    if (!take_folder_and_identifier(req, &place, &subject, &answer))
        return answer;
    if (!imap_at_end(&req->in))
        return imap_bad(req, "DELETEACL takes a folder and an identifier.");
    return change_rights(req, &place, RIGHTS_SET, &subject);
}

/* SP folder, and nothing after it. */
static bool take_folder(struct imap_request *req, struct imap_place *place, enum session_next *answer_out)
{
    struct err err = ERR_INIT;
    bool is_bad = !imap_take_space(&req->in);

    if (!is_bad && imap_take_place(req, place, &is_bad, &err) && imap_at_end(&req->in))
        return true;
    *answer_out = is_bad || err.kind == ERR_NONE ? imap_bad(req, "%s takes a folder.", req->command->name)
                                                 : imap_fail(req, &err);
    return false;
}

static void add_folder(struct imap_request *req, struct buf *out, const char *word,
                       const struct imap_place *place)
{
    buf_add_format(out, "* %s ", word);
    imap_add_folder_name(req->session, out, place->shown);
}

static void add_entry(struct imap_request *req, struct buf *out, const char *identifier, bool is_negative,
                      unsigned rights)
{
    const char *shown = is_negative ? talloc_asprintf(req->arena, "-%s", identifier) : identifier;

    buf_add_byte(out, ' ');
    imap_add_astring(req->session, out, span_text(shown));
    buf_add_byte(out, ' ');
    imap_add_rights(out, rights);
}

/* NULL: somebody who is gone, whose entry means nothing any more. */
static const char *identifier_of(struct imap_request *req, const struct rights_entry *entry)
{
    struct resolved resolved;
    struct err err = ERR_INIT;

    if (entry->subject == RIGHTS_ANYONE)
        return "anyone";
    if (entry->subject == RIGHTS_AUTHENTICATED)
        return "authenticated";
    return directory_resolve_id(req->session->context->directory, req->arena, entry->recipient_id, &resolved,
                                &err)
               ? resolved.address
               : NULL;
}

enum session_next cmd_getacl(struct imap_request *req)
{
    struct buf *out = imap_out(req->session);
    struct rights_entry *entries;
    struct resolved owner;
    struct err err = ERR_INIT;
    enum session_next answer;
    struct imap_place place;
    size_t count;

    if (!take_folder(req, &place, &answer))
        return answer;
    if (!rights_list(place.mailbox, &req->session->reader, place.name, req->arena, &entries, &count, &err))
        return imap_fail(req, &err);
    add_folder(req, out, "ACL", &place);
    if (directory_resolve_id(req->session->context->directory, req->arena, mailbox_id(place.mailbox), &owner,
                             &err))
        add_entry(req, out, owner.address, false, RIGHTS_ALL);
    for (size_t i = 0; i < count; i++) {
        const char *identifier = identifier_of(req, &entries[i]);
        if (identifier)
            add_entry(req, out, identifier, entries[i].is_negative, entries[i].rights);
    }
    buf_add_text(out, "\r\n");
    return imap_ok(req, NULL, "GETACL done.");
}

enum session_next cmd_listrights(struct imap_request *req)
{
    struct buf *out = imap_out(req->session);
    struct rights_entry *entries;
    struct subject subject;
    struct err err = ERR_INIT;
    enum session_next answer;
    struct imap_place place;
    size_t count;

    if (!take_folder_and_identifier(req, &place, &subject, &answer))
        return answer;
    if (!rights_list(place.mailbox, &req->session->reader, place.name, req->arena, &entries, &count, &err))
        return imap_fail(req, &err);
    add_folder(req, out, "LISTRIGHTS", &place);
    buf_add_byte(out, ' ');
    imap_add_astring(req->session, out, span_text(identifier_of(req, &subject.entry)));
    if (is_owner(&place, &subject))
        buf_add_text(out, " lrswipkxteacd\r\n"); /* the owner's cannot be changed */
    else
        buf_add_format(out, " \"\" %s\r\n", every_right);
    return imap_ok(req, NULL, "LISTRIGHTS done.");
}

enum session_next cmd_myrights(struct imap_request *req)
{
    struct buf *out = imap_out(req->session);
    struct err err = ERR_INIT;
    enum session_next answer;
    struct imap_place place;
    unsigned rights;

    if (!take_folder(req, &place, &answer))
        return answer;
    if (!rights_mine(place.mailbox, &req->session->reader, place.name, &rights, &err))
        return imap_fail(req, &err);
    add_folder(req, out, "MYRIGHTS", &place);
    buf_add_byte(out, ' ');
    imap_add_rights(out, rights);
    buf_add_text(out, "\r\n");
    return imap_ok(req, NULL, "MYRIGHTS done.");
}
