/*
 * sealed.h -- the secrets that lie in the directory: private keys that sign, passwords of smarthosts and scanners. They are sealed
 * (base/sealing.h) when they are written, and opened when they are read.
 */
#ifndef DIRECTORY_SEALED_H
#define DIRECTORY_SEALED_H

#include "directory/directory.h"

/* Seals everything anew that is not sealed with the newest key, in one transaction, and writes it to the audit. ERR_DENIED where
 * a key is missing: nothing was changed then. For actors of the installation. */
MUST_CHECK bool secrets_reseal(struct directory *directory, const struct actor *actor, uint64_t *sealed_out,
                               uint64_t *total_out, struct err *err);

#endif
