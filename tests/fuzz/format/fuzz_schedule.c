/* fuzz_schedule.c -- a schedule that was read is open when it says that it opens. */
#include "base/clock.h"
#include "format/schedule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schedule schedule;

    if (!schedule_parse(span_of(data, size), &schedule))
        return 0;
    for (int64_t hour = 0; hour < 48; hour++) {
        int64_t now = INT64_C(1900000000) * US_PER_S + hour * 3500 * US_PER_S;
        int64_t opens = schedule_opens_us(&schedule, now);
        if (schedule_is_open(&schedule, now) != (opens == now) || (opens && opens < now))
            abort();
    }
    return 0;
}
