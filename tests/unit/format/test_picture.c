/* test_picture.c -- what a picture is, by its first bytes. */
#include "format/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *what, *bytes;
    size_t length;
    const char *type; /* NULL: no picture */
    uint32_t width, height;
} cases[] = {
    { "PNG", BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0\x05\x08"), "image/png", 256, 5 },
    { "PNG, cut off in its size", BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0"), NULL, 0, 0 },
    { "PNG without its first chunk", BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT\0\0\x01\0\0\0\0\x05\x08"), NULL,
      0, 0 },
    { "PNG of billions of points",
      BYTES("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08"), "image/png", 4294967295,
      4294967295 },
    { "GIF", BYTES("GIF89a\x05\0\x07\x01"), "image/gif", 5, 263 },
    { "old GIF", BYTES("GIF87a\x05\0\x07\0"), "image/gif", 5, 7 },
    { "no GIF", BYTES("GIF88a\x05\0\x07\0"), NULL, 0, 0 },
    { "JPEG", BYTES("\xff\xd8\xff\xe0\0\x04xx\xff\xc0\0\x11\x08\x01\x02\x03\x04\x03"), "image/jpeg", 772,
      258 },
    { "JPEG, progressive, behind a table and a filler",
      BYTES("\xff\xd8\xff\xc4\0\x03x\xff\xff\xc2\0\x11\x08\0\x02\0\x04\x03"), "image/jpeg", 4, 2 },
    { "JPEG without a frame", BYTES("\xff\xd8\xff\xe0\0\x04xx\xff\xda\0\x02\0\0\0\0\0\0"), NULL, 0, 0 },
    { "JPEG whose segments have no length", BYTES("\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0\0\0"), NULL, 0, 0 },
    { "WebP", BYTES("RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0abc\x9d\x01\x2a\x1e\0\x28\0"), "image/webp", 30, 40 },
    { "WebP, extended", BYTES("RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0"), "image/webp", 16,
      32 },
    { "WebP, lossless", BYTES("RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x63\x40\x0c\0\0\0\0\0\0"), "image/webp",
      100, 50 },
    { "WebP of an unknown kind", BYTES("RIFF\x20\0\0\0WEBPABCD\x0a\0\0\0\x2f\x63\x40\x0c\0\0\0\0\0\0"), NULL,
      0, 0 },
    { "AVIF",
      BYTES("\0\0\0\x1c"
            "ftypavif\0\0\0\0"),
      "image/avif", 0, 0 },
    { "SVG can hold script", BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), NULL, 0, 0 },
    { "HTML", BYTES("<!doctype html><script>alert(1)</script>"), NULL, 0, 0 },
    { "PDF", BYTES("%PDF-1.7"), NULL, 0, 0 },
    { "nothing", BYTES(""), NULL, 0, 0 },
};

static void pictures_are_known_by_their_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct picture picture = { 0 };
        bool is_one = picture_read(span_of(cases[i].bytes, cases[i].length), &picture);

        if (is_one != (cases[i].type != NULL) ||
            (is_one && (strcmp(picture.type, cases[i].type) != 0 || picture.width != cases[i].width ||
                        picture.height != cases[i].height)))
            fail_msg("%s: %s %ux%u", cases[i].what, is_one ? picture.type : "none", picture.width,
                     picture.height);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(pictures_are_known_by_their_content) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
