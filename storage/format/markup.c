#include "format/markup.h"

#include "base/compiler.h"

void markup_add_byte(struct buf *out, char byte)
{
    static const struct {
        char byte;
        const char *reference;
    } special[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" }
    };

    for (size_t i = 0; i < COUNT_OF(special); i++) {
        if (special[i].byte == byte) {
            buf_add_text(out, special[i].reference);
            return;
        }
    }
    buf_add_byte(out, byte);
}

void markup_add_text(struct buf *out, const char *text)
{
    for (; *text; text++)
        markup_add_byte(out, *text);
}
