/*
 * rules.c -- the way of one judgement.
 */
#include "rules/room.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/login.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "format/header.h"
#include "format/received.h"
#include "group/group.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ATTEMPTS_MAX = 4 };
/* For how long a mailbox knows what it has sent on: longer than a message goes round among people who send to each other. */
#define SENT_ON_US (INT64_C(86400) * US_PER_S)

static const char *const results[] = { "done", "failed" };
METRIC_COUNTER_BY(judged, "chappe_rules_total", "Messages judged by the rules of a mailbox", "result",
                  results)

bool rules_open(const void *owner, const struct rules_options *options, struct rules **rules_out,
                struct err *err)
{
    struct rules *rules = talloc_zero(owner, struct rules);

    (void)err;
    rules->options = *options;
    rules->cache = program_cache_new(rules, options->programs_max);
    *rules_out = rules;
    return true;
}

void rules_close(struct rules **rules)
{
    if (*rules)
        program_cache_close(&(*rules)->cache);
    TALLOC_FREE(*rules);
}

void rules_forget(struct rules *rules, int64_t group_id, int64_t mailbox_id)
{
    program_cache_put(rules->cache, group_id, mailbox_id, 0, NULL);
}

bool rules_plan_sends(const struct rules_plan *plan)
{
    return plan->redirect_count > 0 || (plan->outcome && plan->outcome->letter_count > 0);
}

/* ---- without rules */

static void plan_usual(const void *owner, const struct rules_message *message,
                       const struct rules_recipient *recipient, int64_t version, struct rules_plan *plan)
{
    plan->copies = talloc(owner, struct rules_copy);
    plan->copies[0] = (struct rules_copy){ .draft = message->draft, .target = recipient->usual };
    plan->copies[0].target.checks_script = true;
    plan->copies[0].target.script_version = version;
    plan->copy_count = 1;
    plan->version = version;
}

/* The programs in force as far as this process knows; NULL: none. */
static bool find_programs(struct rules *rules, struct group *group, const struct rules_recipient *recipient,
                          struct programs **programs_out, struct err *err)
{
    int64_t version =
        program_cache_find(rules->cache, recipient->group_id, recipient->mailbox_id, programs_out);

    if (version == 0 || *programs_out)
        return true;
    if (!programs_load(group, recipient->mailbox_id, programs_out, err))
        return false;
    if (*programs_out)
        atomic_fetch_add(&(*programs_out)->references, 1);
    program_cache_put(rules->cache, recipient->group_id, recipient->mailbox_id,
                      *programs_out ? (*programs_out)->version : 0, *programs_out);
    return true;
}

/* ---- who it is */

struct person {
    struct sieve_owner owner;
    int64_t organisation_id;
};

static bool find_address(const struct judging *judging, const char *text, struct resolved *resolved_out,
                         struct err *err)
{
    struct address address;

    *resolved_out = (struct resolved){ .kind = RESOLVED_FOREIGN };
    if (!text ||
        address_parse(judging->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    return directory_resolve(judging->rules->options.directory, judging->arena, address.local, address.domain,
                             resolved_out, err);
}

static bool find_person(const struct judging *judging, const struct programs *programs, struct person *person,
                        struct err *err)
{
    const struct rules_recipient *recipient = judging->recipient;
    struct resolved resolved;
    bool writes =
        programs->inside || programs->outside || (programs->script && sieve_program_writes(programs->script));
    const char **addresses = NULL;

    *person = (struct person){ .owner.address = recipient->address ? recipient->address : "" };
    if (!writes || !judging->rules->options.directory)
        return true;
    if (!find_address(judging, recipient->address, &resolved, err) ||
        !login_senders(judging->rules->options.directory, judging->arena, recipient->mailbox_id, &addresses,
                       &person->owner.address_count, err))
        return false;
    person->organisation_id = resolved.organisation_id;
    person->owner.name = resolved.name;
    person->owner.addresses = addresses;
    return true;
}

/* Is the sender of the same organisation? */
static bool is_inside(const struct judging *judging, const struct person *person, bool *is_inside_out,
                      struct err *err)
{
    struct resolved sender;

    *is_inside_out = false;
    if (!judging->rules->options.directory || !*judging->message->envelope_from)
        return true;
    if (!find_address(judging, judging->message->envelope_from, &sender, err))
        return false;
    *is_inside_out = sender.kind != RESOLVED_FOREIGN && sender.organisation_id == person->organisation_id;
    return true;
}

/* ---- what scanners wrote above the message (routing/filter) */

enum { PERCENT_AT_THE_MARK = 50, USUAL_MARK_TENTHS = 50 };

/* "score=4.2": tenths. */
static bool take_tenths(const char *text, const char *name, int *tenths_out)
{
    const char *found = strstr(text, name);
    double value;

    if (!found)
        return false;
    value = strtod(found + strlen(name), NULL) * 10;
    *tenths_out = value > 10000 ? 10000 : value > 0 ? (int)value : 0; /* not a number: 0 */
    return true;
}

/* 50 where the score reaches the mark from which mail is spam. */
static int spam_percent(const struct judging *judging, struct span header)
{
    const char *status = header_text(judging->arena, header, "X-Spam-Status");
    int score, required = USUAL_MARK_TENTHS, percent;

    if (judging->message->spam_percent >= 0 || !status || !take_tenths(status, "score=", &score))
        return judging->message->spam_percent;
    if (!take_tenths(status, "required=", &required) || required == 0)
        required = USUAL_MARK_TENTHS;
    percent = score * PERCENT_AT_THE_MARK / required;
    return percent > 100 ? 100 : percent;
}

static int virus_value(const struct judging *judging, struct span header)
{
    const char *status = header_text(judging->arena, header, "X-Virus-Status");

    if (judging->message->virus_value > 0 || !status)
        return judging->message->virus_value;
    return span_starts_nocase(span_text(status), "Clean") ? 1 : 5;
}

/* ---- running */

static bool choose_programs(const struct judging *judging, const struct programs *programs,
                            const struct person *person, struct sieve_program **chosen, size_t *count_out,
                            struct err *err)
{
    int64_t now = judging->message->received_us;
    bool is_due = (programs->inside || programs->outside) && now >= programs->from_us &&
                  (programs->until_us == 0 || now < programs->until_us);
    bool inside;

    *count_out = 0;
    if (is_due) {
        if (!is_inside(judging, person, &inside, err))
            return false;
        if (inside ? programs->inside : programs->outside)
            chosen[(*count_out)++] = inside ? programs->inside : programs->outside;
    }
    if (programs->script)
        chosen[(*count_out)++] = programs->script;
    return true;
}

static bool run(struct judging *judging, const struct programs *programs, struct rules_plan *plan,
                struct err *err)
{
    const struct rules_message *message = judging->message;
    struct span bytes = message->draft->bytes, header = span_part(bytes, 0, header_block_length(bytes));
    struct sieve_message sieve = { .bytes = message->draft->bytes,
                                   .envelope_from = message->envelope_from,
                                   .envelope_to = judging->recipient->envelope_to,
                                   .envelope_auth = message->login,
                                   .envelope_notify = judging->recipient->notify,
                                   .envelope_ret = message->ret,
                                   .envelope_id = message->envelope_id,
                                   .now_us = message->received_us,
                                   .spam_percent = spam_percent(judging, header),
                                   .virus_value = virus_value(judging, header) };
    struct sieve_program *chosen[2];
    struct sieve_outcome *outcome;
    struct sieve_world world;
    struct person person;
    size_t count;

    world_of(judging, &world);
    if (!find_person(judging, programs, &person, err) ||
        !choose_programs(judging, programs, &person, chosen, &count, err) ||
        !sieve_run(chosen, count, judging->owner, &sieve, &person.owner, &world, &outcome, err))
        return false;
    plan->outcome = outcome;
    return true;
}

/* ---- the plan */

/* Was it here before, sent on by this mailbox? Then it is kept and not sent on again. */
static bool was_here(const struct judging *judging)
{
    struct span bytes = judging->message->draft->bytes;
    struct address address;
    const char *text = judging->recipient->address;

    if (!text ||
        address_parse(judging->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return false;
    return received_is_delivered_to(judging->arena, span_part(bytes, 0, header_block_length(bytes)),
                                    address_key(judging->arena, &address));
}

static struct span redirected_bytes(const struct judging *judging, struct span bytes)
{
    struct buf out = buf_owned_by(judging->owner);
    size_t length = header_block_length(bytes);

    received_add_delivered_to(&out, judging->recipient->address);
    received_add_without(&out, span_part(bytes, 0, length), "Return-Path");
    buf_add_span(&out, span_part(bytes, length, SIZE_MAX));
    return buf_span(&out);
}

/* Which transmission it is, and to whom it goes on. Its Received fields are the same by whatever way it comes among us, and no rule
 * can edit them. False: it has none, as what the server itself wrote. */
static bool key_of_redirect(const struct judging *judging, const char *address, uint8_t key[32])
{
    struct span bytes = judging->message->draft->bytes,
                left = span_part(bytes, 0, header_block_length(bytes));
    struct sha256 *sha = sha256_new(judging->arena);
    struct header_field field;
    bool is_known = false;

    sha256_add(sha, span_text(address));
    while (header_next(&left, &field))
        if (span_equals_nocase(field.name, "Received")) {
            sha256_add(sha, field.whole);
            is_known = true;
        }
    sha256_finish(sha, key);
    return is_known;
}

/* Where many send on to each other each sends a message on once, by however many ways it came: else it would be as many copies as there
 * are ways. */
static bool add_redirect(const struct judging *judging, struct rules_plan *plan,
                         const struct sieve_redirect *redirect, struct err *err)
{
    int64_t now_us = judging->message->received_us;
    bool is_sent = false;
    uint8_t key[32];

    if (key_of_redirect(judging, redirect->address, key)) {
        if (!script_is_marked(judging->group, judging->recipient->mailbox_id, "redirect", key, now_us,
                              &is_sent, err))
            return false;
        if (is_sent)
            return true;
        plan_mark(judging->owner, plan, "redirect", key, now_us + SENT_ON_US);
    }
    plan->redirects[plan->redirect_count++] =
        (struct rules_redirect){ .address = redirect->address,
                                 .notify = redirect->notify,
                                 .ret = redirect->ret,
                                 .bytes = redirected_bytes(judging, redirect->bytes) };
    return true;
}

/* What is not sent on, because it was before, is kept. */
static bool plan_redirects(const struct judging *judging, struct rules_plan *plan, struct err *err)
{
    const struct sieve_outcome *outcome = plan->outcome;
    size_t wanted = was_here(judging) ? 0 : outcome->redirect_count;

    if (outcome->redirect_count == 0)
        return true;
    plan->redirects =
        talloc_zero_array(judging->owner, struct rules_redirect, (unsigned)outcome->redirect_count);
    for (size_t i = 0; i < wanted; i++)
        if (!add_redirect(judging, plan, &outcome->redirects[i], err))
            return false;
    if (plan->redirect_count == 0 && plan->copy_count == 0)
        plan_usual(judging->owner, judging->message, judging->recipient, plan->version, plan);
    return true;
}

static bool plan_of(struct judging *judging, const struct programs *programs, struct rules_plan *plan,
                    struct err *err)
{
    const char *what;

    plan->version = programs->version;
    if (!run(judging, programs, plan, err) || !copies_of(judging, plan, err) ||
        !plan_redirects(judging, plan, err))
        return false;
    for (size_t i = 0; i < plan->outcome->mark_count; i++)
        plan_mark(judging->owner, plan, plan->outcome->marks[i].kind, plan->outcome->marks[i].key,
                  plan->outcome->marks[i].expires_us);
    what = programs->trouble ? programs->trouble : plan->outcome->error;
    metric_add_at(&judged, 1, what != NULL, 0);
    if (!what)
        return true;
    log_event(LOG_LEVEL_INFO, "rules.failed", log_i64("mailbox", judging->recipient->mailbox_id),
              log_text("script", programs->name ? programs->name : ""), log_text("reason", what));
    return copies_add_notice(judging, plan, programs, what, err);
}

/* What the owner said of the sender goes before scripts; without scripts it is all there is to do. */
static bool plan_by_sender(struct judging *judging, const struct programs *programs, struct rules_plan *plan,
                           struct err *err)
{
    bool is_blocked;

    judging->recipient = plan->recipient = recipient_by_sender(judging, programs, &is_blocked);
    if (!is_blocked && (programs->script || programs->trouble || programs->inside || programs->outside))
        return plan_of(judging, programs, plan, err);
    plan_usual(judging->owner, judging->message, judging->recipient, programs->version, plan);
    return true;
}

/* A plan that files nothing takes no lock under which it could be found out of date: it is looked at now. */
static bool is_current(const struct judging *judging, const struct rules_plan *plan, bool *is_current_out,
                       struct err *err)
{
    int64_t version = plan->version;

    if (plan->copy_count == 0 &&
        !script_version(judging->group, judging->recipient->mailbox_id, &version, err))
        return false;
    *is_current_out = version == plan->version;
    if (!*is_current_out)
        program_cache_put(judging->rules->cache, judging->recipient->group_id, judging->recipient->mailbox_id,
                          version, NULL);
    return true;
}

/* What was sent in the name of its owner is no incoming mail: no rule is asked. */
static bool is_sent(const struct rules_recipient *recipient)
{
    return recipient->usual.special_use && strcmp(recipient->usual.special_use, "\\Sent") == 0;
}

/* One attempt; *is_current_out false: the rules changed under it. */
static bool judge_once(struct rules *rules, const void *owner, const struct rules_message *message,
                       const struct rules_recipient *recipient, struct rules_plan *plan_out,
                       bool *is_current_out, struct err *err)
{
    struct judging judging = { .rules = rules, .owner = owner, .message = message, .recipient = recipient };
    struct programs *programs;
    bool done;

    *plan_out = (struct rules_plan){ .recipient = recipient };
    *is_current_out = true;
    if (!group_find(rules->options.groups, recipient->group_id, &judging.group, err) ||
        !find_programs(rules, judging.group, recipient, &programs, err))
        return false;
    if (!programs || is_sent(recipient)) {
        plan_usual(owner, message, recipient, 0, plan_out);
        plan_out->copies[0].target.checks_script = !is_sent(recipient);
        if (programs)
            programs_release(&programs);
        return true;
    }
    judging.arena = talloc_new(NULL);
    done = plan_by_sender(&judging, programs, plan_out, err) &&
           is_current(&judging, plan_out, is_current_out, err);
    if (judging.mailbox)
        mailbox_close(&judging.mailbox);
    talloc_free(judging.arena);
    programs_release(&programs);
    return done;
}

bool rules_judge(struct rules *rules, const void *owner, const struct rules_message *message,
                 const struct rules_recipient *recipient, struct rules_plan *plan_out, struct err *err)
{
    bool is_good = false;

    for (int attempt = 0; attempt < ATTEMPTS_MAX && !is_good; attempt++)
        if (!judge_once(rules, owner, message, recipient, plan_out, &is_good, err))
            return false;
    return is_good || err_set(err, ERR_BUSY, "The rules of this mailbox are being changed.");
}

void rules_done(struct rules *rules, const struct rules_plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rules_plan *plan = &plans[i];
        struct err err = ERR_INIT;
        struct group *group;

        if (plan->mark_count > 0 &&
            (!group_find(rules->options.groups, plan->recipient->group_id, &group, &err) ||
             !script_mark(group, plan->recipient->mailbox_id, plan->marks, plan->mark_count, &err)))
            log_err(LOG_LEVEL_WARNING, "rules.mark.failed", &err);
    }
}
