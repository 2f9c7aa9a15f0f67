/*
 * backup.h -- which recipients the primary of a backed-up domain has.
 *
 * A domain of the kind DOMAIN_BACKUP (directory/domain.h) accepts every address until it is given a list; from then on only
 * those in it, so that what the primary would refuse is refused here, too.
 */
#ifndef DIRECTORY_BACKUP_H
#define DIRECTORY_BACKUP_H

#include "directory/directory.h"

enum { BACKUP_RECIPIENTS_MAX = 1000000 };

/* Replaces the list. Addresses must be in the domain, or below it where the rule covers sub-domains; "@domain" stands for
 * all of that one. ERR_INVALID names the first that is not. */
MUST_CHECK bool backup_recipients_set(struct directory *directory, const struct actor *actor,
                                      const char *domain, const char **addresses, size_t count,
                                      struct err *err);
/* Every address is accepted again. */
MUST_CHECK bool backup_recipients_forget(struct directory *directory, const struct actor *actor,
                                         const char *domain, struct err *err);

#endif
