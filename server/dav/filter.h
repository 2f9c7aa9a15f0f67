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
/* Does the card pass? Case does not matter (i;unicode-casemap). */
bool filter_takes(const struct body *body, const struct book_card *card);
/* A text without spaces that every card which passes has in its name or an address; NULL: there is none. */
const char *filter_common_text(const struct body *body);

#endif
