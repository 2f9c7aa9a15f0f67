/* picture.c -- the heads of five formats. */
#include "format/picture.h"

#include "base/compiler.h"

/* Of bytes [at, at + width), which must be there. */
static uint32_t big(struct span bytes, size_t at, unsigned width)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < width; i++)
        value = value << 8 | (uint8_t)bytes.p[at + i];
    return value;
}

static uint32_t little(struct span bytes, size_t at, unsigned width)
{
    uint32_t value = 0;

    for (unsigned i = width; i-- > 0;)
        value = value << 8 | (uint8_t)bytes.p[at + i];
    return value;
}

static bool has(struct span bytes, size_t at, const char *text)
{
    size_t length = strlen(text);

    return span_length(bytes) >= at + length && memcmp(bytes.p + at, text, length) == 0;
}

/* ISO 15948, 11.2.2: IHDR is first. */
static bool read_png(struct span bytes, struct picture *picture)
{
    if (!has(bytes, 0, "\x89PNG\r\n\x1a\n") || !has(bytes, 12, "IHDR") || span_length(bytes) < 24)
        return false;
    picture->width = big(bytes, 16, 4);
    picture->height = big(bytes, 20, 4);
    return true;
}

static bool read_gif(struct span bytes, struct picture *picture)
{
    if ((!has(bytes, 0, "GIF87a") && !has(bytes, 0, "GIF89a")) || span_length(bytes) < 10)
        return false;
    picture->width = little(bytes, 6, 2);
    picture->height = little(bytes, 8, 2);
    return true;
}

/* A start of frame (SOF0 to SOF15) that is no table (DHT, JPG, DAC) of that range. */
static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* ITU T.81, B.1.1.4: segments with their lengths, up to the frame's. */
static bool read_jpeg(struct span bytes, struct picture *picture)
{
    size_t length = span_length(bytes), at = 2;

    if (!has(bytes, 0, "\xff\xd8\xff"))
        return false;
    while (at + 9 <= length && (uint8_t)bytes.p[at] == 0xff) {
        uint8_t marker = (uint8_t)bytes.p[at + 1];

        if (is_frame(marker)) {
            picture->height = big(bytes, at + 5, 2);
            picture->width = big(bytes, at + 7, 2);
            return true;
        }
        at += marker == 0xff ? 1 : 2 + (size_t)big(bytes, at + 2, 2);
    }
    return false;
}

/* RFC 9649: the first chunk is the picture (VP8, VP8L) or says how large it is (VP8X). */
static bool read_webp(struct span bytes, struct picture *picture)
{
    if (!has(bytes, 0, "RIFF") || !has(bytes, 8, "WEBP") || span_length(bytes) < 30)
        return false;
    if (has(bytes, 12, "VP8X")) {
        picture->width = little(bytes, 24, 3) + 1;
        picture->height = little(bytes, 27, 3) + 1;
    } else if (has(bytes, 12, "VP8L")) {
        uint32_t packed = little(bytes, 21, 4);
        picture->width = (packed & 0x3fff) + 1;
        picture->height = (packed >> 14 & 0x3fff) + 1;
    } else if (has(bytes, 12, "VP8 ")) {
        picture->width = little(bytes, 26, 2) & 0x3fff;
        picture->height = little(bytes, 28, 2) & 0x3fff;
    } else {
        return false;
    }
    return true;
}

static bool read_avif(struct span bytes, struct picture *picture)
{
    (void)picture;
    return has(bytes, 4, "ftypavif") || has(bytes, 4, "ftypavis");
}

static const struct {
    const char *type;
    bool (*read)(struct span bytes, struct picture *picture);
} formats[] = {
    { "image/png", read_png },   { "image/gif", read_gif },   { "image/jpeg", read_jpeg },
    { "image/webp", read_webp }, { "image/avif", read_avif },
};

bool picture_read(struct span bytes, struct picture *picture_out)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        *picture_out = (struct picture){ .type = formats[i].type };
        if (formats[i].read(bytes, picture_out))
            return true;
    }
    return false;
}
