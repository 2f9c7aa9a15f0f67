/* dkim_lib.h -- libopendkim, for dkim.c and dkim_sign.c alone. */
#ifndef FILTER_DKIM_LIB_H
#define FILTER_DKIM_LIB_H

#include "filter/dkim.h"

#include <stdbool.h>
#include <sys/types.h>

/* the header itself wants the two above */
#include <opendkim/dkim.h>

struct dkim_lib {
    DKIM_LIB *lib;
};

/* All fields of a header block, but for signatures beyond `signatures_max`. */
MUST_CHECK bool dkim_feed_header(DKIM *dkim, struct span header, unsigned signatures_max);
MUST_CHECK bool dkim_feed_body(DKIM *dkim, struct span body);

#endif
