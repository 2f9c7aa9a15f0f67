/* rcpt.c -- the sender: the installation's lists at MAIL, those of the recipient's organisation and greylisting at RCPT. */
#include "filter/work.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "directory/greylist.h"
#include "filter/access.h"
#include "format/address.h"

#include <stdio.h>
#include <talloc.h>

enum { BOOK_AGE_US = 1000000, GOOD_NETWORK = 5 };

METRIC_COUNTER(greylisted, "chappe_filter_greylisted_total", "Recipients that were asked to be tried again")
METRIC_COUNTER(sender_blocked, "chappe_filter_senders_blocked_total", "Senders on a block list")

bool filter_mail(struct filter *filter, const struct net_address *peer, const char *sender)
{
    struct book *book = book_peek(&filter->shelf); /* we may be on a reactor */
    bool is_blocked = book && access_of_peer(book, 0, peer) != ACCESS_SAYS_ALLOW &&
                      access_of_sender(book, 0, sender) == ACCESS_SAYS_BLOCK;

    book_release(&filter->shelf, &book);
    if (is_blocked) {
        metric_add(&sender_blocked, 1);
        log_event(LOG_LEVEL_INFO, "filter.sender", log_text("from", sender), log_text("action", "refuse"),
                  log_text("reason", filter_reason_name(FILTER_BLOCKED)));
    }
    return !is_blocked;
}

/* A key names network, sender and recipient, or, with the last two empty, the network alone. */
static void make_key(uint8_t key[SHA256_BYTES], const struct net_address *peer, const char *sender,
                     const char *recipient)
{
    struct net_network network = net_peer_of(peer);
    struct sha256 *sha = sha256_new(NULL);

    if (net_is_ipv4(peer))
        network.bytes[15] = 0; /* its /24 */
    sha256_add(sha, span_of(network.bytes, sizeof network.bytes));
    sha256_add(sha, span_of(sender, strlen(sender) + 1));
    sha256_add(sha, span_text(recipient));
    sha256_finish(sha, key);
    talloc_free(sha);
}

/* Of one of ours and somebody elsewhere, whoever of both writes. */
static void make_known_key(uint8_t key[SHA256_BYTES], const char *ours, const char *theirs)
{
    struct sha256 *sha = sha256_new(NULL);

    sha256_add(sha, span_of("known", sizeof "known"));
    sha256_add(sha, span_of(ours, strlen(ours) + 1));
    sha256_add(sha, span_text(theirs));
    sha256_finish(sha, key);
    talloc_free(sha);
}

static char *key_of(const void *owner, const char *text)
{
    struct address address;

    return address_parse(owner, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD
               ? address_key(owner, &address)
               : NULL;
}

void work_know_recipients(struct work *w)
{
    const struct filter_input *in = w->in;
    struct span *keys = talloc_array(w->arena, struct span, (unsigned)in->recipient_count + 1);
    const char *ours = key_of(w->arena, in->sender);
    struct err err = ERR_INIT;
    size_t count = 0;

    for (size_t i = 0; ours && w->book->has_greylist && i < in->recipient_count; i++) {
        const char *theirs = key_of(w->arena, in->recipients[i]);
        uint8_t *key = talloc_array(keys, uint8_t, SHA256_BYTES);

        if (!theirs)
            continue;
        make_known_key(key, ours, theirs);
        keys[count++] = span_of(key, SHA256_BYTES);
    }
    if (count && !greylist_know(w->filter->options.directory, keys, count, clock_now_us(), &err))
        log_err(LOG_LEVEL_WARNING, "filter.greylist", &err); /* they will have to come again, that is all */
}

static bool may_pass(struct filter *filter, const struct filter_sender_question *q, int64_t delay_us)
{
    uint8_t triplet[SHA256_BYTES], network[SHA256_BYTES], known[SHA256_BYTES];
    struct greylist_look look = { .now_us = clock_now_us(),
                                  .delay_us = delay_us,
                                  .good_after = GOOD_NETWORK,
                                  .is_dry = filter->options.is_dry };
    struct err err = ERR_INIT;
    bool passes;

    make_key(triplet, q->peer, q->sender, q->recipient);
    make_key(network, q->peer, "", "");
    make_known_key(known, q->recipient, q->sender);
    look.known = span_of(known, sizeof known);
    look.triplet = span_of(triplet, sizeof triplet);
    look.network = span_of(network, sizeof network);
    if (!greylist_look(filter->options.directory, &look, &passes, &err)) {
        log_err(LOG_LEVEL_WARNING, "filter.greylist", &err);
        return true; /* a list that cannot be read keeps nobody out */
    }
    return passes;
}

static void judge(struct filter *filter, const struct book *book, const struct filter_sender_question *q,
                  enum filter_reason *reason, enum filter_action *action)
{
    const struct filter_settings *s = book_settings(book, q->organisation_id, q->domain_id);
    enum access_answer of_peer = access_of_peer(book, q->organisation_id, q->peer);
    enum access_answer of_sender = access_of_sender(book, q->organisation_id, q->sender);

    *reason = FILTER_ALLOWED;
    if (of_peer == ACCESS_SAYS_ALLOW || of_sender == ACCESS_SAYS_ALLOW)
        return;
    if (access_of_peer(book, 0, q->peer) == ACCESS_SAYS_ALLOW ||
        access_of_sender(book, 0, q->sender) == ACCESS_SAYS_ALLOW)
        return;
    *reason = FILTER_BLOCKED;
    *action = FILTER_REFUSE;
    if (of_peer == ACCESS_SAYS_BLOCK || of_sender == ACCESS_SAYS_BLOCK)
        return;
    *reason = FILTER_GREYLISTED;
    *action = FILTER_LATER;
    if (s->greylist && !q->is_known && !net_is_loopback(q->peer) &&
        !may_pass(filter, q, s->greylist_delay_s * US_PER_S))
        return;
    *reason = FILTER_CLEAN;
    *action = FILTER_ACCEPT;
}

void filter_rcpt(struct filter *filter, const struct filter_sender_question *question,
                 enum filter_reason *reason_out, enum filter_action *action_out)
{
    struct book *book = book_take(&filter->shelf, BOOK_AGE_US);

    *reason_out = FILTER_CLEAN;
    *action_out = FILTER_ACCEPT;
    if (!book)
        return;
    judge(filter, book, question, reason_out, action_out);
    book_release(&filter->shelf, &book);
    if (*action_out == FILTER_ACCEPT)
        return;
    metric_add(*reason_out == FILTER_GREYLISTED ? &greylisted : &sender_blocked, 1);
    log_event(LOG_LEVEL_INFO, "filter.sender", log_text("from", question->sender),
              log_text("to", question->recipient), log_text("action", filter_action_name(*action_out)),
              log_text("reason", filter_reason_name(*reason_out)));
}

bool filter_takes_reports(struct filter *filter, int64_t organisation_id, const char *key)
{
    struct book *book = book_take(&filter->shelf, BOOK_AGE_US);
    void *scratch = talloc_new(NULL);
    struct address address;
    bool is_it = false;

    if (book && organisation_id) {
        const char *wanted = book_settings(book, organisation_id, 0)->report_address;

        is_it = *wanted && address_parse(scratch, span_text(wanted), 0, &address) == ADDRESS_GOOD &&
                strcmp(address_key(scratch, &address), key) == 0;
    }
    book_release(&filter->shelf, &book);
    talloc_free(scratch);
    return is_it;
}
