/*
 * flag_list.c -- see flag_list.h.
 */
#include "imap/flag_list.h"

#include <talloc.h>

static bool take_flag(struct imap_in *in, struct flag_list *flags, struct span *keywords,
                      const char **wrong_out)
{
    struct span flag;
    uint64_t system;

    *wrong_out = "A flag is missing or wrong.";
    if (!imap_take_flag(in, &flag))
        return false;
    if (*flag.p == '\\') {
        system = flag_of_name(flag);
        *wrong_out = "This flag cannot be set by clients.";
        flags->system |= system;
        return system != 0;
    }
    if (!keyword_is_valid(flag)) {
        *wrong_out = "This keyword cannot be used.";
        return false;
    }
    *wrong_out = "There are too many keywords.";
    if (flags->keyword_count == FLAG_LIST_MAX)
        return false;
    keywords[flags->keyword_count++] = flag;
    return true;
}

enum list_form { BARE, IN_PARENTHESES };

static bool take_flags(struct imap_in *in, enum list_form form, struct flag_list *flags_out,
                       const char **wrong_out)
{
    struct span *keywords = talloc_array(in->arena, struct span, FLAG_LIST_MAX);
    struct flag_list flags = { .keywords = keywords };

    if (form == BARE || !imap_peek(in, ')'))
        do {
            if (!take_flag(in, &flags, keywords, wrong_out))
                return false;
        } while (imap_take_space(in));
    *flags_out = flags;
    *wrong_out = "The list of flags is not closed.";
    return form == BARE || imap_take_byte(in, ')');
}

bool imap_take_flag_list(struct imap_in *in, struct flag_list *flags_out, const char **wrong_out)
{
    *wrong_out = "A list of flags is missing.";
    return imap_take_byte(in, '(') && take_flags(in, IN_PARENTHESES, flags_out, wrong_out);
}

bool imap_take_store_flags(struct imap_in *in, struct flag_list *flags_out, const char **wrong_out)
{
    enum list_form form = imap_take_byte(in, '(') ? IN_PARENTHESES : BARE;

    if (!take_flags(in, form, flags_out, wrong_out))
        return false;
    *wrong_out = "There is something left after the flags.";
    return imap_at_end(in);
}
