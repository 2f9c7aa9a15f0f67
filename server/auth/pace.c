/* pace.c -- the last times, in a ring. */
#include "auth/pace.h"

#include "base/digest.h"

void pace_open(struct pace *pace)
{
    *pace = (struct pace){ .count = 0 };
    pthread_mutex_init(&pace->lock, NULL);
}

void pace_close(struct pace *pace)
{
    pthread_mutex_destroy(&pace->lock);
}

void pace_note(struct pace *pace, int64_t took_us)
{
    const int64_t most_us = PACE_MAX_MS * INT64_C(1000);

    pthread_mutex_lock(&pace->lock);
    pace->took_us[pace->next] = (unsigned)(took_us < most_us ? took_us : most_us);
    pace->next = (pace->next + 1) % PACE_KEPT;
    pace->count += pace->count < PACE_KEPT;
    pthread_mutex_unlock(&pace->lock);
}

int64_t pace_rest_us(struct pace *pace, int64_t took_us)
{
    int64_t rest_us = 0;
    unsigned any;

    random_bytes(&any, sizeof any);
    pthread_mutex_lock(&pace->lock);
    if (pace->count > 0)
        rest_us = (int64_t)pace->took_us[any % pace->count] - took_us;
    pthread_mutex_unlock(&pace->lock);
    return rest_us > 0 ? rest_us : 0;
}
