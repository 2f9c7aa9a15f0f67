/* dav.c -- methods, and what is answered where something fails. */
#include "dav/dav.h"

#include "base/log.h"
#include "dav/call.h"
#include "dav/snapshot.h"

#include <string.h>
#include <talloc.h>

#define METHODS "OPTIONS, GET, HEAD, PROPFIND, REPORT"

struct dav *dav_open(const void *owner, struct directory *directory, struct auth *auth)
{
    struct dav *dav = talloc_zero(owner, struct dav);

    dav->directory = directory;
    dav->auth = auth;
    dav->snapshots = snapshots_open(dav);
    return dav;
}

void dav_close(struct dav **dav)
{
    if (!*dav)
        return;
    snapshots_close(&(*dav)->snapshots);
    TALLOC_FREE(*dav);
}

bool dav_has(const char *path)
{
    return strcmp(path, "/dav") == 0 || strncmp(path, "/dav/", 5) == 0 ||
           strcmp(path, "/.well-known/carddav") == 0;
}

/* ---- methods */

static bool options(struct dav_call *call, unsigned *status_out, struct err *err)
{
    (void)err;
    http_reply_header(call->reply, "Allow", METHODS);
    http_reply_header(call->reply, "DAV", "1, 3, addressbook");
    *status_out = 200;
    return true;
}

static bool get(struct dav_call *call, unsigned *status_out, struct err *err)
{
    const struct book *book = dav_find_book(call, &call->place);
    const char *accepted = http_header(call->request, "Accept"),
               *known = http_header(call->request, "If-None-Match");
    int64_t organisation_id = call->identity->organisation_id;
    struct book_member *members;
    struct book_card *cards;
    size_t count = 0;

    *status_out = call->place.kind == DAV_CARD || call->place.kind == DAV_NOTHING ? 404 : 405;
    if (call->place.kind != DAV_CARD || !book)
        return false;
    if (!book_members(call->dav->directory, call->arena, organisation_id, book, call->place.recipient_id,
                      &members, &count, err))
        return false;
    if (count == 0 ||
        !book_cards(call->dav->directory, NULL, call->arena, organisation_id, &call->place.recipient_id, 1,
                    &cards, &count, err) ||
        count == 0)
        return false;
    const char *tag = talloc_asprintf(call->arena, "\"%s\"", cards[0].tag);
    bool is_version_4 = accepted && strstr(accepted, "4.0");
    http_reply_header(call->reply, "ETag", tag);
    http_reply_header(call->reply, "Vary", "Accept");
    http_reply_type(call->reply, is_version_4 ? "text/vcard; version=4.0; charset=utf-8"
                                              : "text/vcard; version=3.0; charset=utf-8");
    *status_out = known && strstr(known, tag) ? 304 : 200;
    if (*status_out == 200)
        dav_add_card(http_reply_body(call->reply), &cards[0], is_version_4);
    return true;
}

static bool propfind(struct dav_call *call, unsigned *status_out, struct err *err)
{
    http_reply_type(call->reply, "application/xml; charset=utf-8");
    return dav_propfind(call, status_out, err);
}

static bool report(struct dav_call *call, unsigned *status_out, struct err *err)
{
    http_reply_type(call->reply, "application/xml; charset=utf-8");
    return dav_report(call, status_out, err);
}

/* What changes something is known, and refused: the lists are the organisation's. */
static bool refuse(struct dav_call *call, unsigned *status_out, struct err *err)
{
    (void)call;
    (void)err;
    *status_out = 403;
    return false;
}

static const struct method {
    const char *name;
    bool (*run)(struct dav_call *call, unsigned *status_out, struct err *err);
} methods[] = {
    { "OPTIONS", options },  { "GET", get },     { "HEAD", get },      { "PROPFIND", propfind },
    { "REPORT", report },    { "PUT", refuse },  { "DELETE", refuse }, { "MKCOL", refuse },
    { "PROPPATCH", refuse }, { "COPY", refuse }, { "MOVE", refuse },   { "LOCK", refuse },
    { "UNLOCK", refuse },    { "POST", refuse }, { "ACL", refuse },
};

/* ---- failures */

static const struct {
    enum err_kind kind;
    unsigned status;
} statuses[] = { { ERR_AUTH, 401 },  { ERR_DENIED, 403 }, { ERR_NOT_FOUND, 404 }, { ERR_INVALID, 400 },
                 { ERR_LIMIT, 429 }, { ERR_BUSY, 503 },   { ERR_INTERNAL, 500 } };

static void answer_error(struct dav_call *call, const struct err *err)
{
    unsigned status = 500;

    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].kind == err->kind)
            status = statuses[i].status;
    if (status == 401)
        http_reply_header(call->reply, "WWW-Authenticate", "Basic realm=\"Chappe\", charset=\"UTF-8\"");
    if (status == 503)
        http_reply_header(call->reply, "Retry-After", "60");
    if (status >= 500)
        log_err(LOG_LEVEL_WARNING, "dav.failed", err);
    http_reply_status(call->reply, status);
    http_reply_type(call->reply, "text/plain; charset=utf-8");
    buf_clear(http_reply_body(call->reply));
    buf_add_format(http_reply_body(call->reply), "%s\n", err->user);
}

static const struct method *method_of(const struct http_request *request)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (strcmp(methods[i].name, http_method(request)) == 0)
            return &methods[i];
    return NULL;
}

static void run(struct dav_call *call, const struct method *method)
{
    struct err err = ERR_INIT;
    unsigned status = 405;

    if (!dav_enter(call, &err) ||
        !books_list(call->dav->directory, call->arena, call->identity->organisation_id, call->identity->login,
                    &call->books, &call->book_count, &err)) {
        answer_error(call, &err);
        return;
    }
    call->place = dav_place_of(call->arena, http_path(call->request));
    if (!method->run(call, &status, &err) && err.kind != ERR_NONE) {
        answer_error(call, &err);
        return;
    }
    if (status == 405)
        http_reply_header(call->reply, "Allow", METHODS);
    http_reply_status(call->reply, status);
}

void dav_answer(struct dav *dav, const struct http_request *request, struct http_reply *reply)
{
    struct dav_call call = { .dav = dav, .request = request, .reply = reply, .arena = http_arena(request) };
    const struct method *method = method_of(request);

    if (strcmp(http_path(request), "/.well-known/carddav") == 0) {
        http_reply_status(reply, 301);
        http_reply_header(reply, "Location", "/dav/");
    } else if (!method) {
        http_reply_status(reply, 405);
        http_reply_header(reply, "Allow", METHODS);
    } else if (method->run == options) {
        unsigned status;
        struct err err = ERR_INIT;
        http_reply_status(reply, options(&call, &status, &err) ? status : 500);
    } else {
        run(&call, method);
    }
}
