/*
 * place.h -- what a folder's name means to this session: a mailbox and a folder in it.
 *
 * The reader's own folders stand at the top; those of others below "Other Users/<address>/", public folders as
 * "Public Folders/<name>" (RFC 2342), which is the INBOX of such a mailbox, and what is in them below. Names come in
 * the client's form (modified UTF-7, or UTF-8 after ENABLE) and are checked before anything is asked.
 *
 * Ownership  a place belongs to the request's arena, its reference to the mailbox included.
 */
#ifndef IMAP_PLACE_H
#define IMAP_PLACE_H

#include "imap/command.h"

#define IMAP_OTHER_USERS "Other Users"
#define IMAP_PUBLIC_FOLDERS "Public Folders"

struct resolved;

struct imap_place {
    struct mailbox *mailbox; /* held until the arena is freed */
    const char *name;        /* inside the mailbox: canonical UTF-8 */
    const char *shown;       /* as this session calls it: name, or with "Other Users/..." before it */
    bool is_own, is_public;
};

/* ERR_INVALID: no valid name; ERR_NOT_FOUND: nobody there whose folders one might see; ERR_BUSY. Whether the folder
 * exists is not asked. */
MUST_CHECK bool imap_place_of(struct imap_request *req, struct span as_sent, struct imap_place *place_out,
                              struct err *err);
/* Does the name mean nothing of the reader's own, whether there is something or not? */
bool imap_name_is_of_others(const char *shown);
/* "Other Users/ADDRESS" or "Public Folders/NAME". */
const char *imap_top_of(const void *owner, const struct resolved *whose);
/* A folder as this session calls it; `top`: how it calls the mailbox, "Other Users/ADDRESS" or "Public Folders/NAME". */
const char *imap_name_below(const void *owner, const char *top, const char *name);
/* astring and then imap_place_of: false with is_bad_out where the argument itself is missing (BAD). */
MUST_CHECK bool imap_take_place(struct imap_request *req, struct imap_place *place_out, bool *is_bad_out,
                                struct err *err);
/* The reader's own, or a mailbox of which he may look up at least one folder. Otherwise ERR_NOT_FOUND: whether such a user
 * exists is not told by commands whose answer would differ (CREATE, DELETE, RENAME, SUBSCRIBE). */
MUST_CHECK bool imap_place_is_known(struct imap_request *req, const struct imap_place *place,
                                    struct err *err);
/* Only from the client's form to UTF-8: patterns and references of LIST. */
MUST_CHECK bool imap_text_of_name(struct imap_request *req, struct span as_sent, char **utf8_out,
                                  struct err *err);

#endif
