/*
 * maildrop.h -- the INBOX of a recipient as one session sees it: fixed at login, numbered from 1.
 *
 * Ownership  pop3_maildrop_open() gives it, pop3_maildrop_close() takes it back and lets the next session in.
 *            Nothing is removed by closing: only pop3_maildrop_update() does that.
 * Errors     ERR_CONFLICT: another session has it; others as in mailbox/folder.h.
 * Threads    one session.
 */
#ifndef POP3_MAILDROP_H
#define POP3_MAILDROP_H

#include "auth/auth.h"
#include "mailbox/view.h"
#include "pop3/pop3.h"

struct pop3_maildrop;

/* `net`: whose workers read ahead. */
MUST_CHECK bool pop3_maildrop_open(const struct pop3_context *context, const struct identity *identity,
                                   struct session *net, struct pop3_maildrop **drop_out, struct err *err);
/* Nothing is removed that pop3_maildrop_update() did not remove. Accepts and sets NULL. */
void pop3_maildrop_close(struct pop3_maildrop **drop);

/* Highest number in use, deleted ones included. */
uint32_t pop3_maildrop_last(const struct pop3_maildrop *drop);
/* Of what is not deleted. */
uint32_t pop3_maildrop_count(const struct pop3_maildrop *drop);
/* Octets as sent, of what is not deleted. */
uint64_t pop3_maildrop_bytes(const struct pop3_maildrop *drop);

/* False for a number that is not in use. */
bool pop3_maildrop_at(const struct pop3_maildrop *drop, uint32_t number, struct view_message *message_out);
/* Of a number that is in use. */
bool pop3_maildrop_is_deleted(const struct pop3_maildrop *drop, uint32_t number);
/* Marks it; pop3_maildrop_update() removes it. */
void pop3_maildrop_delete(struct pop3_maildrop *drop, uint32_t number);
/* RSET. */
void pop3_maildrop_undelete_all(struct pop3_maildrop *drop);

/* Stable for ever: UID and UIDVALIDITY, which never change and are never used again. */
enum { POP3_UIDL_SIZE = 17 };
void pop3_maildrop_uidl(const struct pop3_maildrop *drop, const struct view_message *message,
                        char out[POP3_UIDL_SIZE]);

/* Whole messages. Those up to 256 KiB come at once in *bytes_out, valid until the next call; of a larger one *bytes_out
 * has p == NULL and pop3_maildrop_part() gives the pieces. Messages fetched in order are read ahead. */
MUST_CHECK bool pop3_maildrop_fetch(struct pop3_maildrop *drop, uint32_t number, const void *owner,
                                    struct span *bytes_out, struct err *err);
/* Of one above 256 KiB: the bytes from `offset` on, as many as come at once; none at the end. */
MUST_CHECK bool pop3_maildrop_part(struct pop3_maildrop *drop, uint32_t number, uint64_t offset,
                                   const void *owner, struct span *bytes_out, struct err *err);
/* The header block with its empty line, under `owner`. */
MUST_CHECK bool pop3_maildrop_header(struct pop3_maildrop *drop, uint32_t number, const void *owner,
                                     struct span *header_out, struct err *err);
/* It went to the client: \Seen at the update. */
void pop3_maildrop_note_fetched(struct pop3_maildrop *drop, uint32_t number);

/* UPDATE (RFC 1939, 6): removes what is deleted, marks what was fetched as seen. On failure nothing, or with ERR_UNKNOWN
 * perhaps all, was removed. */
MUST_CHECK bool pop3_maildrop_update(struct pop3_maildrop *drop, const void *owner, struct err *err);

#endif
