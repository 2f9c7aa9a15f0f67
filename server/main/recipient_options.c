/* recipient_options.c -- options of the commands about users, groups and contacts; what several share stands once. */
#include "main/recipient_options.h"

/* Of recipients of every kind. */
#define RULES                                                                                                    \
    {                                                                                                            \
        "--accepts", OPTION_TEXT,                                                                                \
        "WHO",       "accepts",                                                                                  \
        false,       "Who may write to it: anyone (default), authenticated, organisation, members or named."     \
    },                                                                                                           \
        { "--max-message", OPTION_SIZE, "SIZE", "max_message", false, "Refuses larger messages; 0: no limit." }, \
        { "--hidden", OPTION_YES_NO, "yes|no",                                                                   \
          "hidden",   false,         "Not in address lists; absent for who may not write." },                    \
        { "--allow", OPTION_LIST, "SENDERS", "allow", false, "Who always may: addresses, groups, @domains." },   \
    {                                                                                                            \
        "--deny", OPTION_LIST, "SENDERS", "deny", false, "Who never may; the same."                              \
    }

/* Of people, rooms and contacts: what address lists say of them; "" takes it away. */
#define PERSON                                                                                               \
    { "--given-name", OPTION_TEXT, "NAME", "given_name", false, "The given name." },                         \
        { "--surname", OPTION_TEXT, "NAME", "surname", false, "The family name." },                          \
        { "--initials", OPTION_TEXT, "TEXT", "initials", false, "Initials." },                               \
        { "--title", OPTION_TEXT, "TEXT", "title", false, "The job title." },                                \
        { "--department", OPTION_TEXT, "TEXT", "department", false, "The department." },                     \
        { "--company", OPTION_TEXT, "TEXT", "company", false, "The company." },                              \
        { "--office", OPTION_TEXT, "TEXT", "office", false, "The office or room." },                         \
        { "--street", OPTION_TEXT, "TEXT", "street", false, "Street and number." },                          \
        { "--city", OPTION_TEXT, "TEXT", "city", false, "The town." },                                       \
        { "--postal-code", OPTION_TEXT, "TEXT", "postal_code", false, "The postal code." },                  \
        { "--region", OPTION_TEXT, "TEXT", "region", false, "State or province." },                          \
        { "--country", OPTION_TEXT, "TEXT", "country", false, "The country." },                              \
        { "--phone", OPTION_TEXT, "NUMBER", "phone", false, "The telephone." },                              \
        { "--mobile", OPTION_TEXT, "NUMBER", "mobile", false, "The mobile telephone." },                     \
        { "--fax", OPTION_TEXT, "NUMBER", "fax", false, "The fax." },                                        \
        { "--notes", OPTION_TEXT, "TEXT", "notes", false, "Anything else that address lists should say." },  \
    {                                                                                                        \
        "--manager", OPTION_TEXT, "ADDRESS", "manager", false,                                               \
            "To whom one reports: a user or contact of the organisation."                                    \
    }

const struct option user_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "The display name." },
    { "--password-file", OPTION_SECRET, "FILE|-", "password", false,
      "Its first line is the password; -: standard input." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What the mailbox may hold; 0: no limit." },
    ADMIN_GROUP,
    { "--storage-group", OPTION_TEXT, "NAME", "storage_group", false,
      "Where the mailbox lives; default: the store with the fewest mailboxes." },
    { "--store", OPTION_TEXT, "NAME", "store", false, "The mailbox store." },
    { "--inbox-only", OPTION_FLAG, NULL, "inbox_only", false,
      "Without Drafts, Sent, Junk, Trash and Archive." },
    { "--kind", OPTION_TEXT, "KIND", "kind", false,
      "user (default); shared, room, equipment or public-folder: nobody logs in to it." },
    { "--default-rights", OPTION_TEXT, "RIGHTS", "default_rights", false,
      "Of a public folder, what everybody may: author (default), reviewer, contributor, editor, owner or none." },
    PERSON,
    END
};
const struct option user_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What the mailbox may hold; 0: no limit." },
    { "--state", OPTION_TEXT, "STATE", "state", false,
      "active, no-login (still receives) or disabled (neither)." },
    ADMIN_GROUP,
    { "--forward", OPTION_LIST, "ADDRESSES", "forward", false, "Its mail goes on to these; \"\": to none." },
    { "--keep-copy", OPTION_FLAG, NULL, "keep_copy", false, "And into its own mailbox." },
    PREFERENCES,
    RULES,
    { "--protocols", OPTION_LIST, "P,P,...", "protocols", false,
      "What may be used to log in: smtp, imap, pop3, web, dav, nntp, sieve, admin." },
    PERSON,
    END
};
/* Of groups. */
#define LIST                                                                                                  \
    { "--list", OPTION_YES_NO, "yes|no",                                                                      \
      "list",   false,         "A mailing list: its copies carry List- fields and return to its owners." },   \
        { "--posting", OPTION_TEXT, "WHO",                                                                    \
          "posting",   false,       "Who may post: anyone, inside, members, named (--allow) or moderated." }, \
        { "--join", OPTION_TEXT, "HOW", "join", false, "How one joins by mail: closed, open or approval." },  \
        { "--owner", OPTION_LIST, "ADDRESSES", "owners", false, "Who answers for it." },                      \
        { "--moderator", OPTION_LIST, "ADDRESSES",                                                            \
          "moderators",  false,       "Who decides about what is held; none: its owners." },                  \
        { "--hold-days", OPTION_NUMBER, "N", "hold_days", false, "For which they may (default 7)." },         \
        { "--archive", OPTION_TEXT, "URL",                                                                    \
          "archive",   false,       "Where its past mail can be read, for List-Archive; \"\": nowhere." },    \
    {                                                                                                         \
        "--query", OPTION_TEXT, "FILTER", "query", false,                                                     \
            "Members by a filter: '(&(kind=user)(domain=example.org))'; \"\": none."                          \
    }
const struct option group_add_options[] = { { "--name", OPTION_TEXT, "NAME", "name", true,
                                              "The display name." },
                                            { "--members", OPTION_LIST, "ADDRESSES", "members", false,
                                              "Users, contacts, groups, addresses elsewhere." },
                                            ADMIN_GROUP,
                                            LIST,
                                            RULES,
                                            END };
const struct option group_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: its mail is refused." },
    ADMIN_GROUP,
    LIST,
    RULES,
    END
};
const struct option contact_add_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "The display name." }, PERSON, ADMIN_GROUP, RULES, END
};
const struct option contact_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--target", OPTION_TEXT, "ADDRESS", "target", false, "Its own address, elsewhere." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: its mail is refused." },
    PERSON,
    ADMIN_GROUP,
    RULES,
    END
};
