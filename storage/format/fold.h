/*
 * fold.h -- the form in which texts are compared by search and sort: case-folded, without accents (NFKD less
 * its marks), so that "Élan", "elan" and "ELAN" are one.
 *
 * Both the stored text and the needle go through fold_add; then a search is a search of bytes.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_FOLD_H
#define FORMAT_FOLD_H

#include "base/buf.h"
#include "base/span.h"

/* Adds `text` folded; runs of white space become one space. Invalid UTF-8 becomes U+FFFD. ASCII is fast. */
void fold_add(struct buf *out, struct span text);
/* The same as a string of its own. */
char *fold_text(const void *owner, struct span text);
/* Folded `needle` in folded `text`; the empty needle is in every text. */
bool fold_contains(struct span text, struct span needle);

#endif
