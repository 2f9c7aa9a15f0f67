/*
 * snapshot.h -- who was in a book when somebody last asked, so that he is told what has changed since (RFC 6578). For this room only.
 *
 * A token is a digest of all that is in the book: whoever has the newest one is told that nothing changed, by every server and after every
 * restart. What an older one stood for is remembered in memory, bounded; one that is forgotten makes the client read everything anew.
 * While the directory's stamp stays, a book is not read again.
 *
 * Ownership  what is given belongs to `owner`.
 * Threads    any.
 */
#ifndef DAV_SNAPSHOT_H
#define DAV_SNAPSHOT_H

#include "directory/book_card.h"

enum { SNAPSHOTS_MAX = 64, SNAPSHOT_MEMBERS_MAX = 1000000, SNAPSHOT_TOKEN_TEXT = 48 };

struct snapshots;
/* Under `owner`. */
struct snapshots *snapshots_open(const void *owner);
/* Nobody asks any more. */
void snapshots_close(struct snapshots **snapshots);

struct snapshot {
    char token[SNAPSHOT_TOKEN_TEXT]; /* "urn:chappe:book:..." */
    struct book_member *members;     /* by number */
    size_t count;
};
/* How the book is now. */
MUST_CHECK bool snapshot_take(struct snapshots *snapshots, struct directory *directory, const void *owner,
                              int64_t organisation_id, const struct book *book, struct snapshot *out,
                              struct err *err);
/* What this token stood for, of the same book; false: it is forgotten, or was never given. */
MUST_CHECK bool snapshot_recall(struct snapshots *snapshots, const void *owner, int64_t organisation_id,
                                const struct book *book, const char *token, struct snapshot *out);

#endif
