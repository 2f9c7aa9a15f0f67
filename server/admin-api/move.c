/* move.c -- mailboxes into other stores: within a storage group at once, else as work that the housekeeping role does. */
#include "directory/move.h"

#include "admin_api/call.h"
#include "admin_api/place.h"
#include "group/store.h"

#include <string.h>
#include <talloc.h>

enum { MOVES_SHOWN = 1000, MOVES_AT_ONCE = 10000 };

static json_t *move_json(const struct admin_call *call, const struct mailbox_move *move)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:o, s:o}", "address", move->address, "state",
        move_state_name(move->state), "from_storage_group", place_group_name(call, move->from_group_id),
        "from_store", place_store_name(call, move->from_store_id), "storage_group",
        place_group_name(call, move->to_group_id), "store", place_store_name(call, move->to_store_id), "done",
        (json_int_t)move->done, "messages", (json_int_t)move->total, "trouble",
        move->trouble ? move->trouble : "", "by", move->requested_by, "created", json_time(move->created_us),
        "switched", json_time(move->switched_us));
}

/* Only a row changes: there, then in the directory; done again after a failure in between. */
static bool move_within(const struct admin_call *call, const struct user *user,
                        const struct mailbox_location *to, struct err *err)
{
    struct mailbox_location location = *to;
    struct group *group;

    location.mailbox_id = user->mailbox.mailbox_id;
    return group_find(call->api->options.groups, to->storage_group_id, &group, err) &&
           mailbox_set_store(group, location.mailbox_id, location.store_id, err) &&
           user_move(call->api->options.directory, &call->actor, user->recipient_id, &location, err);
}

static bool start(const struct admin_call *call, const struct user *user, const struct mailbox_location *to,
                  struct mailbox_move *move, struct err *err)
{
    *move = (struct mailbox_move){ .recipient_id = user->recipient_id,
                                   .address = user->address,
                                   .from_group_id = user->mailbox.storage_group_id,
                                   .from_store_id = user->mailbox.store_id,
                                   .to_group_id = to->storage_group_id,
                                   .to_store_id = to->store_id,
                                   .requested_by = call->actor.name };
    if (user->mailbox.store_id == to->store_id)
        return err_set(err, ERR_INVALID, "The mailbox of %s is in that store already.", user->address);
    if (user->mailbox.storage_group_id != to->storage_group_id)
        return move_start(call->api->options.directory, &call->actor, call->arena, move, err);
    move->state = MOVE_DONE;
    return move_within(call, user, to, err);
}

static bool read_target(const struct admin_call *call, struct mailbox_location *to, struct err *err)
{
    const char *store = call_text(call, "store"), *group = call_text(call, "storage_group");

    *to = (struct mailbox_location){ 0 };
    if (!store && !group)
        return err_set(err, ERR_INVALID, "Say into which store or storage group.");
    return place_choose(call, group, store, to, err);
}

bool mailbox_move_post(struct admin_call *call, struct err *err)
{
    struct mailbox_location to;
    struct mailbox_move move;
    struct user user;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user,
                   err) ||
        !read_target(call, &to, err) || !start(call, &user, &to, &move, err))
        return false;
    call->status = move.state == MOVE_DONE ? 200 : 202;
    return call_answer(call, move_json(call, &move));
}

bool mailbox_move_get(struct admin_call *call, struct err *err)
{
    struct mailbox_move *moves;
    struct user user;
    size_t count;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user,
                   err) ||
        !move_list(call->api->options.directory, &call->actor, call->arena, user.recipient_id, false, 1,
                   &moves, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "This mailbox was not moved lately.");
    return call_answer(call, move_json(call, &moves[0]));
}

bool mailbox_move_delete(struct admin_call *call, struct err *err)
{
    struct user user;

    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user,
                     err) &&
           move_cancel(call->api->options.directory, &call->actor, user.recipient_id, err);
}

bool moves_get(struct admin_call *call, struct err *err)
{
    bool is_all = http_query(call->request, "all") != NULL;
    struct mailbox_move *moves;
    size_t count;
    json_t *json;

    if (!move_list(call->api->options.directory, &call->actor, call->arena, 0, !is_all, MOVES_SHOWN, &moves,
                   &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, move_json(call, &moves[i]));
    return call_answer(call, json_pack("{s:o}", "moves", json));
}

/* ---- several, or all of a store */

static bool list_named(struct admin_call *call, const json_t *addresses, struct user **users_out,
                       size_t *count_out, struct err *err)
{
    *count_out = json_array_size(addresses);
    *users_out = talloc_zero_array(call->arena, struct user, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++) {
        const char *address = json_string_value(json_array_get(addresses, i));
        if (!address)
            return err_set(err, ERR_INVALID, "The addresses are no list of texts.");
        if (!user_find(call->api->options.directory, &call->actor, call->arena, address, &(*users_out)[i],
                       err))
            return false;
    }
    return true;
}

static bool list_all(struct admin_call *call, struct user **users_out, size_t *count_out, struct err *err)
{
    const char *group = call_text(call, "from_storage_group"), *name = call_text(call, "from_store");
    struct store store;

    return place_store(call, group, name, &store, err) &&
           directory_store_users(call->api->options.directory, call->arena, store.store_id, MOVES_AT_ONCE,
                                 users_out, count_out, err);
}

/* Those that are on their way already, or there, are passed over. */
bool moves_post(struct admin_call *call, struct err *err)
{
    const json_t *addresses = json_object_get(call->in, "addresses");
    struct mailbox_location to;
    struct user *users;
    size_t count;
    json_int_t started = 0, passed = 0;

    if (!addresses == !call_text(call, "from_store"))
        return err_set(err, ERR_INVALID, "Say which mailboxes, or from which store all of them.");
    if (!read_target(call, &to, err) ||
        !(addresses ? list_named(call, addresses, &users, &count, err) : list_all(call, &users, &count, err)))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct mailbox_move move;
        if (start(call, &users[i], &to, &move, err)) {
            started++;
            continue;
        }
        if (err->kind != ERR_EXISTS && err->kind != ERR_INVALID && err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT;
        passed++;
    }
    return call_answer(call, json_pack("{s:I, s:I}", "started", started, "passed_over", passed));
}
