#include "bridge/batch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENDER_DIGITS = 16 };

static int by_mailbox(const void *a, const void *b)
{
    const struct batch_entry *left = a, *right = b;

    return (left->mailbox_id > right->mailbox_id) - (left->mailbox_id < right->mailbox_id);
}

size_t batch_join(struct batch_entry *entries, size_t count)
{
    size_t kept = 0;

    if (count == 0)
        return 0;
    qsort(entries, count, sizeof *entries, by_mailbox);
    for (size_t i = 1; i < count; i++) {
        if (entries[i].mailbox_id != entries[kept].mailbox_id)
            entries[++kept] = entries[i];
        else if (entries[i].modseq > entries[kept].modseq && entries[kept].modseq > 0)
            entries[kept].modseq = entries[i].modseq;
        else if (entries[i].modseq == 0)
            entries[kept].modseq = 0; /* unknown is more than any that is known */
    }
    return kept + 1;
}

size_t batch_write(char text_out[BATCH_PAYLOAD_SIZE], uint64_t sender, const struct batch_entry *entries,
                   size_t count)
{
    size_t used = (size_t)snprintf(text_out, BATCH_PAYLOAD_SIZE, "1 %016" PRIx64, sender), done = 0;

    while (done < count) {
        char entry[50];
        size_t length = (size_t)snprintf(entry, sizeof entry, " %" PRId64 ":%" PRIu64,
                                         entries[done].mailbox_id, entries[done].modseq);
        if (used + length >= BATCH_PAYLOAD_SIZE)
            break;
        memcpy(text_out + used, entry, length + 1);
        used += length;
        done++;
    }
    return done;
}

/* As printf writes it: no zeros in front, and no more than a bigint holds. */
static bool take_number(struct span *text, uint64_t *value_out)
{
    struct span rest = *text;
    uint64_t value = 0;

    for (; rest.p < rest.end && *rest.p >= '0' && *rest.p <= '9'; rest.p++) {
        unsigned digit = (unsigned)(*rest.p - '0');
        if ((rest.p > text->p && value == 0) || value > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (rest.p == text->p)
        return false;
    *text = rest;
    *value_out = value;
    return true;
}

static bool take_sender(struct span *text, uint64_t *sender_out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t sender = 0;

    for (int i = 0; i < SENDER_DIGITS; i++) {
        const char *digit = text->p < text->end && *text->p ? strchr(digits, *text->p) : NULL;
        if (!digit)
            return false;
        sender = sender << 4 | (uint64_t)(digit - digits);
        text->p++;
    }
    *sender_out = sender;
    return true;
}

bool batch_read(struct span text, uint64_t *sender_out, struct batch_entry entries_out[BATCH_ENTRIES_MAX],
                size_t *count_out)
{
    *count_out = 0;
    if (span_length(text) >= BATCH_PAYLOAD_SIZE || !span_take_byte(&text, '1') ||
        !span_take_byte(&text, ' ') || !take_sender(&text, sender_out))
        return false;
    for (size_t i = 0; text.p < text.end; i++) {
        uint64_t mailbox_id, modseq;
        if (i == BATCH_ENTRIES_MAX || !span_take_byte(&text, ' ') || !take_number(&text, &mailbox_id) ||
            !span_take_byte(&text, ':') || !take_number(&text, &modseq))
            return false;
        entries_out[i] = (struct batch_entry){ (int64_t)mailbox_id, modseq };
        *count_out = i + 1;
    }
    return *count_out > 0;
}
