/* test_disk.c -- the reserve: what is refused below it, what it is by default, paths that are not there. */
#include "base/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/statvfs.h>
#include <talloc.h>

static void refuses_below_the_reserve(void **state)
{
    static const struct {
        const char *what, *path;
        int64_t reserve;
        bool has_room;
    } rows[] = {
        { "one byte is always free", "/tmp", 1, true },
        { "no disk has so much free", "/tmp", INT64_C(1) << 60, false },
        { "a path that is not there", "/nowhere/at/all", INT64_C(1) << 60, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct disk_reserve *reserve = disk_reserve_new(NULL, rows[i].reserve);
        struct err err = ERR_INIT;

        disk_watch(reserve, rows[i].path);
        if (disk_has_room(reserve, &err) != rows[i].has_room)
            fail_msg("%s", rows[i].what);
        assert_int_equal(err.kind, rows[i].has_room ? ERR_NONE : ERR_NO_ROOM);
        assert_int_equal(disk_has_room(reserve, &err), rows[i].has_room); /* remembered */
        talloc_free(reserve);
    }
    assert_true(disk_has_room(NULL, &(struct err){ .kind = ERR_NONE }));
}

static void names_the_tightest(void **state)
{
    struct disk_reserve *reserve = disk_reserve_new(NULL, 0);
    struct disk_state disk;
    struct statvfs found;

    (void)state;
    disk_read(reserve, &disk);
    assert_null(disk.path);
    disk_watch(reserve, "/nowhere/at/all");
    disk_watch(reserve, "/");
    disk_read(reserve, &disk);
    assert_string_equal(disk.path, "/");
    assert_int_equal(statvfs("/", &found), 0);
    assert_true(disk.reserve_bytes <= INT64_C(1) << 30);
    assert_true(disk.reserve_bytes <= (int64_t)(found.f_blocks * found.f_frsize / 20));
    assert_true(disk.reserve_bytes > 0 && disk.is_low == (disk.free_bytes < disk.reserve_bytes));
    talloc_free(reserve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_below_the_reserve),
        cmocka_unit_test(names_the_tightest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
