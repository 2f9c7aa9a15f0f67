/* user_import.c -- many users in one request: their passwords are hashed in parallel, for that is what takes long, and their
 * rows and mailboxes are made together, a transaction in the directory and one in each storage group. */
#include "admin_api/new_user.h"
#include "admin_api/person.h"
#include "admin_api/policy_addresses.h"

#include "base/crashpoint.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

enum { IMPORT_MAX = 1000 };

struct line {
    const json_t *json;
    struct user user;
    struct credential credential;
    bool has_password;
    struct person person;
    bool is_there; /* it was added, or is from an import that broke off */
    bool wants_mailbox;
    struct new_user_mailbox how;
    void *memory; /* of the credential; a context of its own, because talloc does not lock */
    struct err fault;
    struct err manager_fault; /* added, but without its manager */
};

static void hash(gpointer data, gpointer unused)
{
    struct line *line = data;
    const char *password = json_string_value(json_object_get(line->json, "password"));

    (void)unused;
    line->memory = talloc_new(NULL);
    if (!new_user_credential(line->memory, password, &line->credential, &line->has_password, &line->fault))
        line->has_password = false;
}

static void hash_all(struct line *lines, size_t count)
{
    GThreadPool *pool = g_thread_pool_new(hash, NULL, (gint)g_get_num_processors(), FALSE, NULL);

    for (size_t i = 0; i < count; i++)
        if (lines[i].fault.kind == ERR_NONE)
            g_thread_pool_push(pool, &lines[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

/* Is it a line of this request that added the user? Then another one that names him is not an import that broke off. */
static bool is_added_here(const struct line *lines, size_t count, int64_t mailbox_id)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].is_there && lines[i].user.mailbox.mailbox_id == mailbox_id)
            return true;
    return false;
}

/* As POST /users takes it: a column whose name is mistyped must not be lost in silence. */
static bool has_known_fields(const json_t *json, struct err *err)
{
    const struct admin_route *route = admin_route_of("POST", "/users");
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        const struct admin_field *field = route->fields;
        while (field->name && strcmp(field->name, name) != 0)
            field++;
        if (!field->name)
            return err_set(err, ERR_INVALID, "There is no field %.60s here.", name);
    }
    return true;
}

/* Those with and those without a password go in separate calls: a call takes one credential a user or none. */
static bool add_those(struct admin_call *call, int64_t organisation_id, struct line *lines, size_t count,
                      bool has_password, struct err *err)
{
    struct user *users = talloc_zero_array(call->arena, struct user, (unsigned)count);
    struct credential *credentials = talloc_zero_array(call->arena, struct credential, (unsigned)count);
    struct err *faults = talloc_zero_array(call->arena, struct err, (unsigned)count);
    size_t *index = talloc_array(call->arena, size_t, (unsigned)count), chosen = 0;

    for (size_t i = 0; i < count; i++)
        if (lines[i].fault.kind == ERR_NONE && lines[i].has_password == has_password) {
            users[chosen] = lines[i].user;
            credentials[chosen] = lines[i].credential;
            index[chosen++] = i;
        }
    if (chosen == 0)
        return true;
    if (!user_import(call->api->options.directory, &call->actor, organisation_id, call->arena, users,
                     has_password ? credentials : NULL, chosen, faults, err))
        return false;
    for (size_t i = 0; i < chosen; i++) {
        struct line *line = &lines[index[i]];
        line->user = users[i];
        line->fault = faults[i];
        line->is_there =
            faults[i].kind == ERR_NONE || (faults[i].kind == ERR_EXISTS && users[i].mailbox.mailbox_id != 0 &&
                                           !is_added_here(lines, count, users[i].mailbox.mailbox_id));
        line->wants_mailbox = line->is_there;
    }
    return true;
}

/* Managers may be of the same request, so all must be there before. */
static bool describe_those(struct admin_call *call, int64_t organisation_id, struct line *lines, size_t count,
                           struct err *err)
{
    struct person *people = talloc_zero_array(call->arena, struct person, (unsigned)count + 1);
    int64_t *ids = talloc_zero_array(call->arena, int64_t, (unsigned)count + 1);
    struct err *faults = talloc_zero_array(call->arena, struct err, (unsigned)count + 1);
    size_t *index = talloc_array(call->arena, size_t, (unsigned)count + 1), chosen = 0;

    for (size_t i = 0; i < count; i++)
        if (lines[i].is_there && person_is_said(&lines[i].person)) {
            people[chosen] = lines[i].person;
            ids[chosen] = lines[i].user.recipient_id;
            index[chosen++] = i;
        }
    if (!person_set_many(call->api->options.directory, &call->actor, organisation_id, ids, people, chosen,
                         faults, err))
        return false;
    for (size_t i = 0; i < chosen; i++)
        lines[index[i]].manager_fault = faults[i];
    return true;
}

/* Those whose mailboxes belong into one storage group, which is the next. */
struct lot {
    struct line **lines;
    struct mailbox_options *options;
    enum mailbox_made *made;
    size_t count;
    int64_t storage_group_id;
};

static void choose_lot(struct lot *lot, struct line *lines, size_t count)
{
    lot->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct line *line = &lines[i];
        if (!line->wants_mailbox ||
            (lot->count > 0 && line->user.mailbox.storage_group_id != lot->storage_group_id))
            continue;
        line->wants_mailbox = false;
        lot->storage_group_id = line->user.mailbox.storage_group_id;
        lot->options[lot->count] = new_user_options(&line->user, &line->how);
        lot->lines[lot->count++] = line;
    }
}

static bool is_first_of_domain(const struct lot *lot, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (lot->lines[i]->user.domain_id == lot->lines[at]->user.domain_id)
            return false;
    return true;
}

static bool make_lot(const struct admin_api *api, struct lot *lot, struct err *err)
{
    struct group *group;
    bool done = group_find(api->options.groups, lot->storage_group_id, &group, err) &&
                mailbox_create_many(group, lot->options, lot->count, lot->made, err);

    for (size_t i = 0; done && i < lot->count; i++)
        done = !is_first_of_domain(lot, i) || new_user_limits(api, &lot->lines[i]->user, group, err);
    return done;
}

/* A user who was there without a mailbox was begun by an import that nobody finished, and is added now. */
static void note_lot(struct lot *lot, const struct err *err, bool is_done)
{
    for (size_t i = 0; i < lot->count; i++) {
        struct err *fault = &lot->lines[i]->fault;
        if (!is_done) {
            *fault = *err;
            err_set(fault, err->kind, "The mailbox is not ready, import this line again: %s", err->user);
        } else if (lot->made[i] == MAILBOX_MADE) {
            *fault = ERR_INIT;
        }
    }
}

static void make_mailboxes(struct admin_call *call, struct line *lines, size_t count)
{
    struct lot lot = { .lines = talloc_array(call->arena, struct line *, (unsigned)count),
                       .options = talloc_array(call->arena, struct mailbox_options, (unsigned)count),
                       .made = talloc_array(call->arena, enum mailbox_made, (unsigned)count) };

    for (choose_lot(&lot, lines, count); lot.count > 0; choose_lot(&lot, lines, count)) {
        struct err err = ERR_INIT;
        bool is_done = make_lot(call->api, &lot, &err);
        note_lot(&lot, &err, is_done);
    }
}

static json_t *fault_json(const struct line *line, size_t index, const struct err *fault)
{
    const char *address = json_string_value(json_object_get(line->json, "address"));

    return json_pack("{s:I, s:s, s:s, s:s}", "index", (json_int_t)index, "address", address ? address : "",
                     "kind", err_kind_name(fault->kind), "message", fault->user);
}

static json_t *manager_json(const struct line *line, size_t index)
{
    struct err fault = ERR_INIT;
    json_t *json;

    err_set(&fault, line->manager_fault.kind, "It was added without its manager: %s",
            line->manager_fault.user);
    json = fault_json(line, index, &fault);
    json_object_set_new(json, "field", json_string(person_field_name(PERSON_MANAGER)));
    return json;
}

static json_t *outcome(const struct line *lines, size_t count)
{
    json_t *faults = json_array();
    size_t added = 0;

    for (size_t i = 0; i < count; i++) {
        if (lines[i].fault.kind != ERR_NONE)
            json_array_append_new(faults, fault_json(&lines[i], i, &lines[i].fault));
        else if (lines[i].manager_fault.kind != ERR_NONE)
            json_array_append_new(faults, manager_json(&lines[i], i));
        added += lines[i].fault.kind == ERR_NONE;
    }
    return json_pack("{s:I, s:o}", "added", (json_int_t)added, "faults", faults);
}

static bool apply_policies(struct admin_call *call, int64_t organisation_id, const struct line *lines,
                           size_t count, struct err *err)
{
    struct user *added = talloc_array(call->arena, struct user, (unsigned)count + 1);
    size_t added_count = 0;

    for (size_t i = 0; i < count; i++)
        if (lines[i].fault.kind == ERR_NONE)
            added[added_count++] = lines[i].user;
    return policy_new_users(call, organisation_id, added, added_count, err);
}

bool users_import(struct admin_call *call, struct err *err)
{
    json_t *list = json_object_get(call->in, "users"), *element;
    size_t count = json_array_size(list), i;
    struct line *lines = talloc_zero_array(call->arena, struct line, (unsigned)count);
    struct new_user_place place = { .is_known = false };
    int64_t organisation_id;
    bool done;

    if (count > IMPORT_MAX)
        return err_set(err, ERR_LIMIT, "At most %d users at once.", IMPORT_MAX);
    if (!call_organisation(call, &organisation_id, err))
        return false;
    json_array_foreach(list, i, element)
    {
        lines[i].json = element;
        (void)!(
            has_known_fields(element, &lines[i].fault) &&
            person_read(element, &lines[i].person, &lines[i].fault) &&
            new_user_read_next(call, element, &place, &lines[i].user, &lines[i].fault) &&
            new_user_mailbox_read(call->arena, element, lines[i].user.kind, &lines[i].how, &lines[i].fault));
    }
    hash_all(lines, count);
    done = add_those(call, organisation_id, lines, count, true, err) &&
           add_those(call, organisation_id, lines, count, false, err) &&
           describe_those(call, organisation_id, lines, count, err);
    CRASHPOINT("import.before-mailboxes");
    make_mailboxes(call, lines, count);
    done = done && apply_policies(call, organisation_id, lines, count, err);
    if (done)
        call_answer(call, outcome(lines, count));
    for (i = 0; i < count; i++)
        talloc_free(lines[i].memory);
    return done;
}
