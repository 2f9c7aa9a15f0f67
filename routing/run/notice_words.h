/* notice_words.h -- inside this room: what a notice says to a person, in French and English. */
#ifndef RUN_NOTICE_WORDS_H
#define RUN_NOTICE_WORDS_H

#include "run/state.h"

enum notice_language { NOTICE_ENGLISH, NOTICE_FRENCH, NOTICE_LANGUAGES };

struct notice_words {
    const char *subject; /* before ": <the subject>" */
    const char *opening; /* one or two sentences above the list of recipients */
    const char *closing; /* below it; NULL: nothing */
};

/* Never NULL; static, UTF-8. */
const struct notice_words *notice_words(enum run_notice kind, enum notice_language language);
/* What a status means for the sender: "5.1.1" -> a sentence. Never NULL. */
const char *notice_meaning(const char *enhanced, enum run_state state, enum notice_language language);

#endif
