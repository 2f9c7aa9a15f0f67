/*
 * answer.h -- the XML of an answer (RFC 4918, 13), and the properties that places have. For this room only.
 */
#ifndef DAV_ANSWER_H
#define DAV_ANSWER_H

#include "dav/body.h"
#include "dav/call.h"

/* What is answered about. */
struct dav_object {
    struct dav_place place;
    const struct book *book;      /* of a book, and of what is in it */
    const char *tag;              /* of a card */
    const struct book_card *card; /* where its data is wanted, else NULL */
    bool is_version_4;            /* of its vCard */
    const char *sync_token;       /* of a book, where it is wanted */
};

/* Text with what means something in XML replaced; characters that XML has none for are left out. */
void answer_add_text(struct buf *out, const char *text);
/* Begins a multistatus, and ends it. */
void answer_begin(struct buf *out);
void answer_end(struct buf *out); /* the other end of answer_begin() */
/* A response: the properties that are wanted of it, and which of these it has not. */
void answer_add(struct dav_call *call, struct buf *out, const struct body *body,
                const struct dav_object *object);
/* A response that is only a status ("HTTP/1.1 404 Not Found"). */
void answer_add_status(struct buf *out, const char *href, const char *status);
/* Is this property wanted? */
bool answer_wants(const struct body *body, const char *name);

#endif
