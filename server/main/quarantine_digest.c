/* quarantine_digest.c -- whose messages they are, and a letter for each of these people. */
#include "main/quarantine_digest.h"

#include "accept/letter.h"
#include "accept/link_act.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/filter_setting.h"
#include "directory/quarantine.h"
#include "filter/settings.h"
#include "format/date.h"
#include "main/link_pages.h"
#include "queue/digest.h"
#include "resolve/link.h"

#include <string.h>
#include <talloc.h>

enum { READERS_MAX = 5000, ENTRIES_MAX = 200 };
#define DAY_US (86400 * US_PER_S)

/* Somebody, and the lines of the letter so far. */
struct reader {
    int64_t recipient_id;
    const char *address;
    struct buf lines;
    size_t count;
};

struct telling {
    struct directory *directory;
    struct accept *accept;
    const struct config *config;
    void *arena;
    struct link_key key;
    int64_t organisation_id;
    struct reader *readers;
    size_t reader_count;
};

static bool is_wanted(const struct filter_setting *settings, size_t count, int64_t organisation_id)
{
    const char *value = "none";

    for (size_t i = 0; i < count; i++) {
        const struct filter_setting *s = &settings[i];

        if (strcmp(s->name, "quarantine_digest") != 0 || s->domain_id)
            continue;
        if (s->organisation_id == organisation_id)
            return strcmp(s->value, "daily") == 0;
        if (s->organisation_id == 0)
            value = s->value;
    }
    return strcmp(value, "daily") == 0;
}

static struct reader *reader_of(struct telling *t, const struct resolve_target *target)
{
    for (size_t i = 0; i < t->reader_count; i++)
        if (t->readers[i].recipient_id == target->recipient_id)
            return &t->readers[i];
    if (t->reader_count == READERS_MAX)
        return NULL;
    if (t->reader_count % 32 == 0)
        t->readers = talloc_realloc(t->arena, t->readers, struct reader, (unsigned)t->reader_count + 32);
    t->readers[t->reader_count] = (struct reader){ .recipient_id = target->recipient_id,
                                                   .address = target->address,
                                                   .lines = BUF_INIT(t->arena) };
    return &t->readers[t->reader_count++];
}

static void add_line(struct telling *t, struct reader *reader, const struct quarantine_entry *entry)
{
    struct link_token token = { LINK_RELEASE, (uint64_t)entry->number, (uint64_t)reader->recipient_id,
                                entry->expires_us };
    char date[DATE_TEXT_MAX];

    if (reader->count++ >= ENTRIES_MAX)
        return;
    date_render(date, (struct date){ .us = entry->received_us });
    buf_add_format(
        &reader->lines, "  %s\n  %s: %s\n  (%s)\n  %s\n\n", date, *entry->sender ? entry->sender : "<>",
        entry->subject, entry->reason,
        link_url(t->arena, link_base(t->arena, t->config), link_token_text(t->arena, t->key.bytes, &token)));
}

/* The people behind the entry's recipients, in its own organisation. */
static bool add_entry(struct telling *t, const struct quarantine_entry *entry, struct err *err)
{
    for (size_t i = 0; i < entry->recipient_count; i++) {
        struct resolve_answer answer;
        struct address address;

        if (address_parse(t->arena, span_text(entry->recipients[i]), ADDRESS_ACCEPT_UTF8, &address) !=
            ADDRESS_GOOD)
            continue;
        if (!resolve(t->directory, t->arena, &address, &answer, err))
            return false;
        for (size_t k = 0; k < answer.target_count; k++) {
            struct reader *reader = answer.targets[k].organisation_id == t->organisation_id
                                        ? reader_of(t, &answer.targets[k])
                                        : NULL;

            if (reader)
                add_line(t, reader, entry);
        }
    }
    return true;
}

static bool letter_for(struct telling *t, struct reader *reader, struct queue_new **new_out, struct err *err)
{
    struct letter letter = {
        .from_name = "Quarantine",
        .from = talloc_asprintf(t->arena, "postmaster@%s", t->config->hostname),
        .to = reader->address,
        .subject = talloc_asprintf(t->arena, "Quarantine: %zu message%s / Quarantaine : %zu message%s",
                                   reader->count, reader->count == 1 ? "" : "s", reader->count,
                                   reader->count == 1 ? "" : "s"),
        .text = talloc_asprintf(
            t->arena,
            "These messages for you were set aside. A link delivers one to your mailbox.\n"
            "Ces messages pour vous ont été mis de côté. Un lien en remet un dans votre boîte.\n\n%s",
            buf_text(&reader->lines)),
        .organisation_id = t->organisation_id
    };

    return letter_prepare(t->accept, t->arena, t->config->hostname, &letter, new_out, err);
}

static bool tell(struct telling *t, const struct quarantine_due *due, int64_t now_us, struct err *err)
{
    struct queue_new **letters;
    struct quarantine_entry *entries;
    size_t count, letter_count = 0;

    t->organisation_id = due->organisation_id;
    t->readers = NULL;
    t->reader_count = 0;
    if (!link_key(t->directory, &t->key, err) ||
        !quarantine_since(t->directory, t->arena, due->organisation_id, due->told_us, now_us, &entries,
                          &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_entry(t, &entries[i], err))
            return false;
    letters = talloc_zero_array(t->arena, struct queue_new *, (unsigned)t->reader_count + 1);
    for (size_t i = 0; i < t->reader_count; i++) {
        if (!letter_for(t, &t->readers[i], &letters[letter_count], err))
            return false;
        letter_count += letters[letter_count] != NULL;
    }
    log_event(LOG_LEVEL_INFO, "quarantine.digest", log_i64("organisation", due->organisation_id),
              log_i64("messages", (int64_t)count), log_i64("letters", (int64_t)letter_count));
    return queue_put_digest(directory_pool(t->directory, DIRECTORY_LOOKS_UP), due->organisation_id,
                            due->told_us, now_us, letters, letter_count, err);
}

bool quarantine_digest(struct directory *directory, struct accept *accept, const struct config *config,
                       int64_t now_us, bool *told_out, struct err *err)
{
    struct telling telling = {
        .directory = directory, .accept = accept, .config = config, .arena = talloc_new(NULL)
    };
    struct filter_setting *settings;
    struct quarantine_due *due;
    size_t count, setting_count = 0;
    bool done = quarantine_digests_due(directory, telling.arena, now_us - DAY_US, &due, &count, err);

    *told_out = false;
    if (done && count > 0)
        done = filter_setting_load(directory, telling.arena, &settings, &setting_count, err);
    for (size_t i = 0; done && i < count; i++) {
        if (!is_wanted(settings, setting_count, due[i].organisation_id))
            continue;
        done = tell(&telling, &due[i], now_us, err);
        *told_out = true;
    }
    talloc_free(telling.arena);
    return done;
}
