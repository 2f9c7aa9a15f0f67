/*
 * zip.h -- inside this room: the entries of a ZIP in memory (APPNOTE 6.3), one after the other, unpacked in pieces.
 *
 * The directory at the end counts, local headers tell only where the bytes begin. Stored and deflated entries; no ZIP64, which no
 * document of our size needs.
 *
 * Threads  a reader belongs to one.
 */
#ifndef EXTRACT_ZIP_H
#define EXTRACT_ZIP_H

#include "extract/extract.h"

struct zip {
    struct span bytes, directory; /* the directory: what is left of it */
};
struct zip_entry {
    struct span name, packed;
    uint16_t method; /* 0 stored, 8 deflated; others are not read */
    bool is_encrypted;
};

/* False where there is no directory at the end. */
MUST_CHECK bool zip_open(struct span bytes, struct zip *zip_out);
/* The next entry; false at the end, and where the directory is broken. */
MUST_CHECK bool zip_next(struct zip *zip, struct zip_entry *entry_out);
/* Hands the bytes of an entry over, piece by piece; false from `take` ends it without an error. `budget` is taken from:
 * EXTRACT_SWOLLEN when it is used up. */
typedef bool zip_take(struct span piece, void *arg);
enum extract_verdict zip_unpack(const struct zip_entry *entry, size_t *budget, zip_take *take, void *arg);

#endif
