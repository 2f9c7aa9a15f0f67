/*
 * script.h -- the scripts of a mailbox, its automatic reply, and what these remember.
 *
 * A script is text under a name; one may be active. What is stored is not judged here: callers compile it first. Every
 * change of what runs at delivery gives the mailbox another script version (0: nothing runs), which deliveries compare
 * (mailbox/filing.h), so that none is done by a script that was replaced.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Errors     ERR_NOT_FOUND no such script, or mailbox; ERR_EXISTS; ERR_INVALID a bad name; ERR_LIMIT too many or too large
 *            (script_is_too_many() tells which); ERR_DEPENDED_ON the active one cannot be deleted; ERR_BUSY, ERR_UNKNOWN.
 * Threads    any.
 */
#ifndef MAILBOX_SCRIPT_H
#define MAILBOX_SCRIPT_H

#include "group/group.h"

enum {
    SCRIPTS_MAX = 32,              /* of a mailbox */
    SCRIPT_NAME_MAX = 128,         /* characters; RFC 5804, 1.6 */
    SCRIPT_BYTES_STANDARD = 65536, /* of one script, unless the administrator says otherwise */
};

struct script_limits {
    int64_t script_bytes; /* 0: SCRIPT_BYTES_STANDARD */
    size_t scripts;       /* 0: SCRIPTS_MAX */
};

struct script {
    const char *name;
    bool is_active;
    int64_t bytes, version, changed_us;
};

/* RFC 5804, 1.6: UTF-8, 1 to SCRIPT_NAME_MAX characters, no control characters, no '/'. */
bool script_name_is_valid(struct span name);

/* By name. */
MUST_CHECK bool script_list(struct group *group, int64_t mailbox_id, const void *owner,
                            struct script **scripts_out, size_t *count_out, struct err *err);
/* Its text, under `owner`. ERR_NOT_FOUND. */
MUST_CHECK bool script_get(struct group *group, int64_t mailbox_id, const void *owner, const char *name,
                           struct span *content_out, struct err *err);
/* Would it fit? HAVESPACE. */
MUST_CHECK bool script_has_room(struct group *group, int64_t mailbox_id, const char *name, int64_t bytes,
                                const struct script_limits *limits, struct err *err);
/* New, or in place of the one of that name; an active one stays active. */
MUST_CHECK bool script_put(struct group *group, int64_t mailbox_id, const char *name, struct span content,
                           const struct script_limits *limits, struct err *err);
/* NULL: none is active any more. */
MUST_CHECK bool script_activate(struct group *group, int64_t mailbox_id, const char *name, struct err *err);
/* ERR_NOT_FOUND; ERR_DEPENDED_ON: it is the active one (RFC 5804, 2.10). */
MUST_CHECK bool script_delete(struct group *group, int64_t mailbox_id, const char *name, struct err *err);
/* An active one stays active (RFC 5804, 2.11.1). ERR_NOT_FOUND, ERR_EXISTS, ERR_INVALID. */
MUST_CHECK bool script_rename(struct group *group, int64_t mailbox_id, const char *from, const char *to,
                              struct err *err);
/* Of an ERR_LIMIT: the number of scripts, rather than the size of one. */
bool script_is_too_many(const struct err *err);

struct automatic_reply {
    int64_t from_us, until_us; /* 0: open */
    const char *subject;       /* NULL: made from that of the message */
    const char *inside_text;
    const char *outside_text; /* NULL: as inside; "": none */
};
/* ERR_NOT_FOUND: none is set. */
MUST_CHECK bool automatic_reply_get(struct group *group, int64_t mailbox_id, const void *owner,
                                    struct automatic_reply *reply_out, struct err *err);
/* In place of the one that was set before. ERR_NOT_FOUND: no such mailbox. */
MUST_CHECK bool automatic_reply_set(struct group *group, int64_t mailbox_id,
                                    const struct automatic_reply *reply, struct err *err);
/* ERR_NOT_FOUND: none was set. */
MUST_CHECK bool automatic_reply_remove(struct group *group, int64_t mailbox_id, struct err *err);

/* What runs at delivery. One round trip. ERR_NOT_FOUND: the mailbox is gone. */
struct script_at_delivery {
    int64_t version;     /* 0: nothing runs */
    const char *name;    /* of the active script; NULL: none */
    struct span content; /* of it */
    bool has_reply;
    struct automatic_reply reply;
    struct span *blocked, *allowed; /* senders (mailbox/sender_rule.h), in the order of their bytes */
    size_t blocked_count, allowed_count;
};
/* What a delivery into that mailbox needs, in one round trip; under `owner`. `version` changes with every change of
 * it. ERR_NOT_FOUND: no such mailbox. */
MUST_CHECK bool script_at_delivery(struct group *group, int64_t mailbox_id, const void *owner,
                                   struct script_at_delivery *out, struct err *err);

/* Only the version. One round trip. */
MUST_CHECK bool script_version(struct group *group, int64_t mailbox_id, int64_t *version_out,
                               struct err *err);

/* Hashes that are remembered until they expire. */
struct script_mark {
    const char *kind;
    uint8_t key[32];
    int64_t expires_us;
};
/* Was a mark of that kind and key (SHA-256) left here that holds beyond `now_us`? One round trip. */
MUST_CHECK bool script_is_marked(struct group *group, int64_t mailbox_id, const char *kind,
                                 const uint8_t key[32], int64_t now_us, bool *is_marked_out, struct err *err);
/* One that is there already gets the later expiry. */
MUST_CHECK bool script_mark(struct group *group, int64_t mailbox_id, const struct script_mark *marks,
                            size_t count, struct err *err);
/* Housekeeping: what has expired. */
MUST_CHECK bool script_sweep_marks(struct group *group, bool *is_done_out, struct err *err);

#endif
