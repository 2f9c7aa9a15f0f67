/* ahead.c -- what webmail asks first, answered with its page: one wait for the network rather than four. */
#include "jmap/account.h"
#include "jmap/crowd.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* A copy of what is asked, with ids where "$account" and "$folder" stand. */
static json_t *filled(const json_t *template, const char *account, const char *folder)
{
    const char *text = json_string_value(template), *name;
    json_t *out, *value;
    size_t i;

    if (text)
        return json_string(strcmp(text, "$account") == 0  ? account
                           : strcmp(text, "$folder") == 0 ? folder
                                                          : text);
    if (json_is_array(template)) {
        out = json_array();
        json_array_foreach(template, i, value) json_array_append_new(out, filled(value, account, folder));
    } else if (json_is_object(template)) {
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t) template, name, value)
            json_object_set_new(out, name, filled(value, account, folder));
    } else {
        out = json_incref((json_t *)(uintptr_t) template);
    }
    return out;
}

static bool has_failed(const json_t *answer)
{
    const json_t *responses = json_object_get(answer, "methodResponses");
    json_t *response;
    size_t i;

    json_array_foreach(responses, i, response)
    {
        if (strcmp(json_string_value(json_array_get(response, 0)), "error") == 0)
            return true;
    }
    return json_array_size(responses) == 0;
}

/* Under the arena; NULL where a call was refused: who asks for it himself learns why. */
static json_t *answer_of(const struct jmap_request *by, const json_t *asked, const char *calls,
                         const char *account, const char *folder)
{
    struct jmap_request *request = jmap_request_new(by->jmap, by->arena, by->http, by->identity);
    json_t *object = json_pack("{s:O, s:o}", "using", json_object_get(asked, "using"), "methodCalls",
                               filled(json_object_get(asked, calls), account, folder));
    json_t *problem = NULL, *answer = jmap_run(request, object, &problem);

    json_decref(object);
    json_decref(problem);
    if (answer)
        jmap_keep(by->arena, answer);
    return answer && !has_failed(answer) ? answer : NULL;
}

/* The id of the folder that has this id or role; NULL: there is none. */
static const char *folder_named(const json_t *folders, const char *name)
{
    const json_t *response = json_array_get(json_object_get(folders, "methodResponses"), 0);
    json_t *list = json_object_get(json_array_get(response, 1), "list"), *folder;
    const char *found = NULL;
    size_t i;

    json_array_foreach(list, i, folder)
    {
        const char *id = json_string_value(json_object_get(folder, "id")),
                   *role = json_string_value(json_object_get(folder, "role"));
        if (strcmp(id, name) == 0)
            return id;
        if (role && strcmp(role, name) == 0)
            found = id;
    }
    return found;
}

/* No text of it can end the element. */
static void add(struct buf *out, const char *name, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    buf_add_format(out, "<script type=\"application/json\" data-ahead=\"%s\">", name);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "<");
        buf_add(out, at, length);
        at += length;
        if (*at == '<') {
            buf_add_text(out, "\\u003c");
            at++;
        }
    }
    buf_add_text(out, "</script>");
    free(text);
}

static void add_all(struct jmap_request *request, const json_t *session, const json_t *asked,
                    const char *name, struct buf *out)
{
    const char *account = json_string_value(
        json_object_get(json_object_get(session, "primaryAccounts"), jmap_capability_uri(JMAP_MAIL)));
    json_t *folders = account ? answer_of(request, asked, "folders", account, "") : NULL;
    const char *folder = folders ? folder_named(folders, name) : NULL;
    json_t *page = folder ? answer_of(request, asked, "page", account, folder) : NULL;

    add(out, "session", session);
    if (folders)
        add(out, "folders", folders);
    if (page)
        add(out, "page", page);
}

bool jmap_answer_ahead(struct jmap *jmap, const struct http_request *http, const json_t *asked,
                       const char *folder, struct buf *out)
{
    struct jmap_request *request;
    struct jmap_client client;
    struct err err = ERR_INIT;
    json_t *session;

    if (!http_header(http, "Cookie") || http_header(http, "Authorization") ||
        !jmap_enter(jmap, http, NULL, &request, &err))
        return false;
    client = jmap_client_of(request->identity);
    if (!jmap_crowd_enter(jmap->crowd, client, CROWD_REQUESTS))
        return false;
    if (jmap_session(request, http, &session, &err)) {
        add_all(request, session, asked, folder, out);
        json_decref(session);
    }
    jmap_crowd_leave(jmap->crowd, client, CROWD_REQUESTS);
    return true;
}
