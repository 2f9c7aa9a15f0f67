/* connector_options.c -- options of the commands about connectors; what adding and changing share stands once. */
#include "main/connector_options.h"

#define CONNECTOR                                                                                              \
    { "--cost", OPTION_NUMBER, "N", "cost", false, "1 to 100 (default 10); the cheapest way is taken." },      \
        { "--schedule", OPTION_TEXT, "HOURS",                                                                  \
          "schedule",   false,       "always, never, or hours: \"Mo-Fr 20:00-06:00, Sa+Su 00:00-24:00\"." },   \
        { "--max-message", OPTION_SIZE, "SIZE", "max_message", false, "Larger messages take another way." },   \
        { "--priorities", OPTION_LIST, "LIST", "priorities", false, "Which mail it takes: normal,low,high." }, \
        { "--tls", OPTION_TEXT, "LEVEL",                                                                       \
          "tls",   false,       "never, opportunistic (default), encrypt, verify or implicit." },              \
        { "--source", OPTION_TEXT, "ADDRESS[%IF]",                                                             \
          "source",   false,       "IP address, and interface, of connections." },                             \
        { "--connections", OPTION_NUMBER, "N", "connections", false, "At once to a destination." },            \
        { "--rate", OPTION_NUMBER, "N", "rate", false, "Messages a minute to a destination." },                \
        { "--recipients", OPTION_NUMBER, "N", "recipients", false, "Recipients of one transaction." },         \
        { "--alarm", OPTION_NUMBER, "N", "alarm", false, "More messages an hour are told of." },               \
        { "--from-servers", OPTION_LIST, "SERVERS",                                                            \
          "from_servers",   false,       "Its bridgehead servers; none: all of the group." },                  \
        { "--allow", OPTION_LIST, "SENDERS",                                                                   \
          "allow",   false,       "It takes mail of these only: addresses, @domains." },                       \
    {                                                                                                          \
        "--deny", OPTION_LIST, "SENDERS", "deny", false, "It takes no mail of these."                          \
    }
#define SMTP_CONNECTOR                                                                                        \
    {                                                                                                         \
        "--smarthost", OPTION_TEXT, "HOST[:PORT]",                                                            \
        "smarthost",   false,       "In brackets without its own MX; several with commas; without it by DNS." \
    },                                                                                                        \
        { "--auth-file", OPTION_SECRET,                                                                       \
          "FILE|-",      "auth",                                                                              \
          false,         "Its first line is LOGIN:PASSWORD for the smarthost; an empty one: none." },         \
    {                                                                                                         \
        "--org", OPTION_TEXT, "NAME", "organisation", false, "The organisation whose mail alone it takes."    \
    }

const struct option connector_add_options[] = { { "--space", OPTION_LIST, "DOMAINS", "spaces", true,
                                                  "DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
                                                SMTP_CONNECTOR,
                                                { "--routing-group", OPTION_TEXT, "NAME", "routing_group",
                                                  false, "Whose servers carry it out." },
                                                CONNECTOR,
                                                END };
const struct option connector_set_options[] = {
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: as if it were not there." },
    { "--space", OPTION_LIST, "DOMAINS", "spaces", false,
      "DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
    SMTP_CONNECTOR,
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", false, "Whose servers carry it out." },
    CONNECTOR,
    END
};
const struct option group_connector_add_options[] = {
    { "--from", OPTION_TEXT, "GROUP", "routing_group", true, "The routing group that it leads out of." },
    { "--to", OPTION_TEXT, "GROUP", "target_group", true, "The routing group that it leads to." },
    { "--to-servers", OPTION_LIST, "SERVERS", "to_servers", false,
      "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END
};
const struct option group_connector_set_options[] = {
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: as if it were not there." },
    { "--to-servers", OPTION_LIST, "SERVERS", "to_servers", false,
      "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END
};
