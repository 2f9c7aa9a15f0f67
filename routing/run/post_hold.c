/* post_hold.c -- a message waits for a moderator, who gets a letter with it and two ways to answer. */
#include "accept/letter.h"
#include "accept/link_act.h"
#include "base/clock.h"
#include "format/header.h"
#include "queue/moderation.h"
#include "resolve/link.h"
#include "run/post.h"

#include <string.h>
#include <talloc.h>

/* Letters enter the queue with the settlement: what they carry together is bounded; above it they show the header only. */
enum { ATTACHED_MAX = 3 << 20 };

/* Rows of one message that a rule holds for the same person are decided together. */
static struct outcome *held_before(const struct posting *p, const char *cause, const char *const *people)
{
    if (!(p->outcome->row->recipient.flags & QUEUE_IS_MODERATED))
        return NULL;
    for (size_t i = 0; i < p->number; i++) {
        struct outcome *other = &p->result->outcomes[i];

        if (other->post && other->post->is_held && strcmp(other->post->hold.cause, cause) == 0 &&
            strcmp(other->post->hold.moderators[0], people[0]) == 0)
            return other;
    }
    return NULL;
}

static void add_row(struct post *post, int64_t row)
{
    post->rows = talloc_realloc(post, post->rows, int64_t, (unsigned)post->hold.row_count + 1);
    post->rows[post->hold.row_count++] = row;
    post->hold.rows = post->rows;
}

static void take_hold(struct posting *p, const char *const *people, size_t count, const char *cause,
                      int64_t organisation_id, int32_t days)
{
    struct post *post = talloc_zero(p->arena, struct post);
    const char **copies = talloc_array(post, const char *, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        copies[i] = talloc_strdup(copies, people[i]);
    post->is_held = true;
    post->hold = (struct queue_hold){ .organisation_id = organisation_id,
                                      .cause = talloc_strdup(post, cause),
                                      .moderators = copies,
                                      .moderator_count = count,
                                      .expires_us = clock_now_us() + days * 86400 * US_PER_S };
    add_row(post, p->outcome->row->recipient_id);
    p->outcome->post = post;
}

static const char *words_of(const struct posting *p, const char *cause, const char *approve,
                            const char *reject)
{
    const struct queue_message *m = p->outcome->row->message;
    const char *from = *p->author ? p->author : "<>";

    return talloc_asprintf(p->arena,
                           "A message waits for you to decide (%s).\n\n"
                           "  From:    %s\n  To:      %s\n  Subject: %s\n\n"
                           "To let it through, answer this mail, or open\n\n  %s\n\n"
                           "To refuse it, open\n\n  %s\n\n----\n\n"
                           "Un message attend votre décision (%s).\n\n"
                           "  De :    %s\n  À :     %s\n  Objet : %s\n\n"
                           "Pour l'accepter, répondez à ce message, ou ouvrez\n\n  %s\n\n"
                           "Pour le refuser, ouvrez\n\n  %s\n",
                           cause, from, p->outcome->row->recipient.asked, m->subject, approve, reject, cause,
                           from, p->outcome->row->recipient.asked, m->subject, approve, reject);
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');

    return at ? at + 1 : "";
}

/* Fills a letter; its token's address takes answers in the domain of the address that was asked for. */
static struct letter letter_to(struct posting *p, const struct link_key *key, const char *person,
                               size_t number, const char *cause, size_t people_count)
{
    const struct queue_taken *row = p->outcome->row;
    struct queue_hold *hold = &p->outcome->post->hold;
    struct link_token approve = { LINK_APPROVE, (uint64_t)row->recipient_id, number, hold->expires_us };
    struct link_token reject = { LINK_REJECT, (uint64_t)row->recipient_id, number, hold->expires_us };
    const char *domain = domain_of(row->recipient.address), *base = p->run->options.link_base;
    const char *yes = link_url(p->arena, base, link_token_text(p->arena, key->bytes, &approve));
    const char *no = link_url(p->arena, base, link_token_text(p->arena, key->bytes, &reject));

    return (struct letter){ .from_name = "Moderation",
                            .from = talloc_asprintf(p->arena, "postmaster@%s", domain),
                            .to = person,
                            .reply_to = link_address(p->arena, key, &approve, domain),
                            .subject = talloc_asprintf(p->arena, "[?] %s: %s", row->recipient.asked,
                                                       row->message->subject),
                            .text = words_of(p, cause, yes, no),
                            .attached = p->bytes,
                            .has_header_only = span_length(p->bytes) * people_count > ATTACHED_MAX ||
                                               row->message->body == QUEUE_BINARYMIME,
                            .organisation_id = hold->organisation_id };
}

bool post_hold(struct posting *p, const char *const *people, size_t count, const char *cause,
               int64_t organisation_id, int32_t days, struct err *err)
{
    struct outcome *other = held_before(p, cause, people);
    struct link_key key;

    p->outcome->state = RUN_MODERATED;
    p->outcome->enhanced = "2.0.0";
    p->outcome->text = "Waits for a moderator";
    p->outcome->host = p->run->options.host_name;
    if (other) {
        add_row(other->post, p->outcome->row->recipient_id);
        return true;
    }
    if (!link_key(p->run->options.directory, &key, err))
        return false;
    take_hold(p, people, count, cause, organisation_id, days);
    for (size_t i = 0; i < count; i++) {
        struct letter letter = letter_to(p, &key, people[i], i, cause, count);
        struct queue_new *new;

        if (!letter_prepare(p->run->accept, p->arena, p->run->options.host_name, &letter, &new, err))
            return false;
        if (new)
            post_add(p, new);
    }
    return true;
}
