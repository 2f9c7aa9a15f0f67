/* recover.c -- expunged messages: what can be had again, and bringing it back. */
#include "mailbox/recover.h"

#include "admin_api/mailbox.h"
#include "directory/audit.h"
#include "format/date.h"
#include "format/fold.h"
#include "format/header.h"
#include "mailbox/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { LIST_MAX = 1000, RECOVER_MAX = 10 * 1000, HEADERS_AT_ONCE = 100, ID_TEXT = 48 };

/* Which of them are meant. */
struct wish {
    const char *folder, *subject; /* NULL: any */
    int64_t since_us;
    const json_t *ids; /* NULL: any */
    size_t limit;
};

struct found {
    struct recoverable item;
    const char *subject, *from;
};

static bool read_since(const char *text, int64_t *since_us_out, struct err *err)
{
    char moment[40];

    *since_us_out = 0;
    if (!text)
        return true;
    snprintf(moment, sizeof moment, "%.20s%s", text, strchr(text, 'T') ? "" : "T00:00:00Z");
    return date_parse_utc(span_text(moment), since_us_out) ||
           err_set(err, ERR_INVALID, "%s is no day such as 2031-01-31.", text);
}

static void id_text(const struct recoverable *item, char text[ID_TEXT])
{
    snprintf(text, ID_TEXT, "%llx.%llx", (unsigned long long)item->folder_id, (unsigned long long)item->uid);
}

static bool is_listed(const json_t *ids, const struct recoverable *item)
{
    char text[ID_TEXT];

    id_text(item, text);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (id && strcmp(id, text) == 0)
            return true;
    }
    return false;
}

static const char *field_text(const void *owner, struct span header, const char *name)
{
    const char *text = header_text(owner, header, name);

    return text ? text : "";
}

static bool has_subject(const void *owner, const char *subject, const char *wanted)
{
    return fold_contains(span_text(fold_text(owner, span_text(subject))),
                         span_text(fold_text(owner, span_text(wanted))));
}

/* Those that the wish means, with what they say of themselves. */
static bool find(struct admin_call *call, struct group *group, int64_t mailbox_id, const struct wish *wish,
                 struct found **found_out, size_t *count_out, struct err *err)
{
    struct recoverable *all;
    size_t count, candidates = 0;

    if (!mailbox_recoverable(group, call->arena, mailbox_id, 0, RECOVER_MAX, &all, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (all[i].expunged_us >= wish->since_us &&
            (!wish->folder || strcmp(wish->folder, all[i].folder_name) == 0) &&
            (!wish->ids || is_listed(wish->ids, &all[i])))
            all[candidates++] = all[i];
    *found_out = talloc_array(call->arena, struct found, (unsigned)candidates + 1);
    *count_out = 0;
    for (size_t first = 0; first < candidates && *count_out < wish->limit; first += HEADERS_AT_ONCE) {
        size_t some = candidates - first < HEADERS_AT_ONCE ? candidates - first : HEADERS_AT_ONCE;
        int64_t ids[HEADERS_AT_ONCE];
        struct span *headers;
        for (size_t i = 0; i < some; i++)
            ids[i] = all[first + i].message_id;
        if (!message_headers(group, call->arena, ids, some, &headers, err))
            return false;
        for (size_t i = 0; i < some && *count_out < wish->limit; i++) {
            struct found found = { all[first + i], field_text(call->arena, headers[i], "Subject"),
                                   field_text(call->arena, headers[i], "From") };
            if (!wish->subject || has_subject(call->arena, found.subject, wish->subject))
                (*found_out)[(*count_out)++] = found;
        }
    }
    return true;
}

bool recoverable_get(struct admin_call *call, struct err *err)
{
    const char *limit = http_query(call->request, "limit");
    struct wish wish = { .folder = http_query(call->request, "folder"),
                         .subject = http_query(call->request, "subject"),
                         .limit = limit ? strtoul(limit, NULL, 10) : LIST_MAX };
    struct opened_mailbox opened = { .mailbox = NULL };
    struct found *found;
    size_t count;
    json_t *json;

    if (wish.limit == 0 || wish.limit > LIST_MAX)
        wish.limit = LIST_MAX;
    if (!read_since(http_query(call->request, "since"), &wish.since_us, err) ||
        !open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    bool done =
        find(call, mailbox_group(opened.mailbox), mailbox_id(opened.mailbox), &wish, &found, &count, err);
    mailbox_close(&opened.mailbox);
    if (!done)
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++) {
        char id[ID_TEXT];
        id_text(&found[i].item, id);
        json_array_append_new(
            json, json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:I}", "id", id, "folder",
                            found[i].item.folder_name, "expunged", json_time(found[i].item.expunged_us),
                            "until", json_time(found[i].item.until_us), "received",
                            json_time(found[i].item.received_us), "from", found[i].from, "subject",
                            found[i].subject, "size", (json_int_t)found[i].item.size_bytes));
    }
    return call_answer(call, json_pack("{s:o}", "messages", json));
}

static bool restore(struct admin_call *call, struct opened_mailbox *opened, const struct wish *wish,
                    struct recovered *recovered, struct err *err)
{
    struct group *group = mailbox_group(opened->mailbox);
    const char *into = call_text(call, "into");
    struct folder *folder = NULL;
    struct recoverable *items;
    struct found *found;
    size_t count;

    if ((into &&
         !folder_find(opened->mailbox, &opened->reader, into, RIGHT_INSERT, call->arena, &folder, err)) ||
        !find(call, group, mailbox_id(opened->mailbox), wish, &found, &count, err))
        return false;
    *recovered = (struct recovered){ 0 };
    if (count == 0)
        return true;
    items = talloc_array(call->arena, struct recoverable, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        items[i] = found[i].item;
    if (!mailbox_recover(group, mailbox_id(opened->mailbox), items, count, folder ? folder->folder_id : 0,
                         recovered, err))
        return false;
    mailbox_announce(call->api->options.cache, group_id(group), mailbox_id(opened->mailbox),
                     recovered->modseq);
    return true;
}

bool recoverable_post(struct admin_call *call, struct err *err)
{
    struct wish wish = { .folder = call_text(call, "folder"),
                         .subject = call_text(call, "subject"),
                         .ids = json_object_get(call->in, "ids"),
                         .limit = RECOVER_MAX };
    struct opened_mailbox opened = { .mailbox = NULL };
    struct recovered recovered;

    if (!read_since(call_text(call, "since"), &wish.since_us, err) ||
        !open_mailbox(call, call->parameters[0], &opened, err))
        return false;
    bool done = restore(call, &opened, &wish, &recovered, err) &&
                audit_note(call->api->options.directory, &call->actor, opened.user.organisation_id,
                           "mailbox.recover", opened.user.address, NULL, err);
    mailbox_close(&opened.mailbox);
    return done && call_answer(call, json_pack("{s:I}", "recovered", (json_int_t)recovered.count));
}
