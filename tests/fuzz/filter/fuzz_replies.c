/* fuzz_replies.c -- what scanners, and the DNS, may say: an answer has printable words and finite scores, or is none. */
#include "filter/auth_results.h"
#include "filter/clamd.h"
#include "filter/filter.h"
#include "filter/milter.h"
#include "filter/settings.h"
#include "filter/spamd.h"
#include "filter/teach.h"

#include <math.h>
#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const char *text, size_t most)
{
    if (!text || strlen(text) > most)
        abort();
    for (; *text; text++)
        if (*text <= ' ' || *text > 126)
            abort();
}

static void check_answer(const struct rspamd_answer *answer)
{
    if (!isfinite(answer->score))
        abort();
    check_words(answer->symbols, RSPAMD_SYMBOLS_MAX);
}

static void check_milter(void *arena, struct span in)
{
    struct milter_answer *answer = talloc_zero(arena, struct milter_answer);
    struct milter_packet packet;
    bool is_bad, is_end = false;

    while (!is_end && milter_take_packet(&in, &packet, &is_bad) &&
           milter_read(arena, &packet, answer, &is_end))
        if (answer->edit_count > MILTER_EDITS_MAX)
            abort();
    if (answer->text && strlen(answer->text) > MILTER_TEXT_MAX)
        abort();
}

static void check_settings(void *arena, struct span in)
{
    char *value = span_copy(arena, in);
    size_t count;
    const struct filter_setting_row *rows = filter_setting_rows(&count);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < count; i++)
        if (filter_setting_check(rows[i].name, FILTER_OF_INSTALLATION, value, &err) && strlen(value) > 1000)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size);
    struct rspamd_answer answer;
    struct dmarc_record record;
    struct err err = ERR_INIT;
    const char *virus;

    if (clamd_reply_parse(arena, in, &virus, &err) && virus)
        check_words(virus, CLAMD_NAME_MAX);
    if (rspamd_reply_parse(arena, in, &answer, &err))
        check_answer(&answer);
    if (spamd_reply_parse(arena, in, &answer, &err))
        check_answer(&answer);
    if (dmarc_record_parse(in, &record) && (record.percent > 100 || record.policy >= DMARC_POLICIES))
        abort();
    (void)auth_results_is_of(in, "mail.example.org");
    if (rspamd_teach_reply(in, &err) && size < 12)
        abort();
    if (spamd_teach_reply(in, &err) && size < 8)
        abort();
    (void)helo_fault(span_copy(arena, in), &(struct net_address){ .port = 0 }, "mail.example.org");
    check_milter(arena, in);
    check_settings(arena, in);
    talloc_free(arena);
    return 0;
}
