/*
 * rule.h -- transport rules: conditions on a message, and what is done where all of them hold.
 *
 * A rule is one flat JSON object. Conditions: "sender", "recipient" (patterns, any of the envelope), "direction" ("in":
 * from outside, "out": from our own users and the hosts of the house), "anonymous" (true: nobody has logged in), "sender_in", "recipient_in" (the address of a group here: the envelope sender, or one of
 * the recipients, is a member of it, directly or not; a sender of ours counts only when it has logged in), "header" ("Name: pattern"), "larger" (bytes), "attachment" (patterns of names
 * or types); and exceptions: "unless_sender", "unless_sender_in", "unless_recipient", "unless_header". Actions: "refuse" (the words for the
 * sender), "prepend" (to the subject), "add_header" ("Name: value"), "remove_header" (a name), "disclaimer" (words under
 * text and HTML), "copy", "redirect", "journal" (an address each), "moderate" (who decides: the address of a person or group), "junk", "quarantine" (true). Patterns are separated by
 * spaces; * stands for anything, ? for one character; case does not matter; a pattern with a dot and no @ is a domain.
 *
 * All rules of an organisation are tried in their order; a refusal ends them.
 */
#ifndef FILTER_RULE_H
#define FILTER_RULE_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>
#include <stdint.h>

struct directory;

enum { RULE_TEXT_MAX = 4000, RULE_COPIES_MAX = 20 };

struct rule {
    int64_t organisation_id;
    const char *name;
    const char *sender, *recipient, *direction, *header, *attachment, *sender_in, *recipient_in;
    const char *unless_sender, *unless_recipient, *unless_header, *unless_sender_in;
    bool anonymous;
    int64_t larger;
    const char *refuse, *prepend, *add_header, *remove_header, *disclaimer, *copy, *redirect, *journal,
        *moderate;
    bool junk, quarantine;
};

struct rule_book {
    struct rule *rules;
    size_t count;
};

/* ERR_INVALID says what is wrong: an unknown field, a bad value, no action. */
MUST_CHECK bool rule_check(json_t *json, struct err *err);
/* All enabled rules of all organisations, in order, under `owner`. ERR_BUSY where the directory is down. */
MUST_CHECK bool rule_book_read(const void *owner, struct directory *directory, struct rule_book **book_out,
                               struct err *err);

struct rule_message {
    struct directory *directory; /* for groups */
    const char *sender;
    const char *const *recipients;
    size_t recipient_count;
    bool is_outgoing;
    bool is_sure; /* the sender has logged in */
    struct span message;
};
/* Do its conditions hold? `arena`: for what is built meanwhile. False only where that cannot be known now. */
MUST_CHECK bool rule_matches(const struct rule *rule, void *arena, const struct rule_message *message,
                             bool *matches_out, struct err *err);

/* Whether each condition of a rule holds by itself, and each exception does not apply: {"sender": true, "unless_header": false}, a new
 * reference. The rule is one that rule_check() takes. False only where that cannot be known now. */
MUST_CHECK bool rule_try(json_t *json, void *arena, const struct rule_message *message, json_t **held_out,
                         struct err *err);

/* Does `text` match one of the patterns? */
bool rule_pattern_matches(const char *patterns, struct span text);

/* The message with `words` under its text and HTML bodies, which become UTF-8 where they were not; signed and encrypted
 * messages, and those without such a body, stay as they are: false. Under `arena`. */
MUST_CHECK bool rule_add_disclaimer(void *arena, struct span message, const char *words,
                                    struct span *message_out);

#endif
