/*
 * data_filter.h -- finds the end of DATA and takes the dot-stuffing off (RFC 5321, 4.1.1.4, 4.5.2).
 *
 * Only CRLF "." CRLF ends the data, wherever the network cuts it; every other spelling that some server has taken
 * for an end ("smuggling") is content. Lines that end in a bare LF or have a bare CR are reported, and by the
 * caller's choice left as they are (the message is then refused at its real end) or made into CRLF (peers that are
 * trusted to mean well). A dot at the start of such a made line is left alone: it was never stuffed.
 *
 * The same filter reads BDAT chunks of text (smtp_filter_text), which have no dots and no end.
 *
 * Cost     two memchr a line, one sink call per run of unchanged bytes: usually one per network read.
 * Threads  a filter belongs to its session.
 */
#ifndef SMTP_DATA_FILTER_H
#define SMTP_DATA_FILTER_H

#include "base/span.h"

enum data_flaw { /* bits */
                 DATA_BARE_LF = 1,
                 DATA_BARE_CR = 2,
                 DATA_NUL = 4,
};

/* Gets the bytes of the message in order. False stops the filter (the caller knows why). */
typedef bool data_sink(void *arg, struct span bytes);

struct data_filter {
    enum {
        DATA_LINE_START, /* after CRLF, or at the beginning */
        DATA_DOT,        /* a dot at a line's start, held back */
        DATA_DOT_CR,     /* dot CR, held back */
        DATA_MIDDLE,
        DATA_CR, /* a CR, held back */
        DATA_ENDED,
    } state;
    unsigned flaws;
    bool is_text;    /* BDAT: dots mean nothing */
    bool normalises; /* bare CR and LF become CRLF */
    data_sink *sink;
    void *arg;
};

/* At the start of a line. What is text of the message goes to `sink`, called with `arg`, in pieces of any size.
 * `normalises`: a bare CR or LF becomes CRLF; else it makes the message bad. */
void data_filter_init(struct data_filter *filter, bool normalises, data_sink *sink, void *arg);
/* For BDAT: the chunks of one message one after the other, then data_filter_finish(). */
void text_filter_init(struct data_filter *filter, bool normalises, data_sink *sink, void *arg);

/* Consumes from *in, up to and including the end of data where it is there (state DATA_ENDED); what follows the end
 * stays in *in. False when the sink refused. */
MUST_CHECK bool data_filter_feed(struct data_filter *filter, struct span *in);
/* After the last BDAT chunk: gives out what was held back. */
MUST_CHECK bool data_filter_finish(struct data_filter *filter);

#endif
