/*
 * special_use.h -- a folder's special use as its annotation "/private/specialuse" (RFC 6154, 4).
 *
 * It is no row of the annotations but the folder's own property, so that LIST and GETMETADATA say the same, and what could
 * not be given by CREATE is refused here too. Others' folders have no use for this reader.
 */
#ifndef IMAP_SPECIAL_USE_H
#define IMAP_SPECIAL_USE_H

#include "imap/place.h"
#include "mailbox/annotation.h"

/* Is this the name of the metadata entry /private/specialuse (RFC 6154, 4), in any case? */
bool imap_is_special_use_entry(struct span entry);
/* Adds it to what GETMETADATA found, where one of `entries` names it and the folder has a use. */
MUST_CHECK bool imap_add_special_use(struct imap_request *req, const struct imap_place *place,
                                     const struct span *entries, size_t entry_count,
                                     enum annotation_depth depth, struct annotation **values, size_t *count,
                                     struct err *err);
/* SETMETADATA of it alone; answers. `value` with p == NULL takes the use away. */
enum session_next imap_set_special_use(struct imap_request *req, const struct imap_place *place,
                                       struct span value);

#endif
