/*
 * post.c -- see post.h.
 */
#include "policy/post.h"

#include "directory/resolve.h"
#include "format/address.h"
#include "group/group.h"
#include "mailbox/folder.h"
#include "mailbox/rights.h"

#include <string.h>
#include <talloc.h>

/* The sender as a reader; of nobody here only that he is no stranger to `anyone`. */
static bool find_sender(struct directory *directory, const void *arena,
                        const struct policy_question *question, const struct resolve_target *target,
                        struct mailbox_reader *reader, struct err *err)
{
    struct address address;
    struct resolved found;

    *reader = (struct mailbox_reader){ .organisation_id = target->organisation_id };
    if (!question->is_authenticated || question->organisation_id != target->organisation_id ||
        address_parse(arena, span_text(question->sender), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    if (!directory_resolve(directory, arena, address.local, address.domain, &found, err))
        return false;
    if (found.kind == RESOLVED_RECIPIENT && found.organisation_id == target->organisation_id)
        reader->recipient_id = found.recipient_id;
    return true;
}

static bool read_rights(struct groups *groups, struct mailbox_cache *cache,
                        const struct mailbox_reader *reader, const struct resolve_target *target,
                        unsigned *rights_out, struct err *err)
{
    struct mailbox *mailbox;
    struct folder *folder;
    struct group *group;
    void *arena;
    bool is_found;

    *rights_out = 0;
    if (!group_find(groups, target->group_id, &group, err) ||
        !mailbox_open(cache, group, target->mailbox_id, &mailbox, err))
        return false;
    arena = talloc_new(NULL);
    is_found = folder_find(mailbox, reader, FOLDER_INBOX, 0, arena, &folder, err);
    if (is_found)
        *rights_out = folder->rights;
    talloc_free(arena);
    mailbox_close(&mailbox);
    return is_found;
}

bool post_is_allowed(struct directory *directory, struct groups *groups, struct mailbox_cache *cache,
                     const struct policy_question *question, const struct resolve_target *target,
                     struct err *err)
{
    void *arena = talloc_new(NULL);
    struct mailbox_reader reader;
    unsigned rights = 0;
    bool is_read = !cache || (find_sender(directory, arena, question, target, &reader, err) &&
                              read_rights(groups, cache, &reader, target, &rights, err));

    talloc_free(arena);
    if (!is_read || (rights & RIGHT_POST))
        return is_read;
    if (!question->is_authenticated)
        return err_set(err, ERR_AUTH, "Only senders who have logged in may post to this public folder.");
    return err_set(err, ERR_DENIED, "You may not post to this public folder.");
}
