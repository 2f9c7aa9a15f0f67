/*
 * mailbox.h -- the mailbox of a recipient, as all sessions of a process share it.
 *
 * A process has one cache of mailboxes (struct mailbox_cache): it holds the views of folders (mailbox/view.h) and
 * decoded packs (mailbox/pack.h) and hears from the wake bus which of them went stale. mailbox_open() gives the one
 * object of a mailbox in this process; sessions share it, and it costs nothing but a reference to open it again.
 *
 * Database connections are taken from the storage group's pool inside the functions, never held between them.
 *
 * Names are UTF-8, NFC, levels by '/', INBOX in capitals: callers translate their protocol's form (format/mailbox
 * names) before they come here.
 *
 * Ownership  mailbox_open() and mailbox_ref() give a reference; mailbox_close() takes it back and clears the pointer.
 * Errors     ERR_NOT_FOUND no such mailbox here; ERR_BUSY its store is dismounted or the database is down.
 * Threads    everything here may be called from any thread.
 */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct wake_bus;
struct mailbox_usage; /* group/quota.h */
struct group;         /* group/group.h: the storage group */

struct mailbox_cache_options {
    struct wake_bus *bus; /* told of our commits, heard for those of others; NULL: always ask the database */
    uint64_t view_bytes_max;  /* views nobody uses are dropped above this; 0: 256 MB */
    uint64_t pack_bytes_max;  /* decoded packs; 0: 192 MB */
    bool writes_no_snapshots; /* tools; else what was slow to open is written down in the background */
};

struct mailbox_cache;
/* One a process, made at its start and closed at its end, when all mailboxes are closed. */
struct mailbox_cache *mailbox_cache_open(const struct mailbox_cache_options *options);
/* Accepts and sets NULL. */
void mailbox_cache_close(struct mailbox_cache **cache);

struct mailbox_cache_stats {
    uint64_t mailboxes, views, view_bytes, packs, pack_bytes;                    /* now */
    uint64_t view_hits, view_checks, view_refreshes, view_loads, view_evictions; /* since the start */
};
/* As of now. */
void mailbox_cache_stats(struct mailbox_cache *cache, struct mailbox_cache_stats *stats_out);
/* Forgets what is not in use; for tests and measurements of cold starts. */
void mailbox_cache_clear(struct mailbox_cache *cache);

struct mailbox;
/* One query the first time, none while another session has it open. */
MUST_CHECK bool mailbox_open(struct mailbox_cache *cache, struct group *group, int64_t mailbox_id,
                             struct mailbox **mailbox_out, struct err *err);
/* One more reference; each is given back by mailbox_close(). */
struct mailbox *mailbox_ref(struct mailbox *mailbox);
/* Sets NULL. Accepts NULL. */
void mailbox_close(struct mailbox **mailbox);

/* What it was opened as; these never change and never fail. */
int64_t mailbox_id(const struct mailbox *mailbox);
/* Whose "anyone" may be granted rights. */
int64_t mailbox_organisation_id(const struct mailbox *mailbox);
/* Lives longer than the mailbox. */
struct group *mailbox_group(const struct mailbox *mailbox);
/* The last look found its store dismounted, or itself on its way to another storage group: a session may ask whether it lives
 * elsewhere by now. */
bool mailbox_is_away(const struct mailbox *mailbox);
/* That it was opened in. */
struct mailbox_cache *mailbox_cache_of(const struct mailbox *mailbox);

/* Who acts: decides on rights (mailbox/rights.h) and on private annotations. The owner of a mailbox is the reader
 * whose own mailbox it is. */
struct mailbox_reader {
    int64_t recipient_id;
    int64_t mailbox_id;      /* of the reader's own mailbox; 0: none */
    int64_t organisation_id; /* "anyone" never reaches beyond the organisation */
};
static inline bool mailbox_is_owner(const struct mailbox *mailbox, const struct mailbox_reader *reader)
{
    return reader->mailbox_id == mailbox_id(mailbox);
}

/* After COMMIT of anything that changed the mailbox outside this room (deliveries): sessions here see it with their
 * next command, others are woken. Also what routing/deliver calls when it has no mailbox open: cache and ids do. */
void mailbox_announce(struct mailbox_cache *cache, int64_t group_id, int64_t mailbox_id, uint64_t modseq);

/* Keywords: flag bits 8..63 have names, per mailbox. The table only grows; each view carries the one of its time.
 * Names are compared without regard to ASCII case and shown as first written. */
enum { KEYWORDS_MAX = 56, KEYWORD_FIRST_BIT = 8, KEYWORD_BYTES_MAX = 100 };
struct keyword_table {
    size_t count;
    const char *names[KEYWORDS_MAX]; /* names[i] is bit KEYWORD_FIRST_BIT + i */
};
/* Bit number (8..63) of a keyword, or -1. */
int keyword_bit(const struct keyword_table *table, struct span name);

/* Largest message that may be appended (RFC 7889): what the caller's configuration says, or what is left of the
 * smallest quota, whichever is less. */
int64_t mailbox_append_limit(const struct mailbox_usage *usage, int64_t configured_bytes);

#endif
