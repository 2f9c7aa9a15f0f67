/* sessions.c -- who is logged in, by browser, token or mail program: of one user, and of everybody whom the caller reaches. */
#include "admin_api/act.h"
#include "admin_api/page.h"
#include "directory/access_token.h"
#include "directory/line_session.h"
#include "directory/session_list.h"
#include "directory/user.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { STANDARD = 100, OF_ONE = 1000, END_AT_ONCE = 200 };

static const struct {
    enum directory_protocol protocol;
    const char *program; /* what a mail program is called of which no more is known */
} programs[] = { { PROTOCOL_IMAP, "IMAP" },
                 { PROTOCOL_POP3, "POP3" },
                 { PROTOCOL_SMTP, "SMTP" },
                 { PROTOCOL_SIEVE, "ManageSieve" } };

static const char *name_of(const struct session_entry *e)
{
    for (size_t i = 0; e->kind == SESSION_CONNECTION && i < COUNT_OF(programs); i++)
        if ((unsigned)programs[i].protocol == e->protocol)
            return programs[i].program;
    return e->name;
}

static bool is_own(const struct admin_call *call, const struct session_entry *e)
{
    return call->token && call->token->access_token_id == e->session_id;
}

static json_t *entry_json(const struct admin_call *call, const struct session_entry *e)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "id",
                     (json_int_t)e->session_id, "kind", session_kind_name(e->kind), "protocol",
                     directory_protocol_name((enum directory_protocol)e->protocol), "name", name_of(e),
                     "peer", e->peer, "method", e->method, "lacks", e->lacks, "current", is_own(call, e),
                     "created", json_time(e->created_us), "seen", json_time(e->seen_us), "expires",
                     json_time(e->expires_us));
}

/* ---- those of a user */

static bool find(struct admin_call *call, struct user *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], out, err);
}

bool sessions_get(struct admin_call *call, struct err *err)
{
    struct session_query query = { .limit = OF_ONE };
    struct session_entry *list;
    struct user user;
    size_t count;
    json_t *json;

    if (!find(call, &user, err))
        return false;
    query.recipient_id = user.recipient_id;
    if (!session_list_of(call->api->options.directory, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, entry_json(call, &list[i]));
    return call_answer(call, json_pack("{s:o}", "sessions", json));
}

bool sessions_delete(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    int64_t id = strtoll(call->parameters[1], NULL, 10);
    struct user user;

    if (!find(call, &user, err))
        return false;
    if (access_token_remove(directory, &call->actor, user.recipient_id, id, err))
        return true;
    return err->kind == ERR_NOT_FOUND &&
           line_session_end(directory, &call->actor, user.recipient_id, id, err);
}

/* ---- those of everybody */

static bool read_protocol(const struct admin_call *call, struct session_query *query, struct err *err)
{
    const char *protocol = http_query(call->request, "protocol");

    query->protocol = protocol ? directory_protocol_of(protocol) : 0;
    return !protocol || query->protocol != 0 ||
           err_set(err, ERR_INVALID, "%.40s is no protocol: smtp, imap, pop3, web, dav, nntp, sieve, admin.",
                   protocol);
}

static bool read_query(const struct admin_call *call, struct session_query *query, struct err *err)
{
    const char *before = page_after(call);

    *query = (struct session_query){ .domain = http_query(call->request, "domain"),
                                     .text = http_query(call->request, "text"),
                                     .kind = http_query(call->request, "kind"),
                                     .before_id = before ? strtoll(before, NULL, 10) : 0 };
    return call_organisation_filter(call, &query->organisation_id, err) && read_protocol(call, query, err);
}

/* Of the list of everybody: also whose it is. */
static json_t *with_holder(json_t *json, const struct session_entry *e)
{
    json_object_set_new(json, "address", json_string(e->address));
    json_object_set_new(json, "holder", json_string(e->holder));
    json_object_set_new(json, "organisation", json_string(e->organisation));
    return json;
}

static void add_next(struct admin_call *call, const struct session_entry *list, size_t count, size_t limit)
{
    if (count == limit)
        json_object_set_new(call->out, "next", json_sprintf("%" PRId64, list[count - 1].session_id));
}

bool all_sessions_get(struct admin_call *call, struct err *err)
{
    struct session_query query;
    struct session_entry *list;
    size_t count;
    json_t *json;

    if (!read_query(call, &query, err) || !page_limit(call, STANDARD, &query.limit, err) ||
        !session_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, with_holder(entry_json(call, &list[i]), &list[i]));
    call_answer(call, json_pack("{s:o}", "sessions", json));
    add_next(call, list, count, query.limit);
    return true;
}

/* As if the caller had ended this one by itself: with his rights on its holder, and a row in the audit. */
static bool end_one(struct admin_call *call, const struct session_entry *e, struct err *err)
{
    const struct act_caller caller = { call->actor.name, call->actor.peer, call->actor.recipient_id,
                                       call->holder ? call->holder->permissions_max : UINT64_MAX };
    char *address = g_uri_escape_string(e->address, NULL, FALSE);
    const char *path = talloc_asprintf(call->arena, "/users/%s/sessions/%" PRId64, address, e->session_id);
    json_t *out = NULL;
    bool done = act(call->api, call->arena, &caller, "DELETE", path, NULL, &out, err);

    g_free(address);
    json_decref(out);
    return done;
}

static bool read_ids(const struct admin_call *call, struct session_query *query, struct err *err)
{
    const json_t *list = json_object_get(call->in, "sessions");
    size_t count = json_array_size(list);
    int64_t *ids = talloc_array(call->arena, int64_t, (unsigned)count + 1);

    if (list && (count == 0 || count > END_AT_ONCE))
        return err_set(err, ERR_INVALID, "Between 1 and %d sessions are ended at once.", END_AT_ONCE);
    for (size_t i = 0; i < count; i++)
        ids[i] = json_integer_value(json_array_get(list, i));
    query->ids = ids;
    query->id_count = count;
    return true;
}

bool sessions_end_post(struct admin_call *call, struct err *err)
{
    struct session_query query;
    struct session_entry *list;
    size_t count;
    json_int_t ended = 0, refused = 0;

    if (!read_query(call, &query, err) || !read_ids(call, &query, err))
        return false;
    query.limit = END_AT_ONCE;
    if (!session_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct err trouble = ERR_INIT;
        if (is_own(call, &list[i]))
            continue;
        if (end_one(call, &list[i], &trouble))
            ended++;
        else if (err_is_temporary(trouble.kind))
            return err_set(err, trouble.kind, "%s", trouble.user);
        else
            refused += trouble.kind != ERR_NOT_FOUND; /* gone meanwhile */
    }
    call_answer(call, json_pack("{s:I, s:I}", "ended", ended, "refused", refused));
    if (query.id_count == 0)
        add_next(call, list, count, query.limit);
    return true;
}
