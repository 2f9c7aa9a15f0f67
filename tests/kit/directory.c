/*
 * directory.c -- see directory.h.
 */
#include "kit/directory.h"

#include "db/migrate.h"
#include "directory/domain.h"
#include "directory/organisation.h"
#include "kit/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>

const struct actor kit_root = { .name = "local:root" };

static void check(bool ok, const char *what, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "test kit: %s: %s / %s\n", what, err->user, err->log);
    exit(99);
}

static int64_t add_organisation(struct kit_directory *kit, const char *name, const char *domain)
{
    struct organisation organisation = { .name = name, .protocols = PROTOCOLS_ALL, .is_enabled = true };
    struct domain wanted = { .name = domain,
                             .kind = DOMAIN_AUTHORITATIVE,
                             .protocols = PROTOCOLS_ALL,
                             .is_enabled = true,
                             .has_subaddresses = true };
    struct err err;
    int64_t domain_id;

    check(organisation_add(kit->directory, &kit_root, &organisation, &wanted.organisation_id, &err), name,
          &err);
    check(domain_add(kit->directory, &kit_root, &wanted, &domain_id, &err), domain, &err);
    return wanted.organisation_id;
}

static int close_it(struct kit_directory *kit)
{
    directory_close(&kit->directory);
    return 0;
}

struct kit_directory *kit_directory(const void *owner)
{
    struct kit_directory *kit = talloc_zero(owner, struct kit_directory);
    struct err err;

    kit->conninfo = kit_pg_database(kit, &db_schema_directory);
    struct directory_options options = { .conninfo = kit->conninfo, .pool_size = 4 };
    check(directory_open(kit, &options, &kit->directory, &err), "directory", &err);
    talloc_set_destructor(kit, close_it);
    kit->ada_org = add_organisation(kit, "Alpha", "example.org");
    kit->bob_org = add_organisation(kit, "Beta", "example.net");
    return kit;
}

int64_t kit_user(struct kit_directory *kit, const char *address, const struct credential *credential)
{
    struct user wanted = { .address = address, .name = address, .protocols = PROTOCOLS_ALL }, user;
    struct err err;
    void *scratch = talloc_new(NULL);

    check(user_add(kit->directory, &kit_root, &wanted, credential, &user, scratch, &err), address, &err);
    talloc_free(scratch);
    return user.recipient_id;
}
