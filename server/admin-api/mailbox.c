/* mailbox.c -- folders of a mailbox, and one message put into it. */
#include "admin_api/mailbox.h"

#include "admin_api/json.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hex.h"
#include "deliver/deliver.h"
#include "directory/audit.h"
#include "format/date.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/import.h"

#include <string.h>
#include <talloc.h>

bool open_mailbox(struct admin_call *call, const char *address, struct opened_mailbox *out, struct err *err)
{
    struct group *group;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, address, &out->user, err) ||
        !group_find(call->api->options.groups, out->user.mailbox.storage_group_id, &group, err) ||
        !mailbox_open(call->api->options.cache, group, out->user.mailbox.mailbox_id, &out->mailbox, err))
        return false;
    out->reader = (struct mailbox_reader){ .recipient_id = out->user.recipient_id,
                                           .mailbox_id = out->user.mailbox.mailbox_id,
                                           .organisation_id = out->user.organisation_id };
    return true;
}

struct span with_crlf(void *owner, struct span bytes)
{
    struct buf out = BUF_INIT(owner);
    const char *from = bytes.p;
    size_t missing = 0;

    for (const char *p = bytes.p; p < bytes.end; p++)
        missing += *p == '\n' && (p == bytes.p || p[-1] != '\r');
    if (missing == 0)
        return bytes;
    (void)buf_reserve(&out, span_length(bytes) + missing);
    for (const char *p = bytes.p; p < bytes.end; p++)
        if (*p == '\n' && (p == bytes.p || p[-1] != '\r')) {
            buf_add(&out, from, (size_t)(p - from));
            buf_add_byte(&out, '\r');
            from = p;
        }
    buf_add(&out, from, (size_t)(bytes.end - from));
    return buf_span(&out);
}

bool mailbox_folders_get(struct admin_call *call, struct err *err)
{
    struct opened_mailbox opened = { .mailbox = NULL };
    struct folder **folders;
    size_t count;
    json_t *json;

    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    if (!folder_list(opened.mailbox, &opened.reader, call->arena, &folders, &count, err)) {
        mailbox_close(&opened.mailbox);
        return false;
    }
    json = json_array();
    for (size_t i = 0; i < count; i++)
        if (folders[i]->folder_id != 0)
            json_array_append_new(json, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "name", folders[i]->name,
                                                  "messages", (json_int_t)folders[i]->messages, "unseen",
                                                  (json_int_t)folders[i]->unseen, "bytes",
                                                  (json_int_t)folders[i]->bytes, "uidvalidity",
                                                  (json_int_t)folders[i]->uidvalidity, "uidnext",
                                                  (json_int_t)folders[i]->uidnext));
    mailbox_close(&opened.mailbox);
    return call_answer(call, json_pack("{s:o}", "folders", json));
}

/* "\Seen $Forwarded": system bits and the names of keywords. */
static bool take_flags(void *arena, const char *text, struct filing_target *target, struct err *err)
{
    struct span rest = span_text(text ? text : ""), word;
    const char **keywords = talloc_zero_array(arena, const char *, KEYWORDS_MAX + 1);
    size_t count = 0;

    while (!span_is_empty(rest = span_trim(rest))) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        if (*word.p == '\\') {
            uint64_t bit = flag_of_name(word);
            if (!bit)
                return err_set(err, ERR_INVALID, "%.*s is no flag.", (int)span_length(word), word.p);
            target->flags |= bit;
        } else if (!keyword_is_valid(word) || count == KEYWORDS_MAX) {
            return err_set(err, ERR_INVALID, "%.*s cannot be a keyword.", (int)span_length(word), word.p);
        } else {
            keywords[count++] = span_copy(arena, word);
        }
    }
    target->keywords = count ? keywords : NULL;
    return true;
}

/* The folder of that name; made where it is missing. */
static bool find_or_make(struct opened_mailbox *opened, const char *name, void *arena, int64_t *folder_id_out,
                         struct err *err)
{
    struct folder *folder;

    if (!folder_find(opened->mailbox, &opened->reader, name, RIGHT_LOOKUP, arena, &folder, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT;
        if (!folder_create(opened->mailbox, &opened->reader, name, NULL, arena, &folder, err))
            return false;
    }
    *folder_id_out = folder->folder_id;
    return true;
}

bool mailbox_message_post(struct admin_call *call, struct err *err)
{
    const char *folder = http_query(call->request, "folder"), *date = http_query(call->request, "date");
    struct span bytes = with_crlf(call->arena, http_body(call->request));
    struct opened_mailbox opened = { .mailbox = NULL };
    struct deliver_append append = { .received_us = clock_now_us() };
    bool done;

    if (span_is_empty(bytes) || (int64_t)span_length(bytes) > atomic_load(&call->api->message_max))
        return err_set(err, ERR_LIMIT, "The message is empty or too large.");
    if (date && !date_parse_utc(span_text(date), &append.received_us))
        return err_set(err, ERR_INVALID, "%s is no date such as 2031-01-31T12:00:00Z.", date);
    if (!take_flags(call->arena, http_query(call->request, "flags"), &append.target, err) ||
        !open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    append.draft = message_prepare(call->arena, bytes);
    append.target.mailbox_id = opened.user.mailbox.mailbox_id;
    done =
        find_or_make(&opened, folder ? folder : FOLDER_INBOX, call->arena, &append.target.folder_id, err) &&
        deliver_appends(call->api->options.deliver, opened.user.mailbox.storage_group_id, &append, 1, NULL,
                        NULL, err);
    mailbox_close(&opened.mailbox);
    if (!done)
        return false;
    return call_created(call, json_pack("{s:I, s:I}", "uid", (json_int_t)append.target.uid, "uidvalidity",
                                        (json_int_t)append.target.uidvalidity));
}

/* ---- batches */

struct entry {
    const char *folder;
    struct span key; /* of the receipt */
    struct deliver_append append;
};

static bool read_key(void *arena, const char *hex, struct span *key_out)
{
    char *key = talloc_array(arena, char, IMPORT_KEY_BYTES);

    if (!hex || strlen(hex) != 2 * IMPORT_KEY_BYTES)
        return false;
    for (size_t i = 0; i < IMPORT_KEY_BYTES; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (char)(high << 4 | low);
    }
    *key_out = span_of(key, IMPORT_KEY_BYTES);
    return true;
}

/* {"folder": "INBOX", "flags": "\\Seen", "date": 1204680122000000, "key": "...", "size": 1234} LF, then the bytes. */
static bool take_entry(struct admin_call *call, struct span *batch, struct entry *entry_out, struct err *err)
{
    const char *flags = "", *key = NULL, *folder = NULL;
    json_int_t date = 0, size = -1;
    struct span line, bytes;
    json_t *head = NULL;
    bool done;

    if (!span_take_line(batch, &line))
        return err_set(err, ERR_INVALID, "The batch ends in the middle of a message.");
    done = admin_json_read(line, &head, err) &&
           json_unpack(head, "{s:s, s?s, s:I, s:s, s:I}", "folder", &folder, "flags", &flags, "date", &date,
                       "key", &key, "size", &size) == 0;
    *entry_out = (struct entry){ .folder = done ? talloc_strdup(call->arena, folder) : NULL };
    if (!done || size < 0 || (size_t)size > span_length(*batch) ||
        !read_key(call->arena, key, &entry_out->key)) {
        json_decref(head);
        return err_set(err, ERR_INVALID, "The batch is not well formed.");
    }
    bytes = span_of(batch->p, (size_t)size);
    batch->p += size;
    entry_out->append.received_us = date ? date : clock_now_us();
    done = take_flags(call->arena, flags, &entry_out->append.target, err);
    entry_out->append.draft = message_prepare(call->arena, with_crlf(call->arena, bytes));
    json_decref(head);
    return done;
}

/* A run of entries for one folder: one transaction for those that are new. */
static bool file_run(struct admin_call *call, struct opened_mailbox *opened, const struct entry *entries,
                     size_t count, size_t *filed_out, struct err *err)
{
    struct deliver_append *appends = talloc_zero_array(call->arena, struct deliver_append, (unsigned)count);
    struct span *keys = talloc_array(call->arena, struct span, (unsigned)count);
    bool *is_known = talloc_array(call->arena, bool, (unsigned)count);
    struct import_keys all = { opened->user.mailbox.mailbox_id, keys, count };
    int64_t folder_id;
    size_t fresh = 0;

    for (size_t i = 0; i < count; i++)
        keys[i] = entries[i].key;
    if (!import_known(mailbox_group(opened->mailbox), &all, is_known, err) ||
        !find_or_make(opened, entries[0].folder, call->arena, &folder_id, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_known[i])
            continue;
        appends[fresh] = entries[i].append;
        appends[fresh].target.mailbox_id = all.mailbox_id;
        appends[fresh].target.folder_id = folder_id;
        keys[fresh++] = entries[i].key;
    }
    all.count = fresh;
    *filed_out += fresh;
    return fresh == 0 || deliver_appends(call->api->options.deliver, opened->user.mailbox.storage_group_id,
                                         appends, fresh, import_note, &all, err);
}

static bool file_all(struct admin_call *call, struct opened_mailbox *opened, const struct entry *entries,
                     size_t count, size_t *filed_out, struct err *err)
{
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && strcmp(entries[next].folder, entries[first].folder) == 0;
             next++)
            ;
        if (!file_run(call, opened, entries + first, next - first, filed_out, err))
            return false;
    }
    return true;
}

bool mailbox_import_post(struct admin_call *call, struct err *err)
{
    struct span batch = http_body(call->request);
    struct opened_mailbox opened = { .mailbox = NULL };
    struct entry *entries = NULL;
    size_t count = 0, filed = 0;
    bool done;

    while (!span_is_empty(batch)) {
        entries = talloc_realloc(call->arena, entries, struct entry, (unsigned)count + 1);
        if (!take_entry(call, &batch, &entries[count++], err))
            return false;
    }
    if (!open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    done = file_all(call, &opened, entries, count, &filed, err);
    if (done && http_query(call->request, "begin"))
        done = audit_note(call->api->options.directory, &call->actor, opened.user.organisation_id,
                          "mailbox.import", opened.user.address, NULL, err);
    mailbox_close(&opened.mailbox);
    if (!done)
        return false;
    return call_answer(
        call, json_pack("{s:I, s:I}", "filed", (json_int_t)filed, "known", (json_int_t)(count - filed)));
}
