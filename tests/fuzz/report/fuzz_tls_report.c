/* fuzz_tls_report.c -- what is read as a report about TLS has bounded texts and sums. */
#include "report/rua.h"
#include "report/tls_report.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct tls_report report;
    struct rua_list list;
    struct err err = ERR_INIT;

    if (tls_report_read(arena, span_of(data, size), &report, &err)) {
        if (strlen(report.domain) > TLS_REPORT_TEXT || strlen(report.id) > TLS_REPORT_TEXT ||
            json_array_size(report.policies) > TLS_REPORT_LIST)
            abort();
        json_decref(report.policies);
    }
    rua_parse(arena, span_of(data, size), size % 2 == 0, &list);
    if (list.count > RUA_MAX)
        abort();
    talloc_free(arena);
    return 0;
}
