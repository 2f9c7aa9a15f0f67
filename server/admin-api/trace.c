/* trace.c -- what happened to messages: the directory and every storage group are asked, and their answers put together. */
#include "admin_api/call.h"
#include "base/clock.h"
#include "directory/login.h"
#include "directory/tracing.h"
#include "directory/user.h"
#include "format/address.h"
#include "format/codec.h"
#include "group/group.h"
#include "rehearsal/rehearsal.h"
#include "trace/term.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { LIST_STANDARD = 20, LIST_MOST = 200, TERMS_MAX = 8, EVENTS_MOST = 2000 };

/* ---- what is asked */

struct asking {
    struct admin_call *call;
    struct trace_filter filter;
    int64_t terms[TERMS_MAX];
    size_t limit;
    const char **ids; /* found so far, of all databases */
    size_t count;
    bool has_more;
    struct trace_found *rows;
    size_t row_count;
    json_t *silent; /* databases that did not answer */

    /* where somebody asks of his own mail */
    const char **own; /* his addresses; NULL: of any */
    size_t own_count;
    bool is_received; /* shown is what concerns these addresses alone */
};

/* An address as the trace writes it; what is none is looked for as it is. */
static const char *address_of(const void *arena, const char *text)
{
    struct address address;

    if (strcmp(text, "<>") == 0)
        return "";
    if (address_parse(arena, span_text(text), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, &address) !=
        ADDRESS_GOOD)
        return text;
    return address_text(arena, &address);
}

static void add_terms(struct asking *asking)
{
    static const struct {
        const char *name;
        enum trace_term_kind kind;
        bool is_address;
    } parts[] = { { "sender", TRACE_TERM_SENDER, true },
                  { "recipient", TRACE_TERM_RECIPIENT, true },
                  { "message_id", TRACE_TERM_MESSAGE_ID, false },
                  { "client", TRACE_TERM_PEER, false },
                  { "login", TRACE_TERM_LOGIN, false } };

    asking->filter.terms = asking->terms;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const char *text = http_query(asking->call->request, parts[i].name);
        if (!text)
            continue;
        struct span value =
            parts[i].is_address ? span_text(address_of(asking->call->arena, text)) : span_text(text);
        if (parts[i].kind == TRACE_TERM_MESSAGE_ID)
            value = trace_message_id(value);
        asking->terms[asking->filter.term_count++] = trace_term(parts[i].kind, value);
    }
}

/* "90", "30s", "2h", "7d" ago; "2031-01-31", "2031-01-31T12:00:00Z". */
static bool read_time(const char *text, int64_t *us_out, struct err *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    struct span rest = span_text(text);
    uint32_t number;

    *us_out = 0;
    if (!text)
        return true;
    if (span_take_u32(&rest, &number) && span_length(rest) <= 1)
        for (size_t i = 0; i < COUNT_OF(units); i++)
            if ((span_is_empty(rest) ? '\0' : *rest.p) == units[i].unit) {
                *us_out = clock_now_us() - number * units[i].seconds * US_PER_S;
                return *us_out > 0 || err_set(err, ERR_INVALID, "That is too long ago.");
            }
    GTimeZone *utc = g_time_zone_new_utc();
    char *whole = strlen(text) == 10 ? g_strconcat(text, "T00:00:00", NULL) : g_strdup(text);
    GDateTime *time = g_date_time_new_from_iso8601(whole, utc);
    if (time) {
        *us_out = g_date_time_to_unix(time) * US_PER_S;
        g_date_time_unref(time);
    }
    g_free(whole);
    g_time_zone_unref(utc);
    return *us_out > 0 ||
           err_set(err, ERR_INVALID, "A time is 2h, 7d (ago), 2031-01-31 or 2031-01-31T12:00:00Z.");
}

static bool read_question(struct asking *asking, struct err *err)
{
    const struct http_request *request = asking->call->request;
    const char *limit = http_query(request, "limit"), *after = http_query(request, "after");
    struct trace_filter *filter = &asking->filter;

    asking->limit = limit ? strtoul(limit, NULL, 10) : LIST_STANDARD;
    if (asking->limit == 0 || asking->limit > LIST_MOST)
        return err_set(err, ERR_INVALID, "The limit is between 1 and %d.", LIST_MOST);
    if (after && strlen(after) > TRACE_ID_MAX)
        return err_set(err, ERR_INVALID, "A page begins after the id of a message.");
    filter->before = after;
    add_terms(asking);
    return call_organisation_filter(asking->call, &filter->organisation_id, err) &&
           read_time(http_query(request, "since"), &filter->since_us, err) &&
           read_time(http_query(request, "until"), &filter->until_us, err);
}

/* ---- the databases, one after the other */

/* Each once, although it is asked twice. */
static void note_silence(struct asking *asking, const char *name, const struct err *err)
{
    for (size_t i = 0; i < json_array_size(asking->silent); i++) {
        const json_t *known = json_object_get(json_array_get(asking->silent, i), "database");
        if (strcmp(json_string_value(known), name) == 0)
            return;
    }
    json_array_append_new(asking->silent, json_pack("{s:s, s:s}", "database", name, "reason", err->user));
}

typedef bool ask_function(struct asking *asking, struct db *db, struct err *err);

/* All storage groups, mounted or not; one whose database is down is said, and the others are asked all the same. */
static void ask_groups(struct asking *asking, ask_function *ask)
{
    struct groups *groups = asking->call->api->options.groups;
    size_t count;
    int64_t *ids = groups_ids(groups, asking->call->arena, &count);

    for (size_t i = 0; i < count; i++) {
        struct err err = ERR_INIT;
        struct group *group;
        struct db *db = NULL;
        bool done = group_find(groups, ids[i], &group, &err) && group_acquire(group, DB_SEARCH, &db, &err) &&
                    ask(asking, db, &err);
        if (!done)
            note_silence(asking,
                         talloc_asprintf(asking->call->arena, "storage group %lld", (long long)ids[i]), &err);
        db_release(&db);
    }
}

static void add_ids(struct asking *asking, const char **ids, size_t count)
{
    asking->has_more = asking->has_more || count > asking->limit;
    asking->ids =
        talloc_realloc(asking->call->arena, asking->ids, const char *, (unsigned)(asking->count + count + 1));
    for (size_t i = 0; i < count; i++)
        asking->ids[asking->count++] = ids[i];
}

static bool find_in_group(struct asking *asking, struct db *db, struct err *err)
{
    struct trace_filter filter = asking->filter;
    const char **ids;
    size_t count;

    if (asking->call->actor.organisation_id) /* no wall stands in a storage group but this one */
        filter.organisation_id = asking->call->actor.organisation_id;
    if (!trace_find(db, asking->call->arena, &filter, asking->limit + 1, &ids, &count, err))
        return false;
    add_ids(asking, ids, count);
    return true;
}

static void add_rows(struct asking *asking, const struct trace_found *rows, size_t count)
{
    asking->rows = talloc_realloc(asking->call->arena, asking->rows, struct trace_found,
                                  (unsigned)(asking->row_count + count + 1));
    memcpy(&asking->rows[asking->row_count], rows, count * sizeof *rows);
    asking->row_count += count;
}

static bool load_from_group(struct asking *asking, struct db *db, struct err *err)
{
    int64_t organisation_id = asking->call->actor.organisation_id ? asking->call->actor.organisation_id
                                                                  : asking->filter.organisation_id;
    struct trace_found *rows;
    size_t count;

    if (!trace_load(db, asking->call->arena, asking->ids, asking->count, organisation_id, &rows, &count, err))
        return false;
    add_rows(asking, rows, count);
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*right, *left);
}

static bool find_all(struct asking *asking, struct err *err)
{
    const struct admin_api_options *options = &asking->call->api->options;
    const char **ids;
    size_t count, unique = 0;

    if (tracing_find(options->directory, &asking->call->actor, asking->call->arena, &asking->filter,
                     asking->limit + 1, &ids, &count, err))
        add_ids(asking, ids, count);
    else if (err_is_temporary(err->kind))
        note_silence(asking, "directory", err);
    else
        return false;
    ask_groups(asking, find_in_group);
    if (asking->count == 0)
        return true;
    qsort(asking->ids, asking->count, sizeof *asking->ids, newest_first);
    for (size_t i = 0; i < asking->count; i++)
        if (unique == 0 || strcmp(asking->ids[unique - 1], asking->ids[i]) != 0)
            asking->ids[unique++] = asking->ids[i];
    asking->has_more = unique > asking->limit;
    asking->count = unique > asking->limit ? asking->limit : unique;
    return true;
}

static bool load_all(struct asking *asking, struct err *err)
{
    const struct admin_api_options *options = &asking->call->api->options;
    struct trace_found *rows;
    size_t count;

    if (asking->count == 0)
        return true;
    if (tracing_load(options->directory, &asking->call->actor, asking->call->arena, asking->ids,
                     asking->count, asking->filter.organisation_id, &rows, &count, err))
        add_rows(asking, rows, count);
    else if (err_is_temporary(err->kind))
        note_silence(asking, "directory", err);
    else
        return false;
    ask_groups(asking, load_from_group);
    return true;
}

/* ---- one message, of all its rows */

static char *time_text(const void *arena, int64_t us)
{
    GDateTime *time = g_date_time_new_from_unix_utc(us / US_PER_S);
    char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : g_strdup("");
    char *whole = talloc_asprintf(arena, "%s.%03dZ", text, (int)(us % US_PER_S / 1000));

    g_free(text);
    if (time)
        g_date_time_unref(time);
    return whole;
}

static int64_t time_of(const json_t *event)
{
    return json_integer_value(json_object_get(event, "t"));
}

static int by_time(const void *a, const void *b)
{
    json_t *const *left = a, *const *right = b;

    return (time_of(*left) > time_of(*right)) - (time_of(*left) < time_of(*right));
}

/* Organisations have rows of their own, which may tell the same. */
static bool is_told(json_t *const *events, size_t count, const json_t *event)
{
    for (size_t i = count; i > 0 && time_of(events[i - 1]) == time_of(event); i--)
        if (json_equal(events[i - 1], event))
            return true;
    return false;
}

static bool is_own(const struct asking *asking, const char *address)
{
    for (size_t i = 0; address && i < asking->own_count; i++)
        if (g_ascii_strcasecmp(asking->own[i], address) == 0)
            return true;
    return false;
}

/* One of several recipients sees how the message came and what became of his own copy: nothing that names another, and no list. */
static bool may_see_event(const struct asking *asking, const json_t *event)
{
    const char *to = json_string_value(json_object_get(event, "to"));
    const char *asked = json_string_value(json_object_get(event, "asked")), *name;
    const char *author = json_string_value(json_object_get(event, "author"));
    json_t *value;

    if (!asking->is_received)
        return true;
    if (author) /* who wrote in another's name is told to that one */
        return is_own(asking, author);
    if (to || asked)
        return is_own(asking, to) || (!to && is_own(asking, asked));
    json_object_foreach((json_t *)(uintptr_t)event, name, value)
    {
        if (json_is_array(value) || json_is_object(value))
            return false;
    }
    return true;
}

static json_t *events_of(const struct asking *asking, const char *id)
{
    json_t **all = talloc_array(asking->call->arena, json_t *, EVENTS_MOST), *list = json_array();
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < asking->row_count; i++) {
        const struct trace_found *row = &asking->rows[i];
        json_t *events =
            strcmp(row->id, id) == 0 ? json_loadb(row->events.p, span_length(row->events), 0, NULL) : NULL;
        json_t *event;
        size_t n;
        json_array_foreach(events, n, event)
        {
            if (count < EVENTS_MOST && may_see_event(asking, event))
                all[count++] = json_incref(event);
        }
        json_decref(events);
    }
    qsort(all, count, sizeof(json_t *), by_time);
    for (size_t i = 0; i < count; i++) {
        if (is_told(all, kept, all[i]))
            json_decref(all[i]);
        else
            all[kept++] = all[i];
    }
    for (size_t i = 0; i < kept; i++) {
        json_object_set_new(all[i], "time", json_string(time_text(asking->call->arena, time_of(all[i]))));
        json_array_append_new(list, all[i]);
    }
    return list;
}

/* Addresses that its events name, each once. */
static json_t *recipients_of(const json_t *events)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *list = json_array(), *event;
    size_t i;

    json_array_foreach(events, i, event)
    {
        const char *to = json_string_value(json_object_get(event, "to"));
        if (to && g_hash_table_add(seen, (gpointer)(uintptr_t)to))
            json_array_append_new(list, json_string(to));
    }
    g_hash_table_destroy(seen);
    return list;
}

static json_t *children_of(const struct asking *asking, const char *id)
{
    json_t *list = json_array();

    for (size_t i = 0; i < asking->row_count; i++)
        if (asking->rows[i].parent && asking->rows[i].is_begin && strcmp(asking->rows[i].parent, id) == 0)
            json_array_append_new(list, json_string(asking->rows[i].id));
    return list;
}

static void take_head(const struct trace_found *row, json_t *json)
{
    if (!row->is_begin && json_object_get(json, "sender"))
        return;
    json_object_set_new(json, "sender", json_string(row->sender));
    if (row->message_id)
        json_object_set_new(json, "message_id", json_string(row->message_id));
    if (row->login)
        json_object_set_new(json, "login", json_string(row->login));
    if (row->peer)
        json_object_set_new(json, "client", json_string(row->peer));
    if (row->parent)
        json_object_set_new(json, "parent", json_string(row->parent));
}

/* NULL: nothing is told of it. */
static json_t *trace_json(const struct asking *asking, const char *id)
{
    json_t *json = json_pack("{s:s}", "id", id), *events, *children;
    size_t last;

    for (size_t i = 0; i < asking->row_count; i++)
        if (strcmp(asking->rows[i].id, id) == 0)
            take_head(&asking->rows[i], json);
    events = events_of(asking, id);
    last = json_array_size(events);
    if (last == 0) {
        json_decref(events);
        json_decref(json);
        return NULL;
    }
    json_object_set(json, "time", json_object_get(json_array_get(events, 0), "time"));
    json_object_set(json, "last", json_object_get(json_array_get(events, last - 1), "event"));
    json_object_set_new(json, "recipients", recipients_of(events));
    json_object_set_new(json, "events", events);
    if (asking->is_received && !is_own(asking, json_string_value(json_object_get(json, "login"))))
        json_object_del(json, "login");
    children = asking->is_received ? json_array() : children_of(asking, id);
    json_object_set_new(json, "led_to", children);
    return json;
}

/* Different texts may share a term, so it is looked whether the message is his. */
static bool is_his(const struct asking *asking, const json_t *trace)
{
    if (!asking->is_received)
        return is_own(asking, json_string_value(json_object_get(trace, "login")));
    return json_array_size(json_object_get(trace, "recipients")) > 0;
}

static json_t *traces_json(const struct asking *asking)
{
    json_t *list = json_array();

    for (size_t i = 0; i < asking->count; i++) {
        json_t *one = trace_json(asking, asking->ids[i]);
        if (one && asking->own && !is_his(asking, one)) {
            json_decref(one);
            one = NULL;
        }
        if (one)
            json_array_append_new(list, one);
    }
    return list;
}

/* ---- answers */

static bool answer_list(struct asking *asking, bool is_found, struct err *err)
{
    json_t *json;

    if (!is_found || !load_all(asking, err)) {
        json_decref(asking->silent);
        return false;
    }
    json = json_pack("{s:o, s:o}", "traces", traces_json(asking), "unavailable", asking->silent);
    /* not `next`, which the command would follow to the end */
    if (asking->has_more)
        json_object_set_new(json, "more_after", json_string(asking->ids[asking->count - 1]));
    return call_answer(asking->call, json);
}

bool trace_get(struct admin_call *call, struct err *err)
{
    struct asking asking = { .call = call, .silent = json_array() };

    return answer_list(&asking, read_question(&asking, err) && find_all(&asking, err), err);
}

static bool answer_one(struct asking *asking, json_t *json, struct err *err)
{
    if (!json) {
        if (err->kind == ERR_NONE)
            err_set(err, ERR_NOT_FOUND, "There is no trace of that message.");
        json_decref(asking->silent);
        return false;
    }
    json_object_set_new(json, "unavailable", asking->silent);
    return call_answer(asking->call, json);
}

bool trace_get_one(struct admin_call *call, struct err *err)
{
    const char *id = call->parameters[0];
    struct asking asking = { .call = call, .ids = &id, .count = 1, .silent = json_array() };

    return answer_one(&asking, load_all(&asking, err) ? trace_json(&asking, id) : NULL, err);
}

/* ---- of one's own mail */

enum { OWN_ADDRESSES_MAX = 20 };

static bool read_own(struct asking *asking, struct err *err)
{
    struct admin_call *call = asking->call;
    const char *direction = http_query(call->request, "direction");
    struct user user;

    asking->is_received = direction && strcmp(direction, "received") == 0;
    if (!asking->is_received && (!direction || strcmp(direction, "sent") != 0))
        return err_set(err, ERR_INVALID, "The direction is sent or received.");
    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user,
                   err) ||
        !login_senders(call->api->options.directory, call->arena, user.recipient_id, &asking->own,
                       &asking->own_count, err))
        return false;
    asking->own_count = MIN(asking->own_count, OWN_ADDRESSES_MAX);
    asking->filter.organisation_id = user.organisation_id;
    return true;
}

/* The other end: of what was sent its recipient, of what was received its sender. */
static void add_other_end(struct asking *asking)
{
    const char *with = http_query(asking->call->request, "with");

    if (with)
        asking->terms[asking->filter.term_count++] =
            trace_term(asking->is_received ? TRACE_TERM_SENDER : TRACE_TERM_RECIPIENT,
                       span_text(address_of(asking->call->arena, with)));
}

/* Under each of his addresses. */
static bool find_own(struct asking *asking, struct err *err)
{
    enum trace_term_kind kind = asking->is_received ? TRACE_TERM_RECIPIENT : TRACE_TERM_LOGIN;
    size_t place = asking->filter.term_count++;

    for (size_t i = 0; i < asking->own_count; i++) {
        asking->terms[place] = trace_term(kind, span_text(asking->own[i]));
        if (!find_all(asking, err))
            return false;
        if (!asking->is_received)
            break; /* the first is what he logs in as */
    }
    return true;
}

bool own_trace_get(struct admin_call *call, struct err *err)
{
    struct asking asking = { .call = call, .silent = json_array() };
    bool is_read = read_question(&asking, err) && read_own(&asking, err);

    if (is_read)
        add_other_end(&asking);
    return answer_list(&asking, is_read && find_own(&asking, err), err);
}

bool own_trace_get_one(struct admin_call *call, struct err *err)
{
    const char *id = call->parameters[1];
    struct asking asking = { .call = call, .ids = &id, .count = 1, .silent = json_array() };
    json_t *json = NULL;

    if (read_own(&asking, err) && load_all(&asking, err))
        json = trace_json(&asking, id);
    if (json && !is_his(&asking, json)) {
        json_decref(json);
        json = NULL;
    }
    return answer_one(&asking, json, err);
}

/* ---- what would happen */

/* LF line ends, as files have them, become CRLF. */
static struct span with_crlf(void *arena, struct span bytes)
{
    struct buf out = BUF_INIT(arena);

    if (codec_is_crlf(bytes))
        return bytes;
    codec_add_crlf(&out, bytes);
    return buf_span(&out);
}

static json_t *rehearsed_json(const struct admin_call *call, const struct rehearsal_question *question,
                              const struct buf *events, bool is_taken)
{
    char *text = talloc_asprintf(call->arena, "[%.*s]", (int)events->length, events->p ? events->p : "");
    json_t *list = json_loads(text, 0, NULL), *event, *json;
    size_t i;

    json_array_foreach(list, i, event)
        json_object_set_new(event, "time", json_string(time_text(call->arena, time_of(event))));
    json = json_pack("{s:s, s:b, s:o?}", "sender", question->sender, "accepted", is_taken, "events", list);
    json_object_set_new(json, "recipients", json_pack("[s]", question->recipient));
    return json;
}

bool trace_dry_run_post(struct admin_call *call, struct err *err)
{
    const char *from = http_query(call->request, "from"), *to = http_query(call->request, "to");
    const char *client = http_query(call->request, "client");
    struct rehearsal_question question = { .sender = from && strcmp(from, "<>") != 0 ? from : "",
                                           .recipient = to,
                                           .message = with_crlf(call->arena, http_body(call->request)) };
    struct buf events = BUF_INIT(call->arena);
    struct net_address peer;
    bool is_taken;

    if (call->actor.organisation_id)
        return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may do this.");
    if (!from || !to)
        return err_set(err, ERR_INVALID, "A sender and a recipient must be named.");
    if ((int64_t)span_length(question.message) > atomic_load(&call->api->message_max))
        return err_set(err, ERR_LIMIT, "The message is too large.");
    if (client && !net_address_parse(span_text(client), &peer))
        return err_set(err, ERR_INVALID, "%.60s is no address such as 192.0.2.1.", client);
    question.peer = client ? &peer : NULL;
    return rehearse(call->api->options.rehearsal, &question, &events, &is_taken, err) &&
           call_answer(call, rehearsed_json(call, &question, &events, is_taken));
}
