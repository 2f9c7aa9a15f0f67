/* traffic.c -- a counter for each connector, begun anew each hour. */
#include "topology/traffic.h"

#include "base/clock.h"

#include <pthread.h>
#include <stddef.h>
#include <talloc.h>

struct counter {
    int64_t connector_id, hour;
    unsigned count;
};

struct traffic {
    pthread_mutex_t lock; /* of all below */
    struct counter *counters;
    size_t count;
};

static int free_traffic(struct traffic *traffic)
{
    pthread_mutex_destroy(&traffic->lock);
    return 0;
}

struct traffic *traffic_new(const void *owner)
{
    struct traffic *traffic = talloc_zero(owner, struct traffic);

    pthread_mutex_init(&traffic->lock, NULL);
    talloc_set_destructor(traffic, free_traffic);
    return traffic;
}

static struct counter *find(struct traffic *traffic, int64_t connector_id)
{
    for (size_t i = 0; i < traffic->count; i++)
        if (traffic->counters[i].connector_id == connector_id)
            return &traffic->counters[i];
    traffic->counters =
        talloc_realloc(traffic, traffic->counters, struct counter, (unsigned)traffic->count + 1);
    traffic->counters[traffic->count] = (struct counter){ .connector_id = connector_id };
    return &traffic->counters[traffic->count++];
}

bool traffic_count(struct traffic *traffic, int64_t connector_id, unsigned alarm_per_hour, int64_t now_us)
{
    int64_t hour = now_us / (3600 * US_PER_S);
    bool is_alarm;

    pthread_mutex_lock(&traffic->lock);
    struct counter *counter = find(traffic, connector_id);
    if (counter->hour != hour)
        *counter = (struct counter){ .connector_id = connector_id, .hour = hour };
    if (counter->count < UINT32_MAX)
        counter->count++;
    is_alarm = alarm_per_hour > 0 && counter->count == alarm_per_hour + 1;
    pthread_mutex_unlock(&traffic->lock);
    return is_alarm;
}
