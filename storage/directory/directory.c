/*
 * directory.c -- the two doors to the directory database.
 */
#include "directory/directory.h"

#include "db/migrate.h"
#include "directory/act.h"

#include <talloc.h>

static const struct {
    const char *role;
} pool_roles[DIRECTORY_POOLS] = {
    [DIRECTORY_ADMINISTERS] = { "chappe_app" },
    [DIRECTORY_LOOKS_UP] = { "chappe_lookup" },
};

static const struct {
    enum directory_protocol bit;
    const char *name;
} protocols[] = {
    { PROTOCOL_SMTP, "smtp" },   { PROTOCOL_IMAP, "imap" },   { PROTOCOL_POP3, "pop3" },
    { PROTOCOL_WEB, "web" },     { PROTOCOL_DAV, "dav" },     { PROTOCOL_NNTP, "nntp" },
    { PROTOCOL_SIEVE, "sieve" }, { PROTOCOL_ADMIN, "admin" },
};

enum { DEFAULT_POOL = 6 };

bool directory_open(const void *owner, const struct directory_options *options,
                    struct directory **directory_out, struct err *err)
{
    struct directory *directory = talloc_zero(owner, struct directory);

    *err = ERR_INIT;
    for (int i = 0; i < DIRECTORY_POOLS; i++) {
        struct db_pool_options pool = { .conninfo = options->conninfo,
                                        .application_name = options->application_name,
                                        .size = options->pool_size ? options->pool_size : DEFAULT_POOL,
                                        .role = pool_roles[i].role };
        if (!db_pool_open(directory, &pool, &directory->pools[i], err)) {
            talloc_free(directory);
            return false;
        }
    }
    directory->sealing = options->sealing;
    resolve_memory_open(directory);
    *directory_out = directory;
    return true;
}

void directory_close(struct directory **directory)
{
    if (!*directory)
        return;
    resolve_memory_close(*directory);
    for (int i = 0; i < DIRECTORY_POOLS; i++)
        db_pool_close(&(*directory)->pools[i]);
    TALLOC_FREE(*directory);
}

bool directory_migrate(const char *conninfo, struct err *err)
{
    struct db_pool_options options = { .conninfo = conninfo,
                                       .application_name = "chappe migration",
                                       .size = 1 };
    struct db_pool *pool;

    if (!db_pool_open(NULL, &options, &pool, err))
        return false;
    bool ok = db_migrate(pool, &db_schema_directory, err);
    if (!ok && strstr(err->log, "create role"))
        err_set(
            err, ERR_INVALID,
            "The database user may not create roles. Let an administrator of the database do it: CREATE ROLE"
            " chappe_app; CREATE ROLE chappe_lookup; and GRANT both to this user.");
    db_pool_close(&pool);
    return ok;
}

bool directory_check(struct directory *directory, struct err *err)
{
    return db_schema_check(directory->pools[DIRECTORY_LOOKS_UP], &db_schema_directory, err);
}

struct db_pool *directory_pool(const struct directory *directory, enum directory_pool which)
{
    return directory->pools[which];
}

const char *directory_protocol_name(enum directory_protocol protocol)
{
    for (size_t i = 0; i < COUNT_OF(protocols); i++)
        if (protocols[i].bit == protocol)
            return protocols[i].name;
    return NULL;
}

unsigned directory_protocol_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(protocols); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return protocols[i].bit;
    return 0;
}
