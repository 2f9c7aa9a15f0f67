/*
 * flags.h -- STORE: flags and keywords of messages.
 *
 * Flags are 64 bits: 0..7 for what RFC 9051 defines, 8..63 for the keywords of the mailbox (keyword_table), the same in all
 * folders of a mailbox so that COPY and MOVE need no translation. A change is one journal row, however many messages
 * it touches: two round trips (lock and catch up; write and COMMIT), exact counters.
 *
 * \Recent is not a flag here: folder_claim_recent().
 *
 * Errors     ERR_LIMIT more than 56 keywords; ERR_INVALID a bad keyword; ERR_NOT_FOUND the folder is gone; ERR_BUSY;
 *            ERR_UNKNOWN: the change may or may not be there, view_latest() will tell.
 * Rights     are the caller's to check before (flags_allowed()), from the folder he opened.
 * Threads    any.
 */
#ifndef MAILBOX_FLAGS_H
#define MAILBOX_FLAGS_H

#include "mailbox/view.h"

#define FLAG_SEEN (UINT64_C(1) << 0)
#define FLAG_ANSWERED (UINT64_C(1) << 1)
#define FLAG_FLAGGED (UINT64_C(1) << 2)
#define FLAG_DELETED (UINT64_C(1) << 3)
#define FLAG_DRAFT (UINT64_C(1) << 4)
#define FLAGS_SYSTEM (UINT64_C(0xff)) /* 5..7 are kept free */
#define FLAGS_KEYWORDS (~FLAGS_SYSTEM)

/* Names as sent to clients: "\\Seen", ..., or the keyword. NULL for a bit without a name. */
const char *flag_name(const struct keyword_table *keywords, int bit);
/* A system flag by its name with the backslash, ASCII case ignored; 0 for another word. */
uint64_t flag_of_name(struct span name);
/* atom of RFC 9051 without a backslash, at most KEYWORD_BYTES_MAX. */
bool keyword_is_valid(struct span name);

/* Flags as a client names them. Keywords that do not exist yet are added when they are stored. */
struct flag_list {
    uint64_t system; /* FLAG_... */
    const struct span *keywords;
    size_t keyword_count;
};
/* Bits of the list as far as they exist. */
uint64_t flag_list_bits(const struct keyword_table *keywords, const struct flag_list *list);

enum flags_operation { FLAGS_ADD, FLAGS_REMOVE, FLAGS_REPLACE };
struct flags_change {
    enum flags_operation operation;
    struct flag_list flags;
    uint64_t allowed;         /* only these bits are touched: flags_allowed(), or ~0 */
    uint64_t unchanged_since; /* RFC 7162; UINT64_MAX: whatever their modseq */
};

/* flags := (flags & ~clear) | set. */
struct flags_bits {
    uint64_t clear, set;
};
/* What the change does, as far as its keywords are known. */
struct flags_bits flags_bits_of(const struct flags_change *change, const struct keyword_table *keywords);

struct flags_result {
    struct view *view;       /* the folder after it; a reference for the caller */
    struct uid_set changed;  /* whose flags differ now */
    struct uid_set modified; /* not touched because of unchanged_since (MODIFIED) */
    uint64_t modseq;         /* of the change; the view's where nothing changed */
};
/* UIDs that do not exist are passed over. Nothing is written where nothing changes. */
MUST_CHECK bool flags_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                            const struct flags_change *change, const void *owner,
                            struct flags_result *result_out, struct err *err);
/* What the result holds; the result itself is the caller's. */
void flags_result_release(struct flags_result *result);

/* Bits that rights (mailbox/rights.h) allow to change: s \Seen, t \Deleted, w all others. */
uint64_t flags_allowed(unsigned rights);

#endif
