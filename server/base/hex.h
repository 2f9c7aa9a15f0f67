/*
 * hex.h -- the value of a hexadecimal digit. (hex_encode() of base/digest.h is the way back.)
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

/* 0 to 15, of digits in either case; -1 for any other character. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
