/*
 * annotation.h -- METADATA (RFC 5464): small values under entry names, of a folder or of the whole mailbox.
 *
 * "/shared/..." is seen by all who may read the folder, "/private/..." by the reader alone. Entry names are compared
 * without regard to ASCII case and kept in lower case.
 *
 * Errors   ERR_INVALID a bad entry name; ERR_LIMIT too many entries, or a value above ANNOTATION_BYTES_MAX
 *          (annotation_is_too_big() tells these apart: TOOMANY, TOOBIG); ERR_NOT_FOUND, ERR_DENIED, ERR_BUSY.
 * Threads  any.
 */
#ifndef MAILBOX_ANNOTATION_H
#define MAILBOX_ANNOTATION_H

#include "mailbox/mailbox.h"

enum { ANNOTATION_BYTES_MAX = 64 * 1024, ANNOTATIONS_MAX = 200, ANNOTATION_NAME_BYTES_MAX = 250 };

/* Words of ERR_LIMIT. */
#define ANNOTATION_TOO_BIG "An annotation can have %d bytes."
#define ANNOTATION_TOO_MANY "There can be %d annotations."

struct annotation {
    const char *entry;
    struct span value; /* set: p == NULL takes the entry away */
};

enum annotation_depth { ANNOTATION_ENTRY, ANNOTATION_CHILDREN, ANNOTATION_INFINITY };

/* Entries at or (by `depth`) below the names given, sorted. folder_name "": of the mailbox. Needs 'l' and one of r, s,
 * w, i, p; the mailbox's own: the owner, or shared ones for whoever may look up a folder. */
MUST_CHECK bool annotation_get(struct mailbox *mailbox, const struct mailbox_reader *reader,
                               const char *folder_name, const struct span *entries, size_t entry_count,
                               enum annotation_depth depth, const void *owner, struct annotation **values_out,
                               size_t *count_out, struct err *err);
/* All or none. Shared ones need 'w' too; the mailbox's own the owner. */
MUST_CHECK bool annotation_set(struct mailbox *mailbox, const struct mailbox_reader *reader,
                               const char *folder_name, const struct annotation *values, size_t count,
                               struct err *err);

/* What was set or taken away after modseq `since` (NOTIFY; RFC 5465, 5.6 and 5.7), the private ones of others left out; by
 * folder, then name. Rights are not looked at: the caller knows which folders may be read. The folder's modseq does not
 * tell: it counts messages; that of the mailbox does. */
struct annotation_change {
    int64_t folder_id; /* 0: of the mailbox itself */
    const char *entry;
    uint64_t modseq;
};
/* Entries of folders and of the mailbox that changed after modseq `since` and that the reader may see, by modseq; under `owner`. Errors as statements have them. */
MUST_CHECK bool annotation_changes(struct mailbox *mailbox, const struct mailbox_reader *reader,
                                   uint64_t since, const void *owner, struct annotation_change **changes_out,
                                   size_t *count_out, struct err *err);
/* The modseq of the last change of any annotation of the mailbox; 0: there was none. */
MUST_CHECK bool annotation_last(struct mailbox *mailbox, uint64_t *modseq_out, struct err *err);

/* Starts with "/shared/" or "/private/", no "//", no '*', '%', control or 8-bit bytes, no '/' at the end. */
bool annotation_name_is_valid(struct span entry);

/* Of an ERR_LIMIT from annotation_set(): a value was too long, rather than the entries too many. */
static inline bool annotation_is_too_big(const struct err *err)
{
    return err->kind == ERR_LIMIT && strncmp(err->user, "An annotation", 13) == 0;
}

#endif
