/*
 * picture.h -- pictures that letters name, fetched in the reader's place; private to this room.
 *
 * GET /jmap/picture?url=URL: who wrote the letter learns this server's address, never the reader's, nor which program he has. The walls
 * are those of fetch/fetch.h; what comes back is a picture by its content, of bounded size. Kept for a while, for the same organisation
 * only, so that nobody learns from the time it takes what others have read.
 *
 * Threads  jmap_picture() from any; open, quiesce and close from one.
 */
#ifndef JMAP_PICTURE_H
#define JMAP_PICTURE_H

#include "jmap/request.h"

enum {
    PICTURE_BYTES_MAX = 8 << 20,
    PICTURE_POINTS_MAX = 40000000, /* width times height */
    PICTURE_URL_MAX = 4096,
    PICTURE_SECONDS = 15,
    PICTURE_REDIRECTS_MAX = 3,
    PICTURES_AT_ONCE = 16,          /* of one user; also in the crowd */
    PICTURE_THREADS = 16,           /* that fetch */
    PICTURES_WAITING_MAX = 512,     /* for such a thread */
    PICTURES_KEPT_BYTES = 32 << 20, /* of all */
    PICTURES_KEPT_S = 3600,
};

struct jmap_pictures;

/* For jmap_open(). Nothing starts before somebody asks. */
struct jmap_pictures *jmap_pictures_new(const void *owner, const struct jmap_options *options);
/* What is on its way is given up, what waits refused. */
void jmap_pictures_quiesce(struct jmap_pictures *pictures);
/* Nobody asks any more. Sets NULL. */
void jmap_pictures_free(struct jmap_pictures **pictures);

/* GET /jmap/picture?url=. 400 for what is no such URL, 403 where it may not be reached, 413, 415 for what is no picture, 404, 502. */
void jmap_picture(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);

#endif
