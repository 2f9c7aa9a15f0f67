/*
 * url.h -- IMAP URLs (RFC 5092) as CATENATE names parts by them (RFC 4469): those of this session only.
 *
 *   /Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2      a part; without SECTION the whole message
 *   /;UID=20 or ;UID=20/;SECTION=HEADER                     of the selected folder
 */
#ifndef IMAP_URL_H
#define IMAP_URL_H

#include "imap/command.h"

struct spool;

struct imap_url {
    struct span folder;   /* percent-decoded UTF-8; empty: the selected folder */
    uint32_t uidvalidity; /* 0: not said */
    uint32_t uid;
    struct span section; /* "" or "1.2" or "HEADER" ... in capitals */
    bool is_partial;
    uint64_t offset, length; /* length 0: to the end */
};

/* A URL of CATENATE (RFC 4469, RFC 5092): "/folder;UIDVALIDITY=1/;UID=20/;SECTION=1.2;PARTIAL=0.100", or without
 * folder one of the selected folder. Strings are under `arena`. False: it is none, or names a server or an access
 * that we do not give. */
MUST_CHECK bool imap_url_parse(void *arena, struct span text, struct imap_url *url_out);
/* Adds the bytes it names, piece by piece, if they are at most `limit`; *length_out: how many they are. ERR_NOT_FOUND,
 * ERR_DENIED, ERR_LIMIT, ERR_BUSY, ERR_NO_ROOM; ERR_INTERNAL: the message is damaged. */
MUST_CHECK bool imap_url_read(struct imap_request *req, const struct imap_url *url, uint64_t limit,
                              struct spool *out, uint64_t *length_out, struct err *err);

#endif
