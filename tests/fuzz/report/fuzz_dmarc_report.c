/* fuzz_dmarc_report.c -- what is read as an aggregate report is bounded, printable, and can be written and read again. */
#include "report/dmarc_report.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (!text || strlen(text) > DMARC_REPORT_TEXT)
        abort();
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct dmarc_report report, again;
    struct buf out = BUF_INIT(arena);
    struct err err = ERR_INIT;

    if (dmarc_report_read(arena, span_of(data, size), &report, &err)) {
        check_text(report.domain);
        check_text(report.id);
        if (report.count == 0 || report.count > DMARC_REPORT_ROWS)
            abort();
        for (size_t i = 0; i < report.count; i++) {
            json_t *json = dmarc_report_row_json(&report.rows[i]);

            check_text(report.rows[i].source);
            check_text(report.rows[i].header_from);
            if (!json)
                abort();
            json_decref(json);
        }
        dmarc_report_write(&out, &report);
        if (!dmarc_report_read(arena, buf_span(&out), &again, &err) || again.count != report.count)
            abort();
    }
    talloc_free(arena);
    return 0;
}
