/*
 * write_back.h -- writes into a company directory what our recipients have and its entries do not: where the source says so, as an account of
 * its own.
 *
 *     mail      the primary address
 *     aliases   all addresses, as proxyAddresses
 *     photo     thumbnailPhoto in Active Directory, else jpegPhoto
 *
 * A value that stands there is somebody's: it is replaced, or taken away, only where we wrote it ourselves and it is still the one that we
 * wrote (directory/written.h). What the directory refuses is told in the run's record, stands with the source until it is taken, and is tried
 * again when the entry changes.
 */
#ifndef SYNC_WRITE_BACK_H
#define SYNC_WRITE_BACK_H

#include "directory/source_run.h"

/* For users whose recipients were looked at since the last time, after a run that is done; of a preview nothing is written. Adds to
 * run->changes, under `owner`. Trouble is told in run->message, and what is left is done by the next run. */
void sync_write_back(struct directory *directory, const struct source *source, struct ldap_pool *pool,
                     const void *owner, struct source_run *run);

/* Compares, now and here, what the source's settings would write with what stands there, of the first PREVIEW_ENTRIES_MAX users at most:
 * {"good", "message", "remedy", "all", "looked", "changes": [{"what", "kind", "name", "detail", "remedy"}]}, the changes as those of a run. A new
 * reference. Writes nothing. find_srv as in ldap/pool.h. ERR_INVALID: there is nothing to write, or no account of its own. */
enum { PREVIEW_ENTRIES_MAX = 500 };
MUST_CHECK bool sync_write_preview(struct directory *directory, const struct source *source,
                                   ldap_find_srv *find_srv, void *find_srv_arg, json_t **report_out,
                                   struct err *err);

/* What to do about a fault or a refusal, for people; "": nothing is known. Static. */
const char *sync_write_remedy(const char *message);

#endif
