#include "smtp/xtext.h"

#include <talloc.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool xtext_decode(const void *owner, struct span in, struct span *text_out)
{
    char *copy = talloc_size(owner, span_length(in) + 1), *to = copy;

    for (; in.p < in.end; in.p++) {
        int byte = (unsigned char)*in.p;

        if (byte < 33 || byte > 126 || byte == '=')
            return false;
        if (byte == '+') {
            int high = in.end - in.p > 2 ? hex_digit(in.p[1]) : -1;
            int low = in.end - in.p > 2 ? hex_digit(in.p[2]) : -1;

            if (high < 0 || low < 0)
                return false;
            byte = high * 16 + low;
            in.p += 2;
        }
        if (byte < ' ' || byte == 127)
            return false;
        *to++ = (char)byte;
    }
    *to = '\0';
    *text_out = (struct span){ copy, to };
    return true;
}
