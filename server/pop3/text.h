/*
 * text.h -- the sentences of the protocol, in the languages of LANG (RFC 6856, 3).
 */
#ifndef POP3_TEXT_H
#define POP3_TEXT_H

#include "base/span.h"

enum pop3_language { POP3_ENGLISH, POP3_FRENCH, POP3_LANGUAGES };

enum pop3_text {
    TEXT_BYE,
    TEXT_BYE_NOT_REMOVED,
    TEXT_LOGGED_IN,
    TEXT_SEND_PASSWORD,
    TEXT_BEGIN_TLS,
    TEXT_NO_TLS,
    TEXT_IS_TLS,
    TEXT_CAPABILITIES,
    TEXT_MECHANISMS,
    TEXT_NEEDS_TLS,
    TEXT_NEEDS_USER,
    TEXT_NO_MECHANISM,
    TEXT_CANCELLED,
    TEXT_BAD_BASE64,
    TEXT_WRONG_LOGIN,
    TEXT_NOT_ALLOWED,
    TEXT_EXPIRED,
    TEXT_SUSPENDED,
    TEXT_TOO_MANY_FAILURES,
    TEXT_LOGIN_ENDED,
    TEXT_IN_USE,
    TEXT_UNAVAILABLE,
    TEXT_UNKNOWN,
    TEXT_WRONG_STATE,
    TEXT_BAD_ARGUMENT,
    TEXT_BAD_BYTES,
    TEXT_NO_MESSAGE,
    TEXT_IS_DELETED,
    TEXT_DELETED,
    TEXT_RESET,
    TEXT_NOTHING_DONE,
    TEXT_MESSAGE,
    TEXT_LISTING,
    TEXT_UTF8,
    TEXT_NEEDS_UTF8,
    TEXT_LANGUAGES,
    TEXT_LANGUAGE_SET,
    TEXT_NO_LANGUAGE,
    TEXT_TOO_LONG,
    TEXT_TOO_MANY_ERRORS,
    TEXT_DAMAGED,
    POP3_TEXTS
};

/* UTF-8, static. */
const char *pop3_text(enum pop3_language language, enum pop3_text text);
/* "en", "fr" and their names in their own language. */
const char *pop3_language_tag(enum pop3_language language);
/* The name that people give it: "English". Static, UTF-8. */
const char *pop3_language_name(enum pop3_language language);
/* A language range of RFC 4647 ("fr-CA", "i-default", "*"); false for a language we do not speak. */
MUST_CHECK bool pop3_language_of(struct span range, enum pop3_language *language_out);

#endif
