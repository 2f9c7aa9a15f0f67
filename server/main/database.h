/*
 * database.h -- getting to a usable directory database: private or external, started, created, migrated.
 *
 * The supervisor prepares; the roles only connect, and wait as long as the database is not there.
 */
#ifndef MAIN_DATABASE_H
#define MAIN_DATABASE_H

#include "db/cluster.h"
#include "main/config.h"

struct disk_reserve; /* base/disk.h */

#define DIRECTORY_DATABASE "chappe_directory"
#define FIRST_GROUP_DATABASE "chappe_group_1"

/* True where the server runs a PostgreSQL of its own, not one that is configured. */
bool database_is_embedded(const struct config *config);

/* Starts (or adopts) the private PostgreSQL; *cluster_out is NULL where the database is external. */
MUST_CHECK bool database_start(const void *owner, const struct config *config, struct cluster **cluster_out,
                               struct err *err);
/* Creates what is missing, checks the settings, brings the directory and every storage group up to date. A group that
 * is down is logged and left out: only its own users miss it. May be repeated. */
MUST_CHECK bool database_prepare(const struct config *config, struct cluster *cluster, struct err *err);

/* One storage group that was added while the server runs: its database where it is private, its schema, its stores. */
MUST_CHECK bool database_prepare_group(const struct config *config, int64_t storage_group_id,
                                       struct err *err);

/* Whether a storage group could be added: with the database of its own that `database` (postgresql://...) names, else with one beside
 * the directory's. Nothing is made; a thread that rehearses may ask, too. */
MUST_CHECK bool database_try_group(const struct config *config, const char *database, struct err *err);

/* The disks that must not fill up: the spool's and, where it is private, the database's (its WAL may lie elsewhere). */
struct disk_reserve *database_reserve(const void *owner, const struct config *config);

/* How the directory database is reached from this process; under `owner`. */
MUST_CHECK bool database_conninfo(const void *owner, const struct config *config, char **conninfo_out,
                                  struct err *err);

#endif
