/* listen.c -- see listen.h. */
#include "jmap/listen.h"

#include "base/wake.h"
#include "jmap/account.h"
#include "mailbox/items.h"

#include <talloc.h>

struct listened {
    const char *account_id;
    struct mailbox *mailbox;
    struct wake_subscription *subscription;
    uint64_t told, seen; /* modseqs */
    struct listener *listener;
};

struct listener {
    struct listened *listened;
    size_t count;
    void (*callback)(void *argument);
    void *argument;
};

/* ---- its life */

static bool add(struct listener *listener, struct jmap_request *request, struct jmap_account *account,
                struct err *err)
{
    struct listened *l = &listener->listened[listener->count];

    if (!jmap_account_open(request, account, err))
        return false;
    *l = (struct listened){ .account_id = talloc_strdup(listener, account->id),
                            .mailbox = mailbox_ref(account->mailbox),
                            .listener = listener };
    if (!mailbox_modseq(l->mailbox, &l->told, err)) {
        mailbox_close(&l->mailbox);
        return false;
    }
    l->seen = l->told;
    listener->count++;
    return true;
}

bool jmap_listen(struct jmap_request *request, struct listener **listener_out, struct err *err)
{
    struct listener *listener = talloc_zero(NULL, struct listener);
    bool done = jmap_accounts(request, err);

    *listener_out = listener;
    listener->listened = talloc_zero_array(listener, struct listened, (unsigned)request->account_count + 1);
    for (size_t i = 0; done && i < request->account_count && i < LISTEN_ACCOUNTS_MAX; i++)
        done = add(listener, request, request->accounts[i], err) || !request->accounts[i]->is_own;
    if (done && listener->count == 0)
        done = err_set(err, ERR_NOT_FOUND, "There is nothing to listen to.");
    if (!done)
        jmap_listen_end(listener_out);
    return done;
}

static void on_wake(void *argument, int64_t group_id, int64_t mailbox_id, uint64_t modseq)
{
    const struct listener *listener = ((struct listened *)argument)->listener;

    (void)group_id;
    (void)mailbox_id;
    (void)modseq;
    listener->callback(listener->argument);
}

void jmap_listen_wake(struct listener *listener, struct wake_bus *bus, void (*callback)(void *argument),
                      void *argument)
{
    listener->callback = callback;
    listener->argument = argument;
    for (size_t i = 0; bus && i < listener->count; i++) {
        struct listened *l = &listener->listened[i];
        l->subscription =
            wake_subscribe(bus, group_id(mailbox_group(l->mailbox)), mailbox_id(l->mailbox), on_wake, l);
    }
}

void jmap_listen_end(struct listener **listener)
{
    for (size_t i = 0; *listener && i < (*listener)->count; i++) {
        wake_unsubscribe(&(*listener)->listened[i].subscription);
        mailbox_close(&(*listener)->listened[i].mailbox);
    }
    talloc_free(*listener);
    *listener = NULL;
}

/* ---- what changed */

static const char *const types_known[] = { "Email",           "Mailbox",          "Thread",      "Identity",
                                           "EmailSubmission", "VacationResponse", "SieveScript", "Quota" };

bool jmap_listen_knows(const char *type)
{
    if (strcmp(type, "EmailDelivery") == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(types_known); i++)
        if (strcmp(types_known[i], type) == 0)
            return true;
    return false;
}

static bool is_named(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if ((strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) ||
            (*at == '*' && (at[1] == ',' || at[1] == '\0')))
            return true;
    return false;
}

static json_t *state_text(uint64_t modseq)
{
    return json_sprintf("%llu", (unsigned long long)modseq);
}

/* RFC 8621, 1.5: the type of which only new mail is told. */
static const char delivery[] = "EmailDelivery";

/* Whether there is new mail is asked only for who wants to know; NULL: it cannot be known now. */
static json_t *states_of(struct listened *l, const char *types)
{
    json_t *states = json_object();
    struct err err = ERR_INIT;
    uint64_t delivered;

    for (size_t i = 0; i < COUNT_OF(types_known); i++)
        if (is_named(types, types_known[i]))
            json_object_set_new(states, types_known[i], state_text(l->seen));
    if (!is_named(types, delivery))
        return states;
    if (!items_delivered(l->mailbox, l->told, &delivered, &err)) {
        json_decref(states);
        return NULL;
    }
    if (delivered > 0)
        json_object_set_new(states, delivery, state_text(delivered));
    return states;
}

json_t *jmap_listen_changes(struct listener *listener, const char *types)
{
    json_t *changed = NULL;

    for (size_t i = 0; i < listener->count; i++) {
        struct listened *l = &listener->listened[i];
        struct err err = ERR_INIT;
        json_t *states = NULL;
        if (mailbox_modseq(l->mailbox, &l->seen, &err) && l->seen != l->told)
            states = states_of(l, types);
        if (!states) {
            l->seen = l->told;
            continue;
        }
        changed = changed ? changed : json_object();
        json_object_set_new(changed, l->account_id, states);
    }
    return changed;
}

void jmap_listen_told(struct listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        listener->listened[i].told = listener->listened[i].seen;
}

uint64_t jmap_listen_state(const struct listener *listener)
{
    return listener->listened[0].told;
}

void jmap_listen_from(struct listener *listener, uint64_t state)
{
    listener->listened[0].told = listener->listened[0].seen = state;
}

json_t *jmap_listen_save(const struct listener *listener)
{
    json_t *saved = json_object();

    for (size_t i = 0; i < listener->count; i++)
        json_object_set_new(saved, listener->listened[i].account_id,
                            json_integer((json_int_t)listener->listened[i].told));
    return saved;
}

void jmap_listen_resume(struct listener *listener, const json_t *saved)
{
    for (size_t i = 0; i < listener->count; i++) {
        const json_t *told = json_object_get(saved, listener->listened[i].account_id);
        if (json_is_integer(told))
            listener->listened[i].told = (uint64_t)json_integer_value(told);
    }
}

json_t *jmap_state_change(json_t *changed)
{
    return json_pack("{s:s, s:o}", "@type", "StateChange", "changed", changed);
}
