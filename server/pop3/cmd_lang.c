/* cmd_lang.c -- LANG (RFC 6856, 3): the list of languages, or a choice. */
#include "pop3/command.h"

static enum session_next list_languages(struct pop3_session *s)
{
    pop3_ok(s, TEXT_LANGUAGES);
    for (int i = 0; i < POP3_LANGUAGES; i++)
        session_printf(s->net, "%s %s\r\n", pop3_language_tag((enum pop3_language)i),
                       pop3_language_name((enum pop3_language)i));
    session_write_text(s->net, ".\r\n");
    return SESSION_DONE;
}

enum session_next pop3_cmd_lang(struct pop3_session *s, struct span arguments)
{
    if (span_is_empty(arguments))
        return list_languages(s);
    if (!pop3_language_of(arguments, &s->language))
        return pop3_bad(s, TEXT_NO_LANGUAGE);
    session_printf(s->net, "+OK %s %s\r\n", pop3_language_tag(s->language),
                   pop3_text(s->language, TEXT_LANGUAGE_SET));
    return SESSION_DONE;
}
