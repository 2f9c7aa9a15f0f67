/* outcome.c -- verdicts and their words. */
#include "connector/outcome.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <talloc.h>

static const char *const verdicts[OUTBOUND_VERDICTS] = {
    [OUTBOUND_UNTRIED] = "untried",   [OUTBOUND_DELIVERED] = "delivered", [OUTBOUND_RELAYED] = "relayed",
    [OUTBOUND_DEFERRED] = "deferred", [OUTBOUND_FAILED] = "failed",
};

const char *outbound_verdict_name(enum outbound_verdict verdict)
{
    return verdicts[verdict];
}

void outcome_clean(struct span text, char *out, size_t size)
{
    size_t length = 0;

    while (text.p < text.end && length + 1 < size) {
        gunichar character = g_utf8_get_char_validated(text.p, (gssize)span_length(text));
        bool is_bad = character == (gunichar)-1 || character == (gunichar)-2;
        size_t bytes = is_bad ? 1 : (size_t)g_unichar_to_utf8(character, NULL);
        if (length + bytes >= size)
            break;
        if (is_bad || character == 0)
            out[length] = '?';
        else if (g_unichar_iscntrl(character) || character == 0x2028 || character == 0x2029)
            out[length] = ' ';
        else
            memcpy(out + length, text.p, bytes);
        /* A control character of two bytes leaves one space. */
        length += out[length] == ' ' ? 1 : bytes;
        text.p += bytes;
    }
    while (length > 0 && out[length - 1] == ' ')
        length--;
    out[length] = '\0';
}

bool outcome_set(struct outcome *outcome, enum outbound_verdict verdict, const char *enhanced,
                 const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *outcome = (struct outcome){ .verdict = verdict };
    (void)snprintf(outcome->enhanced, sizeof outcome->enhanced, "%c%s",
                   verdict == OUTBOUND_FAILED ? '5' : '4', enhanced + 1);
    outcome_clean(span_text(text), outcome->text, sizeof outcome->text);
    return false;
}

void outcome_give(const struct outcome *outcome, const void *owner, const char *host, const char *tls,
                  struct outbound_recipient *recipient)
{
    recipient->verdict = outcome->verdict;
    recipient->code = outcome->code;
    recipient->fault = outcome->fault;
    recipient->enhanced = talloc_strdup(owner, outcome->enhanced);
    recipient->text = talloc_strdup(owner, outcome->text);
    recipient->host = host ? talloc_strdup(owner, host) : NULL;
    recipient->tls = tls ? talloc_strdup(owner, tls) : NULL;
}
