/*
 * write_back.h -- writes into a company directory what our recipients have and its entries do not: where the source says so, as an account of
 * its own.
 *
 *     mail      the primary address
 *     aliases   all addresses, as proxyAddresses
 *     photo     thumbnailPhoto in Active Directory, else jpegPhoto
 *
 * A value that stands there is somebody's: it is replaced, or taken away, only where we wrote it ourselves and it is still the one that we
 * wrote (directory/written.h). What the directory refuses is told in the run's record, and tried again when the entry changes.
 */
#ifndef SYNC_WRITE_BACK_H
#define SYNC_WRITE_BACK_H

#include "directory/source_run.h"

/* For users whose recipients were looked at since the last time, after a run that is done; of a preview nothing is written. Adds to
 * run->changes, under `owner`. Trouble is told in run->message, and what is left is done by the next run. */
void sync_write_back(struct directory *directory, const struct source *source, struct ldap_pool *pool,
                     const void *owner, struct source_run *run);

#endif
