/* propfind.c -- PROPFIND (RFC 4918, 9.1): what a place is, and what is in it. */
#include "dav/answer.h"
#include "dav/snapshot.h"

#include <string.h>
#include <talloc.h>

static bool is_own_principal(const struct dav_call *call, const struct dav_place *place)
{
    return place->login && strcmp(place->login, call->identity->login) == 0;
}

/* A book with its token, where that is wanted. */
static bool add_book(struct dav_call *call, struct buf *out, const struct body *body, const struct book *book,
                     struct err *err)
{
    struct dav_object object = { .place = { .kind = DAV_BOOK, .book = dav_book_part(call->arena, book) },
                                 .book = book };
    struct snapshot now;

    if (answer_wants(body, "sync-token") || answer_wants(body, "getctag")) {
        if (!snapshot_take(call->dav->snapshots, call->dav->directory, call->arena,
                           call->identity->organisation_id, book, &now, err))
            return false;
        object.sync_token = now.token;
        talloc_free(now.members);
    }
    answer_add(call, out, body, &object);
    return true;
}

static bool add_members(struct dav_call *call, struct buf *out, const struct body *body,
                        const struct book *book, int64_t only, size_t *count_out, struct err *err)
{
    struct book_member *members;

    if (!book_members(call->dav->directory, call->arena, call->identity->organisation_id, book, only,
                      &members, count_out, err))
        return false;
    for (size_t i = 0; i < *count_out; i++)
        answer_add(call, out, body,
                   &(struct dav_object){ .place = { .kind = DAV_CARD,
                                                    .book = call->place.book,
                                                    .recipient_id = members[i].recipient_id },
                                         .book = book,
                                         .tag = members[i].tag });
    talloc_free(members);
    return true;
}

static bool add_home(struct dav_call *call, struct buf *out, const struct body *body, bool is_deep,
                     struct err *err)
{
    answer_add(call, out, body, &(struct dav_object){ .place = { .kind = DAV_HOME } });
    for (size_t i = 0; is_deep && i < call->book_count; i++)
        if (!add_book(call, out, body, &call->books[i], err))
            return false;
    return true;
}

static bool add_place(struct dav_call *call, struct buf *out, const struct body *body, bool is_deep,
                      unsigned *status_out, struct err *err)
{
    const struct book *book = dav_find_book(call, &call->place);
    size_t count = 0;

    switch (call->place.kind) {
    case DAV_HOME:
        return add_home(call, out, body, is_deep, err);
    case DAV_BOOK:
        if (book)
            return add_book(call, out, body, book, err) &&
                   (!is_deep || add_members(call, out, body, book, 0, &count, err));
        break;
    case DAV_CARD:
        if (book && !add_members(call, out, body, book, call->place.recipient_id, &count, err))
            return false;
        if (count > 0)
            return true;
        break;
    case DAV_PRINCIPAL:
        if (is_own_principal(call, &call->place)) {
            answer_add(call, out, body, &(struct dav_object){ .place = call->place });
            return true;
        }
        break;
    case DAV_ROOT:
    case DAV_PRINCIPALS:
        answer_add(call, out, body, &(struct dav_object){ .place = call->place });
        return true;
    default:
        break;
    }
    *status_out = 404;
    return false;
}

bool dav_propfind(struct dav_call *call, unsigned *status_out, struct err *err)
{
    const char *depth = http_header(call->request, "Depth");
    const struct body *body = dav_body_read(call->arena, http_body(call->request));
    struct buf *out = http_reply_body(call->reply);

    *status_out = 400;
    if (!body || body->kind != BODY_PROPFIND || body->is_too_much)
        return false;
    *status_out = 403; /* RFC 4918, 9.1: without an end we do not look */
    if (!depth || (strcmp(depth, "0") != 0 && strcmp(depth, "1") != 0))
        return false;
    *status_out = 207;
    answer_begin(out);
    if (!add_place(call, out, body, *depth == '1', status_out, err)) {
        buf_clear(out);
        return false;
    }
    answer_end(out);
    return true;
}
