/* jmap.c -- from a path to what answers it. */
#include "jmap/jmap.h"

#include "http/websocket.h"
#include "jmap/cross.h"
#include "jmap/crowd.h"
#include "jmap/lists.h"
#include "jmap/pages.h"
#include "jmap/picture.h"
#include "jmap/push.h"
#include "jmap/push_tell.h"
#include "jmap/stay.h"

#include <string.h>
#include <talloc.h>

#define WELL_KNOWN "/.well-known/jmap"
#define PREFIX "/jmap/"

static void answer_session(struct jmap_request *request, const struct http_request *http,
                           struct http_reply *reply)
{
    struct err err = ERR_INIT;
    json_t *session;

    if (!jmap_session(request, http, &session, &err)) {
        jmap_send_err(reply, &err);
        return;
    }
    jmap_send_json(reply, session);
    json_decref(session);
}

/* What a body may have: nothing, a request object, or a file. */
enum body { NO_BODY, REQUEST_BODY, FILE_BODY };

static const struct page {
    const char *method, *path;
    void (*answer)(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
    enum body body;
} pages[] = {
    { "GET", WELL_KNOWN, answer_session, NO_BODY },
    { "HEAD", WELL_KNOWN, answer_session, NO_BODY },
    { "GET", PREFIX "session", answer_session, NO_BODY },
    { "HEAD", PREFIX "session", answer_session, NO_BODY },
    { "POST", PREFIX "api", jmap_api, REQUEST_BODY },
    { "POST", PREFIX "upload/", jmap_upload, FILE_BODY },
    { "GET", PREFIX "download/", jmap_download, NO_BODY },
    { "HEAD", PREFIX "download/", jmap_download, NO_BODY },
    { "GET", PREFIX "eventsource", jmap_events, NO_BODY },
    { "GET", PREFIX "ws", jmap_socket, NO_BODY },
    { "GET", PREFIX "picture", jmap_picture, NO_BODY },
};

static bool is_at(const struct page *page, const char *path)
{
    size_t length = strlen(page->path);

    if (strncmp(page->path, path, length) != 0)
        return false;
    return page->path[length - 1] == '/' || path[length] == '\0' || strcmp(path + length, "/") == 0;
}

static const struct page *page_at(const char *method, const char *path)
{
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (is_at(&pages[i], path) && (!method || strcmp(pages[i].method, method) == 0))
            return &pages[i];
    return NULL;
}

bool jmap_has(const char *path)
{
    return strncmp(path, PREFIX, strlen(PREFIX)) == 0 || strcmp(path, WELL_KNOWN) == 0;
}

size_t jmap_limit(const struct jmap *jmap, const char *method, const char *path)
{
    const struct page *page = page_at(method, path);

    return !page || page->body == NO_BODY ? 0
           : page->body == REQUEST_BODY   ? JMAP_REQUEST_MAX
                                          : (size_t)jmap->options.message_max;
}

/* RFC 8620, 3.6.1 has no word for these: the status tells. */
static const unsigned status_of[ERR_KINDS] = {
    [ERR_NONE] = 500,     [ERR_NOT_FOUND] = 404,   [ERR_EXISTS] = 409,  [ERR_DENIED] = 403,
    [ERR_AUTH] = 401,     [ERR_QUOTA] = 507,       [ERR_INVALID] = 400, [ERR_LIMIT] = 429,
    [ERR_CONFLICT] = 409, [ERR_DEPENDED_ON] = 409, [ERR_BUSY] = 503,    [ERR_UNKNOWN] = 503,
    [ERR_INTERNAL] = 500, [ERR_NO_ROOM] = 503,     [ERR_EXPIRED] = 403, [ERR_SUSPENDED] = 403,
};

void jmap_send_err(struct http_reply *reply, const struct err *err)
{
    unsigned status = status_of[err->kind];

    if (status == 503)
        http_reply_header(reply, "Retry-After", "5");
    jmap_send_problem(reply, json_pack("{s:s, s:i, s:o}", "type", "about:blank", "status", (int)status,
                                       "detail", jmap_text(err->user)));
}

char *jmap_take_segment(const struct jmap_request *request, const char **path)
{
    size_t length = strcspn(*path, "/");
    char *segment = length ? talloc_strndup(request->arena, *path, length) : NULL;

    *path += length + ((*path)[length] == '/');
    return segment;
}

void jmap_answer(void *jmap, const struct http_request *http, struct http_reply *reply)
{
    struct jmap *own = jmap;
    const struct page *page = page_at(http_method(http), http_path(http));
    struct jmap_request *request;
    struct err err = ERR_INIT;

    if (strcmp(http_method(http), "OPTIONS") == 0) {
        jmap_cross_preflight(own->options.origins, http, reply);
        return;
    }
    jmap_cross_allow(own->options.origins, http, reply);
    if (!page)
        err_set(&err, ERR_NOT_FOUND, "There is nothing here.");
    if (!page || !jmap_enter(own, http, reply, &request, &err)) {
        jmap_send_err(reply, &err);
        return;
    }
    page->answer(request, http, reply);
}

bool jmap_admits(void *jmap, const struct http_request *http)
{
    struct jmap_request *request;
    struct err err = ERR_INIT;

    return jmap_enter(jmap, http, NULL, &request, &err);
}

bool jmap_open(const struct jmap_options *options, struct jmap **jmap_out, struct err *err)
{
    struct jmap *jmap = talloc_zero(NULL, struct jmap);

    jmap->options = *options;
    jmap->crowd = jmap_crowd_new(jmap);
    jmap->lists = jmap_lists_new(jmap);
    jmap->pictures = jmap_pictures_new(jmap, options);
    *jmap_out = jmap;
    return jmap_stays_open(jmap, options->directory, options->auth, &jmap->stays, err) &&
           jmap_push_open(jmap, options->wake, &jmap->push, err) &&
           jmap_teller_open(jmap, &jmap->teller, err) &&
           websockets_open(JMAP_SOCKET_THREADS, JMAP_REQUEST_MAX, &jmap->sockets, err);
}

void jmap_quiesce(struct jmap *jmap)
{
    if (!jmap)
        return;
    jmap_pictures_quiesce(jmap->pictures);
    jmap_teller_quiesce(jmap->teller);
}

void jmap_close(struct jmap **jmap)
{
    if (!*jmap)
        return;
    websockets_close(&(*jmap)->sockets);
    jmap_teller_close(&(*jmap)->teller);
    jmap_pictures_free(&(*jmap)->pictures);
    jmap_push_close(&(*jmap)->push);
    jmap_stays_close(&(*jmap)->stays);
    jmap_lists_free(&(*jmap)->lists);
    jmap_crowd_free(&(*jmap)->crowd);
    talloc_free(*jmap);
    *jmap = NULL;
}
