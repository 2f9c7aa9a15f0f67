/* report.c -- REPORT (RFC 3253, 3.6): cards that are named, cards that a filter finds, and what has changed. */
#include "dav/answer.h"
#include "dav/filter.h"
#include "dav/snapshot.h"
#include "directory/list.h"

#include <string.h>
#include <talloc.h>

enum { FEW_WANTED = 100 };

/* RFC 4918, 16: which condition of the request did not hold. */
static bool fail(struct dav_call *call, unsigned status, const char *condition, unsigned *status_out)
{
    struct buf *out = http_reply_body(call->reply);

    buf_clear(out);
    buf_add_format(out,
                   "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\""
                   " xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><%s/></D:error>\n",
                   condition);
    *status_out = status;
    return true;
}

static struct dav_object object_of(const struct dav_call *call, const struct body *body,
                                   const struct book *book, const struct book_card *card)
{
    return (struct dav_object){ .place = { .kind = DAV_CARD,
                                           .book = dav_book_part(call->arena, book),
                                           .recipient_id = card->recipient_id },
                                .book = book,
                                .tag = card->tag,
                                .card = card,
                                .is_version_4 = body->wants_version_4 };
}

/* ---- addressbook-multiget (RFC 6352, 8.7) */

/* Paths may be whole addresses, and percent-encoded; a card's has nothing that needs it. */
static struct dav_place place_of_href(const struct dav_call *call, const char *href)
{
    const char *path = strstr(href, "://");

    path = path ? strchr(path + 3, '/') : href;
    return dav_place_of(call->arena, path ? path : "");
}

static bool add_named(struct dav_call *call, struct buf *out, const struct body *body,
                      const struct book *book, const char *const *hrefs, size_t count, struct err *err)
{
    int64_t *ids = talloc_zero_array(call->arena, int64_t, (unsigned)count + 1);
    struct book_card *cards;
    size_t found, in_book;
    struct book_member *members;

    for (size_t i = 0; i < count; i++) {
        struct dav_place place = place_of_href(call, hrefs[i]);
        ids[i] = place.kind == DAV_CARD && dav_find_book(call, &place) == book ? place.recipient_id : 0;
        if (ids[i] && book->query) { /* shown by this list, too? */
            if (!book_members(call->dav->directory, call->arena, call->identity->organisation_id, book,
                              ids[i], &members, &in_book, err))
                return false;
            ids[i] = in_book > 0 ? ids[i] : 0;
        }
    }
    if (!book_cards(call->dav->directory, NULL, call->arena, call->identity->organisation_id, ids, count,
                    &cards, &found, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < found && cards[at].recipient_id != ids[i])
            at++;
        if (at < found) {
            struct dav_object object = object_of(call, body, book, &cards[at]);
            answer_add(call, out, body, &object);
        } else {
            answer_add_status(out, hrefs[i], "HTTP/1.1 404 Not Found");
        }
    }
    talloc_free(cards);
    return true;
}

static bool multiget(struct dav_call *call, const struct body *body, const struct book *book, struct err *err)
{
    struct buf *out = http_reply_body(call->reply);

    for (size_t i = 0; i < body->href_count; i += BOOK_CARDS_MAX) {
        size_t rest = body->href_count - i;
        if (!add_named(call, out, body, book, body->hrefs + i, rest < BOOK_CARDS_MAX ? rest : BOOK_CARDS_MAX,
                       err))
            return false;
    }
    return true;
}

/* ---- addressbook-query (8.6) */

struct query {
    struct dav_call *call;
    const struct body *body;
    const struct book *book;
    uint64_t found;
    bool is_cut;
};

static bool add_matching(struct query *query, const int64_t *ids, size_t count, struct err *err)
{
    struct dav_call *call = query->call;
    struct book_card *cards;
    size_t found;

    if (!book_cards(call->dav->directory, NULL, call->arena, call->identity->organisation_id, ids, count,
                    &cards, &found, err))
        return false;
    for (size_t i = 0; i < found && !query->is_cut; i++) {
        if (!filter_takes(query->body, &cards[i]))
            continue;
        if (query->body->limit > 0 && query->found == query->body->limit) {
            query->is_cut = true;
            break;
        }
        struct dav_object object = object_of(call, query->body, query->book, &cards[i]);
        answer_add(call, http_reply_body(call->reply), query->body, &object);
        query->found++;
    }
    talloc_free(cards);
    return true;
}

/* Those whom the directory's indexes find for it, or all; the first `most` by name. */
static bool find_candidates(struct query *query, size_t most, int64_t **ids_out, size_t *count_out,
                            struct err *err)
{
    struct dav_call *call = query->call;
    const char *filter = filter_for_directory(call->arena, query->body);
    bool ok = book_find(call->dav->directory, call->arena, call->identity->organisation_id, query->book,
                        filter, most, ids_out, count_out, err);

    if (ok || err->kind != ERR_INVALID || !filter)
        return ok;
    *err = ERR_INIT; /* both filters together are too large */
    return book_find(call->dav->directory, call->arena, call->identity->organisation_id, query->book, NULL,
                     most, ids_out, count_out, err);
}

/* Those from `*done` on. */
static bool look_at(struct query *query, const int64_t *ids, size_t count, size_t *done, struct err *err)
{
    while (*done < count && !query->is_cut) {
        size_t some = count - *done < BOOK_CARDS_MAX ? count - *done : BOOK_CARDS_MAX;
        if (!add_matching(query, ids + *done, some, err))
            return false;
        *done += some;
    }
    return true;
}

/* Few are wanted: mostly the first candidates are enough. */
static bool search(struct dav_call *call, const struct body *body, const struct book *book, struct err *err)
{
    struct query query = { .call = call, .body = body, .book = book };
    size_t count = 0, done = 0,
           most = body->limit > 0 && body->limit <= FEW_WANTED ? (size_t)body->limit + 1 : LIST_SELECT_MAX;
    int64_t *ids;

    if (!find_candidates(&query, most, &ids, &count, err) || !look_at(&query, ids, count, &done, err))
        return false;
    if (!query.is_cut && count == most && most < LIST_SELECT_MAX &&
        (!find_candidates(&query, LIST_SELECT_MAX, &ids, &count, err) ||
         !look_at(&query, ids, count, &done, err)))
        return false;
    if (query.is_cut) /* 8.6.2: there is more, as many as were asked for are here */
        answer_add_status(http_reply_body(call->reply), dav_path_of(call->arena, &call->place),
                          "HTTP/1.1 507 Insufficient Storage");
    return true;
}

/* ---- sync-collection (RFC 6578) */

static void add_member(struct dav_call *call, const struct body *body, const struct book *book,
                       const struct book_member *member)
{
    answer_add(
        call, http_reply_body(call->reply), body,
        &(struct dav_object){
            .place = { .kind = DAV_CARD, .book = call->place.book, .recipient_id = member->recipient_id },
            .book = book,
            .tag = member->tag });
}

static void add_removed(struct dav_call *call, const struct book_member *member)
{
    const struct dav_place place = { .kind = DAV_CARD,
                                     .book = call->place.book,
                                     .recipient_id = member->recipient_id };

    answer_add_status(http_reply_body(call->reply), dav_path_of(call->arena, &place),
                      "HTTP/1.1 404 Not Found");
}

/* Both are sorted by number. */
static void compare(struct dav_call *call, const struct body *body, const struct book *book,
                    const struct snapshot *then, const struct snapshot *now)
{
    size_t a = 0, b = 0;

    while (a < then->count || b < now->count) {
        bool is_gone = b == now->count ||
                       (a < then->count && then->members[a].recipient_id < now->members[b].recipient_id);
        bool is_new =
            !is_gone && (a == then->count || then->members[a].recipient_id > now->members[b].recipient_id);
        if (is_gone) {
            add_removed(call, &then->members[a++]);
        } else {
            if (is_new || strcmp(then->members[a].tag, now->members[b].tag) != 0)
                add_member(call, body, book, &now->members[b]);
            a += !is_new;
            b++;
        }
    }
}

static bool sync(struct dav_call *call, const struct body *body, const struct book *book,
                 unsigned *status_out, struct err *err)
{
    struct buf *out = http_reply_body(call->reply);
    struct snapshot now, then = { .count = 0 };
    const char *token = body->sync_token;
    int64_t organisation_id = call->identity->organisation_id;

    if (!snapshot_take(call->dav->snapshots, call->dav->directory, call->arena, organisation_id, book, &now,
                       err))
        return false;
    if (token && *token && strcmp(token, now.token) == 0)
        then = now;
    else if (token && *token &&
             !snapshot_recall(call->dav->snapshots, call->arena, organisation_id, book, token, &then))
        return fail(call, 403, "D:valid-sync-token", status_out);
    compare(call, body, book, &then, &now);
    buf_add_format(out, "\n<D:sync-token>%s</D:sync-token>", now.token);
    return true;
}

/* ---- which */

static bool is_plain_enough(struct dav_call *call, const struct body *body, unsigned *status_out)
{
    if (body->wants_unknown_version)
        return fail(call, 403, "C:supported-address-data", status_out);
    if (!filter_is_known(body))
        return fail(call, 403, "C:supported-filter", status_out);
    return true;
}

bool dav_report(struct dav_call *call, unsigned *status_out, struct err *err)
{
    const struct body *body = dav_body_read(call->arena, http_body(call->request));
    const struct book *book = dav_find_book(call, &call->place);
    struct buf *out = http_reply_body(call->reply);

    *status_out = body && !body->is_too_much ? 404 : 400;
    if (!body || body->is_too_much || call->place.kind != DAV_BOOK || !book)
        return false;
    *status_out = 207;
    if (body->kind == BODY_OTHER || body->kind == BODY_PROPFIND)
        return fail(call, 403, "D:supported-report", status_out);
    if (!is_plain_enough(call, body, status_out) || *status_out != 207)
        return true;
    answer_begin(out);
    bool ok = body->kind == BODY_MULTIGET ? multiget(call, body, book, err)
              : body->kind == BODY_QUERY  ? search(call, body, book, err)
                                          : sync(call, body, book, status_out, err);
    if (!ok)
        buf_clear(out);
    else if (*status_out == 207)
        answer_end(out);
    return ok;
}
