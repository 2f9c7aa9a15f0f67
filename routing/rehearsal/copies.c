/* copies.c -- each mailbox: its rules, and the filing in a transaction that is rolled back; each address elsewhere: its way. */
#include "base/clock.h"
#include "group/group.h"
#include "mailbox/filing.h"
#include "rehearsal/run.h"
#include "rules/rules.h"
#include "topology/topology.h"

#include <talloc.h>

enum { COPIES_SHOWN = 100, JUDGED_AGAIN_MAX = 3 };

static void tell_filed(struct rehearsing *r, const struct resolve_target *to,
                       const struct filing_target *target)
{
    struct buf *out = trace_event(r->trace, 0, clock_now_us(), target->is_filed ? "filed" : "not-filed");

    event_text(out, "to", to->address);
    event_text(out, "folder",
               target->special_use   ? target->special_use
               : target->folder_name ? target->folder_name
               : target->is_filed    ? "INBOX"
                                     : "");
    event_number(out, "group", to->group_id);
    if (!target->is_filed)
        event_text(out, "reason", target->err.user);
    trace_event_end(r->trace);
}

/* The real transaction, as far as it goes without its COMMIT. */
static bool file_copy(struct rehearsing *r, const struct resolve_target *to, const struct rules_copy *copy,
                      bool *is_outdated, struct err *err)
{
    struct filing_target target = copy->target;
    struct filing filing = {
        .draft = copy->draft, .received_us = clock_now_us(), .targets = &target, .target_count = 1
    };
    struct filing_batch batch = { .filings = &filing, .count = 1, .is_rehearsal = true };
    struct group *group;
    struct db *db;

    target.trace = r->trace;
    if (!group_find(r->with->groups, to->group_id, &group, err) ||
        !group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done = filing_run(group, db, r->arena, &batch, err);
    db_release(&db);
    if (done && !target.is_filed && target.err.kind == ERR_CONFLICT) {
        rules_learn(r->with->rules, to->group_id, to->mailbox_id, target.found_script_version);
        *is_outdated = true;
    }
    if (done)
        tell_filed(r, to, &target);
    return done;
}

/* Where it is sent on: only the next step is looked at. */
static bool send_on(struct rehearsing *r, const char *text, const char *why, struct err *err)
{
    struct resolve_answer answer;
    struct address address;

    if (address_parse(r->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    if (!resolve(r->with->directory, r->arena, &address, &answer, err))
        return false;
    for (size_t i = 0; i < answer.target_count && i < COPIES_SHOWN; i++) {
        struct buf *out = trace_event(r->trace, 0, clock_now_us(), "queued");
        event_text(out, "to", answer.targets[i].address);
        event_text(out, "asked", text);
        event_text(out, "why", why);
        trace_event_end(r->trace);
    }
    for (size_t i = 0; i < answer.remote_count && i < COPIES_SHOWN; i++)
        if (!rehearse_way(r, answer.remotes[i].address, answer.remotes[i].domain, why, 0, err))
            return false;
    return true;
}

static bool send_letters(struct rehearsing *r, const struct rules_plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->redirect_count; i++)
        if (!send_on(r, plan->redirects[i].address, "redirect", err))
            return false;
    for (size_t i = 0; plan->outcome && i < plan->outcome->letter_count; i++)
        for (size_t k = 0; k < plan->outcome->letters[i].to_count; k++)
            if (!send_on(r, plan->outcome->letters[i].to[k], "letter", err))
                return false;
    return true;
}

/* One attempt. *is_outdated: the rules were others by then; nothing more is told of than was. */
static bool judge_and_file(struct rehearsing *r, const struct resolve_target *to,
                           const struct rules_message *message, const struct rules_recipient *recipient,
                           struct rules_plan *plan, bool *is_outdated, struct err *err)
{
    *is_outdated = false;
    if (!rules_judge(r->with->rules, r->arena, message, recipient, plan, err))
        return false;
    rules_tell(plan, r->trace);
    if (plan->outcome && plan->outcome->reject && r->answer.target_count + r->answer.remote_count == 1)
        return rehearsing_refuse(r, "data", "rules", plan->outcome->reject);
    for (size_t i = 0; i < plan->copy_count; i++)
        if (!file_copy(r, to, &plan->copies[i], is_outdated, err))
            return false;
    return true;
}

static bool rehearse_mailbox(struct rehearsing *r, const struct resolve_target *to,
                             const struct rules_message *message, struct err *err)
{
    struct rules_recipient recipient = { .group_id = to->group_id,
                                         .mailbox_id = to->mailbox_id,
                                         .address = to->address,
                                         .envelope_to = r->recipient_text,
                                         .usual = { .mailbox_id = to->mailbox_id } };
    struct trace_mark mark = trace_mark(r->trace);
    struct rules_plan plan;
    bool is_outdated = true;

    if (r->share == FILTER_JUNK)
        recipient.usual.special_use = "\\Junk";
    if (!topology_is_near(r->with->topology, to->group_id))
        return rehearse_way(r, to->address, NULL, "mailbox", to->group_id, err);
    for (int i = 0; i < JUDGED_AGAIN_MAX && is_outdated; i++) {
        trace_back(r->trace, mark);
        if (!judge_and_file(r, to, message, &recipient, &plan, &is_outdated, err))
            return false;
    }
    return send_letters(r, &plan, err);
}

/* Several groups, or a copy elsewhere: by the queue. */
static void tell_way_in(struct rehearsing *r)
{
    const struct resolve_answer *answer = &r->answer;
    bool queues = answer->remote_count > 0;

    for (size_t i = 0; i < answer->target_count; i++)
        queues = queues || answer->targets[i].group_id != answer->targets[0].group_id ||
                 !topology_is_near(r->with->topology, answer->targets[i].group_id);
    struct buf *out = trace_event(r->trace, 0, clock_now_us(), "accepted");
    event_text(out, "way", queues ? "by the queue" : "filed at once");
    trace_event_end(r->trace);
}

bool rehearse_copies(struct rehearsing *r, struct err *err)
{
    struct rules_message message = { .draft = message_prepare(r->arena, r->message),
                                     .envelope_from = r->sender_text,
                                     .login = r->login_organisation_id ? r->sender_text : NULL,
                                     .peer_address = r->peer_text,
                                     .received_us = clock_now_us(),
                                     .spam_percent = -1,
                                     .is_rehearsal = true };
    const struct resolve_answer *answer = &r->answer;

    if (r->share == FILTER_QUARANTINE) {
        trace_event(r->trace, 0, clock_now_us(), "quarantined");
        trace_event_end(r->trace);
        return true;
    }
    tell_way_in(r);
    for (size_t i = 0; i < answer->target_count && i < COPIES_SHOWN && !r->is_refused; i++)
        if (!rehearse_mailbox(r, &answer->targets[i], &message, err))
            return false;
    for (size_t i = 0; i < answer->remote_count && i < COPIES_SHOWN && !r->is_refused; i++)
        if (!rehearse_way(r, answer->remotes[i].address, answer->remotes[i].domain,
                          resolve_why_name(answer->remotes[i].why), 0, err))
            return false;
    return true;
}
