/*
 * picture.h -- what kind of picture some bytes are, and how large it is, from their first lines only.
 *
 * For what comes from strangers and is given to browsers: nothing is decoded here, and nothing that could hold script (SVG) is
 * a picture.
 *
 * Threads  pure functions.
 */
#ifndef FORMAT_PICTURE_H
#define FORMAT_PICTURE_H

#include "base/span.h"

struct picture {
    const char *type;       /* "image/png"; static */
    uint32_t width, height; /* in points; both 0 where the format does not tell near its beginning (AVIF) */
};

/* PNG, JPEG, GIF, WebP or AVIF by its content, whatever anybody calls it. False: none of these, or cut off before its size. */
MUST_CHECK bool picture_read(struct span bytes, struct picture *picture_out);

#endif
