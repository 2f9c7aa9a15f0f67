/* test_weight.c -- what a client would rather have, case by case. */
#include "http/weight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *what, *field, *word;
    enum http_naming naming;
    int weight;
} rows[] = {
    { "named", "gzip", "gzip", HTTP_EXACTLY, 1000 },
    { "among others", "deflate, gzip;q=0.5, br", "gzip", HTTP_EXACTLY, 500 },
    { "the last", "gzip,br", "br", HTTP_EXACTLY, 1000 },
    { "whatever its case", "GZIP;Q=0.25", "gzip", HTTP_EXACTLY, 250 },
    { "refused", "br;q=0, gzip", "br", HTTP_EXACTLY, 0 },
    { "refused with digits", "gzip; q=0.000", "gzip", HTTP_EXACTLY, 0 },
    { "a part of a longer word", "brotli", "br", HTTP_EXACTLY, -1 },
    { "the beginning of it only", "b", "br", HTTP_EXACTLY, -1 },
    { "nothing but commas", ", ,,", "gzip", HTTP_EXACTLY, -1 },
    { "empty", "", "gzip", HTTP_EXACTLY, -1 },
    { "absent", NULL, "gzip", HTTP_EXACTLY, -1 },
    { "a subtag", "fr-CH;q=0.125", "fr", HTTP_WITH_SUBTAG, 125 },
    { "a subtag of another", "fry", "fr", HTTP_WITH_SUBTAG, -1 },
    { "a subtag where none counts", "fr-CH", "fr", HTTP_EXACTLY, -1 },
    { "the highest of two", "fr-CH;q=0.3, fr;q=0.7", "fr", HTTP_WITH_SUBTAG, 700 },
    { "another parameter before it", "fr;level=1;q=0.4", "fr", HTTP_EXACTLY, 400 },
    { "beyond one", "fr;q=1.001", "fr", HTTP_EXACTLY, 0 },
    { "far beyond one", "fr;q=1e12", "fr", HTTP_EXACTLY, 0 },
    { "too many digits", "fr;q=0.1234", "fr", HTTP_EXACTLY, 0 },
    { "no number", "fr;q=nan", "fr", HTTP_EXACTLY, 0 },
    { "no value", "fr;q=", "fr", HTTP_EXACTLY, 0 },
    { "a point and nothing", "fr;q=1.", "fr", HTTP_EXACTLY, 1000 },
};

static void test_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_weight(rows[i].field, rows[i].word, rows[i].naming) != rows[i].weight)
            fail_msg("%s", rows[i].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_weights) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
