/* share.c -- see share.h. */
#include "jmap/share.h"

#include "directory/resolve.h"
#include "mailbox/rights.h"

#include <talloc.h>

static const struct {
    const char *name;
    unsigned rights;
} words[] = {
    { "mayReadItems", RIGHT_LOOKUP | RIGHT_READ },
    { "mayAddItems", RIGHT_INSERT },
    { "mayRemoveItems", RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE },
    { "maySetSeen", RIGHT_SEEN },
    { "maySetKeywords", RIGHT_WRITE },
    { "mayCreateChild", RIGHT_CREATE },
    { "mayRename", RIGHT_DELETE },
    { "mayDelete", RIGHT_DELETE },
    { "maySubmit", RIGHT_POST },
    { "mayShare", RIGHT_ADMINISTER },
};

json_t *jmap_rights_object(unsigned rights, bool is_fixed)
{
    json_t *object = json_object();

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        bool has = (rights & words[i].rights) == words[i].rights;
        json_object_set_new(object, words[i].name,
                            json_boolean(has && !(is_fixed && words[i].rights == RIGHT_DELETE)));
    }
    return object;
}

/* A person, or a group, which is a principal as well. */
static bool is_of_principal(const struct rights_entry *entry)
{
    return entry->recipient_id && !entry->is_negative && entry->rights != 0;
}

json_t *jmap_share_with(struct jmap_call *call, const struct folder *folder)
{
    struct rights_entry *entries;
    struct err err = ERR_INIT;
    json_t *shares = NULL;
    size_t count;

    if (!(folder->rights & RIGHT_ADMINISTER) ||
        !rights_list(call->account->mailbox, &call->request->reader, folder->name, call->arena, &entries,
                     &count, &err))
        return json_null();
    for (size_t i = 0; i < count; i++) {
        if (!is_of_principal(&entries[i]))
            continue;
        shares = shares ? shares : json_object();
        json_object_set_new(shares, jmap_id_of(call, GROUP_ID_PRINCIPAL, entries[i].recipient_id),
                            jmap_rights_object(entries[i].rights, false));
    }
    return shares ? shares : json_null();
}

static bool read_rights(const json_t *wanted, unsigned *rights_out)
{
    json_t *own = json_incref((json_t *)(uintptr_t)wanted), *value;
    const char *name;
    bool is_good = json_is_object(wanted);

    *rights_out = 0;
    json_object_foreach(own, name, value)
    {
        size_t i = 0;
        while (i < COUNT_OF(words) && strcmp(words[i].name, name) != 0)
            i++;
        is_good = is_good && i < COUNT_OF(words) && json_is_boolean(value);
        if (is_good && json_is_true(value))
            *rights_out |= words[i].rights | RIGHT_LOOKUP;
    }
    json_decref(own);
    return is_good;
}

/* A principal of the same organisation, other than the owner. */
static bool find_principal(struct jmap_call *call, const char *id, struct rights_entry *entry_out)
{
    struct resolved resolved;
    struct err err = ERR_INIT;
    int64_t recipient_id;

    if (!jmap_id_decode(call->account, GROUP_ID_PRINCIPAL, id, &recipient_id) ||
        recipient_id == call->account->mailbox_id ||
        !directory_resolve_id(call->request->jmap->options.directory, call->arena, recipient_id, &resolved,
                              &err) ||
        resolved.organisation_id != call->request->reader.organisation_id)
        return false;
    *entry_out =
        (struct rights_entry){ .subject = resolved.recipient_kind == RECIPIENT_GROUP ? RIGHTS_GROUP
                                                                                     : RIGHTS_RECIPIENT,
                               .recipient_id = recipient_id };
    return true;
}

static json_t *grant(struct jmap_call *call, const struct folder *folder, const struct rights_entry *entry)
{
    struct err err = ERR_INIT;

    return rights_change(call->account->mailbox, &call->request->reader, folder->name, RIGHTS_SET, entry,
                         &err)
               ? NULL
               : jmap_set_error_of(&err);
}

static json_t *grant_all(struct jmap_call *call, const struct folder *folder, const json_t *wanted)
{
    json_t *own = json_incref((json_t *)(uintptr_t)wanted), *value, *error = NULL;
    const char *id;

    json_object_foreach(own, id, value)
    {
        struct rights_entry entry;
        if (error)
            continue;
        error = find_principal(call, id, &entry) && read_rights(value, &entry.rights)
                    ? grant(call, folder, &entry)
                    : jmap_bad_property("shareWith");
    }
    json_decref(own);
    return error;
}

json_t *jmap_share_set(struct jmap_call *call, const struct folder *folder, const json_t *wanted)
{
    struct rights_entry *entries;
    struct err err = ERR_INIT;
    json_t *error = NULL;
    size_t count;

    if (!rights_list(call->account->mailbox, &call->request->reader, folder->name, call->arena, &entries,
                     &count, &err))
        return jmap_set_error_of(&err);
    if (wanted && !json_is_null(wanted) && !json_is_object(wanted))
        return jmap_bad_property("shareWith");
    error = grant_all(call, folder, wanted);
    for (size_t i = 0; !error && i < count; i++) {
        bool is_gone =
            is_of_principal(&entries[i]) &&
            !json_object_get(wanted, jmap_id_of(call, GROUP_ID_PRINCIPAL, entries[i].recipient_id));
        entries[i].rights = 0;
        if (is_gone)
            error = grant(call, folder, &entries[i]);
    }
    return error;
}
