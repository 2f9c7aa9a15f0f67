/* list.c -- what makes a group a list. */
#include "admin_api/list.h"

#include "admin_api/rules.h"
#include "directory/list.h"

#include <string.h>
#include <talloc.h>

enum { SHOWN_MEMBERS = 100 };

/* Who may post, in the words of lists: what it is for `accepts`, and whether moderators decide. */
static const struct {
    const char *name;
    enum recipient_accepts accepts;
    bool is_moderated;
} postings[] = {
    { "anyone", ACCEPTS_ANYONE, false },   { "inside", ACCEPTS_ORGANISATION, false },
    { "members", ACCEPTS_MEMBERS, false }, { "named", ACCEPTS_NAMED, false },
    { "moderated", ACCEPTS_ANYONE, true },
};

static bool find_posting(const char *name, size_t *number_out, struct err *err)
{
    *number_out = 0;
    while (*number_out < COUNT_OF(postings) && strcmp(postings[*number_out].name, name) != 0)
        ++*number_out;
    return *number_out < COUNT_OF(postings) ||
           err_set(err, ERR_INVALID, "%.60s is not one of anyone, inside, members, named and moderated.",
                   name);
}

static bool read_people(const struct admin_call *call, const char *name, struct list_person **people_out,
                        size_t *count_out, struct err *err)
{
    const char **addresses;

    if (!call_texts(call, name, &addresses, count_out, err))
        return false;
    *people_out = talloc_zero_array(call->arena, struct list_person, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++)
        (*people_out)[i].address = addresses[i];
    return true;
}

static unsigned named(const struct admin_call *call)
{
    static const struct {
        const char *name;
        enum list_field field;
    } fields[] = {
        { "list", LIST_IS_LIST },          { "posting", LIST_IS_MODERATED }, { "join", LIST_JOINING },
        { "hold_days", LIST_HOLD },        { "query", LIST_QUERY },          { "owners", LIST_OWNERS },
        { "moderators", LIST_MODERATORS }, { "archive", LIST_ARCHIVE },
    };
    unsigned found = 0;

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (call_has(call, fields[i].name))
            found |= fields[i].field;
    return found;
}

static bool read_wanted(const struct admin_call *call, struct list_settings *wanted, struct err *err)
{
    const char *joining = call_text(call, "join"), *query = call_text(call, "query");
    const char *archive = call_text(call, "archive");

    *wanted = (struct list_settings){ .is_list = call_flag(call, "list", false),
                                      .hold_days = (int32_t)call_number(call, "hold_days", LIST_HOLD_DAYS),
                                      .query = query && *query ? query : NULL,
                                      .archive = archive && *archive ? archive : NULL };
    if (joining && !list_joining_of(joining, &wanted->joining))
        return err_set(err, ERR_INVALID, "%.60s is not one of closed, open and approval.", joining);
    return read_people(call, "owners", &wanted->owners, &wanted->owner_count, err) &&
           read_people(call, "moderators", &wanted->moderators, &wanted->moderator_count, err);
}

bool group_list_set(const struct admin_call *call, int64_t recipient_id, struct err *err)
{
    const char *posting = call_text(call, "posting");
    struct recipient_rules rules = { .accepts = ACCEPTS_ANYONE };
    struct list_settings wanted;
    size_t number = 0;

    if (posting && call_has(call, "accepts"))
        return err_set(err, ERR_INVALID, "posting and accepts say the same: one of them is enough.");
    if ((posting && !find_posting(posting, &number, err)) || !read_wanted(call, &wanted, err))
        return false;
    wanted.is_moderated = posting && postings[number].is_moderated;
    rules.accepts = postings[number].accepts;
    return list_set(call->api->options.directory, &call->actor, recipient_id, named(call), &wanted, err) &&
           (!posting || recipient_rules_set(call->api->options.directory, &call->actor, recipient_id,
                                            RULE_ACCEPTS, &rules, err));
}

/* ---- shown */

static void add_people(json_t *json, const char *name, const struct list_person *people, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(people[i].address));
    if (count)
        json_object_set(json, name, list);
    json_decref(list);
}

static bool add_query(const struct admin_call *call, const struct list_settings *settings, json_t *json,
                      struct err *err)
{
    const char *wanted = http_query(call->request, "members");
    size_t most = wanted && strcmp(wanted, "none") != 0 ? GROUP_QUERY_MAX + 1 : SHOWN_MEMBERS + 1, count;
    const char **addresses;
    json_t *list;

    if (!settings->query)
        return true;
    if (!list_query_preview(call->api->options.directory, &call->actor, call->arena,
                            settings->organisation_id, settings->query, LIST_WITHOUT_GROUPS, most, &addresses,
                            &count, err))
        return false;
    list = json_array();
    for (size_t i = 0; i + 1 < most && i < count; i++)
        json_array_append_new(list, json_string(addresses[i]));
    json_object_set_new(json, "query", json_string(settings->query));
    json_object_set_new(json, "selected", list);
    if (count == most)
        json_object_set_new(json, "selects_more", json_true());
    return true;
}

bool group_list_add(const struct admin_call *call, int64_t recipient_id, json_t *json, struct err *err)
{
    const char *accepts = json_string_value(json_object_get(json, "accepts"));
    struct list_settings settings;

    if (!list_get(call->api->options.directory, &call->actor, call->arena, recipient_id, &settings, err))
        return false;
    for (size_t i = 0; accepts && i < COUNT_OF(postings); i++)
        if (strcmp(recipient_accepts_name(postings[i].accepts), accepts) == 0 &&
            postings[i].is_moderated == settings.is_moderated)
            json_object_set_new(json, "posting", json_string(postings[i].name));
    json_object_set_new(json, "list", json_boolean(settings.is_list));
    json_object_set_new(json, "moderated", json_boolean(settings.is_moderated));
    json_object_set_new(json, "join", json_string(list_joining_name(settings.joining)));
    json_object_set_new(json, "hold_days", json_integer(settings.hold_days));
    if (settings.archive)
        json_object_set_new(json, "archive", json_string(settings.archive));
    add_people(json, "owners", settings.owners, settings.owner_count);
    add_people(json, "moderators", settings.moderators, settings.moderator_count);
    return add_query(call, &settings, json, err);
}
