/* fuzz_rule.c -- conditions and disclaimers on any message; a pattern costs no more than its length times the text's. */
#include "filter/rule.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    const char *recipients[] = { "ada@example.org" };
    struct err err = ERR_INIT;
    bool matches;
    struct span in = span_of(data, size), head = in, changed;
    struct rule rule = { .attachment = "*.exe application/*", .unless_header = "X-None: *" };
    struct rule_message message = { .sender = "x@out.test", .recipients = recipients, .recipient_count = 1 };

    if (!span_take_until(&in, '\n', &head))
        head = span_text("*");
    message.message = in;
    rule.header = talloc_asprintf(arena, "Subject: %s", span_copy(arena, head));
    (void)!rule_matches(&rule, arena, &message, &matches, &err);
    (void)rule_pattern_matches(span_copy(arena, head), in);
    if (rule_add_disclaimer(arena, in, "words", &changed) && span_length(changed) < 5)
        abort();
    talloc_free(arena);
    return 0;
}
