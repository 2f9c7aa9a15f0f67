/* preferences.c -- Preferences (docs/jmap.md): what the server does as the owner likes it, and what his mail program keeps. */
#include "directory/preference.h"

#include "directory/sender_grant.h"
#include "http/json.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/owner.h"
#include "mailbox/client_setting.h"

#include <stdlib.h>
#include <talloc.h>

#define SINGLETON "singleton"

static const char *const names[] = { "id", "language", "undoSend", "client", "keepsSent" };
enum { LANGUAGE_BIT = 2, UNDO_BIT = 4, CLIENT_BIT = 8, KEEPS_SENT_BIT = 16 };

struct preferences {
    struct preference own;
    const char *client; /* JSON */
    bool keeps_sent;
};

static struct actor actor_of(const struct jmap_call *call)
{
    return (struct actor){ .name = call->request->identity->login,
                           .peer = call->request->peer,
                           .recipient_id = call->request->identity->recipient_id,
                           .organisation_id = call->request->identity->organisation_id };
}

/* What others send in the owner's name. */
static bool load_keeps_sent(struct jmap_call *call, bool *keeps_sent_out, struct err *err)
{
    struct actor actor = actor_of(call);
    struct sender_grants grants;

    if (!sender_grants_list(call->request->jmap->options.directory, &actor, call->arena, actor.name, &grants,
                            err))
        return false;
    *keeps_sent_out = grants.keeps_sent;
    return true;
}

static bool load(struct jmap_call *call, uint64_t wanted, struct preferences *out, struct err *err)
{
    struct actor actor = actor_of(call);

    return (!(wanted & KEEPS_SENT_BIT) || load_keeps_sent(call, &out->keeps_sent, err)) &&
           preference_get(call->request->jmap->options.directory, &actor, call->arena, actor.organisation_id,
                          actor.recipient_id, &out->own, err) &&
           client_setting_get(call->account->group, call->account->mailbox_id, call->arena, &out->client,
                              err);
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct preferences *p = arg;
    json_t *object, *client;

    (void)call;
    if (strcmp(id, SINGLETON) != 0)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & LANGUAGE_BIT)
        json_object_set_new(object, "language",
                            *p->own.language ? json_string(p->own.language) : json_null());
    if (wanted & UNDO_BIT)
        json_object_set_new(object, "undoSend",
                            p->own.undo_s == PREFERENCE_UNSAID ? json_null() : json_integer(p->own.undo_s));
    if (wanted & KEEPS_SENT_BIT)
        json_object_set_new(object, "keepsSent", json_boolean(p->keeps_sent));
    if (wanted & CLIENT_BIT) {
        client = json_loads(p->client, 0, NULL);
        json_object_set_new(object, "client", client ? client : json_object());
    }
    return object;
}

bool preferences_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_pack("[s]", SINGLETON));
    struct preferences preferences;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!load(call, wanted, &preferences, &err))
        return jmap_fail_err(call, &err);
    return jmap_get_each(call, all, wanted, object_of, &preferences);
}

/* ---- changing */

struct wish {
    struct preference own;
    unsigned fields;
    const json_t *keeps_sent; /* NULL: as it is */
    json_t *client;           /* the new one, the arena's; NULL: as it is */
};

static json_t *take_one(const char *name, json_t *value, struct wish *wish)
{
    if (strcmp(name, "language") == 0 && (json_is_string(value) || json_is_null(value))) {
        wish->own.language = json_is_string(value) ? json_string_value(value) : "";
        wish->fields |= PREFERENCE_LANGUAGE;
    } else if (strcmp(name, "undoSend") == 0 && (json_is_integer(value) || json_is_null(value))) {
        json_int_t seconds = json_is_integer(value) ? json_integer_value(value) : PREFERENCE_UNSAID;
        if (json_is_integer(value) && (seconds < 0 || seconds > PREFERENCE_UNDO_MAX_S))
            return jmap_bad_property(name);
        wish->own.undo_s = (int)seconds;
        wish->fields |= PREFERENCE_UNDO;
    } else if (strcmp(name, "keepsSent") == 0 && json_is_boolean(value)) {
        wish->keeps_sent = value;
    } else {
        return jmap_bad_property(name);
    }
    return NULL;
}

/* "client" as a whole, or "client/list/density": the patch that concerns it is applied to what is there. */
static json_t *take_client(struct jmap_call *call, const json_t *patch, const char *now, struct wish *wish)
{
    json_t *base = json_loads(now, 0, NULL), *object, *patched;

    object = jmap_keep(call->arena, json_pack("{s:o}", "client", base ? base : json_object()));
    patched = jmap_patch(object, patch);
    if (!patched)
        return jmap_set_error("invalidPatch", "This is no patch of these settings.");
    wish->client = json_object_get(jmap_keep(call->arena, patched), "client");
    return json_is_object(wish->client) ? NULL : jmap_bad_property("client");
}

static json_t *take(struct jmap_call *call, json_t *patch, const char *now, struct wish *wish)
{
    json_t *of_client = jmap_keep(call->arena, json_object()), *value, *error = NULL;
    const char *name;

    json_object_foreach(patch, name, value)
    {
        if (strcmp(name, "client") == 0 || strncmp(name, "client/", 7) == 0)
            json_object_set(of_client, name, value);
        else if ((error = take_one(name, value, wish)))
            return error;
    }
    return json_object_size(of_client) ? take_client(call, of_client, now, wish) : NULL;
}

static bool store(struct jmap_call *call, const struct wish *wish, struct err *err)
{
    struct actor actor = actor_of(call);
    char *text = wish->client ? json_dumps(wish->client, JSON_COMPACT) : NULL;
    bool done =
        (!text || client_setting_put(call->account->group, call->account->mailbox_id, text, err)) &&
        (!wish->fields ||
         preference_set(call->request->jmap->options.directory, &actor, actor.organisation_id,
                        actor.recipient_id, actor.name, wish->fields, &wish->own, err)) &&
        (!wish->keeps_sent || sender_grants_keep_sent(call->request->jmap->options.directory, &actor,
                                                      actor.name, json_is_true(wish->keeps_sent), err));

    free(text);
    return done && jmap_owner_raise(call, err);
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct preferences now;
    struct wish wish = { .fields = 0 };
    struct err err = ERR_INIT;
    json_t *error;

    (void)updated_out;
    (void)arg;
    if (strcmp(id, SINGLETON) != 0)
        return jmap_set_error("notFound", "There is one set of preferences.");
    if (!load(call, 0, &now, &err))
        return jmap_set_error_of(&err);
    error = take(call, patch, now.client, &wish);
    if (error)
        return error;
    return store(call, &wish, &err) ? NULL : jmap_set_error_of(&err);
}

static json_t *only_one(void)
{
    return jmap_set_error("singleton", "There is one set of preferences.");
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    (void)call;
    (void)creation_id;
    (void)object;
    (void)created_out;
    (void)arg;
    return only_one();
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    (void)call;
    (void)id;
    (void)arg;
    return only_one();
}

bool preferences_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create, .update = update, .destroy = destroy });
}
