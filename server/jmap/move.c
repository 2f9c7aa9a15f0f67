/* move.c -- see move.h. */
#include "jmap/move.h"

#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/put.h"
#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/flags.h"

#include <strings.h>
#include <talloc.h>

enum { REMOVE_RIGHTS = RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE };

/* A patch in our words: what is added and taken away, or what is all there shall be. */
struct change {
    bool sets_keywords, sets_mailboxes; /* as a whole */
    struct jmap_keywords add, remove;   /* add: all of them where it is set as a whole */
    size_t *into, *out_of;              /* into: all of them where they are set as a whole */
    size_t into_count, out_count;
};

/* ---- reading */

static json_t *read_member(struct jmap_call *call, const char *path, const json_t *value, json_t *adds,
                           json_t *removes, json_t *ins, json_t *outs)
{
    bool is_keyword = strncmp(path, "keywords/", 9) == 0, is_mailbox = strncmp(path, "mailboxIds/", 11) == 0;
    const char *name;

    if (!is_keyword && !is_mailbox)
        return jmap_bad_property(path);
    name = jmap_patch_step(call->arena, strchr(path, '/') + 1);
    if (!name)
        return jmap_set_error("invalidPatch", "A slash within a name is written ~1.");
    if (!json_is_true(value) && !json_is_null(value))
        return jmap_set_error("invalidPatch", "Members of keywords and mailboxIds are true or null.");
    json_object_set_new(json_is_true(value) ? (is_keyword ? adds : ins) : (is_keyword ? removes : outs), name,
                        json_true());
    return NULL;
}

static json_t *read_sets(struct jmap_call *call, struct change *change, json_t *adds, json_t *removes,
                         json_t *ins, json_t *outs)
{
    json_t *error = jmap_read_keywords(call, adds, &change->add);

    if (!error)
        error = jmap_read_keywords(call, removes, &change->remove);
    if (!error && json_object_size(ins) > 0)
        error = jmap_read_mailboxes(call, ins, &change->into, &change->into_count);
    if (!error && json_object_size(outs) > 0)
        error = jmap_read_mailboxes(call, outs, &change->out_of, &change->out_count);
    if (!error && change->sets_mailboxes && change->into_count == 0)
        error = jmap_bad_property("mailboxIds");
    return error;
}

static json_t *read_change(struct jmap_call *call, const json_t *patch, struct change *change)
{
    json_t *own = json_incref((json_t *)(uintptr_t)patch), *value, *error = NULL;
    json_t *adds = jmap_keep(call->arena, json_object()), *removes = jmap_keep(call->arena, json_object());
    json_t *ins = jmap_keep(call->arena, json_object()), *outs = jmap_keep(call->arena, json_object());
    const char *path;

    *change = (struct change){ .sets_keywords = json_object_get(patch, "keywords") != NULL,
                               .sets_mailboxes = json_object_get(patch, "mailboxIds") != NULL };
    json_object_foreach(own, path, value)
    {
        bool is_keywords = strcmp(path, "keywords") == 0,
             is_whole = is_keywords || strcmp(path, "mailboxIds") == 0;
        if (error)
            continue;
        if (is_whole && !json_is_object(value))
            error = jmap_bad_property(path);
        else if (is_whole)
            json_object_update(is_keywords ? adds : ins, value);
        else if ((change->sets_keywords && strncmp(path, "keywords/", 9) == 0) ||
                 (change->sets_mailboxes && strncmp(path, "mailboxIds/", 11) == 0))
            error = jmap_set_error("invalidPatch", "A path lies within another one.");
        else
            error = read_member(call, path, value, adds, removes, ins, outs);
    }
    json_decref(own);
    return error ? error : read_sets(call, change, adds, removes, ins, outs);
}

/* ---- sets of UIDs, by folder */

static bool is_among(const size_t *numbers, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static struct uid_set *empty_sets(struct jmap_call *call)
{
    size_t count = call->account->folder_count;
    struct uid_set *sets = talloc_array(call->arena, struct uid_set, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        sets[i] = UID_SET_INIT(call->arena);
    return sets;
}

/* ---- keywords */

static struct flag_list list_of(struct jmap_call *call, const struct jmap_keywords *keywords)
{
    struct span *names = talloc_array(call->arena, struct span, (unsigned)keywords->count + 1);

    for (size_t i = 0; i < keywords->count; i++)
        names[i] = span_text(keywords->names[i]);
    return (struct flag_list){ keywords->system, names, keywords->count };
}

static bool store(struct jmap_call *call, size_t folder, const struct uid_set *uids,
                  enum flags_operation operation, const struct jmap_keywords *keywords, struct err *err)
{
    const struct folder *f = call->account->folders[folder];
    struct flags_change change = { .operation = operation,
                                   .flags = list_of(call, keywords),
                                   .allowed = flags_allowed(f->rights) & ~FLAG_DELETED,
                                   .unchanged_since = UINT64_MAX };
    struct flags_result result;

    if (operation != FLAGS_REPLACE && keywords->system == 0 && keywords->count == 0)
        return true;
    if (!flags_store(call->account->mailbox, f->folder_id, uids, &change, call->arena, &result, err))
        return false;
    flags_result_release(&result);
    return true;
}

/* What this caller may not change in a folder is refused, rather than left as it is. */
static bool may_store(const struct folder *folder, const struct change *change)
{
    uint64_t touched = change->add.system | change->remove.system;
    bool has_names = change->add.count + change->remove.count > 0;
    uint64_t allowed = flags_allowed(folder->rights);

    if (change->sets_keywords)
        return (folder->rights & (RIGHT_WRITE | RIGHT_SEEN)) == (RIGHT_WRITE | RIGHT_SEEN);
    return (touched & ~allowed) == 0 && (!has_names || (folder->rights & RIGHT_WRITE));
}

static bool has(const struct jmap_keywords *keywords, const char *name)
{
    for (size_t i = 0; i < keywords->count; i++)
        if (strcasecmp(keywords->names[i], name) == 0)
            return true;
    return false;
}

static void teach_by_keyword(struct jmap_call *call, const struct change *change, const struct email *emails,
                             size_t count)
{
    bool spam = has(&change->add, "$junk"), ham = has(&change->add, "$notjunk");

    if (spam != ham)
        jmap_teach(call, emails, count, spam);
}

static json_t *change_keywords(struct jmap_call *call, const struct change *change,
                               const struct email *emails, size_t count)
{
    struct uid_set *sets = empty_sets(call);
    struct err err = ERR_INIT;
    bool is_done = true;

    if (!change->sets_keywords &&
        change->add.system + change->add.count + change->remove.system + change->remove.count == 0)
        return NULL;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < emails[i].place_count; k++)
            uid_set_add_one(&sets[emails[i].places[k].folder], emails[i].places[k].uid);
    for (size_t f = 0; f < call->account->folder_count; f++)
        if (!uid_set_is_empty(&sets[f]) && !may_store(call->account->folders[f], change))
            return jmap_set_error("forbidden", "You may not change keywords in this mailbox.");
    for (size_t f = 0; is_done && f < call->account->folder_count; f++) {
        if (uid_set_is_empty(&sets[f]))
            continue;
        is_done =
            store(call, f, &sets[f], change->sets_keywords ? FLAGS_REPLACE : FLAGS_ADD, &change->add, &err) &&
            (change->sets_keywords || store(call, f, &sets[f], FLAGS_REMOVE, &change->remove, &err));
    }
    if (!is_done)
        return err.kind == ERR_LIMIT ? jmap_set_error("tooManyKeywords", "%s", err.user)
                                     : jmap_set_error_of(&err);
    teach_by_keyword(call, change, emails, count);
    return NULL;
}

/* ---- mailboxes */

/* Where one email goes: folders to add, and to leave. */
struct route {
    size_t *into, *out_of; /* out_of: numbers of its places */
    size_t into_count, out_count;
};

static bool is_in(const struct email *email, size_t folder)
{
    for (size_t i = 0; i < email->place_count; i++)
        if (email->places[i].folder == folder)
            return true;
    return false;
}

static struct route route_of(struct jmap_call *call, const struct change *change, const struct email *email)
{
    struct route route = { .into = talloc_array(call->arena, size_t, (unsigned)change->into_count + 1),
                           .out_of = talloc_array(call->arena, size_t, (unsigned)email->place_count + 1) };

    for (size_t i = 0; i < change->into_count; i++)
        if (!is_in(email, change->into[i]))
            route.into[route.into_count++] = change->into[i];
    for (size_t i = 0; i < email->place_count; i++) {
        size_t folder = email->places[i].folder;
        bool leaves = change->sets_mailboxes ? !is_among(change->into, change->into_count, folder)
                                             : is_among(change->out_of, change->out_count, folder);
        if (leaves)
            route.out_of[route.out_count++] = i;
    }
    return route;
}

static json_t *check_route(struct jmap_call *call, const struct route *route, const struct email *email)
{
    for (size_t i = 0; i < route->into_count; i++)
        if (!(call->account->folders[route->into[i]]->rights & RIGHT_INSERT))
            return jmap_set_error("forbidden", "You may not add messages to this mailbox.");
    for (size_t i = 0; i < route->out_count; i++)
        if ((call->account->folders[email->places[route->out_of[i]].folder]->rights & REMOVE_RIGHTS) !=
            REMOVE_RIGHTS)
            return jmap_set_error("forbidden", "You may not take messages away from here.");
    if (email->place_count + route->into_count == route->out_count)
        return jmap_bad_property("mailboxIds");
    return NULL;
}

/* Moves or copies from one folder to another. */
struct leg {
    size_t from, into;
    struct uid_set uids;
    struct leg *next;
};

/* What is to be done, folder by folder, and what then leaves. */
struct plan {
    void *arena;
    struct leg *moves, *copies;
    struct uid_set *leaves; /* of each folder */
};

static void add_to_leg(struct plan *plan, struct leg **legs, size_t into, const struct email_place *from)
{
    struct leg *leg = *legs;

    while (leg && (leg->from != from->folder || leg->into != into))
        leg = leg->next;
    if (!leg) {
        leg = talloc(plan->arena, struct leg);
        *leg = (struct leg){ from->folder, into, UID_SET_INIT(plan->arena), *legs };
        *legs = leg;
    }
    uid_set_add_one(&leg->uids, from->uid);
}

static void add_to_plan(struct plan *plan, const struct route *route, const struct email *email)
{
    bool moves = route->into_count > 0 && route->out_count > 0;

    /* One moves, after the copies: so the message is there for them. */
    for (size_t i = moves; i < route->into_count; i++)
        add_to_leg(plan, &plan->copies, route->into[i], &email->places[0]);
    if (moves)
        add_to_leg(plan, &plan->moves, route->into[0], &email->places[route->out_of[0]]);
    for (size_t i = moves; i < route->out_count; i++)
        uid_set_add_one(&plan->leaves[email->places[route->out_of[i]].folder],
                        email->places[route->out_of[i]].uid);
}

static bool run_legs(struct jmap_call *call, const struct leg *leg, enum copy_kind kind, struct err *err)
{
    struct jmap_account *account = call->account;

    for (; leg; leg = leg->next) {
        struct copy_result result;
        if (!folder_copy(account->mailbox, account->folders[leg->from]->folder_id, &leg->uids,
                         account->mailbox, account->folders[leg->into]->folder_id, kind, call->arena, &result,
                         err))
            return false;
        copy_result_release(&result);
    }
    return true;
}

static bool expunge_sets(struct jmap_call *call, const struct uid_set *sets, struct err *err)
{
    struct jmap_account *account = call->account;
    bool is_done = true;

    for (size_t i = 0; is_done && i < account->folder_count; i++) {
        struct expunge_result result;
        if (uid_set_is_empty(&sets[i]))
            continue;
        is_done = folder_expunge(account->mailbox, account->folders[i]->folder_id, &sets[i], EXPUNGE_ALL,
                                 call->arena, &result, err);
        if (is_done)
            expunge_result_release(&result);
    }
    return is_done;
}

static bool is_use(const struct folder *folder, const char *use)
{
    return folder->special_use && strcmp(folder->special_use, use) == 0;
}

/* As IMAP's MOVE and COPY teach: into Junk is spam; out of it is none, but for the way into Trash. */
static void teach_by_route(struct jmap_call *call, const struct route *route, const struct email *email)
{
    bool into_junk = false, out_of_junk = false, into_trash = false;

    for (size_t i = 0; i < route->into_count; i++) {
        into_junk = into_junk || is_use(call->account->folders[route->into[i]], "\\Junk");
        into_trash = into_trash || is_use(call->account->folders[route->into[i]], "\\Trash");
    }
    for (size_t i = 0; i < email->place_count; i++)
        out_of_junk = out_of_junk || is_use(call->account->folders[email->places[i].folder], "\\Junk");
    if (route->into_count > 0 && into_junk != out_of_junk && !into_trash)
        jmap_teach(call, email, 1, into_junk);
}

static json_t *change_mailboxes(struct jmap_call *call, const struct change *change,
                                const struct email *emails, size_t count)
{
    struct route *routes = talloc_array(call->arena, struct route, (unsigned)count + 1);
    struct plan plan = { .arena = call->arena, .leaves = empty_sets(call) };
    struct err err = ERR_INIT;

    if (!change->sets_mailboxes && change->into_count + change->out_count == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        json_t *error;
        routes[i] = route_of(call, change, &emails[i]);
        error = check_route(call, &routes[i], &emails[i]);
        if (error)
            return error;
        add_to_plan(&plan, &routes[i], &emails[i]);
    }
    if (!run_legs(call, plan.copies, COPY_KEEP, &err) || !run_legs(call, plan.moves, COPY_MOVE, &err) ||
        !expunge_sets(call, plan.leaves, &err))
        return jmap_set_error_of(&err);
    for (size_t i = 0; i < count; i++)
        teach_by_route(call, &routes[i], &emails[i]);
    return NULL;
}

json_t *jmap_change_emails(struct jmap_call *call, const json_t *patch, const struct email *emails,
                           size_t count)
{
    struct change change;
    json_t *error = read_change(call, patch, &change);

    if (!error)
        error = change_keywords(call, &change, emails, count);
    return error ? error : change_mailboxes(call, &change, emails, count);
}

json_t *jmap_destroy_emails(struct jmap_call *call, const struct email *emails, size_t count)
{
    struct uid_set *sets = empty_sets(call);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < emails[i].place_count; k++) {
            const struct email_place *place = &emails[i].places[k];
            if ((call->account->folders[place->folder]->rights & REMOVE_RIGHTS) != REMOVE_RIGHTS)
                return jmap_set_error("forbidden", "You may not take messages away from here.");
            uid_set_add_one(&sets[place->folder], place->uid);
        }
    return expunge_sets(call, sets, &err) ? NULL : jmap_set_error_of(&err);
}
