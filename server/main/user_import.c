/* user_import.c -- thousands of users from a CSV file. */
#include "main/api_client.h"
#include "main/command.h"

#include "base/buf.h"
#include "format/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { CSV_BYTES_MAX = 256 << 20, COLUMNS_MAX = 40, BATCH = 500 };

/* ---- from a line to a user */

struct import {
    struct invocation *in;
    struct api *api;
    char *columns[COLUMNS_MAX];
    size_t column_count;
    json_t *waiting;    /* users of one organisation */
    char *organisation; /* theirs */
    long line;          /* in the file */
    size_t added, failed;
    json_t *unmanaged; /* {"address", "manager"} of those whose manager was not there yet */
};

static bool is_number_column(const char *column)
{
    return strcasecmp(column, "quota") == 0;
}

static json_t *user_of(struct import *import, char **fields, size_t count, struct err *err)
{
    json_t *user = json_object();

    for (size_t i = 0; i < count && i < import->column_count; i++) {
        int64_t bytes;
        if (!*fields[i])
            continue;
        if (is_number_column(import->columns[i])) {
            if (!config_size(fields[i], &bytes)) {
                err_set(err, ERR_INVALID, "%s is not a size.", fields[i]);
                json_decref(user);
                return NULL;
            }
            json_object_set_new(user, import->columns[i], json_integer(bytes));
        } else {
            json_object_set_new(user, import->columns[i], json_string(fields[i]));
        }
    }
    if (!json_object_get(user, "name") && json_object_get(user, "address"))
        json_object_set(user, "name", json_object_get(user, "address"));
    return user;
}

/* The manager may stand further on in the file: then he is given when all are there. */
static bool comes_later(struct import *import, const json_t *fault)
{
    const json_t *user =
        json_array_get(import->waiting, (size_t)json_integer_value(json_object_get(fault, "index")));
    const char *field = json_string_value(json_object_get(fault, "field"));

    if (!field || strcmp(field, "manager") != 0)
        return false;
    json_array_append_new(import->unmanaged,
                          json_pack("{s:O, s:O}", "address", json_object_get(user, "address"), "manager",
                                    json_object_get(user, "manager")));
    return true;
}

static void note_fault(struct import *import, const char *address, const char *why)
{
    import->failed++;
    fprintf(stderr, "chappe: %s: %s\n", address, why);
}

static bool flush(struct import *import, struct err *err)
{
    json_t *body, *answer = NULL, *fault;
    size_t i;

    if (json_array_size(import->waiting) == 0)
        return true;
    body = json_pack("{s:O, s:s}", "users", import->waiting, "organisation", import->organisation);
    if (!api_call(import->api, "POST", "/users/import", body, &answer, err)) {
        json_decref(body);
        return false;
    }
    import->added += (size_t)json_integer_value(json_object_get(answer, "added"));
    json_array_foreach(json_object_get(answer, "faults"), i, fault)
    {
        if (!comes_later(import, fault))
            note_fault(import, json_string_value(json_object_get(fault, "address")),
                       json_string_value(json_object_get(fault, "message")));
    }
    json_array_clear(import->waiting);
    json_decref(answer);
    json_decref(body);
    return true;
}

/* The organisation that owns the domain of the address. */
static char *organisation_of(struct import *import, const char *address, struct err *err)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    json_t *answer = NULL;
    char *path, *name = NULL;

    if (!at) {
        err_set(err, ERR_INVALID, "There is no address.");
        return NULL;
    }
    path = talloc_asprintf(import->in->arena, "/domains/%s", api_encode(import->in->arena, at + 1));
    if (api_call(import->api, "GET", path, NULL, &answer, err))
        name = talloc_strdup(import->in->arena, json_string_value(json_object_get(answer, "organisation")));
    json_decref(answer);
    return name;
}

static const char *domain_of(const json_t *user)
{
    const char *address = json_string_value(json_object_get(user, "address"));
    const char *at = address ? strrchr(address, '@') : NULL;

    return at ? at : "";
}

/* Those that wait go before one of another domain, and when they are many. */
static bool make_room(struct import *import, const json_t *user, struct err *err)
{
    size_t waiting = json_array_size(import->waiting);
    bool is_same =
        waiting > 0 && strcasecmp(domain_of(json_array_get(import->waiting, 0)), domain_of(user)) == 0;

    return (waiting < BATCH && (waiting == 0 || is_same)) || flush(import, err);
}

static bool add(struct import *import, json_t *user, struct err *err)
{
    if (json_array_size(import->waiting) == 0) {
        import->organisation =
            organisation_of(import, json_string_value(json_object_get(user, "address")), err);
        if (!import->organisation)
            return false;
    }
    json_array_append(import->waiting, user);
    return true;
}

/* What is wrong with a line is its own affair: it is named, and the others go on. False for any other trouble. */
static bool refuse_line(struct import *import, struct err *err)
{
    if (err->kind != ERR_INVALID && err->kind != ERR_NOT_FOUND)
        return false;
    import->failed++;
    fprintf(stderr, "chappe: line %ld: %s\n", import->line, err->user);
    *err = ERR_INIT;
    return true;
}

static bool import_line(struct import *import, char **fields, size_t count, struct err *err)
{
    json_t *user = user_of(import, fields, count, err);
    bool is_done;

    if (!user)
        return refuse_line(import, err);
    is_done = make_room(import, user, err) && (add(import, user, err) || refuse_line(import, err));
    json_decref(user);
    return is_done;
}

static bool import_lines(struct import *import, struct span rest, struct err *err)
{
    if (!csv_take_line(&rest, import->in->arena, import->columns, COLUMNS_MAX, &import->column_count))
        return err_set(err, ERR_INVALID,
                       "The first line must name the columns: address,name,password,quota.");
    for (import->line = 2; !span_is_empty(rest); import->line++) {
        void *arena = talloc_new(import->in->arena);
        char *fields[COLUMNS_MAX];
        size_t count;
        bool done;
        if (!csv_take_line(&rest, arena, fields, COLUMNS_MAX, &count))
            return err_set(err, ERR_INVALID, "Line %ld cannot be read as CSV.", import->line);
        done = (count == 1 && !*fields[0]) || import_line(import, fields, count, err);
        talloc_free(arena);
        if (!done)
            return false;
    }
    return flush(import, err);
}

static bool give_managers(struct import *import, struct err *err)
{
    json_t *one;
    size_t i;

    json_array_foreach(import->unmanaged, i, one)
    {
        const char *address = json_string_value(json_object_get(one, "address"));
        json_t *body = json_pack("{s:O}", "manager", json_object_get(one, "manager")), *answer = NULL;
        bool done =
            api_call(import->api, "PATCH",
                     talloc_asprintf(import->in->arena, "/users/%s", api_encode(import->in->arena, address)),
                     body, &answer, err);
        json_decref(answer);
        json_decref(body);
        if (!done && err->kind != ERR_INVALID && err->kind != ERR_NOT_FOUND)
            return false;
        if (!done)
            note_fault(import, address,
                       talloc_asprintf(import->in->arena, "It was added without its manager: %s", err->user));
        *err = ERR_INIT;
    }
    return true;
}

static bool read_file(void *arena, const char *file, struct span *text_out, struct err *err)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    struct buf text = BUF_INIT(arena);
    size_t got;

    if (!in)
        return err_set(err, ERR_INVALID, "%s cannot be read: %s.", file, strerror(errno));
    while (text.length < CSV_BYTES_MAX && (got = fread(buf_reserve(&text, 65536), 1, 65536, in)) > 0)
        text.length += got;
    if (in != stdin)
        fclose(in);
    *text_out = buf_span(&text);
    csv_skip_mark(text_out);
    return true;
}

int command_user_import(struct invocation *in, struct err *err)
{
    struct import import = { .in = in, .waiting = json_array(), .unmanaged = json_array() };
    struct span text;
    bool done = read_file(in->arena, in->arguments[0], &text, err) &&
                api_open(in->config, &import.api, err) && import_lines(&import, text, err) &&
                give_managers(&import, err);

    api_close(&import.api);
    json_decref(import.waiting);
    json_decref(import.unmanaged);
    if (in->is_json)
        printf("{\"added\": %zu, \"failed\": %zu}\n", import.added, import.failed);
    else
        printf("%zu added, %zu not\n", import.added, import.failed);
    return !done ? -1 : import.failed ? 1 : 0;
}
