/* user_import.c -- many users in one request: their passwords are hashed in parallel, for that is what takes long. */
#include "admin_api/new_user.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

enum { IMPORT_MAX = 1000 };

struct line {
    const json_t *json;
    struct user user;
    struct credential credential;
    bool has_password;
    void *memory; /* of the credential; a context of its own, because talloc does not lock */
    struct err fault;
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
        if (line->fault.kind == ERR_NONE &&
            !new_user_mailbox(call->api, &line->user, json_is_true(json_object_get(line->json, "inbox_only")),
                              &line->fault))
            err_log(&line->fault, "user without mailbox");
    }
    return true;
}

static json_t *outcome(const struct line *lines, size_t count)
{
    json_t *faults = json_array();
    size_t added = 0;

    for (size_t i = 0; i < count; i++) {
        const char *address = json_string_value(json_object_get(lines[i].json, "address"));
        if (lines[i].fault.kind == ERR_NONE)
            added++;
        else
            json_array_append_new(faults, json_pack("{s:I, s:s, s:s, s:s}", "index", (json_int_t)i, "address",
                                                    address ? address : "", "kind",
                                                    err_kind_name(lines[i].fault.kind), "message",
                                                    lines[i].fault.user));
    }
    return json_pack("{s:I, s:o}", "added", (json_int_t)added, "faults", faults);
}

bool users_import(struct admin_call *call, struct err *err)
{
    json_t *list = json_object_get(call->in, "users"), *element;
    size_t count = json_array_size(list), i;
    struct line *lines = talloc_zero_array(call->arena, struct line, (unsigned)count);
    int64_t organisation_id;
    bool done;

    if (count > IMPORT_MAX)
        return err_set(err, ERR_LIMIT, "At most %d users at once.", IMPORT_MAX);
    if (!call_organisation(call, &organisation_id, err))
        return false;
    json_array_foreach(list, i, element)
    {
        lines[i].json = element;
        (void)!new_user_read(call, element, &lines[i].user, &lines[i].fault);
    }
    hash_all(lines, count);
    done = add_those(call, organisation_id, lines, count, true, err) &&
           add_those(call, organisation_id, lines, count, false, err);
    if (done)
        call_answer(call, outcome(lines, count));
    for (i = 0; i < count; i++)
        talloc_free(lines[i].memory);
    return done;
}
