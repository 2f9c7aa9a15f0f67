/*
 * directory.h -- a directory with two organisations, for the tests of all that asks it.
 */
#ifndef KIT_DIRECTORY_H
#define KIT_DIRECTORY_H

#include "directory/directory.h"
#include "directory/user.h"

/* The administrator of the whole installation. */
extern const struct actor kit_root;

struct kit_directory {
    struct directory *directory;
    char *conninfo;           /* as the owner of the database */
    int64_t ada_org, bob_org; /* "Alpha" with example.org, "Beta" with example.net */
};

/* A fresh database. Freeing `owner` closes it. A trouble ends the program. */
struct kit_directory *kit_directory(const void *owner);
/* Adds a user with this address; no password unless `credential` is given. Its id. */
int64_t kit_user(struct kit_directory *kit, const char *address, const struct credential *credential);

#endif
