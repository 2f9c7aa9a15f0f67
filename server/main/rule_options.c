/* rule_options.c -- options of the commands about transport rules; what adding and changing share stands once. */
#include "main/rule_options.h"

/* Conditions and actions of a transport rule; flags come with the command. */
#define RULE_PARTS                                                                                               \
    { "--sender", OPTION_TEXT, "PATTERNS",                                                                       \
      "sender",   false,       "Of the envelope sender: '*@example.org example.net'." },                         \
        { "--recipient", OPTION_TEXT, "PATTERNS", "recipient", false, "Of recipients; one of them is enough." }, \
        { "--direction", OPTION_TEXT, "in|out",                                                                  \
          "direction",   false,       "From outside, or from the organisation's users." },                       \
        { "--header", OPTION_TEXT, "'NAME: PATTERN'", "header", false, "A field of the message." },              \
        { "--larger", OPTION_SIZE, "SIZE", "larger", false, "Than this." },                                      \
        { "--attachment", OPTION_TEXT, "PATTERNS",                                                               \
          "attachment",   false,       "Of names or types: '*.exe application/zip'." },                          \
        { "--sender-in", OPTION_TEXT, "GROUP", "sender_in", false, "Where the sender is a member of a group." }, \
        { "--recipient-in", OPTION_TEXT, "GROUP", "recipient_in", false, "Where one of the recipients is." },    \
        { "--unless-sender-in", OPTION_TEXT, "GROUP",                                                            \
          "unless_sender_in",   false,       "Not where the sender is a member." },                              \
        { "--unless-sender", OPTION_TEXT, "PATTERNS", "unless_sender", false, "Not where the sender matches." }, \
        { "--unless-recipient", OPTION_TEXT, "PATTERNS",                                                         \
          "unless_recipient",   false,       "Not where a recipient matches." },                                 \
        { "--unless-header", OPTION_TEXT, "'NAME: PATTERN'",                                                     \
          "unless_header",   false,       "Not where a field matches." },                                        \
        { "--refuse", OPTION_TEXT, "TEXT", "refuse", false, "Refuses with these words." },                       \
        { "--prepend", OPTION_TEXT, "TEXT", "prepend", false, "Puts it before the subject." },                   \
        { "--add-header", OPTION_TEXT, "'NAME: VALUE'", "add_header", false, "Adds a field." },                  \
        { "--remove-header", OPTION_TEXT, "NAME", "remove_header", false, "Takes fields of this name out." },    \
        { "--disclaimer", OPTION_TEXT, "TEXT",                                                                   \
          "disclaimer",   false,       "Puts words under the text, plain and HTML." },                           \
        { "--copy", OPTION_TEXT, "ADDRESS", "copy", false, "Sends a copy." },                                    \
        { "--redirect", OPTION_TEXT, "ADDRESS", "redirect", false, "Sends it there instead." },                  \
        { "--journal", OPTION_TEXT, "ADDRESS", "journal", false, "Sends a journal report with the envelope." },  \
    {                                                                                                            \
        "--moderate", OPTION_TEXT, "ADDRESS", "moderate", false, "Holds it until this one agrees."               \
    }
const struct option rule_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation that wants it." },
    { "--position", OPTION_NUMBER, "N", "position", false,
      "Smaller ones are tried first; without it, the last." },
    { "--anonymous", OPTION_FLAG, NULL, "anonymous", false, "Where nobody has logged in." },
    { "--junk", OPTION_FLAG, NULL, "junk", false, "Files it in Junk." },
    { "--quarantine", OPTION_FLAG, NULL, "quarantine", false, "Sets it aside." },
    RULE_PARTS,
    END
};

const struct option rule_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--position", OPTION_NUMBER, "N", "position", false, "Smaller ones are tried first." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: it rests." },
    { "--anonymous", OPTION_YES_NO, "yes|no", "anonymous", false, "Where nobody has logged in." },
    { "--junk", OPTION_YES_NO, "yes|no", "junk", false, "Files it in Junk." },
    { "--quarantine", OPTION_YES_NO, "yes|no", "quarantine", false, "Sets it aside." },
    RULE_PARTS,
    END
};

const struct option rule_trial_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation." },
    { "--from", OPTION_TEXT, "ADDRESS", "from", false, "The envelope sender." },
    { "--to", OPTION_LIST, "ADDRESSES", "to", false, "Recipients." },
    { "--logged-in", OPTION_YES_NO, "yes|no", "logged_in", false, "Whether the sender has logged in." },
    { "--message-file", OPTION_FILE, "FILE|-", "message", false, "The message, with its header." },
    END
};

const struct option rule_order_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--names", OPTION_LIST, "NAME,NAME,...", "names", true, "All rules, the first one first." },
    END
};
