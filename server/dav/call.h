/*
 * call.h -- one request while it is answered; for this room only.
 */
#ifndef DAV_CALL_H
#define DAV_CALL_H

#include "auth/auth.h"
#include "base/buf.h"
#include "dav/dav.h"
#include "directory/book_card.h"

struct snapshots;

struct dav {
    struct directory *directory;
    struct auth *auth;
    struct snapshots *snapshots;
};

enum dav_kind {
    DAV_NOTHING,
    DAV_ROOT,
    DAV_PRINCIPALS,
    DAV_PRINCIPAL,
    DAV_HOME,
    DAV_BOOK,
    DAV_CARD,
    DAV_KINDS
};

/* What a path names. */
struct dav_place {
    enum dav_kind kind;
    const char *login;    /* of a principal */
    const char *book;     /* the part of the path that names it */
    int64_t recipient_id; /* of a card */
};

struct dav_call {
    struct dav *dav;
    const struct http_request *request;
    struct http_reply *reply;
    void *arena;
    struct identity *identity;
    struct dav_place place;
    struct book *books; /* that he may see */
    size_t book_count;
};

/* enter.c */
/* Who asks, by password or token; ERR_AUTH. */
MUST_CHECK bool dav_enter(struct dav_call *call, struct err *err);

/* place.c */
/* What this path names; DAV_NOTHING: none of ours. */
struct dav_place dav_place_of(const void *owner, const char *path);
/* The part of a path that names a book. Under `owner`. */
const char *dav_book_part(const void *owner, const struct book *book);
/* The path of a place. Under `owner`. */
const char *dav_path_of(const void *owner, const struct dav_place *place);
/* The book that a place is, or is in; NULL: he sees none there. */
const struct book *dav_find_book(const struct dav_call *call, const struct dav_place *place);

/* card.c */
/* Its vCard. */
void dav_add_card(struct buf *out, const struct book_card *card, bool is_version_4);

/* propfind.c, report.c */
/* Answer, or say why not: a problem of HTTP as *status_out, or an error. */
MUST_CHECK bool dav_propfind(struct dav_call *call, unsigned *status_out, struct err *err);
/* As dav_propfind(). */
MUST_CHECK bool dav_report(struct dav_call *call, unsigned *status_out, struct err *err);

#endif
