/* senders.c -- what the owner of a mailbox said of who sends. */
#include "rules/programs.h"
#include "rules/room.h"

#include "format/address.h"
#include "format/header.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static int compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    size_t n = span_length(*x), m = span_length(*y);
    int order = memcmp(x->p, y->p, n < m ? n : m);

    return order ? order : (n > m) - (n < m);
}

static bool has(const struct span *senders, size_t count, struct span sender)
{
    return count > 0 && bsearch(&sender, senders, count, sizeof *senders, compare);
}

/* The address itself, or all of its domain. */
static bool is_named(const struct span *senders, size_t count, const char *key)
{
    const char *at = strrchr(key, '@');

    return has(senders, count, span_text(key)) || (at && has(senders, count, span_text(at)));
}

enum { SENDERS_MAX = 16 };

struct senders {
    const char *envelope; /* NULL: none */
    const char *from[SENDERS_MAX];
    size_t from_count;
};

static void read_senders(const struct judging *judging, struct span header, struct senders *out)
{
    struct address_list list;
    struct header_field from;
    struct address address;

    *out = (struct senders){ NULL };
    if (address_parse(judging->arena, span_text(judging->message->envelope_from), ADDRESS_ACCEPT_UTF8,
                      &address) == ADDRESS_GOOD)
        out->envelope = address_key(judging->arena, &address);
    if (!header_find(header, "From", &from))
        return;
    address_list_parse(judging->arena, from.value, &list);
    for (size_t i = 0; i < list.count && out->from_count < SENDERS_MAX; i++)
        if (list.items[i].kind == ADDRESS_MAILBOX &&
            address_of_item(judging->arena, &list.items[i], &address) == ADDRESS_GOOD)
            out->from[out->from_count++] = address_key(judging->arena, &address);
}

static bool is_blocked(const struct programs *programs, const struct senders *senders)
{
    if (senders->envelope && is_named(programs->blocked, programs->blocked_count, senders->envelope))
        return true;
    for (size_t i = 0; i < senders->from_count; i++)
        if (is_named(programs->blocked, programs->blocked_count, senders->from[i]))
            return true;
    return false;
}

/* All that a person sees as its senders, and not under a false name as far as it was looked at (DMARC, in our own field on top). */
static bool is_allowed(const struct judging *judging, const struct programs *programs,
                       const struct senders *senders, struct span header)
{
    const char *results = header_text(judging->arena, header, "Authentication-Results");

    if (senders->from_count == 0 || (results && strcasestr(results, "dmarc=fail")))
        return false;
    for (size_t i = 0; i < senders->from_count; i++)
        if (!is_named(programs->allowed, programs->allowed_count, senders->from[i]))
            return false;
    return true;
}

const struct rules_recipient *recipient_by_sender(const struct judging *judging,
                                                  const struct programs *programs, bool *is_blocked_out)
{
    static const char junk[] = "\\Junk";
    struct span bytes = judging->message->draft->bytes;
    struct span header = span_part(bytes, 0, header_block_length(bytes));
    struct rules_recipient *changed;
    struct senders senders;

    *is_blocked_out = false;
    if (programs->blocked_count + programs->allowed_count == 0)
        return judging->recipient;
    read_senders(judging, header, &senders);
    *is_blocked_out = is_blocked(programs, &senders);
    changed = talloc(judging->owner, struct rules_recipient);
    *changed = *judging->recipient;
    if (*is_blocked_out)
        changed->usual.special_use = junk;
    else if (changed->usual.special_use && strcmp(changed->usual.special_use, junk) == 0 &&
             is_allowed(judging, programs, &senders, header))
        changed->usual.special_use = NULL;
    return changed;
}
