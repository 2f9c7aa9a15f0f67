/*
 * rights_of.c -- letters, identifiers, and what they add up to for a reader.
 */
#include "mailbox/rights_of.h"

#include "mailbox/cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <talloc.h>

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

    if (entry->subject == RIGHTS_RECIPIENT || entry->subject == RIGHTS_GROUP)
        snprintf(text_out, RIGHTS_IDENTIFIER_MAX, "%s%c:%" PRId64, sign,
                 entry->subject == RIGHTS_GROUP ? 'g' : 'r', entry->recipient_id);
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
    } else {
        bool is_group = span_take_word(&identifier, "g:");

        if ((!is_group && !span_take_word(&identifier, "r:")) || !span_take_u64(&identifier, &recipient_id) ||
            !span_is_empty(identifier) || recipient_id > INT64_MAX)
            return false;
        entry_out->subject = is_group ? RIGHTS_GROUP : RIGHTS_RECIPIENT;
        entry_out->recipient_id = (int64_t)recipient_id;
    }
    return rights_parse(text, &entry_out->rights);
}

struct rights_reading rights_reading(const struct mailbox *mailbox, const struct mailbox_reader *reader,
                                     const void *arena)
{
    return (struct rights_reading){ .cache = mailbox->cache,
                                    .organisation_id = mailbox->organisation_id,
                                    .is_owner = mailbox_is_owner(mailbox, reader),
                                    .reader = reader,
                                    .arena = arena };
}

/* NULL: nobody has asked yet. */
static const struct rights_known_group *known_group(const struct rights_reading *reading, int64_t group_id)
{
    for (size_t i = 0; i < reading->known_count; i++)
        if (reading->known[i].group_id == group_id)
            return &reading->known[i];
    return NULL;
}

static bool is_among(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

bool rights_learn_groups(struct rights_reading *reading, const int64_t *group_ids, size_t count,
                         struct err *err)
{
    struct mailbox_cache *cache = reading->cache;
    size_t held_count = 0;
    int64_t *held = NULL;

    if (count > 0 && cache->groups_finder &&
        !cache->groups_finder(cache->groups_finder_arg, reading->arena, reading->reader->recipient_id,
                              group_ids, count, &held, &held_count, err))
        return false;
    reading->known = talloc_realloc(reading->arena, reading->known, struct rights_known_group,
                                    (unsigned)(reading->known_count + count + 1));
    for (size_t i = 0; i < count; i++)
        reading->known[reading->known_count++] =
            (struct rights_known_group){ group_ids[i], is_among(held, held_count, group_ids[i]) };
    return true;
}

static bool parse_entry(struct span text, struct rights_entry *entry_out)
{
    struct span identifier;

    return span_take_until(&text, ' ', &identifier) && rights_entry_parse(identifier, text, entry_out);
}

/* The groups that these entries name and nobody has asked about yet. */
static bool learn_named(struct rights_reading *reading, const struct span *entries, size_t count,
                        struct err *err)
{
    int64_t *ids = NULL;
    size_t id_count = 0;
    bool is_known = true;

    for (size_t i = 0; i < count; i++) {
        struct rights_entry entry;

        if (!parse_entry(entries[i], &entry) || entry.subject != RIGHTS_GROUP ||
            known_group(reading, entry.recipient_id) || is_among(ids, id_count, entry.recipient_id))
            continue;
        if (!ids)
            ids = talloc_array(reading->arena, int64_t, (unsigned)count);
        ids[id_count++] = entry.recipient_id;
    }
    if (id_count > 0)
        is_known = rights_learn_groups(reading, ids, id_count, err);
    talloc_free(ids);
    return is_known;
}

static bool concerns(const struct rights_reading *reading, const struct rights_entry *entry)
{
    const struct rights_known_group *group;

    if (entry->subject == RIGHTS_RECIPIENT)
        return entry->recipient_id == reading->reader->recipient_id;
    if (entry->subject != RIGHTS_GROUP)
        return true;
    group = known_group(reading, entry->recipient_id);
    return group && group->holds;
}

bool rights_of(struct rights_reading *reading, const struct span *entries, size_t count, unsigned *rights_out,
               struct err *err)
{
    unsigned given = 0, taken = 0;

    *rights_out = reading->is_owner ? RIGHTS_ALL : 0;
    if (reading->is_owner || reading->reader->organisation_id != reading->organisation_id)
        return true;
    if (!learn_named(reading, entries, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct rights_entry entry;

        if (!parse_entry(entries[i], &entry) || !concerns(reading, &entry))
            continue;
        if (entry.is_negative)
            taken |= entry.rights;
        else
            given |= entry.rights;
    }
    *rights_out = given & ~taken;
    return true;
}

void rights_use(struct mailbox_cache *cache, rights_groups_finder *finder, void *arg)
{
    cache->groups_finder = finder;
    cache->groups_finder_arg = arg;
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
