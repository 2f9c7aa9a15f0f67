/* directory_sync.c -- what only the program around the synchronisation can do. */
#include "main/directory_sync.h"

#include "directory/domain.h"
#include "directory/organisation.h"
#include "directory/source.h"
#include "dns/dns.h"
#include "group/group.h"
#include "group/quota.h"
#include "group/store.h"
#include "main/storage.h"
#include "sync/worker.h"

#include <stdlib.h>
#include <talloc.h>

struct directory_sync {
    const struct storage_parts *parts;
    struct sync_worker *worker;
};

static const struct actor ourselves = { .name = "local:server" };

/* A storage group learns of a limit when the first mailbox under it comes to it. */
static bool ensure_limits(struct directory_sync *sync, struct group *group, const struct user *user,
                          struct err *err)
{
    const char *at = strrchr(user->address, '@');
    void *arena = talloc_new(NULL);
    struct organisation organisation;
    struct domain domain;
    bool ok = organisation_get(sync->parts->directory, &ourselves, arena, user->organisation_id,
                               &organisation, err) &&
              domain_find(sync->parts->directory, &ourselves, arena, at ? at + 1 : "", &domain, err);

    if (ok && organisation.quota_bytes)
        ok = quota_root_ensure(group, QUOTA_ROOT_ORGANISATION, user->organisation_id,
                               organisation.quota_bytes, err);
    if (ok && domain.quota_bytes)
        ok = quota_root_ensure(group, QUOTA_ROOT_DOMAIN, user->domain_id, domain.quota_bytes, err);
    talloc_free(arena);
    return ok;
}

/* Those of one storage group, in one transaction. */
static bool make_in_group(struct directory_sync *sync, const struct user *users, size_t count,
                          int64_t group_id, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct mailbox_options *options = talloc_zero_array(arena, struct mailbox_options, (unsigned)count);
    enum mailbox_made *made = talloc_zero_array(arena, enum mailbox_made, (unsigned)count);
    const struct user *last = NULL;
    struct group *group;
    size_t n = 0;
    bool ok = group_find(sync->parts->groups, group_id, &group, err);

    for (size_t i = 0; ok && i < count; i++) {
        const struct user *user = &users[i];
        if (user->mailbox.storage_group_id != group_id)
            continue;
        if (!last || last->domain_id != user->domain_id)
            ok = ensure_limits(sync, group, user, err);
        last = user;
        options[n++] = (struct mailbox_options){ .mailbox_id = user->mailbox.mailbox_id,
                                                 .store_id = user->mailbox.store_id,
                                                 .organisation_id = user->organisation_id,
                                                 .domain_id = user->domain_id,
                                                 .quota_bytes = user->quota_bytes,
                                                 .quota_messages = user->quota_messages };
    }
    ok = ok && mailbox_create_many(group, options, n, made, err);
    talloc_free(arena);
    return ok;
}

static bool make_mailboxes(void *arg, const struct user *users, size_t count, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        int64_t group_id = users[i].mailbox.storage_group_id;
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first = is_first && users[k].mailbox.storage_group_id != group_id;
        if (is_first)
            ok = make_in_group(arg, users, count, group_id, err);
    }
    return ok;
}

static bool drop_mailbox(void *arg, const struct user *user, struct err *err)
{
    struct directory_sync *sync = arg;
    struct group *group;

    return group_find(sync->parts->groups, user->mailbox.storage_group_id, &group, err) &&
           (mailbox_delete(group, user->mailbox.mailbox_id, err) || err->kind == ERR_NOT_FOUND);
}

static int by_priority(const void *a, const void *b)
{
    const struct ldap_srv *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return x->weight == y->weight ? 0 : x->weight > y->weight ? -1 : 1;
}

bool find_directory_servers(void *dns, const void *owner, const char *name, int64_t deadline_us,
                            struct ldap_srv **found_out, size_t *count_out, struct err *err)
{
    struct dns_answer answer;
    size_t count = 0;

    dns_ask(dns, owner, name, DNS_SRV, deadline_us, &answer);
    *found_out = talloc_zero_array(owner, struct ldap_srv, (unsigned)answer.count + 1);
    for (size_t i = 0; i < answer.count; i++)
        if (*answer.records[i].name) /* "." says that there is no such service */
            (*found_out)[count++] =
                (struct ldap_srv){ answer.records[i].name, answer.records[i].port,
                                   answer.records[i].preference, answer.records[i].weight };
    *count_out = count;
    if (count) {
        qsort(*found_out, count, sizeof **found_out, by_priority);
        return true;
    }
    err_log(err, "%s SRV: %s %s", name, dns_status_name(answer.status), answer.reason ? answer.reason : "");
    return err_set(err, ERR_BUSY, "DNS names no directory server.");
}

bool directory_sync_start(const void *owner, struct storage *storage, const struct config *config,
                          struct directory_sync **sync_out, struct err *err)
{
    struct directory_sync *sync = *sync_out = talloc_zero(owner, struct directory_sync);
    struct sync_options options = { .server = config->hostname,
                                    .make_mailboxes = make_mailboxes,
                                    .drop_mailbox = drop_mailbox,
                                    .arg = sync };

    sync->parts = storage_parts(storage);
    options.directory = sync->parts->directory;
    options.sources = sync->parts->sources;
    return sync_worker_start(sync, &options, &sync->worker, err);
}

void directory_sync_stop(struct directory_sync **sync)
{
    if (!*sync)
        return;
    sync_worker_stop(&(*sync)->worker);
    TALLOC_FREE(*sync);
}
