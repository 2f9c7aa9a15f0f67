/* queue.c -- the transport queue: what waits, and what is done about it. */
#include "queue/admin.h"

#include "accept/recall.h"
#include "admin_api/call.h"
#include "base/clock.h"
#include "directory/user.h"
#include "format/address.h"
#include "format/header.h"
#include "resolve/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { LIST_STANDARD = 100, NAME_LENGTH = 16, LANES_SHOWN = 1000, HEADER_SHOWN = 64 * 1024 };

static const char *const state_names[QUEUE_ROW_STATES] = { "waiting", "in-work", "held" };

/* ---- filters */

/* A message's name has 16 digits and letters; an entry's number is shorter. */
static void read_id(const char *id, struct queue_filter *filter)
{
    if (strlen(id) >= NAME_LENGTH)
        filter->message = id;
    else
        filter->entry = strtoll(id, NULL, 10) > 0 ? strtoll(id, NULL, 10) : -1;
}

static bool read_state(const char *text, struct queue_filter *filter, struct err *err)
{
    filter->state = -1;
    for (int i = 0; text && i < QUEUE_ROW_STATES; i++)
        if (strcmp(text, state_names[i]) == 0)
            filter->state = i;
    return !text || filter->state >= 0 ||
           err_set(err, ERR_INVALID, "A state is waiting, in-work or held, not %s.", text);
}

/* What a part of the filter says: a field of the body, or of the query. */
static const char *part(const struct admin_call *call, const char *name)
{
    const char *text = call_text(call, name);

    return text ? text : http_query(call->request, name);
}

/* Who submitted it. */
static bool find_login(const struct admin_call *call, const char *address, int64_t *login_id_out,
                       struct err *err)
{
    struct user user;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, address, &user, err))
        return false;
    *login_id_out = user.recipient_id;
    return true;
}

static bool read_filter(const struct admin_call *call, struct queue_filter *filter, struct err *err)
{
    const char *older = part(call, "older"), *id = part(call, "id");
    int64_t seconds = older ? strtoll(older, NULL, 10) : 0;
    char *domain;

    *filter = (struct queue_filter){ .sender = part(call, "sender"), .recipient = part(call, "recipient") };
    if (filter->sender && strcmp(filter->sender, "<>") == 0)
        filter->sender = "";
    if (id)
        read_id(id, filter);
    if (part(call, "domain")) {
        const char *text = part(call, "domain");
        bool is_domain = address_domain(call->arena, span_text(text), &domain) == ADDRESS_GOOD;
        filter->domain = is_domain ? domain : text; /* "group 1", "[192.0.2.1]" */
    }
    if (older && seconds <= 0)
        return err_set(err, ERR_INVALID, "An age is seconds.");
    if (part(call, "login") && !find_login(call, part(call, "login"), &filter->login_id, err))
        return false;
    if (older)
        filter->before_us = clock_now_us() - seconds * US_PER_S;
    return read_state(part(call, "state"), filter, err);
}

/* ---- showing */

static json_t *entry_json(const struct queue_entry *e)
{
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:i, s:o, s:s, s:s, s:I, s:s, s:s, s:i, s:b}",
        "id", (json_int_t)e->entry, "message", e->message.name, "state", state_names[e->state], "sender",
        e->message.sender, "login", e->message.login, "recipient", e->recipient.address, "asked",
        e->recipient.asked, "lane", e->recipient.lane, "via", e->recipient.via, "received",
        json_time(e->message.received_us), "next", json_time(e->recipient.next_try_us), "expires",
        json_time(e->message.expires_us), "attempts", (int)e->attempts, "last", json_time(e->last_us),
        "reply", *e->last_text ? e->last_text : "", "host", e->last_host, "size",
        (json_int_t)e->message.size_bytes, "subject", e->message.subject, "origin", e->message.origin,
        "priority", e->message.priority, "warned", e->was_warned);
}

static json_t *entries_json(const struct queue_entry *entries, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, entry_json(&entries[i]));
    return list;
}

bool queue_get(struct admin_call *call, struct err *err)
{
    const char *after = http_query(call->request, "after"), *limit = http_query(call->request, "limit");
    size_t most = limit ? strtoul(limit, NULL, 10) : LIST_STANDARD, count;
    struct queue_filter filter;
    struct queue_entry *entries;
    int64_t organisation_id;

    if (most == 0 || most > QUEUE_LIST_MOST)
        return err_set(err, ERR_INVALID, "The limit is between 1 and %d.", QUEUE_LIST_MOST);
    if (!call_organisation_filter(call, &organisation_id, err) || !read_filter(call, &filter, err) ||
        !queue_list(call->api->options.directory, &call->actor, call->arena, organisation_id, &filter,
                    after ? strtoll(after, NULL, 10) : 0, most, &entries, &count, err))
        return false;
    json_t *json = json_pack("{s:o}", "entries", entries_json(entries, count));
    /* not `next`, which the command would follow to the end of a queue of millions */
    if (count == most)
        json_object_set_new(json, "more_after", json_integer(entries[count - 1].entry));
    return call_answer(call, json);
}

bool queue_get_one(struct admin_call *call, struct err *err)
{
    struct queue_filter filter = { .state = -1 };
    struct queue_entry *entries;
    struct span bytes;
    size_t count;

    read_id(call->parameters[0], &filter);
    if (!queue_list(call->api->options.directory, &call->actor, call->arena, 0, &filter, 0, QUEUE_LIST_MOST,
                    &entries, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "There is no such entry in the queue.");
    if (!queue_entry_bytes(call->api->options.directory, &call->actor, call->arena, &entries[0], HEADER_SHOWN,
                           &bytes, err))
        return false;
    const struct queue_message *m = &entries[0].message;
    const char *header = header_decode(call->arena, span_part(bytes, 0, header_block_length(bytes)));
    return call_answer(call, json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:b, s:o, s:s, s:o}", "message", m->name,
                                       "sender", m->sender, "login", m->login, "envid", m->envid, "smtputf8",
                                       m->needs_smtputf8, "requiretls", m->needs_tls, "deliver_by",
                                       json_time(m->deliver_by_us), "header", header, "entries",
                                       entries_json(entries, count)));
}

bool queue_lanes_get(struct admin_call *call, struct err *err)
{
    struct queue_lane_summary *lanes;
    int64_t estimate;
    size_t count;
    json_t *list;

    if (call->actor.organisation_id)
        return err_set(err, ERR_DENIED, "Only an administrator of the whole installation may see this.");
    if (!queue_summary(call->api->options.directory, call->arena, LANES_SHOWN, &lanes, &count, &estimate,
                       err))
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "lane", lanes[i].lane, "waiting",
                                              (json_int_t)lanes[i].waiting, "next",
                                              json_time(lanes[i].next_try_us)));
    return call_answer(call, json_pack("{s:I, s:o}", "estimate", (json_int_t)estimate, "lanes", list));
}

/* ---- acting */

static bool act_of(const char *name, enum queue_act *act_out, struct err *err)
{
    for (int i = 0; i < QUEUE_ACTS; i++)
        if (strcmp(name, queue_act_name((enum queue_act)i)) == 0) {
            *act_out = (enum queue_act)i;
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "There is no such act on the queue.");
}

/* Where a copy goes that gets another recipient: one mailbox here, or one address elsewhere. */
static bool find_target(struct admin_call *call, const char *text, struct queue_recipient *target,
                        struct err *err)
{
    struct resolve_answer answer;
    struct address address;

    if (!text || address_parse(call->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "Give the address that it shall go to.");
    if (!resolve(call->api->options.directory, call->arena, &address, &answer, err))
        return false;
    if (answer.target_count + answer.remote_count != 1)
        return err_set(err, ERR_INVALID, "%.100s is not one mailbox, nor one address elsewhere.", text);
    if (answer.target_count == 1)
        *target =
            (struct queue_recipient){ .address = answer.targets[0].address,
                                      .group_id = answer.targets[0].group_id,
                                      .mailbox_id = answer.targets[0].mailbox_id,
                                      .lane = queue_group_lane(call->arena, answer.targets[0].group_id) };
    else
        *target = (struct queue_recipient){ .address = answer.remotes[0].address,
                                            .lane = answer.remotes[0].domain };
    return true;
}

/* "host", "host:port", "[2001:db8::1]:25", "direct". */
static bool check_server(const char *text, struct err *err)
{
    if (!text || !*text || strlen(text) > 300)
        return err_set(err, ERR_INVALID, "Name the server, or `direct`.");
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p > 126)
            return err_set(err, ERR_INVALID, "This is no name of a server.");
    return true;
}

bool queue_act_post(struct admin_call *call, struct err *err)
{
    const char *to = call_text(call, "to");
    struct queue_recipient target = { .address = NULL };
    struct queue_act_result result;
    struct queue_filter filter;
    int64_t organisation_id;
    enum queue_act act = QUEUE_HOLD;

    if (!act_of(call->parameters[0], &act, err) || !call_organisation_filter(call, &organisation_id, err) ||
        !read_filter(call, &filter, err))
        return false;
    if (act == QUEUE_READDRESS && !find_target(call, to, &target, err))
        return false;
    if (act == QUEUE_REROUTE && !check_server(to, err))
        return false;
    if (act == QUEUE_REROUTE && strcmp(to, "direct") == 0)
        to = "";
    if (!queue_act(call->api->options.directory, &call->actor, organisation_id, act, &filter, to, &target,
                   &result, err))
        return false;
    call->api->options.wake_queue(call->api->options.host);
    return call_answer(call, json_pack("{s:I, s:I, s:b}", "done", (json_int_t)result.done, "in_work",
                                       (json_int_t)result.in_work, "has_more", result.has_more));
}

/* ---- taking back */

bool queue_recall_post(struct admin_call *call, struct err *err)
{
    struct recall recall = { .directory = call->api->options.directory,
                             .deliver = call->api->options.deliver,
                             .actor = &call->actor,
                             .name = call_text(call, "id") };
    const char *login = call_text(call, "login");
    struct recalled recalled;

    if (!call_organisation_filter(call, &recall.organisation_id, err) ||
        (login && !find_login(call, login, &recall.login_id, err)))
        return false;
    if (call->actor.organisation_id)
        recall.organisation_id = call->actor.organisation_id;
    return recall_message(&recall, call->arena, &recalled, err) &&
           call_answer(call,
                       json_pack("{s:s, s:s, s:I, s:I}", "login", recalled.login, "folder", "Drafts", "uid",
                                 (json_int_t)recalled.uid, "recipients", (json_int_t)recalled.recipients));
}
