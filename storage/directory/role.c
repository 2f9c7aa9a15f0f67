/* role.c -- the words of delegated administration: permissions, roles, scopes. */
#include "directory/role.h"

#include "base/span.h"

#include <string.h>

static const char *const permission_names[PERMISSIONS] = {
    [ORGANISATION_READ] = "organisation.read",
    [ORGANISATION_WRITE] = "organisation.write",
    [DOMAIN_READ] = "domain.read",
    [DOMAIN_WRITE] = "domain.write",
    [RECIPIENT_READ] = "recipient.read",
    [RECIPIENT_WRITE] = "recipient.write",
    [PASSWORD_WRITE] = "password.write",
    [SESSION_WRITE] = "session.write",
    [MAILBOX_READ] = "mailbox.read",
    [MAILBOX_WRITE] = "mailbox.write",
    [POLICY_READ] = "policy.read",
    [POLICY_WRITE] = "policy.write",
    [QUEUE_READ] = "queue.read",
    [QUEUE_WRITE] = "queue.write",
    [ROUTING_READ] = "routing.read",
    [ROUTING_WRITE] = "routing.write",
    [STORAGE_READ] = "storage.read",
    [STORAGE_WRITE] = "storage.write",
    [QUARANTINE_WRITE] = "quarantine.write",
    [AUDIT_READ] = "audit.read",
    [DELEGATION_READ] = "delegation.read",
    [DELEGATION_WRITE] = "delegation.write",
};

#define READS                                                                                                \
    (PERMISSION(ORGANISATION_READ) | PERMISSION(DOMAIN_READ) | PERMISSION(RECIPIENT_READ) |                  \
     PERMISSION(POLICY_READ) | PERMISSION(QUEUE_READ) | PERMISSION(ROUTING_READ) | PERMISSION(STORAGE_READ))
#define ALL (PERMISSION(PERMISSIONS) - 1)
#define RECIPIENTS                                                                                           \
    (PERMISSION(ORGANISATION_READ) | PERMISSION(DOMAIN_READ) | PERMISSION(RECIPIENT_READ) |                  \
     PERMISSION(RECIPIENT_WRITE) | PERMISSION(PASSWORD_WRITE) | PERMISSION(SESSION_WRITE))

static const struct role table[] = {
    { "full-administrator", 100, ALL, "Everything, and hands out rights." },
    { "administrator", 80, ALL & ~PERMISSION(DELEGATION_WRITE), "Everything but handing out rights." },
    { "recipient-administrator", 60, RECIPIENTS, "Users, groups, contacts, aliases and their passwords." },
    { "routing-administrator", 60,
      PERMISSION(ORGANISATION_READ) | PERMISSION(DOMAIN_READ) | PERMISSION(ROUTING_READ) |
          PERMISSION(ROUTING_WRITE) | PERMISSION(QUEUE_READ) | PERMISSION(QUEUE_WRITE) |
          PERMISSION(POLICY_READ) | PERMISSION(POLICY_WRITE) | PERMISSION(QUARANTINE_WRITE),
      "Connectors, queues and filters." },
    { "storage-administrator", 60,
      PERMISSION(ORGANISATION_READ) | PERMISSION(DOMAIN_READ) | PERMISSION(RECIPIENT_READ) |
          PERMISSION(STORAGE_READ) | PERMISSION(STORAGE_WRITE),
      "Storage groups and stores." },
    { "help-desk", 40,
      PERMISSION(ORGANISATION_READ) | PERMISSION(DOMAIN_READ) | PERMISSION(RECIPIENT_READ) |
          PERMISSION(PASSWORD_WRITE) | PERMISSION(SESSION_WRITE),
      "Sets passwords and ends sessions." },
    { "moderator", 40, PERMISSION(DOMAIN_READ) | PERMISSION(QUARANTINE_WRITE),
      "Decides about mail that was set aside." },
    { "auditor", 40, READS | PERMISSION(AUDIT_READ) | PERMISSION(DELEGATION_READ),
      "Sees everything but mail, and who did what." },
    { "read-only", 20, READS, "Sees everything but mail." },
};

static const char *const scope_names[SCOPES] = {
    [SCOPE_INSTALLATION] = "installation",
    [SCOPE_ORGANISATION] = "organisation",
    [SCOPE_ADMIN_GROUP] = "administrative-group",
    [SCOPE_DOMAIN] = "domain",
    [SCOPE_STORE] = "store",
    [SCOPE_GROUP] = "group",
};

static bool find_word(const char *const *names, size_t count, const char *name, size_t *index_out)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *index_out = i;
            return true;
        }
    }
    return false;
}

const char *permission_name(enum permission permission)
{
    return permission_names[permission];
}

bool permission_of(const char *name, enum permission *permission_out)
{
    size_t index;

    if (!find_word(permission_names, PERMISSIONS, name, &index))
        return false;
    *permission_out = (enum permission)index;
    return true;
}

const struct role *roles(size_t *count_out)
{
    *count_out = COUNT_OF(table);
    return table;
}

const struct role *role_named(const char *name)
{
    for (size_t i = 0; name && i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

int role_rank_of(uint64_t permissions)
{
    int rank = table[0].rank;

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if ((permissions & ~table[i].permissions) == 0 && table[i].rank < rank)
            rank = table[i].rank;
    return rank;
}

const char *role_scope_name(enum role_scope scope)
{
    return scope_names[scope];
}

bool role_scope_of(const char *name, enum role_scope *scope_out)
{
    size_t index;

    if (!find_word(scope_names, SCOPES, name, &index))
        return false;
    *scope_out = (enum role_scope)index;
    return true;
}
