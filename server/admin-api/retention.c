/* retention.c -- see retention.h. */
#include "admin_api/retention.h"

#include "admin_api/retention_tell.h"

#include "base/clock.h"
#include "base/log.h"
#include "directory/list.h"
#include "directory/resolve.h"
#include "directory/retention_told.h"
#include "directory/selection.h"
#include "group/group.h"

#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum { RESOLVED_AT_ONCE = 200, MAILBOX_TURN_S = 5 };

/* ---- one mailbox */

static bool retain_mailbox(struct retention_walk *walk, const struct selection *policy,
                           const struct mailbox_location *at, struct retained *retained, struct err *err)
{
    struct mailbox *mailbox;
    struct group *group;
    bool is_done = false, done = true;

    if (!group_find(walk->api->options.groups, at->storage_group_id, &group, err) ||
        !mailbox_open(walk->api->options.cache, group, at->mailbox_id, &mailbox, err))
        return false;
    while (done && !is_done && walk->goes_on(walk->argument))
        done = mailbox_retain(mailbox, policy->rules, policy->rule_count, walk->mode, clock_now_us(),
                              clock_monotonic_us() + MAILBOX_TURN_S * US_PER_S, retained, &is_done, err);
    mailbox_close(&mailbox);
    return done;
}

/* Nothing is deleted before its owner was told, nor, by ourselves, for a day after that. */
static bool may_begin(const struct retention_walk *walk, const struct selection *policy,
                      const struct resolved *recipient)
{
    struct err err = ERR_INIT;
    int64_t told_us;

    if (walk->mode == RETAIN_COUNT)
        return true;
    if (!retention_tell(walk->api, recipient, policy->rules, policy->rule_count, &told_us, &err)) {
        log_err(LOG_LEVEL_INFO, "retention.later", &err);
        return false;
    }
    return !walk->waits || clock_now_us() - told_us >= RETENTION_NOTICE_S * US_PER_S;
}

static void do_mailbox(struct retention_walk *walk, const struct selection *policy,
                       const struct resolved *recipient)
{
    struct retained retained[RETENTION_RULES_MAX] = { 0 };
    struct err err = ERR_INIT;

    if (!recipient->mailbox.mailbox_id || !may_begin(walk, policy, recipient))
        return;
    if (!retain_mailbox(walk, policy, &recipient->mailbox, retained, &err))
        log_err(LOG_LEVEL_INFO, "retention.later", &err);
    walk->mailboxes++;
    for (size_t i = 0; i < policy->rule_count; i++) {
        walk->sum.messages += retained[i].messages;
        walk->sum.bytes += retained[i].bytes;
        if (walk->told && retained[i].messages > 0)
            walk->told(walk->argument, recipient->address, &policy->rules[i], &retained[i]);
    }
}

/* ---- those of a policy */

/* Those whom no earlier policy had. `ids` must live as long as `seen`. */
static int64_t *new_ones(const void *owner, GHashTable *seen, int64_t *ids, size_t count, size_t *count_out)
{
    int64_t *kept = talloc_array(owner, int64_t, (unsigned)count + 1);

    *count_out = 0;
    for (size_t i = 0; i < count; i++)
        if (g_hash_table_add(seen, &ids[i]))
            kept[(*count_out)++] = ids[i];
    return kept;
}

static int by_number(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static bool do_some(struct retention_walk *walk, const struct selection *policy, const int64_t *ids,
                    size_t count, bool *goes_on_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct resolved *found;
    size_t found_count;
    bool done =
        directory_resolve_ids(walk->api->options.directory, scratch, ids, count, &found, &found_count, err);

    *goes_on_out = true;
    for (size_t i = 0; done && *goes_on_out && i < found_count; i++) {
        do_mailbox(walk, policy, &found[i]);
        *goes_on_out = walk->goes_on(walk->argument);
        walk->last_id = found[i].recipient_id;
    }
    talloc_free(scratch);
    return done;
}

static bool do_all(struct retention_walk *walk, const struct selection *policy, int64_t *ids, size_t count,
                   struct err *err)
{
    struct retained before = walk->sum;
    bool goes_on = true, done = true;
    size_t at = 0;

    qsort(ids, count, sizeof *ids, by_number);
    while (at < count && ids[at] <= walk->after_id)
        at++;
    for (; done && goes_on && at < count; at += RESOLVED_AT_ONCE)
        done = do_some(walk, policy, &ids[at], MIN(count - at, (size_t)RESOLVED_AT_ONCE), &goes_on, err);
    if (goes_on || (count > 0 && walk->last_id == ids[count - 1]))
        walk->last_id = 0;
    if (walk->mode == RETAIN_APPLY && walk->sum.messages > before.messages)
        done = retention_note(walk->api->options.directory, walk->actor, walk->organisation_id, policy->name,
                              walk->sum.messages - before.messages, walk->sum.bytes - before.bytes, err) &&
               done;
    return done;
}

static const struct actor ourselves = { .name = "local:server" };

/* Whose mail no rule is about any more is told anew when one is. */
static bool forget_others(const struct retention_walk *walk, GHashTable *seen, const void *scratch,
                          struct err *err)
{
    int64_t *ids = talloc_array(scratch, int64_t, g_hash_table_size(seen) + 1);
    GHashTableIter at;
    void *id;
    size_t count = 0;

    g_hash_table_iter_init(&at, seen);
    while (g_hash_table_iter_next(&at, &id, NULL))
        ids[count++] = *(int64_t *)id;
    return retention_told_keep(walk->api->options.directory, walk->organisation_id, ids, count, err);
}

bool retention_walk(struct retention_walk *walk, struct err *err)
{
    struct directory *directory = walk->api->options.directory;
    void *scratch = talloc_new(NULL);
    GHashTable *seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    struct selection *policies;
    size_t count;
    bool done = selection_list(directory, &ourselves, scratch, SELECTION_POLICY, walk->organisation_id, NULL,
                               &policies, &count, err);

    for (size_t i = 0; done && i < count && walk->goes_on(walk->argument); i++) {
        int64_t *ids;
        size_t id_count;
        if (policies[i].rule_count == 0)
            continue;
        done = list_query_select(directory, scratch, walk->organisation_id, policies[i].query, 0,
                                 LIST_BY_ADDRESS, LIST_SELECT_MAX, &ids, &id_count, err);
        if (!done)
            break;
        size_t own_count;
        int64_t *own = new_ones(scratch, seen, ids, id_count, &own_count);
        if (!walk->policy || g_str_equal(walk->policy, policies[i].name))
            done = do_all(walk, &policies[i], own, own_count, err);
    }
    if (done && walk->waits && walk->goes_on(walk->argument))
        done = forget_others(walk, seen, scratch, err);
    g_hash_table_destroy(seen);
    talloc_free(scratch);
    return done;
}

/* ---- by a request */

enum { ANSWER_S = 8, TOLD_MAX = 1000 };

struct answering {
    int64_t until_us;
    json_t *list;
};

static bool has_time(void *argument)
{
    const struct answering *answering = argument;

    return clock_monotonic_us() < answering->until_us && json_array_size(answering->list) < TOLD_MAX;
}

static void tell(void *argument, const char *address, const struct retention_rule *rule,
                 const struct retained *retained)
{
    const struct answering *answering = argument;

    json_array_append_new(answering->list,
                          json_pack("{s:s, s:s, s:s, s:I, s:I}", "user", address, "folder",
                                    *rule->folder ? rule->folder : "*", "act", retention_act_name(rule->act),
                                    "messages", (json_int_t)retained->messages, "bytes",
                                    (json_int_t)retained->bytes));
}

static bool policy_is_there(struct admin_call *call, int64_t organisation_id, struct err *err)
{
    struct selection *list;
    size_t count;

    return selection_list(call->api->options.directory, &call->actor, call->arena, SELECTION_POLICY,
                          organisation_id, call->parameters[0], &list, &count, err) &&
           (count > 0 ||
            err_set(err, ERR_NOT_FOUND, "There is no %s in this organisation.", call->parameters[0]));
}

static bool answer(struct admin_call *call, enum retain_mode mode, struct err *err)
{
    const char *after = http_query(call->request, "after");
    struct answering answering = { clock_monotonic_us() + ANSWER_S * US_PER_S, json_array() };
    struct retention_walk walk = { .api = call->api,
                                   .policy = call->parameters[0],
                                   .mode = mode,
                                   .actor = &call->actor,
                                   .goes_on = has_time,
                                   .told = tell,
                                   .argument = &answering,
                                   .after_id = after ? strtoll(after, NULL, 10) : 0 };

    if (!call_organisation(call, &walk.organisation_id, err) ||
        !policy_is_there(call, walk.organisation_id, err) || !retention_walk(&walk, err)) {
        json_decref(answering.list);
        return false;
    }
    return call_answer(call,
                       json_pack("{s:o, s:I, s:I, s:I, s:o}", "retained", answering.list, "mailboxes",
                                 (json_int_t)walk.mailboxes, "messages", (json_int_t)walk.sum.messages,
                                 "bytes", (json_int_t)walk.sum.bytes, "after",
                                 walk.last_id ? json_sprintf("%lld", (long long)walk.last_id) : json_null()));
}

bool retention_get(struct admin_call *call, struct err *err)
{
    return answer(call, RETAIN_COUNT, err);
}

bool retention_post(struct admin_call *call, struct err *err)
{
    return answer(call, call_is_rehearsal(call) ? RETAIN_COUNT : RETAIN_APPLY, err);
}

/* ---- by the one who keeps house */

bool admin_api_keep_mail(struct admin_api *api, bool (*goes_on)(void *argument), void *argument,
                         struct err *err)
{
    void *arena = talloc_new(NULL);
    int64_t *organisations;
    size_t count;
    bool done = retention_organisations(api->options.directory, arena, &organisations, &count, err);

    for (size_t i = 0; done && i < count && goes_on(argument); i++) {
        struct retention_walk walk = { .api = api,
                                       .organisation_id = organisations[i],
                                       .mode = RETAIN_APPLY,
                                       .waits = true,
                                       .actor = &ourselves,
                                       .goes_on = goes_on,
                                       .argument = argument };
        done = retention_walk(&walk, err);
    }
    talloc_free(arena);
    return done;
}
