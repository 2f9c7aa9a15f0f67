/*
 * post_list.c -- a message for a list or a moderated group: may it be spread, and its copies.
 *
 * A list's copy has the fields of RFC 2369 and RFC 2919 above the author's own, which stay as they are, so that the author's
 * signature goes on to hold; only the fields of another list are taken out. It returns to the list (RFC 5321, 3.9.2), and what
 * the author asked of notices does not go on to the members (RFC 3461, 5.2.7.1).
 */
#include "accept/id.h"
#include "base/log.h"
#include "format/header.h"
#include "policy/policy.h"
#include "resolve/link.h"
#include "resolve/srs.h"
#include "run/post.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* Up to here each member with a mailbox here has a copy of its own, too; above it they share one. */
enum { OWN_COPY_MAX = 64 * 1024 };

/* ---- loops */

/* "Staff <staff.example.org>": what stands between the last brackets. */
static bool names_list(struct span value, const char *list_id)
{
    struct span rest = value, id;

    while (span_take_until(&rest, '<', &id))
        value = rest;
    return span_take_until(&value, '>', &id) && span_equals_nocase(span_trim(id), list_id);
}

static const char *list_id_of(const void *owner, const char *address)
{
    char *id = talloc_strdup(owner, address);
    char *at = strrchr(id, '@');

    if (at)
        *at = '.';
    return id;
}

static bool was_here(const struct posting *p, const struct list_settings *list)
{
    struct span header = span_of(p->bytes.p, header_block_length(p->bytes));
    const char *id = list_id_of(p->arena, list->address);
    struct header_field field;

    while (header_next(&header, &field))
        if ((span_equals_nocase(field.name, "Delivered-To") &&
             span_equals_nocase(span_trim(field.value), list->address)) ||
            (span_equals_nocase(field.name, "List-Id") && names_list(field.value, id)))
            return true;
    return false;
}

/* ---- may it? */

static const char *key_of(const struct posting *p, const char *text)
{
    struct address address;

    if (!*text || address_parse(p->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return "";
    return address_key(p->arena, &address);
}

static bool must_wait(const struct posting *p, const struct list_settings *list, bool *must_wait_out,
                      struct err *err)
{
    const struct queue_taken *row = p->outcome->row;
    struct directory *directory = p->run->options.directory;
    bool is_person, is_allowed, is_denied;

    *must_wait_out = false;
    if (!list->is_moderated || (row->recipient.flags & QUEUE_IS_APPROVED))
        return true;
    if (!list_has_person(directory, list->recipient_id, row->message->login_id, &is_person, err) ||
        !directory_sender_listed(directory, list->recipient_id, key_of(p, p->author),
                                 row->message->login_id != 0, &is_allowed, &is_denied, err))
        return false;
    *must_wait_out = !is_person && !is_allowed;
    return true;
}

static bool hold(struct posting *p, const struct list_settings *list, struct err *err)
{
    const struct list_person *people = list->moderator_count ? list->moderators : list->owners;
    size_t count = list->moderator_count ? list->moderator_count : list->owner_count;
    const char **addresses = talloc_array(p->arena, const char *, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        addresses[i] = people[i].address;
    if (count == 0)
        return post_fail(p, "5.3.5", "This group has no moderator (any more).");
    return post_hold(p, addresses, count, list->address, list->organisation_id, list->hold_days, err);
}

/* ---- the copies */

static bool is_other_lists(struct span name)
{
    static const char *const names[] = { "Precedence",   "List-Id",          "List-Post",
                                         "List-Owner",   "List-Help",        "List-Subscribe",
                                         "List-Archive", "List-Unsubscribe", "List-Unsubscribe-Post" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(name, names[i]))
            return true;
    return false;
}

static void add_fields(struct buf *out, const struct list_settings *list)
{
    void *arena = out->owner;

    buf_add_format(out, "Delivered-To: %s\r\n", list->address);
    if (!list->is_list)
        return;
    buf_add_text(out, "Precedence: list\r\nList-Id: ");
    header_add_address(out, list->name, list_id_of(arena, list->address));
    buf_add_format(out, "\r\nList-Post: <mailto:%s>\r\nList-Owner: <mailto:%s>\r\nList-Help: <mailto:%s>\r\n",
                   list->address, list_word_address(arena, list->address, LIST_WORD_OWNER),
                   list_word_address(arena, list->address, LIST_WORD_HELP));
    if (list->archive)
        buf_add_format(out, "List-Archive: <%s>\r\n", list->archive);
    if (list->joining != LIST_CLOSED)
        buf_add_format(out, "List-Subscribe: <mailto:%s>\r\n",
                       list_word_address(arena, list->address, LIST_WORD_JOIN));
}

/* A moderated group that is no list stays what a group is: its copies come from their author. */
static struct span copy_of(struct posting *p, const struct list_settings *list, const char *sender)
{
    struct buf out = buf_owned_by(p->arena);
    size_t length = header_block_length(p->bytes);
    struct span header = span_of(p->bytes.p, length);
    struct header_field field;

    buf_add_format(&out, "Return-Path: <%s>\r\n", sender);
    add_fields(&out, list);
    while (header_next(&header, &field)) {
        bool is_first = field.whole.p == p->bytes.p;

        if (is_first && span_equals_nocase(field.name, "Return-Path"))
            continue;
        if (!list->is_list || !is_other_lists(field.name))
            buf_add_span(&out, field.whole);
    }
    buf_add_text(&out, "\r\n");
    buf_add_span(&out, span_part(p->bytes, length, SIZE_MAX));
    return buf_span(&out);
}

/* Does this copy's reader stand in the list by name? Who is a member by a query or another group leaves elsewhere. */
static bool is_direct(const struct resolved *list, int64_t recipient_id, const char *address)
{
    for (size_t i = 0; i < list->target_count; i++)
        if (recipient_id
                ? list->targets[i].recipient_id == recipient_id
                : !list->targets[i].recipient_id && strcasecmp(list->targets[i].address, address) == 0)
            return true;
    return false;
}

static const char *author_target(const struct posting *p)
{
    json_t *json = json_pack("{s:s}", "author", p->author);
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy = talloc_strdup(p->arena, text);

    free(text);
    json_decref(json);
    return copy;
}

/* Rows stand in the order of the answer: mailboxes, then addresses elsewhere. */
static void mark_rows(struct posting *p, const struct list_settings *list, const struct resolved *members,
                      const struct resolve_answer *answer, struct queue_new *new)
{
    bool is_small = span_length(new->bytes) <= OWN_COPY_MAX;

    for (size_t i = 0; i < new->recipient_count; i++) {
        struct queue_recipient *row = &new->recipients[i];
        bool is_here = i < answer->target_count;
        int64_t id = is_here ? answer->targets[i].recipient_id : 0;
        uint64_t member = 0;

        if (row->flags & QUEUE_IS_POST) {
            row->target = author_target(p);
            continue;
        }
        if (!list->is_list)
            continue;
        if ((!is_here || is_small) && is_direct(members, id, row->address))
            member = link_member(id, row->address);
        row->flags |= QUEUE_IS_LIST_COPY;
        row->target = list_copy_target(p->arena, list->recipient_id, member);
    }
}

static struct queue_message envelope_of(const struct posting *p, const struct list_settings *list,
                                        const char *sender)
{
    const struct queue_message *m = p->outcome->row->message;

    return (struct queue_message){ .name = accept_id(p->arena),
                                   .organisation_id = list->organisation_id,
                                   .sender = sender,
                                   .login_id = m->login_id,
                                   .login = m->login,
                                   .origin = "list",
                                   .body = m->body,
                                   .needs_smtputf8 = m->needs_smtputf8,
                                   .needs_tls = m->needs_tls,
                                   .priority = m->priority };
}

/* Members at other servers get a group's mail with a sender of the group's domain, as without moderation. */
static bool set_senders(struct posting *p, const struct resolve_answer *answer,
                        struct accept_message *message, struct err *err)
{
    for (size_t i = 0; i < answer->remote_count; i++) {
        const char *own;

        if (!resolve_sender(p->run->options.directory, p->arena, message->envelope.sender,
                            &answer->remotes[i], &own, err))
            return false;
        if (strcmp(own, message->envelope.sender) != 0)
            message->remotes[i].sender = own;
    }
    return true;
}

static bool make_copies(struct posting *p, const struct list_settings *list, const struct resolved *members,
                        const struct resolve_answer *answer, struct err *err)
{
    const char *sender = list->is_list ? list_word_address(p->arena, list->address, LIST_WORD_BOUNCES)
                                       : p->outcome->row->message->sender;
    size_t count = answer->target_count + answer->remote_count;
    size_t *numbers = talloc_array(p->arena, size_t, (unsigned)count + 1);
    struct accept_recipient recipient = { .address = list->address,
                                          .notify = list->is_list ? QUEUE_NOTIFY_FAILURE : 0,
                                          .targets = numbers,
                                          .target_count = answer->target_count,
                                          .remotes = numbers,
                                          .remote_count = answer->remote_count };
    struct accept_message message = { .envelope = envelope_of(p, list, sender),
                                      .bytes = copy_of(p, list, sender),
                                      .recipients = &recipient,
                                      .recipient_count = 1 };
    struct queue_new *new;

    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    making_add_targets(&message, answer, p->arena);
    for (size_t i = 0; i < message.target_count; i++)
        message.targets[i].target.ignores_quota = false;
    if (!list->is_list && !set_senders(p, answer, &message, err))
        return false;
    new = accept_prepare(p->run->accept, p->arena, &message);
    mark_rows(p, list, members, answer, new);
    if (span_length(new->bytes) <= QUEUE_ADD_MAX) {
        post_add(p, new);
        return true;
    }
    uint8_t receipt[FILING_RECEIPT_BYTES];
    run_receipt_of(p->outcome->row, RUN_ONCE_LIST_COPIES, 0, receipt);
    if (!queue_put_once(p->run->pool, receipt, new, err))
        return false;
    run_wake(p->run);
    return true;
}

/* Members that do not take this sender are left out, as long as others do. */
static bool admit(struct posting *p, struct resolve_answer *answer, bool *is_admitted_out, struct err *err)
{
    const struct queue_message *m = p->outcome->row->message;
    struct policy_question question = { .sender = key_of(p, p->author),
                                        .is_authenticated = m->login_id != 0,
                                        .organisation_id = m->login_id ? m->organisation_id : 0,
                                        .size_bytes = m->size_bytes };
    int64_t max_bytes;

    *is_admitted_out = policy_admit(p->run->policy, &question, answer, &max_bytes, err);
    if (*is_admitted_out || err_is_temporary(err->kind))
        return *is_admitted_out;
    post_fail(p, err->kind == ERR_LIMIT ? "5.3.4" : "5.7.1", err->user);
    *err = ERR_INIT;
    return true;
}

static bool spread(struct posting *p, const struct list_settings *list, struct err *err)
{
    struct resolve_answer answer;
    struct resolved members;
    bool is_admitted;

    if (!resolve_members(p->run->options.directory, p->arena, list->recipient_id, &answer, err))
        return false;
    if (answer.verdict != RESOLVE_DELIVER)
        return post_fail(p, "5.2.4",
                         answer.verdict == RESOLVE_TOO_MANY
                             ? "This list has more members than one message can go to."
                             : "This list has no members that can be reached.");
    if (!directory_resolve_id(p->run->options.directory, p->arena, list->recipient_id, &members, err) ||
        !admit(p, &answer, &is_admitted, err))
        return false;
    if (!is_admitted)
        return true;
    log_event(LOG_LEVEL_INFO, "list.spread", log_text("id", p->outcome->row->message->name),
              log_text("list", list->address), log_text("from", p->author),
              log_i64("mailboxes", (int64_t)answer.target_count),
              log_i64("elsewhere", (int64_t)answer.remote_count));
    return make_copies(p, list, &members, &answer, err) && post_done(p, "Spread to the members");
}

bool post_to_list(struct posting *p, const struct list_settings *list, struct err *err)
{
    const struct queue_message *m = p->outcome->row->message;
    bool waits;

    if (was_here(p, list)) {
        log_event(LOG_LEVEL_WARNING, "list.loop", log_text("id", m->name), log_text("list", list->address),
                  log_text("from", m->sender));
        return strcmp(m->origin, "list") == 0 ? post_drop(p, "The list had this message already")
                                              : post_fail(p, "5.4.6", "The list had this message already.");
    }
    if (list->is_list && (!*m->sender || post_is_automatic(p->bytes, true)))
        return post_drop(p, "Reports and automatic replies are not for a list");
    if (!must_wait(p, list, &waits, err))
        return false;
    return waits ? hold(p, list, err) : spread(p, list, err);
}
