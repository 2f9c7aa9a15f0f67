/*
 * weight.h -- what a client would rather have: the weights in Accept-Encoding, Accept-Language and their like (RFC 9110, 12.4.2).
 *
 * Threads  any.
 */
#ifndef HTTP_WEIGHT_H
#define HTTP_WEIGHT_H

enum http_naming {
    HTTP_EXACTLY,    /* "gzip" is named by "gzip" */
    HTTP_WITH_SUBTAG /* "fr" is named by "fr" and "fr-CH" (RFC 4647, 3.3.1) */
};

/* The highest weight, 0 to 1,000, of the elements that name `word` in "fr-CH, fr;q=0.9, en;q=0.8"; 0 where it is no number of that kind;
 * -1: none names it. NULL is an absent field. */
int http_weight(const char *field, const char *word, enum http_naming naming);

#endif
