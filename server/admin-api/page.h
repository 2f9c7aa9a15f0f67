/*
 * page.h -- what every list of the API can do: limit and cursor, filter, sort, fields.
 *
 * A list whose handler has no pages of its own is made whole, and cut here; the cursor says behind which object the next page
 * begins, so a list that changes meanwhile loses none and shows none twice.
 */
#ifndef ADMIN_API_PAGE_H
#define ADMIN_API_PAGE_H

#include "admin_api/call.h"

enum { PAGE_MOST = 1000 };

/* Filters, sorts and cuts the list in call->out as the query says. ERR_INVALID: the query is not well formed. */
MUST_CHECK bool page_apply(struct admin_call *call, const struct admin_route *route, struct err *err);
/* Leaves of each object of call->out what ?fields= names. */
void page_fields(struct admin_call *call, const struct admin_route *route);
/* ?limit=, `standard` without it. ERR_INVALID: it is none of 1 to PAGE_MOST. */
MUST_CHECK bool page_limit(const struct admin_call *call, size_t standard, size_t *limit_out,
                           struct err *err);
/* ?cursor=, or ?after=, as which it was known first; NULL without one. */
const char *page_after(const struct admin_call *call);

/* A cursor made of the two keys of the last object, under `owner`. */
char *page_cursor(void *owner, const char *first, const char *second);
/* And back, both under `owner`. ERR_INVALID: it is no cursor. */
MUST_CHECK bool page_cursor_read(void *owner, const char *cursor, char **first_out, char **second_out,
                                 struct err *err);

enum page_how { TERM_EQUAL, TERM_NOT, TERM_HOLDS, TERM_LESS, TERM_MORE };
/* One condition of ?filter=. */
struct page_term {
    char *field, *value;
    enum page_how how;
};
enum { PAGE_TERMS_MAX = 16 };
/* "kind=user name~\"van den\"": under `owner`. ERR_INVALID. */
MUST_CHECK bool page_terms(const void *owner, const char *text, struct page_term terms_out[PAGE_TERMS_MAX],
                           size_t *count_out, struct err *err);
struct recipient_query;
/* A filter of recipients, NULL for none, as what the directory looks by. ERR_INVALID. */
MUST_CHECK bool recipient_query_filter(const struct admin_call *call, const char *filter,
                                       struct recipient_query *query, struct err *err);
/* Small letters without accents, in which people look for names. g_free(). */
char *page_fold(const char *text);

#endif
