/*
 * reply.h -- what the server says: tagged and untagged replies, response codes, and the strings in them.
 *
 * Texts are sentences for a person in plain ASCII, and never repeat what came in. Codes are written without their
 * brackets ("NONEXISTENT").
 *
 * imap_ok() sends the news that are due (updates.h) before the tagged line; that may take several turns, so its
 * result must be returned to the caller.
 */
#ifndef IMAP_REPLY_H
#define IMAP_REPLY_H

#include "base/buf.h"
#include "base/err.h"
#include "session/protocol.h"

struct imap_request;
struct imap_session;
struct keyword_table;
struct uid_set;

/* Tagged. `code` may be NULL. */
enum session_next imap_ok(struct imap_request *req, const char *code, const char *text_format, ...)
    PRINTF_LIKE(3, 4);
/* Tagged NO: understood, but not possible. `code` NULL: none. */
enum session_next imap_no(struct imap_request *req, const char *code, const char *text_format, ...)
    PRINTF_LIKE(3, 4);
/* The tenth BAD in a row closes the connection. */
enum session_next imap_bad(struct imap_request *req, const char *text_format, ...) PRINTF_LIKE(2, 3);
/* The same with a response code, without its brackets: "TOOBIG" (RFC 9051, 7.1). */
enum session_next imap_bad_code(struct imap_request *req, const char *code, const char *text_format, ...)
    PRINTF_LIKE(3, 4);
/* NO with the code for the error's kind; what the log should know is logged. */
enum session_next imap_fail(struct imap_request *req, const struct err *err);
/* The same where the command only works on an existing destination (APPEND, COPY, MOVE): TRYCREATE. */
enum session_next imap_fail_destination(struct imap_request *req, const struct err *err);
/* "NONEXISTENT", "OVERQUOTA", ...; NULL for no code. */
const char *imap_code_of(enum err_kind kind);

/* The output; "* " and the line end are the caller's. */
struct buf *imap_out(struct imap_session *session);
/* "* OK [code] text". */
void imap_untagged_ok(struct imap_session *session, const char *code, const char *text);
/* Untagged BYE; the caller then ends the session. */
void imap_bye(struct imap_session *session, const char *code, const char *text);

/* quoted, or literal where it cannot be quoted. 8-bit text is quoted UTF-8 for those who take it, else a literal. */
void imap_add_string(const struct imap_session *session, struct buf *out, struct span text);
/* An atom where it is one, else as imap_add_string. */
void imap_add_astring(const struct imap_session *session, struct buf *out, struct span text);
/* NIL where p is NULL. */
void imap_add_nstring_of(const struct imap_session *session, struct buf *out, struct span text);
/* "{n}" CRLF bytes. */
void imap_add_literal(struct buf *out, struct span bytes);
/* A folder's name (UTF-8 inside) as this client reads names. */
void imap_add_folder_name(const struct imap_session *session, struct buf *out, const char *name);
/* "\Seen \Recent $Work" without parentheses. */
enum imap_recent { IMAP_NOT_RECENT, IMAP_RECENT };
void imap_add_flags(struct buf *out, const struct keyword_table *keywords, uint64_t flags,
                    enum imap_recent recent);
/* "lrswipkxteacd", or a quoted empty string; with "c" and "d" where a right they stand for is there (RFC 4314, 2.1.1). */
void imap_add_rights(struct buf *out, unsigned rights);
/* "1:3,5"; "" for none. */
void imap_add_set(struct buf *out, const struct uid_set *set);

#endif
