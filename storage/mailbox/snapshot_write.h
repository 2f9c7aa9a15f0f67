/*
 * snapshot_write.h -- storing a view as folder_snapshot row. For this room only.
 */
#ifndef MAILBOX_SNAPSHOT_WRITE_H
#define MAILBOX_SNAPSHOT_WRITE_H

#include "mailbox/view_build.h"

struct group;

/* Only views of committed states. An older one than is stored changes nothing. */
MUST_CHECK bool snapshot_write(struct group *group, const struct view *view, struct err *err);

#endif
