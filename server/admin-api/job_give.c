/* job_give.c -- from a request to the items of a job: users to be added, recipients to be changed. */
#include "admin_api/job.h"
#include "admin_api/page.h"
#include "directory/recipient_list.h"
#include "format/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { COLUMNS_MAX = 40, PAGE = 1000 };

static const char *dumped(void *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT), *copy = talloc_strdup(arena, text);

    free(text);
    return copy;
}

/* Of the job: its items are tried, each with its result. */
static bool is_try(const struct admin_call *call)
{
    return call_is_rehearsal(call) || call_flag(call, "dry_run", false);
}

/* ---- users to be added */

static bool give_import(struct admin_call *call, const json_t *users, bool is_dry_run, struct err *err)
{
    struct job wanted = { .kind = JOB_IMPORT, .title = "import", .is_dry_run = is_dry_run };
    struct job_item *items =
        talloc_zero_array(call->arena, struct job_item, (unsigned)json_array_size(users) + 1);
    json_t *user;
    size_t i;

    if (!call_organisation(call, &wanted.organisation_id, err))
        return false;
    json_array_foreach(users, i, user)
    {
        const char *address = json_string_value(json_object_get(user, "address"));
        items[i] = (struct job_item){ .object = address ? address : "", .input = dumped(call->arena, user) };
    }
    return job_give(call, &wanted, items, json_array_size(users), err);
}

bool job_import_post(struct admin_call *call, struct err *err)
{
    return give_import(call, json_object_get(call->in, "users"), is_try(call), err);
}

/* "10M" as bytes; -1: it is no size. */
static json_int_t size_of(const char *text)
{
    static const char units[] = "KMGT";
    char *end;
    long long number = strtoll(text, &end, 10);
    const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;

    if (end == text || number < 0 || number > (1LL << 40) || (*end && (!unit || end[1])))
        return -1;
    return unit ? number << (10 * (unit - units + 1)) : number;
}

/* Columns are named as the fields of a user. */
static json_t *user_of(char *const *columns, size_t column_count, char *const *fields, size_t count)
{
    json_t *user = json_object();

    for (size_t i = 0; i < count && i < column_count; i++) {
        if (!*fields[i])
            continue;
        json_object_set_new(user, columns[i],
                            strcasecmp(columns[i], "quota") == 0        ? json_integer(size_of(fields[i]))
                            : strcasecmp(columns[i], "inbox_only") == 0 ? json_boolean(*fields[i] == 'y')
                                                                        : json_string(fields[i]));
    }
    if (!json_object_get(user, "name") && json_object_get(user, "address"))
        json_object_set(user, "name", json_object_get(user, "address"));
    return user;
}

static bool read_csv(struct admin_call *call, json_t *users, struct err *err)
{
    struct span rest = http_body(call->request);
    char *columns[COLUMNS_MAX], *fields[COLUMNS_MAX];
    size_t column_count, count;

    csv_skip_mark(&rest);
    if (!csv_take_line(&rest, call->arena, columns, COLUMNS_MAX, &column_count) || !*columns[0])
        return err_set(err, ERR_INVALID,
                       "The first line must name the columns: address,name,password,quota.");
    for (int line = 2; !span_is_empty(rest); line++) {
        if (!csv_take_line(&rest, call->arena, fields, COLUMNS_MAX, &count))
            return err_set(err, ERR_INVALID, "Line %d cannot be read as CSV.", line);
        if (json_array_size(users) > JOB_ITEMS_MAX)
            return err_set(err, ERR_LIMIT, "A job has at most %d items.", JOB_ITEMS_MAX);
        if (count > 1 || *fields[0])
            json_array_append_new(users, user_of(columns, column_count, fields, count));
    }
    return true;
}

bool job_csv_post(struct admin_call *call, struct err *err)
{
    json_t *users = json_array();
    bool done = read_csv(call, users, err) && give_import(call, users, is_try(call), err);

    json_decref(users);
    return done;
}

/* ---- recipients to be changed */

/* The request that an item is: `body` for who has a mailbox, `other` for groups, contacts and aliases. */
static json_t *request_of(struct admin_call *call, const char *act, struct err *err)
{
    json_t *change = json_object_get(call->in, "change");
    const char *group = call_text(call, "group");
    bool is_enable = strcmp(act, "enable") == 0;

    if (is_enable || strcmp(act, "disable") == 0)
        return json_pack("{s:s, s:{s:s}, s:{s:b}}", "method", "PATCH", "body", "state",
                         is_enable ? "active" : "disabled", "other", "enabled", is_enable);
    if (strcmp(act, "delete") == 0)
        return json_pack("{s:s}", "method", "DELETE");
    if (strcmp(act, "change") == 0 && change)
        return json_pack("{s:s, s:O, s:O}", "method", "PATCH", "body", change, "other", change);
    if (strcmp(act, "add-to-group") == 0 && group)
        return json_pack("{s:s, s:s}", "method", "POST", "group", group);
    if (strcmp(act, "move") == 0 && call_text(call, "store"))
        return json_pack("{s:s, s:{s:s, s:s*}}", "method", "MOVE", "move", "store", call_text(call, "store"),
                         "storage_group", call_text(call, "storage_group"));
    err_set(
        err, ERR_INVALID,
        "A bulk job is to enable, disable, delete, change (with `change`), add-to-group (with `group`) or move (to `store`).");
    return NULL;
}

struct objects {
    const char **addresses;
    size_t count;
};

static void add_object(struct objects *objects, void *arena, const char *address)
{
    objects->addresses =
        talloc_realloc(arena, objects->addresses, const char *, (unsigned)objects->count + 1);
    objects->addresses[objects->count++] = address;
}

static bool take_named(struct admin_call *call, const json_t *list, struct objects *objects, struct err *err)
{
    json_t *address;
    size_t i;

    json_array_foreach(list, i, address)
    {
        if (!json_is_string(address))
            return err_set(err, ERR_INVALID, "%s must be a list of texts.", "recipients");
        add_object(objects, call->arena, json_string_value(address));
    }
    return true;
}

static bool take_filtered(struct admin_call *call, const char *filter, struct objects *objects,
                          struct err *err)
{
    struct recipient_query query = { .domain = http_query(call->request, "domain"), .limit = PAGE };
    struct recipient_entry *page;
    size_t count;

    if (!call_organisation_filter(call, &query.organisation_id, err) ||
        !recipient_query_filter(call, filter, &query, err))
        return false;
    do {
        if (!recipient_list(call->api->options.directory, &call->actor, call->arena, &query, &page, &count,
                            err))
            return false;
        for (size_t i = 0; i < count; i++)
            add_object(objects, call->arena, page[i].address);
        query.after_key = count ? page[count - 1].key : NULL;
    } while (count == PAGE && objects->count <= JOB_ITEMS_MAX);
    return true;
}

bool job_bulk_post(struct admin_call *call, struct err *err)
{
    const char *act = call_text(call, "act"), *filter = call_text(call, "filter");
    struct job wanted = { .kind = JOB_BULK, .title = act, .is_dry_run = is_try(call) };
    struct objects objects = { .count = 0 };
    json_t *request = request_of(call, act, err);
    struct job_item *items;

    if (!request)
        return false;
    const char *input = dumped(call->arena, request);
    json_decref(request);
    if (!call_organisation_filter(call, &wanted.organisation_id, err) ||
        !take_named(call, json_object_get(call->in, "recipients"), &objects, err) ||
        (filter && !take_filtered(call, filter, &objects, err)))
        return false;
    items = talloc_zero_array(call->arena, struct job_item, (unsigned)objects.count + 1);
    for (size_t i = 0; i < objects.count; i++)
        items[i] = (struct job_item){ .object = objects.addresses[i], .input = input };
    return job_give(call, &wanted, items, objects.count, err);
}
