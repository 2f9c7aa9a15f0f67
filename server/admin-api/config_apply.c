/* config_apply.c -- from the configuration that is to the one that is wanted: what differs, and making it so. */
#include "admin_api/config.h"
#include "db/rehearsal.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

struct applying {
    struct admin_call *call;
    const struct config_section *section;
    json_t *changes;
    bool is_pruning;
    bool is_pretending; /* what cannot be rolled back is only told */
    size_t fault_count;
};

/* ---- what differs */

static bool is_nothing(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_integer(value) && json_integer_value(value) == 0) ||
           (json_is_string(value) && *json_string_value(value) == '\0') ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* Lists are compared whatever their order. */
static bool is_same(const json_t *now, const json_t *wanted)
{
    json_t *item, *other;
    size_t i, k, found = 0;

    if (!json_is_array(now) || !json_is_array(wanted))
        return json_equal(now, wanted) || (is_nothing(now) && is_nothing(wanted));
    json_array_foreach(wanted, i, item) json_array_foreach(now, k, other) found +=
        json_equal(item, other) ? 1u : 0u;
    return json_array_size(now) == json_array_size(wanted) && found == json_array_size(wanted);
}

/* Those of `names` that are wanted otherwise than they are; `now` NULL: all that are wanted. */
static json_t *difference(const json_t *now, const json_t *wanted, const char *names)
{
    char **all = g_strsplit(names, " ", -1);
    json_t *fields = json_object();

    for (size_t i = 0; all[i]; i++) {
        json_t *value = json_object_get(wanted, all[i]);
        if (value && (!now || !is_same(json_object_get(now, all[i]), value)))
            json_object_set(fields, all[i], value);
    }
    g_strfreev(all);
    return fields;
}

/* What takes `value` back. */
static json_t *nothing_like(const json_t *value)
{
    return json_is_string(value) ? json_string("") : json_is_boolean(value) ? json_false() : json_integer(0);
}

/* Those that are not so any more, as the text does not have them. */
static void add_gone(json_t *fields, const struct config_section *section, const json_t *now,
                     const json_t *wanted)
{
    char **all = g_strsplit(section->whole ? section->whole : "", " ", -1);

    for (size_t i = 0; all[i]; i++) {
        const json_t *is = json_object_get(now, all[i]);
        if (!json_object_get(wanted, all[i]) && !is_nothing(is))
            json_object_set_new(fields, all[i], nothing_like(is));
    }
    g_strfreev(all);
}

static const json_t *find(const struct applying *a, const json_t *list, const char *id)
{
    json_t *object;
    size_t i;

    json_array_foreach(list, i, object) if (strcmp(config_object_id(a->call->arena, a->section, object),
                                                   id) == 0) return object;
    return NULL;
}

/* ---- one request */

/* A number for a field that is a text: undo_send is shown as one and given as the other. */
static void fit_types(const char *method, const char *path, json_t *in)
{
    char *plain = g_strndup(path, strcspn(path, "?"));
    const struct admin_route *route = admin_route_of(method, plain);

    g_free(plain);
    for (const struct admin_field *f = route ? route->fields : NULL; f && f->name; f++) {
        json_t *value = json_object_get(in, f->name);
        if (f->type == ADMIN_TEXT && json_is_integer(value))
            json_object_set_new(in, f->name, json_sprintf("%lld", (long long)json_integer_value(value)));
    }
}

static bool ask(struct applying *a, const char *method, const char *path, json_t *in, struct err *err)
{
    const struct act_caller caller = config_caller(a->call);
    json_t *out = NULL;
    bool done;

    if (a->is_pretending)
        return true;
    if (in)
        fit_types(method, path, in);
    done = act(a->call->api, a->call->arena, &caller, method, path, in, &out, err);
    json_decref(out);
    return done;
}

static void tell(struct applying *a, const char *what, const json_t *object, json_t *fields, bool is_done,
                 const struct err *err)
{
    a->fault_count += !is_done;
    json_array_append_new(a->changes,
                          json_pack("{s:s, s:s, s:s, s:o, s:s?}", "act", what, "section", a->section->name,
                                    "object", config_object_id(a->call->arena, a->section, object), "fields",
                                    fields, "fault", is_done ? NULL : err->user));
}

/* ---- adding, changing, removing */

static const char *path_of(struct applying *a, const json_t *object)
{
    return config_object_path(a->call->arena, a->section->item, object);
}

/* Where one is made, without a query. */
static const char *collection_of(struct applying *a, const json_t *object)
{
    if (a->section->made_at)
        return config_object_path(a->call->arena, a->section->made_at, object);
    return talloc_strndup(a->call->arena, a->section->list, strcspn(a->section->list, "?"));
}

/* Its body is all that the text says of it. */
static bool put(struct applying *a, const json_t *wanted, struct err *err)
{
    json_t *in = difference(NULL, wanted, a->section->change);
    bool done = ask(a, a->section->put, path_of(a, wanted), in, err);

    json_decref(in);
    return done;
}

static bool take_back(struct applying *a, const json_t *now, struct err *err)
{
    json_t *in = difference(NULL, now, a->section->change), *value;
    json_t *nothing = json_loads(a->section->nothing, 0, NULL);
    const char *name;

    json_object_foreach(nothing, name, value)
    {
        if (json_is_null(value))
            json_object_del(in, name);
        else
            json_object_set(in, name, value);
    }
    bool done = ask(a, a->section->put, path_of(a, now), in, err);
    json_decref(nothing);
    json_decref(in);
    return done;
}

static bool post(struct applying *a, const json_t *wanted, struct err *err)
{
    json_t *in = difference(NULL, wanted, a->section->create);
    bool done = ask(a, "POST", collection_of(a, wanted), in, err);

    json_decref(in);
    return done;
}

/* What POST does not take. */
static bool patch_rest(struct applying *a, const json_t *wanted, struct err *err)
{
    json_t *rest = difference(NULL, wanted, a->section->change ? a->section->change : "");
    json_t *made = difference(NULL, wanted, a->section->create), *value;
    const char *name;

    json_object_foreach(made, name, value) json_object_del(rest, name);
    bool done = json_object_size(rest) == 0 || ask(a, "PATCH", path_of(a, wanted), rest, err);
    json_decref(made);
    json_decref(rest);
    return done;
}

static void add(struct applying *a, const json_t *wanted)
{
    json_t *fields = difference(NULL, wanted, a->section->create);
    json_t *rest = difference(NULL, wanted, a->section->change ? a->section->change : "");
    struct err err = ERR_INIT;
    bool done = a->section->put ? put(a, wanted, &err) : post(a, wanted, &err) && patch_rest(a, wanted, &err);

    json_object_update(fields, rest);
    json_decref(rest);
    tell(a, "add", wanted, fields, done, &err);
}

static void remove_one(struct applying *a, const json_t *now)
{
    struct err err = ERR_INIT;
    bool done = a->section->put ? take_back(a, now, &err) : ask(a, "DELETE", path_of(a, now), NULL, &err);

    tell(a, "remove", now, json_object(), done, &err);
}

/* Members are no field of PATCH. */
static bool change_members(struct applying *a, const json_t *now, const json_t *wanted, json_t *fields,
                           struct err *err)
{
    json_t *have = json_object_get(now, "members"), *want = json_object_get(wanted, "members"), *member,
           *other;
    const char *path = path_of(a, wanted);
    size_t i;

    if (!want || is_same(have, want))
        return true;
    json_object_set(fields, "members", want);
    json_array_foreach(want, i, member)
    {
        json_t *in = json_pack("{s:O}", "member", member);
        bool done = ask(a, "POST", talloc_asprintf(a->call->arena, "%s/members", path), in, err) ||
                    err->kind == ERR_EXISTS;
        json_decref(in);
        if (!done)
            return false;
    }
    json_array_foreach(have, i, member)
    {
        json_t *named = json_pack("{s:O}", "member", member);
        bool is_kept = false;
        size_t k;
        json_array_foreach(want, k, other) is_kept = is_kept || json_equal(member, other);
        bool done =
            is_kept ||
            ask(a, "DELETE",
                config_object_path(a->call->arena,
                                   talloc_asprintf(a->call->arena, "%s/members/{member}", path), named),
                NULL, err);
        json_decref(named);
        if (!done)
            return false;
    }
    return true;
}

/* Without a PATCH it is removed and made anew. */
static bool change_fields(struct applying *a, const json_t *now, const json_t *wanted, json_t *fields,
                          struct err *err)
{
    if (json_object_size(fields) == 0)
        return true;
    if (a->section->put)
        return put(a, wanted, err);
    if (a->section->change)
        return ask(a, "PATCH", path_of(a, now), fields, err);
    return ask(a, "DELETE", path_of(a, now), NULL, err) && post(a, wanted, err);
}

static void change(struct applying *a, const json_t *now, const json_t *wanted)
{
    json_t *fields = difference(now, wanted, a->section->change ? a->section->change : a->section->create);
    struct err err = ERR_INIT;
    add_gone(fields, a->section, now, wanted);
    bool done = change_fields(a, now, wanted, fields, &err);
    if (strcmp(a->section->name, "groups") == 0)
        done = done && change_members(a, now, wanted, fields, &err);
    if (json_object_size(fields) > 0)
        tell(a, "change", wanted, fields, done, &err);
    else
        json_decref(fields);
}

/* ---- a section, all of them */

static bool apply_section(struct applying *a, const json_t *wanted, struct err *err)
{
    json_t *now, *object;
    size_t i;

    if (!config_section_read(a->call, a->section, &now, NULL, err))
        return false;
    json_array_foreach(wanted, i, object)
    {
        const json_t *there = find(a, now, config_object_id(a->call->arena, a->section, object));
        if (there)
            change(a, there, object);
        else
            add(a, object);
    }
    json_decref(now);
    return true;
}

/* The administrative groups of an organisation that is removed go with it. */
static bool goes_by_itself(const struct applying *a, const json_t *config, const json_t *object)
{
    const json_t *organisations = json_object_get(config, "organisations"), *one;
    const char *name = json_string_value(json_object_get(object, "organisation"));
    size_t i;

    if (strcmp(a->section->name, "admin_groups") != 0 || !json_is_array(organisations) || !name)
        return false;
    json_array_foreach(organisations, i, one)
    {
        const char *kept = json_string_value(json_object_get(one, "name"));
        if (kept && strcmp(kept, name) == 0)
            return false;
    }
    return true;
}

/* In the other order: what depends on something goes before it. */
static bool prune_section(struct applying *a, const json_t *config, struct err *err)
{
    const json_t *wanted = json_object_get(config, a->section->name);
    json_t *now, *object;
    size_t i;

    if (!config_section_read(a->call, a->section, &now, NULL, err))
        return false;
    json_array_foreach(now, i, object)
    {
        bool is_wanted = find(a, wanted, config_object_id(a->call->arena, a->section, object)) != NULL;
        if (!is_wanted && !goes_by_itself(a, config, object))
            remove_one(a, object);
    }
    json_decref(now);
    return true;
}

/* What is only told to be left out cannot be applied. */
static bool is_given(const struct config_section *section, const json_t *wanted, bool is_outside)
{
    return json_is_array(wanted) && section->create && section->is_outside == is_outside;
}

static bool apply_sections(struct applying *a, const json_t *config, bool is_outside, struct err *err)
{
    size_t count;
    const struct config_section *sections = config_sections(&count);

    for (size_t i = 0; i < count; i++) {
        const json_t *wanted = json_object_get(config, sections[i].name);
        a->section = &sections[i];
        if (is_given(&sections[i], wanted, is_outside) && !apply_section(a, wanted, err))
            return false;
    }
    return true;
}

static bool prune_sections(struct applying *a, const json_t *config, bool is_outside, struct err *err)
{
    size_t count;
    const struct config_section *sections = config_sections(&count);

    for (size_t i = count; a->is_pruning && i > 0; i--) {
        const json_t *wanted = json_object_get(config, sections[i - 1].name);
        a->section = &sections[i - 1];
        if (is_given(&sections[i - 1], wanted, is_outside) && !prune_section(a, config, err))
            return false;
    }
    return true;
}

/* Every change is made, with what it depends on before it; then all of it is kept, or, where one was refused or it is only a
 * question, nothing. */
static bool apply_inside(struct applying *a, const json_t *config, bool is_question, bool *is_kept_out,
                         struct err *err)
{
    bool is_within = db_is_rehearsing(); /* of who tries whether to approve it */

    *is_kept_out = false;
    if (!is_within)
        db_rehearsal_begin();
    bool done = apply_sections(a, config, false, err) && prune_sections(a, config, false, err);
    if (is_within)
        return done;
    if (done && !is_question && a->fault_count == 0)
        return *is_kept_out = db_rehearsal_keep(err);
    db_rehearsal_end();
    return done;
}

/* ---- what is more than rows: databases are made, and cannot be unmade */

/* The text without what names things that are yet to be made. */
static json_t *without_later(const json_t *config)
{
    size_t count, k;
    const struct config_section *sections = config_sections(&count);
    json_t *copy = json_deep_copy(config), *object;

    for (size_t i = 0; i < count; i++)
        json_array_foreach(sections[i].later ? json_object_get(copy, sections[i].name) : NULL, k, object)
            json_object_del(object, sections[i].later);
    return copy;
}

static bool make_outside(struct applying *a, const json_t *config, bool is_question, struct err *err)
{
    json_t *first = is_question ? json_deep_copy(config) : without_later(config);

    a->is_pretending = is_question;
    bool done = apply_sections(a, first, true, err);
    a->is_pretending = false;
    json_decref(first);
    return done;
}

static bool end_outside(struct applying *a, const json_t *config, bool is_question, struct err *err)
{
    a->is_pretending = is_question;
    bool done = (is_question || apply_sections(a, config, true, err)) && prune_sections(a, config, true, err);
    a->is_pretending = false;
    return done;
}

bool config_apply_post(struct admin_call *call, struct err *err)
{
    struct applying applying = { .call = call,
                                 .changes = json_array(),
                                 .is_pruning = call_flag(call, "prune", false) };
    const json_t *config = json_object_get(call->in, "config");
    bool is_question = call_flag(call, "dry_run", false) || call_is_rehearsal(call), is_kept = false;

    bool done = make_outside(&applying, config, is_question, err);
    if (done && applying.fault_count == 0)
        done = apply_inside(&applying, config, is_question, &is_kept, err) &&
               ((!is_kept && !is_question) || end_outside(&applying, config, is_question, err));
    if (!done) {
        json_decref(applying.changes);
        return false;
    }
    return call_answer(call, json_pack("{s:b, s:o}", "applied", is_kept, "changes", applying.changes));
}
