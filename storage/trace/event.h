/*
 * event.h -- one event of a trace, as a JSON object that is written from left to right.
 *
 *     event_begin(&out, clock_now_us(), "refused");
 *     event_text(&out, "to", "ada@example.org");
 *     event_end(&out);
 *
 * Texts come from anywhere: what is no UTF-8 is replaced, NUL is left out, and what is longer than EVENT_TEXT_MAX bytes is cut
 * between characters. Objects behind each other are separated by commas; the brackets around them are the row's.
 *
 * Threads  as a buf.
 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include "base/buf.h"

enum { EVENT_TEXT_MAX = 400 };

/* An object with its time and name; fields follow until event_end(). `what`: a word in lower case. Separated from the one before. */
void event_begin(struct buf *out, int64_t at_us, const char *what);
/* Nothing where the value is NULL or empty. */
void event_text(struct buf *out, const char *key, const char *value);
/* The same of bytes. */
void event_span(struct buf *out, const char *key, struct span value);
/* Nothing for 0. */
void event_number(struct buf *out, const char *key, int64_t value);
/* "2031-01-31T12:00:00Z"; nothing for 0. */
void event_time(struct buf *out, const char *key, int64_t us);
/* Nothing for false. */
void event_flag(struct buf *out, const char *key, bool value);
/* Ends the object that event_begin() began. */
void event_end(struct buf *out);

/* A list of texts: event_list_begin(), event_list_item() ..., event_list_end(). */
void event_list_begin(struct buf *out, const char *key);
/* One more text of the list; cut as event_text() does. */
void event_list_item(struct buf *out, struct span value);
/* Ends the list. */
void event_list_end(struct buf *out);

#endif
