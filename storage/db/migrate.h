/*
 * migrate.h -- bringing a database to the schema that this binary knows.
 *
 * The files schema/<set>/NNNN_name.sql are embedded at build time. Each is applied in one transaction and
 * recorded with its checksum in the table schema_migration, under an advisory lock: two servers that start together
 * do it once, and a server killed in between goes on where it stopped.
 *
 * Errors  ERR_CONFLICT: the database is newer than this binary, or an applied file was changed: do not start.
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/pool.h"

#include <stddef.h>

struct db_migration {
    int number;       /* 1, 2, 3 ... without gaps */
    const char *name; /* "0001_tree" */
    const char *sql;
};

struct db_schema {
    const char *name; /* "directory", "group" */
    const struct db_migration *migrations;
    size_t count;
};

/* Generated from schema/ by CMake. */
extern const struct db_schema db_schema_directory;
extern const struct db_schema db_schema_group;

/* Applies what is missing. The pool's connection must own the schema (no role set). */
MUST_CHECK bool db_migrate(struct db_pool *pool, const struct db_schema *schema, struct err *err);
/* Checks only: ERR_CONFLICT where db_migrate() would have something to do or would refuse. */
MUST_CHECK bool db_schema_check(struct db_pool *pool, const struct db_schema *schema, struct err *err);

#endif
