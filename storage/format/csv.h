/*
 * csv.h -- lines of comma-separated values (RFC 4180): fields in quotes may hold commas, quotes doubled, and line ends. Semicolons
 * separate, too, as spreadsheets of some countries write them.
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "base/buf.h"
#include "base/span.h"

/* Takes the next line; its fields, ended by NUL, are under `owner`. False: a quote is not closed, or there are more than `most`
 * fields. */
MUST_CHECK bool csv_take_line(struct span *in, void *owner, char **fields_out, size_t most,
                              size_t *count_out);
/* Appends a field as spreadsheets read it back: in quotes where it needs them, and with an apostrophe in front where they would take
 * it for a formula. */
void csv_add_field(struct buf *out, struct span field);
/* Passes over the byte order mark that spreadsheets write. */
void csv_skip_mark(struct span *in);

#endif
