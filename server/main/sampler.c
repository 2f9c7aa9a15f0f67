/* sampler.c -- counters of the roles into steps of the statistics. */
#include "main/sampler.h"

#include "directory/statistic.h"
#include "main/services.h"
#include "main/web_state.h"
#include "queue/admin.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ROLES_MAX = 16, LANES = 50 };

/* Series of one protocol: labels as metrics_render() writes them. */
#define LOGINS(outcome, protocol) "chappe_logins_total", "{outcome=\"" outcome "\",protocol=\"" protocol "\"}"

/* What a series is made of: all values of a counter, or those of these labels. Sources of one series stand together. */
static const struct {
    const char *series, *metric, *label;
} sources[] = {
    { "received", "chappe_accepted_total", NULL },
    { "delivered", "chappe_delivered_total", NULL },
    { "sent", "chappe_outbound_recipients_total", "\"delivered\"" },
    { "sent", "chappe_outbound_recipients_total", "\"relayed\"" },
    { "refused", "chappe_smtp_refused_total", NULL },
    { "logins", "chappe_logins_total", "\"good\"" },
    { "failed-logins", "chappe_logins_total", "\"wrong\"" },
    { "failed-logins", "chappe_logins_total", "\"braked\"" },
    { "logins-imap", LOGINS("good", "imap") },
    { "logins-pop3", LOGINS("good", "pop3") },
    { "logins-smtp", LOGINS("good", "smtp") },
    { "logins-web", LOGINS("good", "web") },
    { "logins-web", LOGINS("good", "admin") },
    { "logins-other", LOGINS("good", "dav") },
    { "logins-other", LOGINS("good", "sieve") },
    { "failed-logins-imap", LOGINS("wrong", "imap") },
    { "failed-logins-imap", LOGINS("braked", "imap") },
    { "failed-logins-pop3", LOGINS("wrong", "pop3") },
    { "failed-logins-pop3", LOGINS("braked", "pop3") },
    { "failed-logins-smtp", LOGINS("wrong", "smtp") },
    { "failed-logins-smtp", LOGINS("braked", "smtp") },
    { "failed-logins-web", LOGINS("wrong", "web") },
    { "failed-logins-web", LOGINS("braked", "web") },
    { "failed-logins-web", LOGINS("wrong", "admin") },
    { "failed-logins-web", LOGINS("braked", "admin") },
    { "failed-logins-other", LOGINS("wrong", "dav") },
    { "failed-logins-other", LOGINS("braked", "dav") },
    { "failed-logins-other", LOGINS("wrong", "sieve") },
    { "failed-logins-other", LOGINS("braked", "sieve") },
};
enum { SOURCES = COUNT_OF(sources) };

struct sampler {
    int64_t last[ROLES_MAX][SOURCES]; /* as the role said it; -1: it was not asked yet */
    int64_t waiting[SOURCES];         /* counted, and not yet in the directory */
};

struct sampler *sampler_new(const void *owner)
{
    struct sampler *sampler = talloc_zero(owner, struct sampler);

    for (size_t role = 0; role < ROLES_MAX; role++)
        for (size_t i = 0; i < SOURCES; i++)
            sampler->last[role][i] = -1;
    return sampler;
}

int64_t sampler_sum(const char *text, const char *metric, const char *label)
{
    size_t length = strlen(metric);
    int64_t sum = 0;

    for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        const char *value = NULL;
        if (strncmp(line, metric, length) != 0 || (line[length] != '{' && line[length] != ' '))
            continue;
        for (const char *p = line + length; p < end; p++)
            if (*p == ' ')
                value = p + 1;
        if (!value || (label && !memmem(line, (size_t)(value - line), label, strlen(label))))
            continue;
        sum += strtoll(value, NULL, 10);
    }
    return sum;
}

static void take_role(struct sampler *sampler, size_t role, const char *text)
{
    for (size_t i = 0; i < SOURCES; i++) {
        int64_t now = sampler_sum(text, sources[i].metric, sources[i].label);
        int64_t *last = &sampler->last[role][i];
        if (*last >= 0)
            sampler->waiting[i] += now < *last ? now : now - *last;
        *last = now;
    }
}

static int64_t queue_length(struct directory *directory, const void *arena, struct err *err)
{
    struct queue_lane_summary *lanes;
    int64_t estimate, sum = 0;
    size_t count;

    if (!queue_summary(directory, arena, LANES, &lanes, &count, &estimate, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        sum += lanes[i].waiting;
    return count < LANES || sum > estimate ? sum : estimate; /* more lanes than are looked at */
}

/* Several sources of one series are one value. */
static size_t gather(const struct sampler *sampler, int64_t queued, struct statistic *values)
{
    size_t count = 0;

    if (queued > 0)
        values[count++] = (struct statistic){ STATISTIC_QUEUE, queued };
    for (size_t i = 0; i < SOURCES; i++) {
        if (sampler->waiting[i] == 0)
            continue;
        if (count > 0 && strcmp(values[count - 1].name, sources[i].series) == 0)
            values[count - 1].value += sampler->waiting[i];
        else
            values[count++] = (struct statistic){ sources[i].series, sampler->waiting[i] };
    }
    return count;
}

bool sampler_take(struct sampler *sampler, const struct config *config, struct directory *directory,
                  int64_t now_us, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct statistic values[SOURCES + 1];
    size_t role = 0, count;
    int64_t queued;

    for (const struct role_kind *kind = role_kinds; kind->name && role < ROLES_MAX; kind++, role++) {
        if (strcmp(kind->name, "housekeeping") == 0)
            continue; /* that is who asks */
        const char *text = web_state_ask(arena, config, kind->name, "metrics");
        if (text)
            take_role(sampler, role, text);
    }
    queued = queue_length(directory, arena, err);
    talloc_free(arena);
    count = gather(sampler, queued, values);
    if (queued < 0 || (count > 0 && !statistic_add(directory, config->hostname, now_us, values, count, err)))
        return false;
    memset(sampler->waiting, 0, sizeof sampler->waiting);
    return true;
}
