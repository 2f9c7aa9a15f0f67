/* job_export.c -- lists as files: a page of the list after the other, read as the caller could read it himself. */
#include "admin_api/job_export.h"

#include "admin_api/page.h"
#include "format/csv.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ROWS_MAX = 1000000, COLUMNS_MAX = 16 };

static const struct export_list {
    const char *name, *path, *list; /* list: the field of the answer */
    int page;                       /* as many as it gives at once */
    const char *more;               /* what it takes beside the words of its route */
    const char *columns[COLUMNS_MAX];
} lists[] = {
    { "recipients",
      "/recipients",
      "recipients",
      PAGE_MOST,
      "filter sort",
      { "address", "name", "kind", "state", "organisation", "admin_group", "quota", "storage_group", "store",
        "created" } },
    { "queue",
      "/queue",
      "entries",
      PAGE_MOST,
      "",
      { "message", "state", "sender", "login", "recipient", "lane", "received", "next", "expires", "attempts",
        "reply", "host", "size", "subject" } },
    { "trace",
      "/trace",
      "traces",
      200,
      "",
      { "id", "time", "last", "sender", "recipients", "message_id", "login", "client" } },
    { "sessions",
      "/sessions",
      "sessions",
      PAGE_MOST,
      "",
      { "address", "holder", "organisation", "kind", "protocol", "name", "peer", "created", "seen",
        "expires" } },
};

static const struct export_list *list_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (strcmp(lists[i].name, name) == 0)
            return &lists[i];
    return NULL;
}

/* ---- given */

static bool is_word_of(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = words; (p = strstr(p, word)) != NULL; p += length)
        if ((p == words || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
            return true;
    return false;
}

/* Whether a list takes this behind its '?'. */
static bool is_condition(const struct export_list *list, const char *name)
{
    return is_word_of(list->more, name) || is_word_of(admin_route_of("GET", list->path)->query, name);
}

/* "/queue?domain=example.org": the first page, without its limit. */
static bool read_path(struct admin_call *call, const struct export_list *list, char **path_out,
                      struct err *err)
{
    char *path = talloc_asprintf(call->arena, "%s?", list->path);
    const char *name;
    json_t *value;

    json_object_foreach(call->in, name, value)
    {
        if (strcmp(name, "list") == 0)
            continue;
        if (!is_condition(list, name))
            return err_set(err, ERR_INVALID, "The list %s is not searched by %.40s.", list->name, name);
        char *encoded = g_uri_escape_string(json_string_value(value), NULL, FALSE);
        path = talloc_asprintf_append(path, "%s=%s&", name, encoded);
        g_free(encoded);
    }
    *path_out = path;
    return true;
}

/* Refused now rather than later: whoever may not read the list, and what is no search. */
static bool try_path(struct admin_call *call, const char *path, struct err *err)
{
    const struct act_caller caller = { call->actor.name, call->actor.peer, call->actor.recipient_id,
                                       call->holder ? call->holder->permissions_max : UINT64_MAX };
    json_t *out = NULL;
    bool done = act(call->api, call->arena, &caller, "GET", talloc_asprintf(call->arena, "%slimit=1", path),
                    NULL, &out, err);

    json_decref(out);
    return done;
}

bool job_export_post(struct admin_call *call, struct err *err)
{
    const struct export_list *list = list_named(call_text(call, "list"));
    struct job wanted = { .kind = JOB_EXPORT };
    struct job_item item;
    char *path = NULL;

    if (!list)
        return err_set(err, ERR_INVALID,
                       "These lists are written to files: recipients, queue, trace, sessions.");
    if (!read_path(call, list, &path, err) || !try_path(call, path, err))
        return false;
    wanted.title = talloc_asprintf(call->arena, "export-%s", list->name);
    item = (struct job_item){ .object = list->name, .input = path };
    return job_give(call, &wanted, &item, 1, err);
}

/* ---- done */

static const char *text_of(const json_t *value, const void *arena)
{
    char *text = talloc_strdup(arena, "");
    size_t count = json_array_size(value);

    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        return talloc_asprintf(arena, "%lld", (long long)json_integer_value(value));
    for (size_t i = 0; i < count; i++)
        text =
            talloc_asprintf_append(text, "%s%s", i ? " " : "", json_string_value(json_array_get(value, i)));
    return text;
}

static void add_line(struct buf *out, const struct export_list *list, const json_t *row, const void *arena)
{
    for (size_t i = 0; i < COLUMNS_MAX && list->columns[i]; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (row)
            csv_add_field(out, span_text(text_of(json_object_get(row, list->columns[i]), arena)));
        else
            buf_add_text(out, list->columns[i]);
    }
    buf_add_text(out, "\r\n");
}

/* With the mark by which spreadsheets know UTF-8, and the names of the columns. */
static const char *part_of(const struct export_list *list, const json_t *rows, bool is_first,
                           const void *arena)
{
    struct buf out = buf_owned_by(arena);
    const json_t *row;
    size_t i;

    if (is_first) {
        buf_add_text(&out, "\xEF\xBB\xBF");
        add_line(&out, list, NULL, arena);
    }
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) add_line(&out, list, row, arena);
    return buf_text(&out);
}

/* The item's path goes on behind the cursor; NULL where there is no more. */
static const char *next_of(const struct job_item *item, const json_t *answer, const void *arena)
{
    const char *next = json_string_value(json_object_get(answer, "next"));
    size_t length = strcspn(item->input, "#");

    return next ? talloc_asprintf(arena, "%.*s#%s", (int)length, item->input, next) : NULL;
}

/* "/queue?domain=example.org&#CURSOR" */
static const char *page_path(const struct export_list *list, const struct job_item *item, const void *arena)
{
    size_t length = strcspn(item->input, "#");
    const char *cursor = item->input[length] ? item->input + length + 1 : NULL;
    char *encoded = cursor ? g_uri_escape_string(cursor, NULL, FALSE) : NULL;
    const char *path = talloc_asprintf(arena, "%.*slimit=%d%s%s", (int)length, item->input, list->page,
                                       cursor ? "&cursor=" : "", cursor ? encoded : "");

    g_free(encoded);
    return path;
}

bool job_export_page(const struct admin_api *api, const struct act_caller *caller, const struct job *job,
                     const struct job_item *item, void *arena, bool *goes_on_out, struct err *err)
{
    const struct export_list *list = list_named(item->object);
    json_t *answer = NULL;

    if (!list || !item->input)
        return err_set(err, ERR_INVALID, "There is nothing to do.");
    if ((int64_t)item->position * list->page >= ROWS_MAX)
        return err_set(err, ERR_LIMIT, "A file has at most %d rows: search for less.", ROWS_MAX);
    if (!act(api, arena, caller, "GET", page_path(list, item, arena), NULL, &answer, err))
        return false;
    const json_t *rows = json_object_get(answer, list->list);
    bool done = job_settle_part(
        api->options.directory, job->job_id, item->position, part_of(list, rows, item->position == 0, arena),
        (int64_t)json_array_size(rows), next_of(item, answer, arena), goes_on_out, err);
    json_decref(answer);
    return done;
}
