#include "base/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <talloc.h>
#include <unistd.h>

#define FIRST_BYTES 4096

struct spool {
    const char *directory;
    uint64_t limit, length, stored;
    char *memory; /* NULL once in the file */
    unsigned capacity;
    int fd; /* -1 while in memory */
    void *map;
    bool is_read;
    struct err err;
};

static int destroy(struct spool *spool)
{
    if (spool->map)
        munmap(spool->map, (size_t)spool->stored);
    if (spool->fd >= 0)
        close(spool->fd);
    return 0;
}

struct spool *spool_new(const void *owner, const char *directory, uint64_t limit_bytes)
{
    struct spool *spool = talloc_zero(owner, struct spool);

    spool->directory = directory;
    spool->limit = limit_bytes;
    spool->fd = -1;
    talloc_set_destructor(spool, destroy);
    return spool;
}

void spool_free(struct spool **spool)
{
    talloc_free(*spool);
    *spool = NULL;
}

static bool fail(struct spool *spool, const char *what)
{
    bool is_full = errno == ENOSPC || errno == EDQUOT;

    err_log(&spool->err, "%s in %s: %s", what, spool->directory, strerror(errno));
    return err_set(&spool->err, is_full ? ERR_NO_ROOM : ERR_BUSY,
                   "There is no room for the message now; try again later.");
}

static bool write_all(struct spool *spool, const char *p, size_t length)
{
    while (length > 0) {
        ssize_t written = write(spool->fd, p, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(spool, "write");
        p += written;
        length -= (size_t)written;
    }
    return true;
}

/* A file without a name; where the file system cannot do that, one whose name is removed at once. */
static int open_unnamed(const char *directory)
{
    char name[4096];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    if ((size_t)snprintf(name, sizeof(name), "%s/spool-XXXXXX", directory) >= sizeof(name))
        return -1;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static bool move_to_file(struct spool *spool)
{
    spool->fd = open_unnamed(spool->directory);
    if (spool->fd < 0)
        return fail(spool, "temporary file");
    if (!write_all(spool, spool->memory, (size_t)spool->stored))
        return false;
    TALLOC_FREE(spool->memory);
    spool->capacity = 0;
    return true;
}

static void grow(struct spool *spool, unsigned needed)
{
    unsigned capacity = spool->capacity ? spool->capacity : FIRST_BYTES;

    while (capacity < needed)
        capacity *= 2;
    if (capacity != spool->capacity)
        spool->memory = talloc_realloc(spool, spool->memory, char, capacity);
    spool->capacity = capacity;
}

static bool store(struct spool *spool, struct span bytes)
{
    size_t length = span_length(bytes);

    if (spool->fd < 0 && spool->stored + length > SPOOL_MEMORY_BYTES && !move_to_file(spool))
        return false;
    if (spool->fd >= 0) {
        if (!write_all(spool, bytes.p, length))
            return false;
    } else {
        grow(spool, (unsigned)(spool->stored + length));
        memcpy(spool->memory + spool->stored, bytes.p, length);
    }
    spool->stored += length;
    return true;
}

bool spool_append(struct spool *spool, struct span bytes, struct err *err)
{
    assert(!spool->is_read);
    spool->length += span_length(bytes);
    if (spool->err.kind == ERR_NONE && spool->length > spool->limit)
        err_set(&spool->err, ERR_LIMIT, "The message is larger than the limit of %llu bytes.",
                (unsigned long long)spool->limit);
    if (spool->err.kind == ERR_NONE && (span_is_empty(bytes) || store(spool, bytes)))
        return true;
    *err = spool->err;
    return false;
}

uint64_t spool_length(const struct spool *spool)
{
    return spool->length;
}

const struct err *spool_err(const struct spool *spool)
{
    return &spool->err;
}

bool spool_is_in_memory(const struct spool *spool)
{
    return spool->fd < 0;
}

bool spool_span(struct spool *spool, struct span *bytes_out, struct err *err)
{
    spool->is_read = true;
    if (spool->err.kind == ERR_NONE && spool->fd >= 0 && !spool->map) {
        spool->map = mmap(NULL, (size_t)spool->stored, PROT_READ, MAP_PRIVATE | MAP_POPULATE, spool->fd, 0);
        if (spool->map == MAP_FAILED) {
            spool->map = NULL;
            fail(spool, "mmap");
        }
    }
    if (spool->err.kind != ERR_NONE) {
        *err = spool->err;
        return false;
    }
    *bytes_out = span_of(spool->fd >= 0 ? (const char *)spool->map : spool->memory, (size_t)spool->stored);
    return true;
}
