/* socket.c -- JMAP over WebSocket (RFC 8887): requests one after the other, and changes as they happen. */
#include "http/frame.h"
#include "http/json.h"
#include "http/websocket.h"
#include "jmap/crowd.h"
#include "jmap/listen.h"
#include "jmap/pages.h"
#include "jmap/stay.h"

#include <stdlib.h>
#include <talloc.h>

enum { TYPES_MAX = 50 };
#define SUBPROTOCOL "jmap"

struct talk {
    struct jmap *jmap;
    const struct http_request *http; /* a copy of what asked for it */
    const struct identity *identity;
    struct listener *listener; /* NULL: changes are not wanted */
    const char *types;         /* of those: "*", or names separated by commas; the listener's time */
    void *types_owner;
    struct jmap_stay *stay;
};

static void send_json(struct websocket *socket, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    websocket_send(socket, span_text(text));
    free(text);
    json_decref(json);
}

/* ---- changes */

static void tell_changes(struct talk *talk, struct websocket *socket)
{
    json_t *changed = talk->listener ? jmap_listen_changes(talk->listener, talk->types) : NULL, *change;

    if (!changed)
        return;
    jmap_listen_told(talk->listener);
    change = jmap_state_change(changed);
    json_object_set_new(change, "pushState",
                        json_sprintf("%llu", (unsigned long long)jmap_listen_state(talk->listener)));
    send_json(socket, change);
}

static void stop_telling(struct talk *talk)
{
    jmap_listen_end(&talk->listener);
    talloc_free(talk->types_owner);
    talk->types_owner = NULL;
}

static void wake(void *socket)
{
    websocket_wake(socket);
}

/* ["Email", "Mailbox"] or null; NULL for what is neither. */
static const char *types_of(const void *owner, const json_t *value)
{
    char *text = talloc_strdup(owner, "");
    json_t *name;
    size_t i;

    if (!value || json_is_null(value))
        return "*";
    if (!json_is_array(value) || json_array_size(value) > TYPES_MAX)
        return NULL;
    json_array_foreach(value, i, name)
    {
        if (!json_is_string(name) || !jmap_is_id(json_string_value(name)))
            return NULL;
        text = talloc_asprintf_append(text, "%s%s", *text ? "," : "", json_string_value(name));
    }
    return text;
}

static json_t *start_telling(struct talk *talk, struct jmap_request *request, struct websocket *socket,
                             const json_t *object)
{
    const char *state = json_string_value(json_object_get(object, "pushState"));
    struct err err = ERR_INIT;

    stop_telling(talk);
    talk->types_owner = talloc_new(talk);
    talk->types = types_of(talk->types_owner, json_object_get(object, "dataTypes"));
    if (!talk->types)
        return jmap_problem("notRequest", 400, NULL, "dataTypes is a list of names, or null.");
    if (!jmap_listen(request, &talk->listener, &err))
        return json_pack("{s:s, s:i, s:s}", "type", "about:blank", "status", 503, "detail", err.user);
    if (state) /* who comes back and missed something hears of it at once */
        jmap_listen_from(talk->listener, strtoull(state, NULL, 10));
    jmap_listen_wake(talk->listener, talk->jmap->options.wake, wake, socket);
    tell_changes(talk, socket);
    return NULL;
}

/* ---- requests */

static json_t *run(struct talk *talk, struct jmap_request *request, struct websocket *socket, json_t *object)
{
    json_t *answer, *problem = NULL, *id = json_object_get(object, "id");

    if (!jmap_crowd_enter(talk->jmap->crowd, jmap_client_of(talk->identity), CROWD_REQUESTS))
        return jmap_problem("limit", 400, "maxConcurrentRequests", "Too many requests at once.");
    answer = jmap_run(request, object, &problem);
    jmap_crowd_leave(talk->jmap->crowd, jmap_client_of(talk->identity), CROWD_REQUESTS);
    if (!answer)
        return problem;
    json_object_set_new(answer, "@type", json_string("Response"));
    if (json_is_string(id))
        json_object_set(answer, "requestId", id);
    send_json(socket, answer);
    return NULL;
}

/* A problem, or NULL. */
static json_t *answer(struct talk *talk, struct jmap_request *request, struct websocket *socket,
                      json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "@type"));

    if (type && strcmp(type, "Request") == 0)
        return run(talk, request, socket, object);
    if (type && strcmp(type, "WebSocketPushEnable") == 0)
        return start_telling(talk, request, socket, object);
    if (!type || strcmp(type, "WebSocketPushDisable") != 0)
        return jmap_problem("notRequest", 400, NULL,
                            "@type is Request, WebSocketPushEnable or WebSocketPushDisable.");
    stop_telling(talk);
    return NULL;
}

static void send_problem(struct websocket *socket, json_t *problem, const json_t *object)
{
    json_t *id = json_object_get(object, "id");

    json_object_set_new(problem, "@type", json_string("RequestError"));
    json_object_set_new(problem, "requestId", json_is_string(id) ? json_incref(id) : json_null());
    send_json(socket, problem);
}

static bool may_go_on(const struct talk *talk, struct websocket *socket)
{
    bool may = jmap_stay_may_go_on(talk->stay);

    if (!may)
        websocket_end(socket, FRAME_POLICY);
    return may;
}

static void on_message(void *argument, struct websocket *socket, struct span text)
{
    static const struct json_bounds bounds = { JMAP_DEPTH_MAX, JMAP_VALUES_MAX };
    struct talk *talk = argument;
    void *arena = talloc_new(NULL);
    json_t *object = NULL, *problem;
    struct err err = ERR_INIT;

    if (may_go_on(talk, socket)) {
        if (http_json_read(text, &bounds, &object, &err))
            problem =
                answer(talk, jmap_request_new(talk->jmap, arena, talk->http, talk->identity), socket, object);
        else if (err.kind == ERR_LIMIT)
            problem = jmap_problem("limit", 400, "maxSizeRequest", err.user);
        else
            problem = jmap_problem("notJSON", 400, NULL, err.user);
        if (problem)
            send_problem(socket, problem, object);
    }
    json_decref(object);
    talloc_free(arena);
}

static void on_wake(void *argument, struct websocket *socket)
{
    if (may_go_on(argument, socket))
        tell_changes(argument, socket);
}

static void on_end(void *argument)
{
    struct talk *talk = argument;

    stop_telling(talk);
    jmap_stay_end(&talk->stay);
    jmap_crowd_leave(talk->jmap->crowd, jmap_client_of(talk->identity), CROWD_SOCKETS);
    talloc_free(talk);
}

/* ---- its beginning */

/* An identity that lives as long as the conversation. */
static bool keep_identity(struct talk *talk, const struct jmap_request *request, struct err *err)
{
    struct identity *identity;

    if (!auth_identity(talk->jmap->options.auth, talk, request->identity->login, &identity, err))
        return false;
    identity->app_password_id = request->identity->app_password_id;
    identity->access_token_id = request->identity->access_token_id;
    talk->identity = identity;
    return true;
}

void jmap_socket(struct jmap_request *request, const struct http_request *http, struct http_reply *reply)
{
    static const struct websocket_handler handler = { on_message, on_wake, on_end };
    unsigned verdict = websocket_verdict(http, SUBPROTOCOL);
    struct err err = ERR_INIT;
    struct websocket *socket;
    struct talk *talk;

    if (verdict) {
        http_reply_header(reply, "Upgrade", "websocket");
        jmap_send_problem(reply, jmap_problem("about:blank", verdict, NULL,
                                              "This address speaks WebSocket, with the subprotocol jmap."));
        return;
    }
    if (!jmap_crowd_enter(request->jmap->crowd, jmap_client_of(request->identity), CROWD_SOCKETS)) {
        jmap_send_problem(reply, jmap_problem("limit", 429, "webSockets", "Too many WebSockets at once."));
        return;
    }
    talk = talloc_zero(NULL, struct talk);
    talk->jmap = request->jmap;
    if (!keep_identity(talk, request, &err)) {
        jmap_crowd_leave(request->jmap->crowd, jmap_client_of(request->identity), CROWD_SOCKETS);
        talloc_free(talk);
        jmap_send_err(reply, &err);
        return;
    }
    talk->http = http_request_keep(talk, http);
    /* nothing of it runs before this answer has returned */
    socket = websocket_begin(request->jmap->sockets, http, reply, SUBPROTOCOL, &handler, talk);
    talk->stay = jmap_stay_begin(request->jmap->stays, request->identity, wake, socket);
}
