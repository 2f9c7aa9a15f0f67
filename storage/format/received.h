/*
 * received.h -- trace fields (RFC 5321, 4.4): counted against loops, and written.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_RECEIVED_H
#define FORMAT_RECEIVED_H

#include "base/buf.h"
#include "base/span.h"

enum { RECEIVED_MAX = 50 }; /* more hops are a loop: 554 5.4.6 */

/* Received fields in a header block. */
size_t received_count(struct span header_block);
/* True where a Delivered-To field names `address_key` (see address_key): this mail was here already. */
bool received_is_delivered_to(const void *owner, struct span header_block, const char *address_key);

struct received_line {
    const char *helo;         /* what the peer called itself; unsafe bytes become '?' */
    const char *peer_name;    /* from DNS, or NULL */
    const char *peer_address; /* "192.0.2.1" or "2001:db8::1"; NULL where it came over a Unix socket */
    const char *by;           /* our host name */
    const char *with;         /* "ESMTPSA", "UTF8SMTP", "LMTP": RFC 3848, RFC 6531 */
    const char *tls;          /* "TLSv1.3 TLS_AES_256_GCM_SHA384", or NULL */
    const char *login;        /* shown as authenticated sender, or NULL */
    const char *id;           /* our id of the transaction */
    const char *only_for;     /* the one recipient, or NULL where there are several */
    int64_t at_us;
};
/* "Received: ... CRLF", folded; no value can break out of its place. */
void received_add(struct buf *out, const struct received_line *line);
/* "Return-Path: <path> CRLF"; NULL or "" for the null path. */
void received_add_return_path(struct buf *out, const char *path);
/* "Delivered-To: address CRLF". */
void received_add_delivered_to(struct buf *out, const char *address);
/* Adds a header block without its fields called `name`: final delivery removes a Return-Path that came along
 * (RFC 5321, 4.4), submission removes Bcc. */
void received_add_without(struct buf *out, struct span header_block, const char *name);

#endif
