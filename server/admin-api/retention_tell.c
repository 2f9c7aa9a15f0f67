/* retention_tell.c -- see retention_tell.h. The letter is filed first and noted then: what dies between them is told again. */
#include "admin_api/retention_tell.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "deliver/deliver.h"
#include "directory/preference.h"
#include "directory/retention_told.h"
#include "mailbox/retain.h"

#include <string.h>
#include <talloc.h>

static const char *text_of(const void *owner, const struct retention_rule *rules, size_t count)
{
    char *text = talloc_strdup(owner, "");

    for (size_t i = 0; i < count; i++)
        text = talloc_asprintf_append(text, "%s%s", *text ? "\n" : "", retention_rule_text(owner, &rules[i]));
    return text;
}

static const char *language_of(struct directory *directory, const void *owner, int64_t recipient_id)
{
    struct preference preference;
    struct err err = ERR_INIT;

    return preference_find(directory, owner, recipient_id, &preference, &err) ? preference.language : "auto";
}

/* Of this change, whoever tells of it, on this day. */
static void make_receipt(uint8_t receipt_out[FILING_RECEIPT_BYTES], const void *scratch, int64_t recipient_id,
                         const struct retention_told *before, const char *rules, int64_t now_us)
{
    const int64_t day_us = 86400 * US_PER_S;
    const char *change = talloc_asprintf(scratch, "retention %lld %lld %s", (long long)recipient_id,
                                         (long long)before->told_us, rules);
    unsigned char hash[SHA256_BYTES];
    int64_t number;

    sha256(span_text(change), hash);
    memcpy(&number, hash, sizeof number);
    filing_receipt(receipt_out, number, now_us / day_us * day_us);
}

static bool send(const struct admin_api *api, const struct resolved *recipient,
                 const struct message_draft *letter, const uint8_t *receipt, int64_t now_us, struct err *err)
{
    struct deliver_recipient to = {
        .group_id = recipient->mailbox.storage_group_id,
        .target = { .mailbox_id = recipient->mailbox.mailbox_id, .ignores_quota = true, .receipt = receipt }
    };

    if (!deliver_message(api->options.deliver, letter, now_us, &to, 1, err))
        return false;
    *err = to.target.err;
    return to.target.is_filed;
}

bool retention_tell(const struct admin_api *api, const struct resolved *recipient,
                    const struct retention_rule *rules, size_t count, int64_t *told_us_out, struct err *err)
{
    struct directory *directory = api->options.directory;
    void *scratch = talloc_new(NULL);
    struct retention_told before, now = { text_of(scratch, rules, count), clock_now_us() };
    uint8_t receipt[FILING_RECEIPT_BYTES];
    bool done = retention_told_find(directory, scratch, recipient->recipient_id, &before, err);

    *told_us_out = done ? before.told_us : 0;
    if (done && strcmp(before.rules, now.rules) != 0) {
        make_receipt(receipt, scratch, recipient->recipient_id, &before, now.rules, now.told_us);
        done = send(api, recipient,
                    retention_notice(scratch, recipient->address,
                                     language_of(directory, scratch, recipient->recipient_id), rules, count,
                                     now.told_us),
                    receipt, now.told_us, err) &&
               retention_told_set(directory, recipient->recipient_id, &now, err);
        *told_us_out = now.told_us;
        if (done)
            log_event(LOG_LEVEL_INFO, "retention.told", log_text("mailbox", recipient->address));
    }
    talloc_free(scratch);
    return done;
}
