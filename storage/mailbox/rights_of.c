/*
 * rights_of.c -- letters, identifiers, and what they add up to for a reader.
 */
#include "mailbox/rights_of.h"

#include <inttypes.h>
#include <stdio.h>

static const char letters[] = "lrswipkxtea"; /* in the order of the bits */

/* Obsolete letters (RFC 4314, 2.1.1). */
static const struct {
    char letter;
    unsigned rights;
} old_letters[] = { { 'c', RIGHT_CREATE }, { 'd', RIGHT_DELETE | RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE } };

static unsigned right_of(char letter)
{
    const char *at = letter ? strchr(letters, letter) : NULL;

    if (at)
        return 1U << (at - letters);
    for (size_t i = 0; i < COUNT_OF(old_letters); i++)
        if (old_letters[i].letter == letter)
            return old_letters[i].rights;
    return 0;
}

bool rights_parse(struct span text, unsigned *rights_out)
{
    unsigned rights = 0;

    for (const char *p = text.p; p < text.end; p++) {
        unsigned right = right_of(*p);

        if (!right)
            return false;
        rights |= right;
    }
    *rights_out = rights;
    return true;
}

void rights_render(unsigned rights, char letters_out[RIGHTS_TEXT_MAX])
{
    size_t count = 0;

    for (size_t i = 0; letters[i]; i++)
        if (rights & (1U << i))
            letters_out[count++] = letters[i];
    letters_out[count] = '\0';
}

void rights_identifier(const struct rights_entry *entry, char text_out[RIGHTS_IDENTIFIER_MAX])
{
    const char *sign = entry->is_negative ? "-" : "";

    if (entry->subject == RIGHTS_RECIPIENT)
        snprintf(text_out, RIGHTS_IDENTIFIER_MAX, "%sr:%" PRId64, sign, entry->recipient_id);
    else
        snprintf(text_out, RIGHTS_IDENTIFIER_MAX, "%s%s", sign,
                 entry->subject == RIGHTS_ANYONE ? "anyone" : "authenticated");
}

bool rights_entry_parse(struct span identifier, struct span text, struct rights_entry *entry_out)
{
    uint64_t recipient_id;

    *entry_out = (struct rights_entry){ .is_negative = span_take_byte(&identifier, '-') };
    if (span_equals_text(identifier, "anyone")) {
        entry_out->subject = RIGHTS_ANYONE;
    } else if (span_equals_text(identifier, "authenticated")) {
        entry_out->subject = RIGHTS_AUTHENTICATED;
    } else if (span_take_word(&identifier, "r:") && span_take_u64(&identifier, &recipient_id) &&
               span_is_empty(identifier) && recipient_id <= INT64_MAX) {
        entry_out->subject = RIGHTS_RECIPIENT;
        entry_out->recipient_id = (int64_t)recipient_id;
    } else {
        return false;
    }
    return rights_parse(text, &entry_out->rights);
}

unsigned rights_of(const struct mailbox *mailbox, const struct mailbox_reader *reader,
                   const struct span *entries, size_t count)
{
    unsigned given = 0, taken = 0;

    if (mailbox_is_owner(mailbox, reader))
        return RIGHTS_ALL;
    if (reader->organisation_id != mailbox_organisation_id(mailbox))
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct span text = entries[i], identifier;
        struct rights_entry entry;

        if (!span_take_until(&text, ' ', &identifier) || !rights_entry_parse(identifier, text, &entry) ||
            (entry.subject == RIGHTS_RECIPIENT && entry.recipient_id != reader->recipient_id))
            continue;
        if (entry.is_negative)
            taken |= entry.rights;
        else
            given |= entry.rights;
    }
    return given & ~taken;
}

bool rights_not_found(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
}

bool rights_allow(unsigned rights, unsigned needed, struct err *err)
{
    if ((rights & needed) == needed && (rights || !needed))
        return true;
    if (rights & RIGHT_LOOKUP)
        return err_set(err, ERR_DENIED, "You may not do this in this folder.");
    return rights_not_found(err);
}
