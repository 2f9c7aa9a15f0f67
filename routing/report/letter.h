/*
 * letter.h -- the message that carries a report: DMARC's with its attachment (RFC 7489, 7.2.1.1), TLS-RPT's as multipart/report
 * (RFC 8460, 5.3).
 */
#ifndef REPORT_LETTER_H
#define REPORT_LETTER_H

#include "base/buf.h"

struct letter {
    const char *kind;      /* "dmarc", "tls" */
    const char *from, *to; /* addresses; several in `to` with commas */
    const char *host_name; /* ours: who reports */
    const char *domain;    /* whom it is about */
    const char *id;
    int64_t begin_s, end_s, now_us;
    struct span packed; /* the report, gzip */
};

/* The whole message, without Return-Path and Received. */
void letter_write(struct buf *out, const struct letter *letter);

#endif
