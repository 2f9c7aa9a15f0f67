/* principal.c -- Principal (RFC 9670, 2): whom the organisation's address book shows, to write to and to share with. */
#include "directory/address_book.h"

#include "jmap/account.h"
#include "jmap/filter.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <talloc.h>

static const char *const names[] = { "id",    "type",     "name",         "description",
                                     "email", "timeZone", "capabilities", "accounts" };

/* RFC 9670, 2: a shared mailbox is the group that reads it. */
static const struct {
    const char *type, *kinds;
} types[] = {
    { "individual", "user" },    { "group", "group,shared" },          { "location", "room" },
    { "resource", "equipment" }, { "other", "contact,public-folder" },
};

static const char *type_of(enum recipient_kind kind)
{
    const char *word = recipient_kind_name(kind);

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strstr(types[i].kinds, word))
            return types[i].type;
    return "other";
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    struct err err = ERR_INIT;
    struct book_entry entry;
    int64_t recipient_id;
    json_t *all, *object;

    (void)arg;
    if (!jmap_id_decode(call->account, GROUP_ID_PRINCIPAL, id, &recipient_id))
        return NULL;
    if (!book_get(call->request->jmap->options.directory, call->arena,
                  call->request->identity->organisation_id, recipient_id, &entry, &err)) {
        if (err.kind != ERR_NOT_FOUND)
            (void)jmap_fail_err(call, &err);
        return NULL;
    }
    all = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:n, s:{}, s:{}}", "id", id, "type", type_of(entry.kind),
                    "name", entry.name, "description", *entry.about ? entry.about : NULL, "email",
                    entry.address, "timeZone", "capabilities", "accounts");
    object = jmap_only(all, names, COUNT_OF(names), wanted);
    json_decref(all);
    return object;
}

/* The ids of those who are found. */
static bool list(struct jmap_call *call, struct book_query query, json_t *ids)
{
    struct book_entry *entries;
    struct err err = ERR_INIT;
    size_t count;

    query.organisation_id = call->request->identity->organisation_id;
    if (!book_search(call->request->jmap->options.directory, call->arena, &query, &entries, &count, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(ids,
                              json_string(jmap_id_of(call, GROUP_ID_PRINCIPAL, entries[i].recipient_id)));
    return true;
}

bool principal_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    const json_t *ids = json_object_get(call->in, "ids");
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if ((!ids || json_is_null(ids)) && !list(call, (struct book_query){ .limit = JMAP_GET_MAX + 1 }, all))
        return false;
    if (json_array_size(all) > JMAP_GET_MAX)
        return jmap_fail(call, "requestTooLarge", "There are too many principals: ask for some.");
    return jmap_get_each(call, all, wanted, object_of, NULL);
}

/* ---- query */

static bool take_type(struct book_query *query, const char *wanted)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].type, wanted) == 0)
            query->kinds = types[i].kinds;
    return query->kinds != NULL;
}

static bool compile(struct jmap_call *call, struct filter *leaf, void *arg)
{
    struct book_query *query = arg;
    const char *name;
    json_t *value;

    json_object_foreach(leaf->condition, name, value)
    {
        bool is_text = strcmp(name, "name") == 0 || strcmp(name, "email") == 0 || strcmp(name, "text") == 0;
        bool is_type = strcmp(name, "type") == 0;

        if (!json_is_string(value) || !(is_text || is_type) || (is_text && query->text) ||
            (is_type && (query->kinds || !take_type(query, json_string_value(value)))))
            return jmap_fail(call, "unsupportedFilter",
                             "Principals are found by one text in name or address, and by their type.");
        if (is_text)
            query->text = json_string_value(value);
    }
    return true;
}

/* One search, no alternatives. */
static bool is_simple(const struct filter *filter)
{
    if (!filter || filter->operator== FILTER_LEAF)
        return true;
    for (size_t i = 0; i < filter->count; i++)
        if (!is_simple(filter->children[i]))
            return false;
    return filter->operator== FILTER_AND;
}

/* Where the beginning is asked for, no more than that is looked for. */
static bool find_limit(struct jmap_call *call, size_t *limit_out)
{
    struct jmap_window window;

    *limit_out = BOOK_PAGE_MAX;
    if (!jmap_window_read(call, &window))
        return false;
    if (!window.has_anchor && !window.calculates_total && window.position >= 0 &&
        window.position + window.limit < BOOK_PAGE_MAX)
        *limit_out = (size_t)(window.position + window.limit);
    return true;
}

bool principal_query(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct book_query query = { 0 };
    struct filter *filter;

    if (!jmap_filter_read(call, compile, &query, &filter) || !find_limit(call, &query.limit))
        return false;
    if (!is_simple(filter))
        return jmap_fail(call, "unsupportedFilter", "Principals are not found by alternatives.");
    return list(call, query, all) && jmap_query_few(call, all);
}

bool principal_query_changes(struct jmap_call *call)
{
    return jmap_fail(call, "cannotCalculateChanges", "Ask the query again.");
}

bool principal_changes(struct jmap_call *call)
{
    return jmap_fail(call, "cannotCalculateChanges", "Ask for the principals again.");
}
