/*
 * filter.h -- the filters of addressbook-query (RFC 6352, 10.5) on a card. For this room only.
 *
 * Threads  pure functions.
 */
#ifndef DAV_FILTER_H
#define DAV_FILTER_H

#include "dav/body.h"
#include "directory/book_card.h"

/* Whether all properties that it names are some that cards here may have. */
bool filter_is_known(const struct body *body);
/* Does the card pass? Case and accents do not matter (as i;unicode-casemap, and more). */
bool filter_takes(const struct body *body, const struct book_card *card);
/* A filter over recipients (directory/list.h) that everybody passes whose card passes this one, by names, addresses and telephone numbers;
 * under `owner`. NULL: there is none. */
char *filter_for_directory(const void *owner, const struct body *body);

#endif
