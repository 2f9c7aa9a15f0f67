/* sender.c -- who says that he sent this: SPF of the envelope, signatures, and the domain of the From field. */
#include "filter/work.h"

#include "base/clock.h"
#include "filter/access.h"
#include "format/address.h"
#include "format/header.h"

#include <talloc.h>

/* The domain of the one author. Several From fields, or authors of several domains, have none (RFC 7489, 6.6.1). */
static void find_author(struct work *w)
{
    struct header_field field;
    struct address_list list;

    w->from_count = header_count(w->header, "From");
    if (w->from_count != 1 || !header_find(w->header, "From", &field))
        return;
    address_list_parse(w->arena, field.value, &list);
    for (size_t i = 0; i < list.count; i++) {
        char *domain;

        if (list.items[i].kind != ADDRESS_MAILBOX || !list.items[i].domain)
            continue;
        w->author_count++;
        if (address_domain(w->arena, span_text(list.items[i].domain), &domain) == ADDRESS_GOOD &&
            (!w->from_domain || strcmp(w->from_domain, domain) == 0))
            w->from_domain = domain;
        else
            w->from_domain = NULL;
    }
}

static bool has_dns(const struct work *w)
{
    return w->filter->options.dns != NULL;
}

/* The mildest wish is enough to ask: what follows from the answer is decided for each organisation. */
static bool wants(const struct work *w, size_t offset)
{
    for (size_t i = 0; i < w->in->organisation_count; i++) {
        const struct filter_settings *s = book_settings(w->book, w->in->organisations[i], 0);
        int64_t value;

        memcpy(&value, (const char *)s + offset, sizeof value);
        if (value != SENDER_CHECK_OFF)
            return true;
    }
    return false;
}

static void check_spf(struct work *w)
{
    struct spf_question question = { .peer = w->in->peer,
                                     .helo = w->in->helo,
                                     .local = w->in->sender_local,
                                     .domain = w->in->sender_domain,
                                     .host_name = w->filter->options.host_name,
                                     .deadline_us = w->deadline_us };

    if (w->in->peer->is_local || !wants(w, offsetof(struct filter_settings, spf)))
        return;
    spf_check(w->filter->options.dns, w->arena, &question, &w->spf);
    w->has_spf = true;
}

static void check_dkim(struct work *w)
{
    if (w->book->installation.dkim == SENDER_CHECK_OFF)
        return;
    dkim_check(w->filter->dkim, w->filter->options.dns, w->arena, w->in->message, w->deadline_us,
               &w->signatures, &w->signature_count);
    w->has_dkim = true;
}

static void check_dmarc(struct work *w)
{
    struct dmarc_question question = { .from_domain = w->from_domain,
                                       .spf = w->has_spf ? &w->spf : NULL,
                                       .signatures = w->signatures,
                                       .signature_count = w->signature_count,
                                       .deadline_us = w->deadline_us };

    if (!w->from_domain || w->from_domain[0] == '[' || !wants(w, offsetof(struct filter_settings, dmarc)))
        return;
    dmarc_check(w->filter->options.dns, w->arena, &question, &w->dmarc);
    w->has_dmarc = true;
}

static void check_arc(struct work *w)
{
    if (w->book->installation.arc == SENDER_CHECK_OFF)
        return;
    arc_check(w->filter->options.dns, w->arena, w->in->message, w->deadline_us, &w->arc);
    w->has_arc = true;
}

static void check_lists(struct work *w)
{
    struct address sender;

    w->sender_key = "";
    if (address_parse(w->arena, span_text(w->in->sender), ADDRESS_ACCEPT_UTF8, &sender) == ADDRESS_GOOD)
        w->sender_key = address_key(w->arena, &sender);
    w->is_allowed = access_of_peer(w->book, 0, w->in->peer) == ACCESS_SAYS_ALLOW ||
                    access_of_sender(w->book, 0, w->sender_key) == ACCESS_SAYS_ALLOW;
}

void work_check_sender(struct work *w)
{
    find_author(w);
    if (w->in->origin != FILTER_FROM_OUTSIDE || net_is_loopback(w->in->peer))
        return; /* programs of this machine have no domain to show */
    check_lists(w);
    if (!has_dns(w))
        return;
    check_spf(w);
    check_dkim(w);
    check_arc(w);
    check_dmarc(w);
}
