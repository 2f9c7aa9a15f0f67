/* test_reference.c -- back references (RFC 8620, 3.7) and patches (5.3), case by case. */
#include "jmap/get.h"
#include "jmap/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static const char RESPONSES[] =
    "[[\"A\", {\"ids\": [\"x\", \"y\"], \"deep\": [{\"l\": [1, 2]}, {\"l\": [3]}], \"a/b\": 7, \"n\": null}, \"1\"],"
    " [\"B\", {\"v\": \"second\"}, \"1\"]]";

static const struct {
    const char *what, *path, *gives; /* NULL: it leads nowhere */
} paths[] = {
    { "a list", "/ids", "[\"x\",\"y\"]" },
    { "an element", "/ids/1", "\"y\"" },
    { "a star takes lists apart", "/deep/*/l", "[1,2,3]" },
    { "a star over nothing", "/n/*", NULL },
    { "an escaped slash", "/a~1b", "7" },
    { "null is a value", "/n", "null" },
    { "beyond the end", "/ids/2", NULL },
    { "no number", "/ids/01", NULL },
    { "an unknown member", "/nothing", NULL },
    { "no path", "ids", NULL },
    { "more than may be given", "/deep/*/l/*", NULL },
};

static void test_paths(void **state)
{
    json_t *responses = json_loads(RESPONSES, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        json_t *in =
            json_pack("{s:{s:s, s:s, s:s}}", "#x", "resultOf", "1", "name", "A", "path", paths[i].path);
        struct err err = ERR_INIT;
        json_t *out = jmap_resolve(in, responses, 5, &err);
        char *text = out ? json_dumps(json_object_get(out, "x"), JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        if (!paths[i].gives != !text || (text && strcmp(text, paths[i].gives) != 0))
            fail_msg("%s: %s", paths[i].what, text ? text : "nothing");
        free(text);
        json_decref(out);
        json_decref(in);
    }
    json_decref(responses);
}

static const struct {
    const char *what, *base, *patch, *result; /* NULL: the patch is wrong */
} patches[] = {
    { "sets a member", "{\"a\":1}", "{\"a\":2}", "{\"a\":2}" },
    { "removes inside", "{\"k\":{\"x\":true,\"y\":true}}", "{\"k/x\":null}", "{\"k\":{\"y\":true}}" },
    { "adds inside", "{\"k\":{}}", "{\"k/x\":true}", "{\"k\":{\"x\":true}}" },
    { "a way that is not there", "{}", "{\"k/x\":true}", NULL },
    { "through what is no object", "{\"k\":1}", "{\"k/x\":true}", NULL },
    { "one path in another", "{\"k\":{}}", "{\"k\":{},\"k/x\":true}", NULL },
};

static void test_patches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        json_t *base = json_loads(patches[i].base, 0, NULL), *patch = json_loads(patches[i].patch, 0, NULL);
        json_t *result = jmap_patch(base, patch);
        char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;
        if (!patches[i].result != !text || (text && strcmp(text, patches[i].result) != 0))
            fail_msg("%s: %s", patches[i].what, text ? text : "nothing");
        free(text);
        json_decref(result);
        json_decref(base);
        json_decref(patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_paths), cmocka_unit_test(test_patches) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
