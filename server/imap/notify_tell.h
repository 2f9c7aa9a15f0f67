/*
 * notify_tell.h -- the difference between what the client knows of a watched mailbox and what is there, as LIST, STATUS
 * and METADATA (RFC 5465, 5).
 */
#ifndef IMAP_NOTIFY_TELL_H
#define IMAP_NOTIFY_TELL_H

#include "imap/notify_watch.h"

/* STATUS of each folder whose messages are wanted, for NOTIFY SET STATUS. */
MUST_CHECK bool notify_tell_all(struct imap_request *req, const struct notify_watch *watch,
                                const struct notify_look *look, struct err *err);
/* LIST with \NoAccess for folders that may be seen but not read (RFC 5465, 3.1). */
void notify_tell_no_access(struct imap_request *req, const struct notify_watch *watch,
                           const struct notify_look *look);
/* What has changed since watch->known; says nothing of what this session did itself. */
MUST_CHECK bool notify_tell_changes(struct imap_request *req, const struct notify_watch *watch,
                                    const struct notify_look *look, struct err *err);
/* Annotations that were set or taken away since watch->annotations_told, which moves on. */
MUST_CHECK bool notify_tell_annotations(struct imap_request *req, struct notify_watch *watch,
                                        const struct notify_look *look, struct err *err);

#endif
