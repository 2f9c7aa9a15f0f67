/* snooze.c -- Snooze (docs/jmap.md): mail that comes back at a time. Its id is that of the email. */
#include "mailbox/snooze.h"

#include "base/clock.h"
#include "jmap/account.h"
#include "jmap/email.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <talloc.h>

static const char *const names[] = { "id", "emailId", "mailboxId", "until", "created", "kind" };
/* By enum snooze_kind. */
static const char *const kinds[] = { [SNOOZE_LATER] = "later", [SNOOZE_REMINDER] = "reminder" };
#define YEARS_MAX_US (INT64_C(10) * 366 * 86400 * US_PER_S)

struct listed {
    struct snooze *list;
    size_t count;
};

static const struct snooze *find(const struct jmap_call *call, const struct listed *listed, const char *id)
{
    int64_t item_id;

    if (!jmap_id_decode(call->account, GROUP_ID_ITEM, id, &item_id))
        return NULL;
    for (size_t i = 0; i < listed->count; i++)
        if (listed->list[i].item_id == item_id)
            return &listed->list[i];
    return NULL;
}

static bool load(struct jmap_call *call, struct listed *out, struct err *err)
{
    return snooze_list(call->account->mailbox, call->arena, &out->list, &out->count, err);
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct snooze *s = find(call, arg, id);
    json_t *all, *object;

    if (!s)
        return NULL;
    all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "id", id, "emailId", id, "mailboxId",
                    jmap_id_of(call, GROUP_ID_FOLDER, s->folder_id), "until", jmap_date(s->until_us),
                    "created", jmap_date(s->created_us), "kind", kinds[s->kind]);
    object = jmap_only(all, names, COUNT_OF(names), wanted);
    json_decref(all);
    return object;
}

bool snooze_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct listed listed;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!load(call, &listed, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < listed.count && i < JMAP_GET_MAX; i++)
        json_array_append_new(all, json_string(jmap_id_of(call, GROUP_ID_ITEM, listed.list[i].item_id)));
    return jmap_get_each(call, all, wanted, object_of, &listed);
}

/* Some time to come. */
static bool read_until(const json_t *value, int64_t *until_us_out)
{
    int64_t now_us = clock_now_us();

    return jmap_take_date(value, until_us_out) && *until_us_out > now_us &&
           *until_us_out < now_us + YEARS_MAX_US;
}

/* "later" where nothing is said. */
static bool read_kind(const json_t *value, enum snooze_kind *kind_out)
{
    const char *word = value ? json_string_value(value) : kinds[SNOOZE_LATER];

    for (size_t i = 0; word && i < COUNT_OF(kinds); i++)
        if (strcmp(word, kinds[i]) == 0) {
            *kind_out = (enum snooze_kind)i;
            return true;
        }
    return false;
}

static json_t *refuse(const struct err *err)
{
    return err->kind == ERR_EXISTS ? jmap_set_error("alreadyExists", "%s", err->user)
                                   : jmap_set_error_of(err);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const char *email_text = json_string_value(json_object_get(object, "emailId"));
    const char *email = jmap_resolve_id(call->request, email_text ? email_text : "");
    const char *box = json_string_value(json_object_get(object, "mailboxId"));
    const char *name;
    struct err err = ERR_INIT;
    int64_t item_id, until_us;
    enum snooze_kind kind;
    size_t number;
    json_t *value;

    (void)creation_id;
    (void)arg;
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "emailId") != 0 && strcmp(name, "mailboxId") != 0 && strcmp(name, "until") != 0 &&
            strcmp(name, "kind") != 0)
            return jmap_bad_property(name);
    }
    if (!email || !jmap_id_decode(call->account, GROUP_ID_ITEM, email, &item_id))
        return jmap_bad_property("emailId");
    if (!box || !jmap_account_mailbox(call->account, box, &number))
        return jmap_bad_property("mailboxId");
    if (!read_until(json_object_get(object, "until"), &until_us))
        return jmap_bad_property("until");
    if (!read_kind(json_object_get(object, "kind"), &kind))
        return jmap_bad_property("kind");
    if (!snooze_put(call->account->mailbox, &call->request->reader, item_id,
                    call->account->folders[number]->folder_id, kind, until_us, &err))
        return refuse(&err);
    *created_out = json_pack("{s:s, s:o}", "id", email, "created", jmap_date(clock_now_us()));
    jmap_account_stale(call->account);
    return jmap_account_read(call->request, call->account, &err) ? NULL : jmap_set_error_of(&err);
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct err err = ERR_INIT;
    int64_t item_id, until_us;

    (void)updated_out;
    (void)arg;
    if (!jmap_id_decode(call->account, GROUP_ID_ITEM, id, &item_id))
        return jmap_set_error("notFound", "This message is not put off.");
    if (json_object_size(patch) != 1 || !read_until(json_object_get(patch, "until"), &until_us))
        return jmap_bad_property("until");
    return snooze_delay(call->account->mailbox, item_id, until_us, &err) ? NULL : refuse(&err);
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    struct listed listed;
    struct err err = ERR_INIT;
    const struct snooze *s;

    (void)arg;
    if (!load(call, &listed, &err))
        return jmap_set_error_of(&err);
    s = find(call, &listed, id);
    if (!s)
        return jmap_set_error("notFound", "This message is not put off.");
    return snooze_end(call->account->mailbox, s, SNOOZE_AS_IT_WAS, &err) ? NULL : refuse(&err);
}

bool snooze_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = create, .update = update, .destroy = destroy });
}
