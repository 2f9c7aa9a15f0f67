/*
 * disk.h -- room that is kept free on the disks we write to.
 *
 * A database whose disk is full cannot even delete. So a server stops taking in before that: while one of the watched
 * file systems has less free than the reserve, whoever adds data is refused (ERR_NO_ROOM: temporary), and what is left
 * serves reading, flags and removing, which end the need. It recovers by itself when there is room again.
 *
 * The file systems are asked once a second at most, whoever asks. A change is one log event.
 *
 * Threads  paths are added before others see the reserve; disk_has_room() and disk_read() from any thread.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include "base/err.h"

#include <stdint.h>

struct disk_reserve;

/* `reserve_bytes` 0: of each file system 5 %, at most 1 GiB. */
struct disk_reserve *disk_reserve_new(const void *owner, int64_t reserve_bytes);
/* The file system of `path`. One that is not there (yet) is passed over. */
void disk_watch(struct disk_reserve *reserve, const char *path);

/* NULL: always true. A file system that cannot be asked is no reason to refuse. */
MUST_CHECK bool disk_has_room(struct disk_reserve *reserve, struct err *err);

/* The tightest of the watched file systems, asked now. */
struct disk_state {
    const char *path; /* as watched; NULL where none could be asked */
    int64_t free_bytes, reserve_bytes;
    bool is_low;
};
/* Where nothing is watched or answers, path is NULL and is_low false. */
void disk_read(const struct disk_reserve *reserve, struct disk_state *state_out);

#endif
