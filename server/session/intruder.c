/*
 * intruder.c -- who does not speak our protocol at all: a browser sent here by a page (ALPACA and
 * its predecessors), TLS on a plain port, a PROXY header from somebody we do not trust.
 */
#include "session/engine.h"

static const char *const http_verbs[] = { "GET ",     "POST ",    "HEAD ",  "PUT ",   "DELETE ",
                                          "OPTIONS ", "CONNECT ", "PATCH ", "TRACE ", "PRI " };

static bool is_http(struct span line)
{
    for (size_t i = 0; i < COUNT_OF(http_verbs); i++)
        if (span_starts_nocase(line, http_verbs[i]))
            return memmem(line.p, span_length(line), " HTTP/", 6) != NULL;
    return false;
}

bool session_is_binary_intruder(struct span first)
{
    static const char proxy_v2[12] = "\r\n\r\n\0\r\nQUIT\n";

    return span_length(first) >= sizeof(proxy_v2) && memcmp(first.p, proxy_v2, sizeof(proxy_v2)) == 0;
}

bool session_is_intruder(const struct session *session, struct span first, const char **text_out)
{
    *text_out = NULL;
    if (is_http(first)) {
        *text_out = session->protocol->not_http;
        return true;
    }
    if (span_starts_nocase(first, "PROXY TCP") || span_starts_nocase(first, "PROXY UNKNOWN"))
        return true;
    return !span_is_empty(first) && first.p[0] == 0x16; /* a TLS record of type handshake */
}
