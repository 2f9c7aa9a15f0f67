/* fuzz_date.c -- a date that was read can be written and read again, and says the same. */
#include "format/date.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct date date)
{
    char text[DATE_TEXT_MAX];
    struct date again;

    if (date_render(text, date) >= DATE_TEXT_MAX || !date_parse(span_text(text), &again) ||
        again.us != date.us || again.zone_minutes != date.zone_minutes)
        abort();
    if (date_render_imap(text, date) >= DATE_TEXT_MAX || !date_parse_imap(span_text(text), &again) ||
        again.us != date.us)
        abort();
    (void)date_day(date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    char text[DATE_TEXT_MAX];
    struct date date;
    int64_t us;

    /* at both ends of the calendar a zone can carry a date beyond it */
    if (date_parse(in, &date) && date.us > INT64_C(-62160000000000000) &&
        date.us < INT64_C(253402000000000000))
        check(date);
    if (date_parse_imap(in, &date) && date.us > INT64_C(-62160000000000000) &&
        date.us < INT64_C(253402000000000000))
        check(date);
    if (date_parse_utc(in, &us))
        date_render_utc(text, us);
    (void)!date_parse_imap_day(in, &us);
    if (size >= sizeof us) {
        memcpy(&us, data, sizeof us);
        date_render(text, (struct date){ us, (int)us });
        date_render_utc(text, us);
    }
    return 0;
}
