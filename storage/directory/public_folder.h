/*
 * public_folder.h -- public folders by the names that they have in the tree of folders.
 *
 * A public folder is a recipient with a mailbox (directory/user.h) that stands in the tree of everybody of its organisation, under
 * its display name. So that name is one of a folder (format/folder_name.h), and no other public folder of the organisation has it,
 * accents and capitals aside.
 *
 * Errors   ERR_BUSY.
 * Threads  any.
 */
#ifndef DIRECTORY_PUBLIC_FOLDER_H
#define DIRECTORY_PUBLIC_FOLDER_H

#include "directory/resolve.h"

/* What who gives it a second one is told. */
#define PUBLIC_FOLDER_EXISTS "A public folder of the organisation has this name already."

/* ERR_INVALID, ERR_LIMIT: such a name cannot stand in the tree. Asks nobody. */
MUST_CHECK bool public_folder_check_name(const char *name, struct err *err);
/* Letter by letter. ERR_NOT_FOUND. */
MUST_CHECK bool public_folder_find(struct directory *directory, const void *owner, int64_t organisation_id,
                                   const char *name, struct resolved *resolved_out, struct err *err);

#endif
