/*
 * view_build.h -- the inside of views: chunks, and how the next version is made from the last one.
 *
 * A chunk is two blocks: what never changes of its messages, and flags with modseqs. A builder starts with the
 * chunks of its base, all shared, and copies only what it touches. The result is a new view; the base stays as it was.
 *
 * For this room only.
 *
 * Threads  a builder belongs to one thread; reference counts are atomic.
 */
#ifndef MAILBOX_VIEW_BUILD_H
#define MAILBOX_VIEW_BUILD_H

#include "mailbox/folded.h"
#include "mailbox/view.h"

#include <stdatomic.h>

enum { VIEW_CHUNK_MESSAGES = 1024 };

/* Columns of up to VIEW_CHUNK_MESSAGES messages that no change touches. */
struct chunk_fixed {
    atomic_uint references;
    uint32_t count;
    int64_t *received_us, *message_id, *item_id; /* `count` each, in the same block */
    uint32_t *uid, *size;
};

struct chunk {
    atomic_uint references;
    uint32_t count, unseen, deleted;
    uint64_t bytes, modseq_max;
    struct chunk_fixed *fixed;
    uint64_t *flags, *modseq; /* `count` each, in the same block */
};

struct keywords {
    atomic_uint references;
    struct keyword_table table;
};

struct view {
    atomic_uint references;
    int64_t folder_id;
    int64_t arrival; /* of the mailbox in its storage group: after another one its rows have other numbers */
    uint32_t uidvalidity, uidnext;
    uint64_t modseq;
    uint32_t count, unseen, deleted;
    uint64_t bytes;
    struct keywords *keywords;
    uint32_t chunk_count;
    struct chunk **chunks; /* in the same block */
    uint32_t *numbers;     /* sequence number of each chunk's first message */
};

/* What a view says of itself besides its messages. */
struct view_head {
    int64_t folder_id, arrival;
    uint32_t uidvalidity, uidnext;
    uint64_t modseq;
    struct keywords *keywords; /* the view takes a reference of its own */
};

struct view_builder;
/* `base` NULL: an empty folder. It must live until the builder is finished or dropped. */
struct view_builder *view_builder_new(const struct view *base);
/* A message above all UIDs there are; one that is not above them is passed over (false). */
bool view_builder_append(struct view_builder *builder, const struct view_message *message);
/* A whole chunk of another view, shared, all of it above all UIDs there are. */
void view_builder_share(struct view_builder *builder, struct chunk *chunk);
/* flags := (flags & ~clear) | set and modseq on those of `uids` that exist. */
void view_builder_flags(struct view_builder *builder, const struct uid_set *uids, uint64_t clear_bits,
                        uint64_t set_bits, uint64_t modseq);
/* Flags and modseq of each, where it exists. */
void view_builder_folded(struct view_builder *builder, const struct folded *folded);
/* Takes those of `uids` that exist away. */
void view_builder_expunge(struct view_builder *builder, const struct uid_set *uids);
/* The view; the builder is gone. */
struct view *view_builder_finish(struct view_builder *builder, const struct view_head *head);
/* Gives up; nothing is built. */
void view_builder_drop(struct view_builder *builder);

/* A table with one reference; the names are copied. */
struct keywords *keywords_new(const struct span *names, size_t count);
/* One more reference. */
struct keywords *keywords_ref(struct keywords *keywords);
/* Gives it back. Sets NULL; accepts NULL. */
void keywords_release(struct keywords **keywords);

/* Memory that the view would cost alone. */
uint64_t view_memory(const struct view *view);
/* Index of the chunk that holds the first message with a UID >= `uid`, and its offset there; chunk_count without one. */
uint32_t view_locate(const struct view *view, uint32_t uid, uint32_t *offset_out);
/* Offset of the first message with a UID >= `uid`; the chunk's count without one. */
uint32_t chunk_lower_bound(const struct chunk *chunk, uint32_t uid);

#endif
