/* account.c -- see account.h. */
#include "jmap/account.h"

#include "directory/resolve.h"
#include "group/group.h"
#include "mailbox/items.h"

#include <stdio.h>
#include <talloc.h>

static int release_account(struct jmap_account *account)
{
    jmap_account_stale(account);
    mailbox_close(&account->mailbox);
    return 0;
}

static struct jmap_account *add(struct jmap_request *request, struct group *group, int64_t mailbox_id,
                                const char *name)
{
    struct jmap_account *account = talloc_zero(request->arena, struct jmap_account);
    char id[GROUP_PUBLIC_ID_SIZE];

    group_public_id(group, GROUP_ID_MAILBOX, mailbox_id, id);
    account->id = talloc_strdup(account, id);
    group_public_id(group, GROUP_ID_PRINCIPAL, mailbox_id, id); /* a mailbox has its recipient's number */
    account->principal_id = talloc_strdup(account, id);
    account->name = name;
    account->group = group;
    account->mailbox_id = mailbox_id;
    account->is_own = mailbox_id == request->reader.mailbox_id;
    talloc_set_destructor(account, release_account);
    request->accounts = talloc_realloc(request->arena, request->accounts, struct jmap_account *,
                                       (unsigned)request->account_count + 1);
    request->accounts[request->account_count++] = account;
    return account;
}

static bool add_own(struct jmap_request *request, struct err *err)
{
    const struct mailbox_location *place = &request->identity->mailbox;
    struct mailbox *mailbox;
    struct group *group;

    if (request->account_count > 0 || place->mailbox_id == 0)
        return true;
    if (!group_find(request->jmap->options.groups, place->storage_group_id, &group, err) ||
        !mailbox_open(request->jmap->options.cache, group, place->mailbox_id, &mailbox, err))
        return false;
    add(request, group, place->mailbox_id, request->identity->login)->mailbox = mailbox;
    return true;
}

static void add_found(struct jmap_request *request, struct group *group, const struct resolved *whose)
{
    bool is_public = whose->recipient_kind == RECIPIENT_PUBLIC_FOLDER;
    struct jmap_account *account =
        add(request, group, whose->recipient_id, is_public ? whose->name : whose->address);

    account->is_nobodys = !is_public && whose->recipient_kind != RECIPIENT_USER;
    account->post_address = is_public ? whose->address : NULL;
}

static bool add_shared(struct jmap_request *request, struct group *group, struct err *err)
{
    struct resolved *whose;
    int64_t *mailboxes;
    size_t count;

    if (!rights_shared_mailboxes(request->jmap->options.cache, group, &request->reader, request->arena,
                                 &mailboxes, &count, err))
        return false;
    if (count == 0)
        return true;
    if (!directory_resolve_ids(request->jmap->options.directory, request->arena, mailboxes, count, &whose,
                               &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (whose[i].organisation_id == request->reader.organisation_id &&
            whose[i].mailbox.storage_group_id == group_id(group) && /* no copy on its way */
            !(whose[i].recipient_kind == RECIPIENT_PUBLIC_FOLDER && whose[i].kind != RESOLVED_RECIPIENT))
            add_found(request, group, &whose[i]);
    return true;
}

bool jmap_accounts(struct jmap_request *request, struct err *err)
{
    size_t count;
    int64_t *ids;

    if (request->has_others)
        return true;
    if (!add_own(request, err))
        return false;
    request->has_others = true;
    ids = groups_ids(request->jmap->options.groups, request->arena, &count);
    for (size_t i = 0; i < count; i++) {
        struct err down = ERR_INIT; /* hides what is shared there, and nothing else */
        struct group *group;
        if (group_find(request->jmap->options.groups, ids[i], &group, &down))
            (void)!add_shared(request, group, &down);
    }
    return true;
}

static struct jmap_account *known(const struct jmap_request *request, const char *id)
{
    for (size_t i = 0; i < request->account_count; i++)
        if (strcmp(request->accounts[i]->id, id) == 0)
            return request->accounts[i];
    return NULL;
}

bool jmap_account_find(struct jmap_request *request, const char *id, struct jmap_account **account_out,
                       struct err *err)
{
    if (!add_own(request, err))
        return false;
    *account_out = known(request, id);
    if (*account_out)
        return true;
    if (!jmap_accounts(request, err))
        return false;
    *account_out = known(request, id);
    return *account_out || err_set(err, ERR_NOT_FOUND, "There is no such account.");
}

bool jmap_account_open(struct jmap_request *request, struct jmap_account *account, struct err *err)
{
    return account->mailbox || mailbox_open(request->jmap->options.cache, account->group, account->mailbox_id,
                                            &account->mailbox, err);
}

void jmap_account_note_visit(const struct jmap_request *request, const struct jmap_account *account)
{
    struct auth_request way = { .protocol = PROTOCOL_WEB };

    if (account->is_own || account->post_address || !request->http) /* public: nobody's to know */
        return;
    way.peer = *http_peer(request->http);
    auth_note_visit(request->jmap->options.auth, &way, request->identity, account->mailbox_id);
}

void jmap_account_stale(struct jmap_account *account)
{
    for (size_t i = 0; account->is_read && i < account->folder_count; i++)
        view_release(&account->views[i]);
    account->is_read = false;
}

bool jmap_account_read(struct jmap_request *request, struct jmap_account *account, struct err *err)
{
    size_t count, kept = 0;

    if (account->is_read)
        return true;
    if (!jmap_account_open(request, account, err) ||
        !mailbox_modseq(account->mailbox, &account->modseq, err) ||
        !folder_list(account->mailbox, &request->reader, account, &account->folders, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (account->folders[i]->folder_id)
            account->folders[kept++] = account->folders[i];
    account->folder_count = kept;
    account->views = talloc_zero_array(account, struct view *, (unsigned)kept + 1);
    account->is_read = true;
    return true;
}

bool jmap_account_folder(const struct jmap_account *account, int64_t folder_id, size_t *number_out)
{
    for (size_t i = 0; i < account->folder_count; i++)
        if (account->folders[i]->folder_id == folder_id) {
            *number_out = i;
            return true;
        }
    return false;
}

bool jmap_account_mailbox(const struct jmap_account *account, const char *id, size_t *number_out)
{
    int64_t folder_id;

    return jmap_id_decode(account, GROUP_ID_FOLDER, id, &folder_id) &&
           jmap_account_folder(account, folder_id, number_out);
}

bool jmap_account_view(struct jmap_account *account, size_t number, const struct view **view_out,
                       struct err *err)
{
    const struct folder *folder = account->folders[number];
    struct view **view = &account->views[number];

    if (!*view && !view_latest(account->mailbox, folder->folder_id, VIEW_TRUST_WAKE, view, err))
        return false;
    if (view_modseq(*view) < folder->modseq) {
        view_release(view);
        if (!view_latest(account->mailbox, folder->folder_id, VIEW_CHECK, view, err))
            return false;
    }
    *view_out = *view;
    return true;
}

const char *jmap_state(const struct jmap_call *call)
{
    return talloc_asprintf(call->arena, "%llu", (unsigned long long)call->account->modseq);
}
