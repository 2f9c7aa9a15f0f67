/*
 * message.h -- a message once: bytes that never change, and what was computed from them when they came.
 *
 * On the way in, message_prepare() does everything that needs no database (index of the parts, ENVELOPE and
 * BODYSTRUCTURE as IMAP text, search columns, preview, hashes, compression) in the thread of whoever received
 * the message; what comes out is a draft that routing/deliver files. On the way out, headers, ranges of bodies
 * and the computed parts are read by message id, through a cache of compressed bytes that the whole process shares.
 *
 * Ownership  results belong to the talloc context given as `owner`.
 * Errors     ERR_NOT_FOUND: no such message; ERR_BUSY: the database is down.
 * Threads    all functions may be called from any thread; a draft or sweep belongs to one at a time.
 */
#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include "group/group.h"

/* Bodies are kept in pieces of this many raw bytes, so a range costs only the pieces it touches. */
enum { MESSAGE_CHUNK_BYTES = 256 * 1024 };
/* Message-IDs of one message that are looked at to find its conversation: its own, In-Reply-To, References. */
enum { MESSAGE_REFERENCES_MAX = 24 };

struct message_piece {
    int16_t codec; /* 0 as it is, 1 zstd */
    struct span data;
};

/* What is about to be stored. All spans but `bytes` belong to the draft's owner. */
struct message_draft {
    struct span bytes; /* the caller's; must live until the draft has been delivered */
    uint8_t content_hash[32];
    uint64_t size_bytes;
    uint32_t header_bytes;
    struct span part_index;     /* packed; format/mime.h reads it */
    struct span envelope;       /* "(...)" as IMAP sends it */
    struct span body_structure; /* "(...)" with extension data */
    struct span header;         /* the header block, zstd */
    struct span columns;        /* message/columns.h */
    struct span preview;        /* UTF-8 */
    int64_t subject_hash;       /* of the conversation's subject (format/envelope.h) */
    size_t reference_count;
    int64_t references[MESSAGE_REFERENCES_MAX];
    uint32_t piece_count;
    struct message_piece
        *pieces;         /* compressed; NULL for a message above MESSAGE_CHUNK_BYTES, which is staged */
    size_t stored_bytes; /* about what one transaction carries for it */
};

/* Never fails: what is no RFC 5322 message becomes one text part. `bytes` with CRLF line ends, contiguous. */
struct message_draft *message_prepare(const void *owner, struct span bytes);

/* The row without its bytes. */
struct message_meta {
    int64_t message_id;
    uint64_t size_bytes;
    uint32_t header_bytes;
    struct span part_index, envelope, body_structure, columns, preview;
};
/* Metas of many, in the order of `message_ids`; one that does not exist has message_id 0. One round trip for
 * what is not cached. */
MUST_CHECK bool message_metas(struct group *group, const void *owner, const int64_t *message_ids,
                              size_t count, struct message_meta **metas_out, struct err *err);
/* The same for one; ERR_NOT_FOUND where it does not exist. */
MUST_CHECK bool message_meta(struct group *group, const void *owner, int64_t message_id,
                             struct message_meta *meta_out, struct err *err);

/* The header block with its empty line; does not touch the body. */
MUST_CHECK bool message_header(struct group *group, const void *owner, int64_t message_id,
                               struct span *header_out, struct err *err);
/* Headers of many in one round trip, in the order of `message_ids`; p == NULL where there is none. */
MUST_CHECK bool message_headers(struct group *group, const void *owner, const int64_t *message_ids,
                                size_t count, struct span **headers_out, struct err *err);

/* Raw bytes [offset, offset + length), shorter at the end of the message. Reads only the pieces it touches:
 * whoever sends a large message asks for MESSAGE_CHUNK_BYTES at a time, aligned. */
MUST_CHECK bool message_read(struct group *group, const void *owner, int64_t message_id, uint64_t offset,
                             size_t length, struct span *bytes_out, struct err *err);

/* Many bodies one after the other (FETCH 1:* BODY[], POP3, export, indexing): read ahead, 32 to a round trip.
 *   message_sweep_next() gives the next message in the order of the ids, its bytes valid until the next call.
 *   A message above MESSAGE_CHUNK_BYTES comes with bytes.p == NULL and is_large: message_read() it in pieces.
 *   One that does not exist comes with bytes.p == NULL. False at the end (err->kind ERR_NONE) or on failure;
 *   behind a damaged message (ERR_INTERNAL) the next call goes on. */
struct message_sweep;
struct message_sweep_item {
    size_t number; /* index into the ids */
    int64_t message_id;
    bool is_large;
    struct span bytes;
};
/* The ids are copied; nothing is read yet. */
struct message_sweep *message_sweep_open(const void *owner, struct group *group, const int64_t *message_ids,
                                         size_t count);
/* The next message, in the order of the ids. False with ERR_NONE: that was the last one. Bytes are NULL for a message
 * that is not there or is large (is_large: read it by itself), and live until the next call. */
MUST_CHECK bool message_sweep_next(struct message_sweep *sweep, struct message_sweep_item *item_out,
                                   struct err *err);
/* From now on the bodies that follow are read by `beside` while the caller takes those before. `beside` runs work(argument)
 * once, on any thread, sooner or later, while the group is open; nobody waits for what it has not begun. */
typedef void message_beside(void *context, void (*work)(void *argument), void *argument);
void message_sweep_beside(struct message_sweep *sweep, message_beside *beside, void *context);
/* Gives up what was read ahead (some megabytes); for a session that waits for its client. */
void message_sweep_rest(struct message_sweep *sweep);
/* Accepts and sets NULL. */
void message_sweep_close(struct message_sweep **sweep);

/* The cache of compressed bodies and metas of this process; 64 MiB until set (body_cache). 0 turns it off. */
void message_cache_set_limit(size_t bytes);
struct message_cache_stats {
    size_t bytes, limit_bytes, entries;
    uint64_t hits, misses, evictions;
};
/* As of now. */
void message_cache_stats(struct message_cache_stats *stats_out);

#endif
