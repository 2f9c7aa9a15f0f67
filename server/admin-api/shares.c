/* shares.c -- who is let into which mailboxes that nobody logs in to, of all of them, and what rights are called: for the configuration as text. */
#include "admin_api/share.h"

#include "directory/recipient_list.h"
#include "directory/resolve.h"
#include "group/group.h"
#include "mailbox/rights.h"

#include <string.h>
#include <talloc.h>

enum { PAGE = 1000 };

struct share_word {
    const char *name, *letters;
};

/* What the webmail calls them (docs/user-guide). */
static const struct share_word of_mailbox[] = {
    { "reader", "lrs" },      { "contributor", "lrsi" },  { "author", "lrswik" },
    { "editor", "lrswikte" }, { "owner", "lrswipkxtea" },
};
/* And of public folders, as Outlook does. What somebody has read is the same for everybody: who only reads, or adds, marks nothing. */
static const struct share_word of_public_folder[] = {
    { "contributor", "lip" }, { "reviewer", "lr" },       { "author", "lrip" },
    { "editor", "lrswipte" }, { "owner", "lrswipkxtea" },
};

static const struct {
    const struct share_word *roles;
    size_t count;
} known[] = {
    { of_mailbox, COUNT_OF(of_mailbox) },
    { of_public_folder, COUNT_OF(of_public_folder) },
};

const char *share_role(enum recipient_kind kind, unsigned rights)
{
    const size_t set = kind == RECIPIENT_PUBLIC_FOLDER;

    for (size_t i = 0; i < known[set].count; i++) {
        unsigned of_role;
        if (rights_parse(span_text(known[set].roles[i].letters), &of_role) && of_role == rights)
            return known[set].roles[i].name;
    }
    return NULL;
}

/* NULL: no role of these is called so. */
static const char *letters_of(size_t set, const char *name)
{
    for (size_t i = 0; i < known[set].count; i++)
        if (strcmp(known[set].roles[i].name, name) == 0)
            return known[set].roles[i].letters;
    return NULL;
}

bool share_rights(enum recipient_kind kind, const char *text, unsigned *rights_out, struct err *err)
{
    const size_t set = kind == RECIPIENT_PUBLIC_FOLDER;
    const char *letters = letters_of(set, text);

    *rights_out = 0;
    if (strcmp(text, "none") == 0)
        return true;
    if (!letters &&
        !letters_of(!set, text)) /* "reader" is letters, too, and would be an owner of a public folder */
        letters = text;
    if (letters && *letters && rights_parse(span_text(letters), rights_out))
        return true;
    return err_set(err, ERR_INVALID,
                   set ? "Rights are reviewer, contributor, author, editor, owner, none or letters of "
                         "lrswipkxtea."
                       : "Rights are reader, contributor, author, editor, owner, none or letters of "
                         "lrswipkxtea.");
}

/* ---- the mailboxes of one storage group */

struct listing {
    struct admin_call *call;
    json_t *out;
    struct recipient_entry *mailboxes; /* of one page */
    size_t mailbox_count;
    int64_t *ids; /* those of them in one storage group */
    size_t count;
    struct rights_row *rows, *folders; /* of those */
    size_t row_count, folder_count;
};

static const struct recipient_entry *entry_of(const struct listing *l, int64_t mailbox_id)
{
    static const struct recipient_entry gone = { .kind = RECIPIENT_SHARED, .address = "" };

    for (size_t i = 0; i < l->mailbox_count; i++)
        if (l->mailboxes[i].mailbox.mailbox_id == mailbox_id)
            return &l->mailboxes[i];
    return &gone;
}

/* One mailbox's part of both lists, which are in the order of mailboxes. */
struct part {
    const struct rights_row *rows, *folders;
    size_t row_count, folder_count;
};

static size_t count_same(const struct rights_row *from, size_t most, int64_t mailbox_id)
{
    size_t count = 0;

    while (count < most && from[count].mailbox_id == mailbox_id)
        count++;
    return count;
}

static bool is_of(const struct rights_row *row, const struct rights_entry *who)
{
    return row->entry.subject == who->subject && row->entry.recipient_id == who->recipient_id &&
           !row->entry.is_negative;
}

/* What he may in that folder (NULL: in the whole mailbox). */
static unsigned rights_in(const struct part *part, const struct rights_entry *who, const char *folder)
{
    for (size_t i = 0; i < part->row_count; i++)
        if (is_of(&part->rows[i], who) &&
            (folder ? part->rows[i].folder && strcmp(part->rows[i].folder, folder) == 0
                    : part->rows[i].folder == NULL))
            return part->rows[i].entry.rights;
    return 0;
}

static json_t *word_of(enum recipient_kind kind, unsigned rights)
{
    const char *role = share_role(kind, rights);
    char letters[RIGHTS_TEXT_MAX];

    rights_render(rights, letters);
    return json_string(role ? role : rights ? letters : "none");
}

/* The folders in which he has other rights than in the whole mailbox. */
static json_t *exceptions(enum recipient_kind kind, const struct part *part, const struct rights_entry *who,
                          unsigned whole)
{
    json_t *list = json_array();

    for (size_t i = 0; i < part->folder_count; i++) {
        unsigned rights = rights_in(part, who, part->folders[i].folder);
        json_t *word = word_of(kind, rights);
        if (rights != whole)
            json_array_append_new(list,
                                  json_sprintf("%s=%s", part->folders[i].folder, json_string_value(word)));
        json_decref(word);
    }
    return list;
}

/* Taken-away rights are of IMAP's clients, and not configured here. */
static bool is_first(const struct part *part, size_t at)
{
    const struct rights_entry *who = &part->rows[at].entry;

    for (size_t i = 0; i < at; i++)
        if (is_of(&part->rows[i], who))
            return false;
    return !who->is_negative && who->subject != RIGHTS_AUTHENTICATED;
}

static void add_share(const struct listing *l, const struct part *part, const struct rights_row *first)
{
    struct resolved person = { .address = SHARE_ANYONE };
    struct err gone = ERR_INIT;
    unsigned whole = rights_in(part, &first->entry, NULL);
    const struct recipient_entry *entry = entry_of(l, first->mailbox_id);
    const char *mailbox = entry->address;

    if (first->entry.recipient_id && !directory_resolve_id(l->call->api->options.directory, l->call->arena,
                                                           first->entry.recipient_id, &person, &gone))
        return; /* means nothing any more */
    json_array_append_new(
        l->out, json_pack("{s:o, s:s, s:s, s:o, s:o}", "id", json_sprintf("%s/%s", mailbox, person.address),
                          "mailbox", mailbox, "person", person.address, "rights", word_of(entry->kind, whole),
                          "folders", exceptions(entry->kind, part, &first->entry, whole)));
}

static void add_mailboxes(const struct listing *l)
{
    size_t at = 0, folder = 0;

    while (at < l->row_count) {
        int64_t id = l->rows[at].mailbox_id;
        while (folder < l->folder_count && l->folders[folder].mailbox_id < id)
            folder++;
        const struct part part = { .rows = l->rows + at,
                                   .folders = l->folders + folder,
                                   .row_count = count_same(l->rows + at, l->row_count - at, id),
                                   .folder_count =
                                       count_same(l->folders + folder, l->folder_count - folder, id) };
        for (size_t i = 0; i < part.row_count; i++)
            if (is_first(&part, i))
                add_share(l, &part, &part.rows[i]);
        at += part.row_count;
    }
}

static bool add_group(struct listing *l, int64_t storage_group_id, struct err *err)
{
    struct group *group;

    if (!group_find(l->call->api->options.groups, storage_group_id, &group, err) ||
        !rights_rows(group, l->call->arena, l->ids, l->count, &l->rows, &l->row_count, err) ||
        !rights_folders(group, l->call->arena, l->ids, l->count, &l->folders, &l->folder_count, err))
        return false;
    add_mailboxes(l);
    return true;
}

/* Storage group by storage group, in the order in which they come. */
static bool add_page(struct listing *l, struct err *err)
{
    bool *is_done = talloc_zero_array(l->call->arena, bool, (unsigned)l->mailbox_count + 1);

    l->ids = talloc_array(l->call->arena, int64_t, (unsigned)l->mailbox_count + 1);
    for (size_t i = 0; i < l->mailbox_count; i++) {
        int64_t group = l->mailboxes[i].mailbox.storage_group_id;
        l->count = 0;
        for (size_t k = i; !is_done[i] && k < l->mailbox_count; k++)
            if (l->mailboxes[k].mailbox.storage_group_id == group) {
                l->ids[l->count++] = l->mailboxes[k].mailbox.mailbox_id;
                is_done[k] = k > i;
            }
        if (l->count > 0 && !add_group(l, group, err))
            return false;
    }
    return true;
}

bool share_pairs_get(struct admin_call *call, struct err *err)
{
    struct listing listing = { .call = call, .out = json_array() };
    struct recipient_query query = { .kinds = "shared,room,equipment,public-folder", .limit = PAGE };
    bool done = call_organisation_filter(call, &query.organisation_id, err);

    do {
        done = done &&
               recipient_list(call->api->options.directory, &call->actor, call->arena, &query,
                              &listing.mailboxes, &listing.mailbox_count, err) &&
               add_page(&listing, err);
        if (done && listing.mailbox_count > 0) {
            query.after_key = listing.mailboxes[listing.mailbox_count - 1].key;
            query.after_id = listing.mailboxes[listing.mailbox_count - 1].recipient_id;
        }
    } while (done && listing.mailbox_count == PAGE);
    if (!done) {
        json_decref(listing.out);
        return false;
    }
    return call_answer(call, json_pack("{s:o}", "shares", listing.out));
}
