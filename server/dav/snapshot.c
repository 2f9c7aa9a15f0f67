/* snapshot.c -- a small table; the one that was longest not used goes. */
#include "dav/snapshot.h"

#include "base/digest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

struct kept {
    char *book; /* NULL: free; everything else hangs there */
    int64_t stamp;
    uint64_t used;
    struct snapshot snapshot;
};

struct snapshots {
    pthread_mutex_t lock;
    uint64_t turn;
    size_t members; /* of all together */
    struct kept kept[SNAPSHOTS_MAX];
};

struct snapshots *snapshots_open(const void *owner)
{
    struct snapshots *snapshots = talloc_zero(owner, struct snapshots);

    pthread_mutex_init(&snapshots->lock, NULL);
    return snapshots;
}

void snapshots_close(struct snapshots **snapshots)
{
    if (!*snapshots)
        return;
    pthread_mutex_destroy(&(*snapshots)->lock);
    TALLOC_FREE(*snapshots);
}

/* What its filter says is a part of what it is. */
static char *name_of(const void *owner, int64_t organisation_id, const struct book *book)
{
    return talloc_asprintf(owner, "%lld %s\n%s", (long long)organisation_id, book->name ? book->name : "",
                           book->query ? book->query : "");
}

static void copy(const void *owner, const struct snapshot *from, struct snapshot *out)
{
    *out = *from;
    out->members = talloc_memdup(owner, from->members, (from->count + 1) * sizeof *from->members);
}

static void forget(struct snapshots *snapshots, struct kept *kept)
{
    snapshots->members -= kept->snapshot.count;
    talloc_free(kept->book);
    *kept = (struct kept){ .book = NULL };
}

static struct kept *oldest(struct snapshots *snapshots)
{
    struct kept *found = &snapshots->kept[0];

    for (size_t i = 1; i < SNAPSHOTS_MAX; i++)
        if (snapshots->kept[i].used < found->used)
            found = &snapshots->kept[i];
    return found;
}

static struct kept *find(struct snapshots *snapshots, const char *book, int64_t stamp, const char *token)
{
    for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
        struct kept *kept = &snapshots->kept[i];
        if (kept->book && strcmp(kept->book, book) == 0 &&
            (token ? strcmp(kept->snapshot.token, token) == 0 : kept->stamp == stamp)) {
            kept->used = ++snapshots->turn;
            return kept;
        }
    }
    return NULL;
}

static void keep(struct snapshots *snapshots, const char *book, int64_t stamp,
                 const struct snapshot *snapshot)
{
    struct kept *kept = find(snapshots, book, 0, snapshot->token);

    if (!kept && snapshot->count <= SNAPSHOT_MEMBERS_MAX) {
        do { /* free ones were never used: they are the oldest */
            kept = oldest(snapshots);
            if (kept->book)
                forget(snapshots, kept);
            kept->used = ++snapshots->turn;
        } while (snapshots->members + snapshot->count > SNAPSHOT_MEMBERS_MAX);
        kept->book = talloc_strdup(snapshots, book);
        copy(kept->book, snapshot, &kept->snapshot);
        snapshots->members += snapshot->count;
    }
    if (kept)
        kept->stamp = stamp;
}

static int by_number(const void *a, const void *b)
{
    const struct book_member *x = a, *y = b;

    return x->recipient_id < y->recipient_id ? -1 : x->recipient_id > y->recipient_id;
}

static void name_token(struct snapshot *snapshot)
{
    uint8_t digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];

    sha256(span_of(snapshot->members, snapshot->count * sizeof *snapshot->members), digest);
    hex_encode(span_of(digest, sizeof digest), text);
    snprintf(snapshot->token, sizeof snapshot->token, "urn:chappe:book:%.30s", text);
}

static bool recall(struct snapshots *snapshots, const void *owner, const char *book, int64_t stamp,
                   const char *token, struct snapshot *out)
{
    pthread_mutex_lock(&snapshots->lock);
    const struct kept *kept = find(snapshots, book, stamp, token);
    if (kept)
        copy(owner, &kept->snapshot, out);
    pthread_mutex_unlock(&snapshots->lock);
    return kept != NULL;
}

bool snapshot_take(struct snapshots *snapshots, struct directory *directory, const void *owner,
                   int64_t organisation_id, const struct book *book, struct snapshot *out, struct err *err)
{
    const char *name = name_of(owner, organisation_id, book);
    int64_t stamp;

    *out = (struct snapshot){ .count = 0 };
    if (!book_stamp(directory, &stamp, err))
        return false;
    if (recall(snapshots, owner, name, stamp, NULL, out))
        return true;
    if (!book_members(directory, owner, organisation_id, book, 0, &out->members, &out->count, err))
        return false;
    qsort(out->members, out->count, sizeof *out->members, by_number);
    name_token(out);
    pthread_mutex_lock(&snapshots->lock);
    keep(snapshots, name, stamp, out);
    pthread_mutex_unlock(&snapshots->lock);
    return true;
}

bool snapshot_recall(struct snapshots *snapshots, const void *owner, int64_t organisation_id,
                     const struct book *book, const char *token, struct snapshot *out)
{
    return recall(snapshots, owner, name_of(owner, organisation_id, book), 0, token, out);
}
