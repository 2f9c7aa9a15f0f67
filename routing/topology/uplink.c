/* uplink.c -- a few words of memory for each connector. */
#include "topology/uplink.h"

#include "base/clock.h"

#include <glib.h>
#include <pthread.h>
#include <talloc.h>

struct uplink {
    int64_t connector_id;
    const char *source;
    bool was_reached, is_failed, lacks_source;
    uint32_t silent[UPLINK_SILENT_MAX]; /* hashes of domains */
    size_t silent_count;
    int64_t probe_us; /* monotonic */
};

struct uplinks {
    pthread_mutex_t lock; /* of all below */
    struct uplink *list;
    size_t count;
};

static int free_uplinks(struct uplinks *uplinks)
{
    pthread_mutex_destroy(&uplinks->lock);
    return 0;
}

struct uplinks *uplinks_new(const void *owner)
{
    struct uplinks *uplinks = talloc_zero(owner, struct uplinks);

    pthread_mutex_init(&uplinks->lock, NULL);
    talloc_set_destructor(uplinks, free_uplinks);
    return uplinks;
}

/* There are at most as many as connectors ever were. */
static struct uplink *find(struct uplinks *uplinks, int64_t connector_id)
{
    for (size_t i = 0; i < uplinks->count; i++)
        if (uplinks->list[i].connector_id == connector_id)
            return &uplinks->list[i];
    uplinks->list = talloc_realloc(uplinks, uplinks->list, struct uplink, (unsigned)uplinks->count + 1);
    uplinks->list[uplinks->count] = (struct uplink){ .connector_id = connector_id };
    return &uplinks->list[uplinks->count++];
}

static void set_source(struct uplinks *uplinks, struct uplink *uplink, const char *source)
{
    if (g_strcmp0(uplink->source, source) == 0)
        return;
    talloc_free((void *)(uintptr_t)uplink->source);
    uplink->source = source ? talloc_strdup(uplinks, source) : NULL;
    uplink->is_failed = uplink->lacks_source = false;
}

static enum uplink_news note_reached(struct uplink *uplink)
{
    enum uplink_news news = uplink->is_failed || !uplink->was_reached ? UPLINK_WORKS : UPLINK_NOTHING;

    uplink->was_reached = true;
    uplink->is_failed = uplink->lacks_source = false;
    uplink->silent_count = 0;
    return news;
}

static bool is_enough(struct uplink *uplink, const char *domain)
{
    uint32_t hash = g_str_hash(domain);

    for (size_t i = 0; i < uplink->silent_count; i++)
        if (uplink->silent[i] == hash)
            return false;
    if (uplink->silent_count < UPLINK_SILENT_MAX)
        uplink->silent[uplink->silent_count++] = hash;
    return uplink->silent_count == UPLINK_SILENT_MAX;
}

static enum uplink_news judge(struct uplink *uplink, const char *domain, enum uplink_evidence evidence)
{
    switch (evidence) {
    case UPLINK_REACHED:
        return note_reached(uplink);
    case UPLINK_NO_SOURCE:
        if (!uplink->lacks_source)
            uplink->probe_us = clock_monotonic_us() + UPLINK_PROBE_S * US_PER_S;
        uplink->is_failed = uplink->lacks_source = true;
        return UPLINK_FAILED;
    case UPLINK_SILENT:
        break;
    }
    uplink->is_failed = is_enough(uplink, domain) || uplink->is_failed;
    return uplink->is_failed ? UPLINK_FAILED : UPLINK_NOTHING;
}

enum uplink_news uplink_note(struct uplinks *uplinks, int64_t connector_id, const char *source,
                             const char *domain, enum uplink_evidence evidence)
{
    enum uplink_news news;

    pthread_mutex_lock(&uplinks->lock);
    struct uplink *uplink = find(uplinks, connector_id);
    set_source(uplinks, uplink, source);
    news = judge(uplink, domain, evidence);
    pthread_mutex_unlock(&uplinks->lock);
    return news;
}

bool uplink_take_probe(struct uplinks *uplinks, const void *owner, int64_t *connector_id_out,
                       const char **source_out)
{
    int64_t now_us = clock_monotonic_us();
    bool is_due = false;

    pthread_mutex_lock(&uplinks->lock);
    for (size_t i = 0; i < uplinks->count && !is_due; i++) {
        struct uplink *uplink = &uplinks->list[i];
        if (!uplink->lacks_source || !uplink->source || uplink->probe_us > now_us)
            continue;
        uplink->probe_us = now_us + UPLINK_PROBE_S * US_PER_S;
        *connector_id_out = uplink->connector_id;
        *source_out = talloc_strdup(owner, uplink->source);
        is_due = true;
    }
    pthread_mutex_unlock(&uplinks->lock);
    return is_due;
}
