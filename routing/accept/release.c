/* release.c -- whose copies they are, filed, and taken off the list. */
#include "accept/release.h"

#include "accept/apply.h"
#include "accept/id.h"
#include "base/clock.h"
#include "format/charset.h"
#include "format/header.h"
#include "message/message.h"
#include "message/zstd.h"
#include "trace/trace.h"

#include <string.h>
#include <talloc.h>

enum { MESSAGE_MAX = 1 << 30 };

static void add_target(struct deliver_recipient *targets, size_t *count, const struct resolve_target *target)
{
    for (size_t i = 0; i < *count; i++)
        if (targets[i].target.mailbox_id == target->mailbox_id)
            return;
    targets[(*count)++] = (struct deliver_recipient){ .group_id = target->group_id,
                                                      .address = target->address,
                                                      .target = { .mailbox_id = target->mailbox_id } };
}

struct release {
    struct directory *directory;
    const struct quarantine_entry *entry;
    int64_t recipient_id; /* 0: all */
    void *arena;
    struct deliver_recipient *targets;
    size_t target_count;
    struct accept_remote *remotes; /* lists */
    size_t remote_count;
    const char **done; /* recipients of the entry whose mailboxes are all among these */
    size_t done_count;
};

static void add_lists(struct release *r, const struct resolve_answer *answer)
{
    for (size_t k = 0; k < answer->remote_count && r->recipient_id == 0; k++) {
        const struct resolve_remote *remote = &answer->remotes[k];

        if (remote->why != RESOLVE_WHY_LIST || remote->organisation_id != r->entry->organisation_id)
            continue;
        r->remotes =
            talloc_realloc(r->arena, r->remotes, struct accept_remote, (unsigned)r->remote_count + 1);
        r->remotes[r->remote_count++] = (struct accept_remote){ .address = remote->address,
                                                                .domain = remote->domain,
                                                                .why = resolve_why_name(remote->why),
                                                                .flags = accept_remote_flags(remote) };
    }
}

/* The mailboxes behind one recipient of the entry, as they are now: an alias may lead elsewhere since, a user be gone. */
static bool take_recipient(struct release *r, const char *recipient, struct err *err)
{
    struct resolve_answer answer;
    struct address address;
    size_t taken = 0, others = 0;

    if (address_parse(r->arena, span_text(recipient), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN,
                      &address) != ADDRESS_GOOD)
        return true;
    if (!resolve(r->directory, r->arena, &address, &answer, err))
        return false;
    r->targets = talloc_realloc(r->arena, r->targets, struct deliver_recipient,
                                (unsigned)(r->target_count + answer.target_count + 1));
    for (size_t k = 0; k < answer.target_count; k++) {
        if (answer.targets[k].organisation_id != r->entry->organisation_id)
            continue;
        if (r->recipient_id && answer.targets[k].recipient_id != r->recipient_id) {
            others++;
            continue;
        }
        add_target(r->targets, &r->target_count, &answer.targets[k]);
        taken++;
    }
    add_lists(r, &answer);
    if (taken > 0 && others == 0)
        r->done[r->done_count++] = recipient;
    return true;
}

/* The id under which it came: our own Received field stands first. NULL: none can be read. */
static const char *id_of(void *arena, struct span message)
{
    struct header_field field;
    struct span value, before, id;
    const char *found;

    if (!header_find(span_of(message.p, header_block_length(message)), "Received", &field))
        return NULL;
    value = header_unfold(arena, field.value);
    char *text = span_copy(arena, value);
    for (char *p = text; *p; p++)
        if (*p == '\t') /* of its folding */
            *p = ' ';
    found = strstr(text, " id ");
    if (!found)
        return NULL;
    before = span_text(found + strlen(" id "));
    id = span_part(before, 0, strcspn(before.p, " ;"));
    return span_is_empty(id) || span_length(id) > TRACE_ID_MAX ? NULL : span_copy(arena, id);
}

/* Its trace goes on. */
static void tell_release(const struct release *r, const struct actor *actor, struct span message)
{
    const char *id = id_of(r->arena, message);
    struct trace *trace;

    if (!id)
        return;
    trace = trace_new(r->arena, id);
    trace->is_begin = false;
    trace->sender = r->entry->sender;
    event_text(trace_event(trace, 0, clock_now_us(), "released"), "by", actor->name);
    trace_event_end(trace);
    for (size_t i = 0; i < r->target_count; i++) {
        trace_add_target(trace, &(struct trace_target){ .mailbox_id = r->targets[i].target.mailbox_id,
                                                        .organisation_id = r->entry->organisation_id,
                                                        .address = r->targets[i].address });
        r->targets[i].target.trace = trace;
    }
}

/* Lists take it as if it came now. */
static bool give_to_lists(struct accept *accept, struct release *r, struct span message, struct err *err)
{
    size_t *numbers = talloc_array(r->arena, size_t, (unsigned)r->remote_count + 1);
    struct accept_recipient *recipients =
        talloc_zero_array(r->arena, struct accept_recipient, (unsigned)r->remote_count + 1);
    struct accept_message taken = { .envelope = { .name = accept_id(r->arena),
                                                  .organisation_id = r->entry->organisation_id,
                                                  .sender = r->entry->sender,
                                                  .origin = "quarantine",
                                                  .body =
                                                      utf8_is_ascii(message) ? QUEUE_7BIT : QUEUE_8BITMIME },
                                    .bytes = message,
                                    .remotes = r->remotes,
                                    .remote_count = r->remote_count,
                                    .recipients = recipients,
                                    .recipient_count = r->remote_count };

    for (size_t i = 0; i < r->remote_count; i++) {
        numbers[i] = i;
        recipients[i] = (struct accept_recipient){ .address = r->remotes[i].address,
                                                   .remotes = &numbers[i],
                                                   .remote_count = 1 };
    }
    return r->remote_count == 0 || accept_queue(accept, r->arena, &taken, err);
}

bool release_entry(struct accept *accept, const struct actor *actor, const struct quarantine_entry *entry,
                   int64_t recipient_id, struct err *err)
{
    struct directory *directory = accept->options.directory;
    struct release r = {
        .directory = directory, .entry = entry, .recipient_id = recipient_id, .arena = talloc_new(NULL)
    };
    struct span message;
    bool done = true;

    *err = ERR_INIT;
    r.done = talloc_array(r.arena, const char *, (unsigned)entry->recipient_count + 1);
    if (!zstd_unpack(r.arena, entry->data, entry->codec, MESSAGE_MAX, &message)) {
        err_log(err, "quarantine %s does not unpack", entry->id);
        done = err_set(err, ERR_INTERNAL, "The message is damaged.");
    }
    for (size_t i = 0; done && i < entry->recipient_count; i++)
        done = take_recipient(&r, entry->recipients[i], err);
    if (done && r.target_count + r.remote_count == 0)
        done = err_set(err, ERR_NOT_FOUND, "None of its recipients has a mailbox here any more.");
    if (done)
        tell_release(&r, actor, message);
    if (done && r.target_count > 0)
        done = deliver_message_whole(accept->options.deliver, message_prepare(r.arena, message),
                                     clock_now_us(), r.targets, r.target_count, err);
    done = done && give_to_lists(accept, &r, message, err);
    if (done && (recipient_id == 0 || r.done_count == entry->recipient_count))
        done = quarantine_remove(directory, actor, entry->id, "quarantine.release", err);
    else if (done)
        done = quarantine_take_off(directory, actor, entry->id, r.done, r.done_count, err);
    talloc_free(r.arena);
    return done;
}

bool release_for_recipient(struct accept *accept, int64_t quarantine_id, int64_t recipient_id,
                           const char *peer, struct err *err)
{
    struct directory *directory = accept->options.directory;
    struct actor actor = { .name = "", .recipient_id = recipient_id, .peer = peer };
    void *arena = talloc_new(NULL);
    struct quarantine_entry entry;
    struct resolved recipient;
    bool done = recipient_id != 0 && directory_resolve_id(directory, arena, recipient_id, &recipient, err) &&
                quarantine_find_number(directory, arena, quarantine_id, &entry, err);

    if (done && entry.organisation_id != recipient.organisation_id)
        done = err_set(err, ERR_NOT_FOUND, "There is no such message in the quarantine.");
    if (done) {
        actor.name = recipient.address;
        done = release_entry(accept, &actor, &entry, recipient_id, err);
    }
    talloc_free(arena);
    return done;
}
