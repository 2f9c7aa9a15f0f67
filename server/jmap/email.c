/* email.c -- see email.h. */
#include "jmap/email.h"

#include "jmap/account.h"
#include "mailbox/flags.h"

#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

static const struct {
    const char *keyword;
    uint64_t flag;
} system_flags[] = { { "$seen", FLAG_SEEN },
                     { "$answered", FLAG_ANSWERED },
                     { "$flagged", FLAG_FLAGGED },
                     { "$draft", FLAG_DRAFT } };

uint64_t jmap_system_flag(const char *keyword)
{
    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (strcasecmp(system_flags[i].keyword, keyword) == 0)
            return system_flags[i].flag;
    return 0;
}

static void join(struct email *email, uint64_t flags)
{
    bool is_seen = (flags & FLAG_SEEN) && (email->place_count == 0 || (email->flags & FLAG_SEEN));

    email->flags = ((email->flags | flags) & ~FLAG_SEEN) | (is_seen ? FLAG_SEEN : 0);
}

/* Adds a membership where its folder may be read and still has it, and shows it. */
static bool add_place(struct jmap_call *call, struct email *email, const struct item_place *row,
                      struct err *err)
{
    struct view_message message;
    const struct view *view;
    size_t folder;

    if (!jmap_account_folder(call->account, row->folder_id, &folder) ||
        !(call->account->folders[folder]->rights & RIGHT_READ))
        return true;
    if (!jmap_account_view(call->account, folder, &view, err))
        return err->kind == ERR_NOT_FOUND;
    if (!view_find(view, row->uid, &message) || !jmap_is_shown(message.flags))
        return true;
    join(email, message.flags);
    if (email->place_count == 0) {
        email->received_us = message.received_us;
        email->size = message.size;
        email->saved_us = row->saved_us;
    }
    email->keywords = view_keywords(view);
    email->places =
        talloc_realloc(call->arena, email->places, struct email_place, (unsigned)email->place_count + 1);
    email->places[email->place_count++] = (struct email_place){ folder, row->uid, message.flags };
    return true;
}

bool jmap_emails_of(struct jmap_call *call, const struct item_place *rows, size_t row_count,
                    struct email **emails_out, size_t *count_out, struct err *err)
{
    struct email *emails = talloc_zero_array(call->arena, struct email, (unsigned)row_count + 1);
    size_t count = 0;

    for (size_t i = 0; i < row_count;) {
        struct email *email = &emails[count];
        int64_t item = rows[i].item_id;

        *email = (struct email){ .thread_id = rows[i].thread_id,
                                 .message_id = rows[i].message_id,
                                 .created_modseq = rows[i].created_modseq };
        for (; i < row_count && rows[i].item_id == item; i++)
            if (!add_place(call, email, &rows[i], err))
                return false;
        if (email->place_count > 0) {
            email->item_id = item;
            count++;
        }
    }
    *emails_out = emails;
    *count_out = count;
    return true;
}

static int by_item(const void *a, const void *b)
{
    int64_t x = ((const struct email *)a)->item_id, y = ((const struct email *)b)->item_id;

    return (x > y) - (x < y);
}

bool jmap_emails(struct jmap_call *call, const int64_t *item_ids, size_t count, struct email **emails_out,
                 struct err *err)
{
    struct email *found, *emails = talloc_zero_array(call->arena, struct email, (unsigned)count + 1);
    struct item_place *rows;
    size_t row_count, found_count;

    if (!items_find(call->account->mailbox, call->arena, item_ids, count, &rows, &row_count, err) ||
        !jmap_emails_of(call, rows, row_count, &found, &found_count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct email key = { .item_id = item_ids[i] };
        const struct email *one =
            found_count ? bsearch(&key, found, found_count, sizeof *found, by_item) : NULL;
        if (one)
            emails[i] = *one;
    }
    *emails_out = emails;
    return true;
}

bool jmap_email_find(struct jmap_call *call, const char *id, struct email *email_out, struct err *err)
{
    struct email *emails;
    int64_t item;

    *email_out = (struct email){ .item_id = 0 };
    if (!jmap_id_decode(call->account, GROUP_ID_ITEM, id, &item))
        return true;
    if (!jmap_emails(call, &item, 1, &emails, err))
        return false;
    *email_out = emails[0];
    return true;
}

json_t *jmap_email_mailboxes(struct jmap_call *call, const struct email *email)
{
    json_t *mailboxes = json_object();

    for (size_t i = 0; i < email->place_count; i++)
        json_object_set_new(
            mailboxes,
            jmap_id_of(call, GROUP_ID_FOLDER, call->account->folders[email->places[i].folder]->folder_id),
            json_true());
    return mailboxes;
}

json_t *jmap_email_keywords(const struct email *email)
{
    json_t *keywords = json_object();

    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (email->flags & system_flags[i].flag)
            json_object_set_new(keywords, system_flags[i].keyword, json_true());
    for (size_t i = 0; email->keywords && i < email->keywords->count; i++) {
        char name[KEYWORD_BYTES_MAX + 1];
        size_t length = strlen(email->keywords->names[i]);
        if (!(email->flags & (UINT64_C(1) << (KEYWORD_FIRST_BIT + i))) || length > KEYWORD_BYTES_MAX)
            continue;
        for (size_t k = 0; k <= length; k++) {
            char c = email->keywords->names[i][k];
            name[k] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        json_object_set_new(keywords, name, json_true());
    }
    return keywords;
}
