/*
 * pg.h -- a private PostgreSQL for a test program, and a fresh database for each test.
 *
 * The first call starts one cluster for this program (about 0.3 s: the result of initdb is kept for all programs
 * in /tmp/chappe-test-<uid>); it ends with the program, however that ends. fsync is off, so only tests of speed or of
 * lost power may not use it. A trouble of the kit itself is printed and ends the program.
 *
 *     void *owner = talloc_new(NULL);
 *     char *conninfo = kit_pg_database(owner, &db_schema_group);
 *     struct db_pool *pool = kit_pg_pool(owner, conninfo, NULL, 4);
 *     ...
 *     talloc_free(owner);      closes the pool; the database stays until the program ends
 */
#ifndef KIT_PG_H
#define KIT_PG_H

#include "db/cluster.h"
#include "db/migrate.h"
#include "db/pool.h"

/* A new, empty database at the schema's newest state (NULL: without any table). Its conninfo, under `owner`. */
char *kit_pg_database(const void *owner, const struct db_schema *schema);
/* A pool on it. `role`: as in db_pool_options. */
struct db_pool *kit_pg_pool(const void *owner, const char *conninfo, const char *role, unsigned size);
/* A connection of that pool, for the tests that need no more. */
struct db *kit_pg_acquire(struct db_pool *pool);

/* For tests of faults: SIGKILL to the postmaster and back again; and stop until kit_pg_start(). */
void kit_pg_crash(void);
void kit_pg_stop(void);
void kit_pg_start(void);
struct cluster *kit_pg_cluster(void);
/* A new folder in /tmp, removed at the end of the program; under root it belongs to the user of the cluster. */
const char *kit_folder(void);
/* The user that runs the cluster when we are root, else NULL. */
const char *kit_pg_user(void);

#endif
