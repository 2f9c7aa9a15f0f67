/* filter_term.h -- the conditions of ?filter= on one object; private to this room. */
#ifndef ADMIN_API_FILTER_TERM_H
#define ADMIN_API_FILTER_TERM_H

#include "admin_api/page.h"

/* All of them must be true. A field that the object does not have is empty. */
bool filter_terms_hold(const struct page_term *terms, size_t count, const json_t *object);

#endif
