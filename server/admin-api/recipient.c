/* recipient.c -- the list of all recipients. */
#include "admin_api/page.h"
#include "directory/recipient_list.h"
#include "format/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { STANDARD = 100 };

static const char *const orders[RECIPIENT_ORDERS] = {
    [ORDER_ADDRESS] = "address", [ORDER_NAME] = "name",
    [ORDER_CREATED] = "created", [ORDER_KIND] = "kind",
    [ORDER_STATE] = "state",     [ORDER_QUOTA] = "quota",
    [ORDER_STORE] = "store",     [ORDER_ADMIN_GROUP] = "admin_group",
};

static bool read_order(const struct admin_call *call, struct recipient_query *query, struct err *err)
{
    const char *text = http_query(call->request, "sort");

    query->order = ORDER_ADDRESS;
    query->is_falling = text && *text == '-';
    for (int i = 0; text && i <= RECIPIENT_ORDERS; i++) {
        if (i == RECIPIENT_ORDERS)
            return err_set(err, ERR_INVALID,
                           "Recipients are sorted by address, name, created, kind, state, quota, store or "
                           "admin_group.");
        query->order = (enum recipient_order)i;
        if (strcmp(text + query->is_falling, orders[i]) == 0)
            break;
    }
    return true;
}

/* The part of the query that a condition fills: NULL for one that the directory does not look by. */
static const char **part_of(struct recipient_query *query, const struct page_term *term)
{
    const struct {
        const char *field;
        enum page_how how;
        const char **part;
    } parts[] = {
        { "kind", TERM_EQUAL, &query->kinds },
        { "state", TERM_EQUAL, &query->states },
        { "domain", TERM_EQUAL, &query->domain },
        { "admin_group", TERM_EQUAL, &query->admin_group },
        { "text", TERM_HOLDS, &query->text },
        { "name", TERM_HOLDS, &query->text },
        { "address", TERM_HOLDS, &query->text },
        { "store", TERM_EQUAL, &query->store },
        { "storage_group", TERM_EQUAL, &query->storage_group },
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strcmp(parts[i].field, term->field) == 0 && parts[i].how == term->how)
            return parts[i].part;
    return NULL;
}

static const int64_t *kept(void *arena, int64_t value)
{
    return talloc_memdup(arena, &value, sizeof value);
}

/* quota and created: bounds. False for a term that is none. */
static bool take_bound(void *arena, struct recipient_query *query, const struct page_term *term)
{
    char *end;
    int64_t value;

    if (strcmp(term->field, "quota") == 0) {
        value = strtoll(term->value, &end, 10);
        if (*term->value == '\0' || *end || value < 0 || term->how == TERM_NOT || term->how == TERM_HOLDS)
            return false;
        if (term->how != TERM_LESS)
            query->quota_least = kept(arena, value + (term->how == TERM_MORE && value < INT64_MAX));
        if (term->how != TERM_MORE)
            query->quota_most = kept(arena, value - (term->how == TERM_LESS));
        return true;
    }
    if (strcmp(term->field, "created") != 0 || (term->how != TERM_LESS && term->how != TERM_MORE))
        return false;
    const char *midnight = strchr(term->value, 'T') ? "" : "T00:00:00Z";
    if (!date_parse_utc(span_text(talloc_asprintf(arena, "%s%s", term->value, midnight)), &value))
        return false;
    *(term->how == TERM_LESS ? &query->created_before_us : &query->created_from_us) = kept(arena, value);
    return true;
}

bool recipient_query_filter(const struct admin_call *call, const char *filter, struct recipient_query *query,
                            struct err *err)
{
    struct page_term terms[PAGE_TERMS_MAX];
    size_t count;

    if (!page_terms(call->arena, filter ? filter : "", terms, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char **part = part_of(query, &terms[i]);
        if (part)
            *part = terms[i].value;
        else if (!take_bound(call->arena, query, &terms[i]))
            return err_set(err, ERR_INVALID,
                           "Recipients are filtered by kind=, state=, domain=, admin_group=, store=, "
                           "storage_group=, quota (=, <, >), created (<, >, a date) and text~.");
    }
    return true;
}

static bool read_cursor(const struct admin_call *call, struct recipient_query *query, struct err *err)
{
    const char *cursor = page_after(call);
    char *key, *id, *end;

    if (!cursor)
        return true;
    if (!page_cursor_read(call->arena, cursor, &key, &id, err))
        return false;
    query->after_key = key;
    query->after_id = strtoll(id, &end, 10);
    if ((query->order == ORDER_CREATED || query->order == ORDER_QUOTA) && *end == '\0')
        (void)strtoll(key, &end, 10);
    return (*id && *end == '\0') ||
           err_set(err, ERR_INVALID, "A cursor is the field next of the page before.");
}

static bool read_query(const struct admin_call *call, struct recipient_query *query, struct err *err)
{
    *query = (struct recipient_query){ .domain = http_query(call->request, "domain"),
                                       .text = http_query(call->request, "text") };
    return call_organisation_filter(call, &query->organisation_id, err) && read_order(call, query, err) &&
           recipient_query_filter(call, http_query(call->request, "filter"), query, err) &&
           read_cursor(call, query, err) && page_limit(call, STANDARD, &query->limit, err);
}

static json_t *entry_json(const struct recipient_entry *e)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s?, s:s?, s:o}", "address", e->address, "name",
                     e->name, "kind", recipient_kind_name(e->kind), "state", recipient_state_name(e->state),
                     "organisation", e->organisation, "admin_group", e->admin_group, "quota",
                     (json_int_t)e->quota_bytes, "storage_group", e->storage_group, "store", e->store,
                     "created", json_time(e->created_us));
}

bool recipients_get(struct admin_call *call, struct err *err)
{
    struct recipient_query query;
    struct recipient_entry *list;
    size_t count;
    json_t *json;

    if (!read_query(call, &query, err) ||
        !recipient_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, entry_json(&list[i]));
    call_answer(call, json_pack("{s:o}", "recipients", json));
    if (count == query.limit) {
        char id[24];
        snprintf(id, sizeof id, "%lld", (long long)list[count - 1].recipient_id);
        json_object_set_new(call->out, "next",
                            json_string(page_cursor(call->arena, list[count - 1].key, id)));
    }
    return true;
}
