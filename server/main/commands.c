/* commands.c -- every command, in the order in which `chappe help` and chappe(1) show them. */
#include "main/command.h"

#define END                                                                                                  \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

/* Of recipients of every kind. */
#define RULES                                                                                                    \
    {                                                                                                            \
        "--accepts", OPTION_TEXT,                                                                                \
        "WHO",       "accepts",                                                                                  \
        false,       "Who may write to it: anyone (default), authenticated, organisation or named."              \
    },                                                                                                           \
        { "--max-message", OPTION_SIZE, "SIZE", "max_message", false, "Refuses larger messages; 0: no limit." }, \
        { "--hidden", OPTION_YES_NO, "yes|no",                                                                   \
          "hidden",   false,         "Not in address lists; absent for who may not write." },                    \
        { "--allow", OPTION_LIST, "SENDERS", "allow", false, "Who always may: addresses, groups, @domains." },   \
    {                                                                                                            \
        "--deny", OPTION_LIST, "SENDERS", "deny", false, "Who never may; the same."                              \
    }

static const struct option init_options[] = {
    { "--port-offset", OPTION_NUMBER, "N", NULL, false, "Added to every port (default 0)." },
    { "--hostname", OPTION_TEXT, "NAME", NULL, false, "The server's own name." },
    { "--directory", OPTION_TEXT, "URL", NULL, false, "An external PostgreSQL instead of the private one." },
    { "--plaintext-login", OPTION_TEXT, "WHERE", NULL, false, "never, loopback or always." },
    { "--user", OPTION_TEXT, "NAME", NULL, false, "The user that the server runs as when root starts it." },
    END
};
static const struct option start_options[] = {
    { "--detach", OPTION_FLAG, NULL, NULL, false, "Return when all roles answer; log to log/chappe.log." },
    { "--roles", OPTION_TEXT, "LIST", NULL, false, "Only these, separated by commas." },
    END
};
static const struct option org_options[] = { { "--quota", OPTION_SIZE, "SIZE", "quota", false,
                                               "What all its mailboxes may hold together; 0: no limit." },
                                             END };
static const struct option org_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false,
      "What all its mailboxes may hold together; 0: no limit." },
    { "--accepts", OPTION_TEXT, "WHO", "accepts", false,
      "Who may write to its recipients: anyone, authenticated or organisation." },
    { "--max-message", OPTION_SIZE, "SIZE", "max_message", false, "Refuses larger messages; 0: no limit." },
    END
};
static const struct option in_org_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation that owns it." }, END
};
static const struct option of_org_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation that owns it." }, END
};
static const struct option filter_org_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." }, END
};
static const struct option admin_group_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation that owns it." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    END
};
static const struct option domain_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation that owns it." },
    { "--kind", OPTION_TEXT, "KIND", "kind", false,
      "authoritative (default), internal-relay, backup-mx or alias." },
    { "--target", OPTION_TEXT, "DOMAIN", "target", false, "The domain that an alias domain stands for." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What its mailboxes may hold together; 0: no limit." },
    END
};
static const struct option domain_set_options[] = {
    { "--kind", OPTION_TEXT, "KIND", "kind", false, "authoritative, internal-relay or backup-mx." },
    { "--catch-all", OPTION_TEXT, "ADDRESS", "catch_all", false,
      "The recipient that gets what no address takes; \"\": nobody." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What its mailboxes may hold together; 0: no limit." },
    END
};
static const struct option user_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "The display name." },
    { "--password-file", OPTION_SECRET, "FILE|-", "password", false,
      "Its first line is the password; -: standard input." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What the mailbox may hold; 0: no limit." },
    { "--admin-group", OPTION_TEXT, "NAME", "admin_group", false, "The administrative group that holds it." },
    { "--storage-group", OPTION_TEXT, "NAME", "storage_group", false,
      "Where the mailbox lives; default: the store with the fewest mailboxes." },
    { "--store", OPTION_TEXT, "NAME", "store", false, "The mailbox store." },
    { "--inbox-only", OPTION_FLAG, NULL, "inbox_only", false,
      "Without Drafts, Sent, Junk, Trash and Archive." },
    { "--kind", OPTION_TEXT, "KIND", "kind", false,
      "user (default); shared, room or equipment: nobody logs in to it." },
    END
};
static const struct option user_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What the mailbox may hold; 0: no limit." },
    { "--state", OPTION_TEXT, "STATE", "state", false,
      "active, no-login (still receives) or disabled (neither)." },
    { "--forward", OPTION_LIST, "ADDRESSES", "forward", false, "Its mail goes on to these; \"\": to none." },
    { "--keep-copy", OPTION_FLAG, NULL, "keep_copy", false, "And into its own mailbox." },
    RULES,
    END
};
static const struct option group_add_options[] = { { "--name", OPTION_TEXT, "NAME", "name", true,
                                                     "The display name." },
                                                   { "--members", OPTION_LIST, "ADDRESSES", "members", false,
                                                     "Users, contacts, groups, addresses elsewhere." },
                                                   RULES,
                                                   END };
static const struct option group_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: its mail is refused." },
    RULES,
    END
};
static const struct option contact_add_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "The display name." }, RULES, END
};
static const struct option contact_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name." },
    { "--target", OPTION_TEXT, "ADDRESS", "target", false, "Its own address, elsewhere." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: its mail is refused." },
    RULES,
    END
};
static const struct option user_list_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." },
    { "--domain", OPTION_TEXT, "DOMAIN", "?domain", false, "Only of this domain." },
    END
};
static const struct option password_options[] = {
    { "--password-file", OPTION_SECRET, "FILE|-", "password", false,
      "Its first line is the password; otherwise it is asked for." },
    END
};
static const struct option alias_set_options[] = {
    { "--to", OPTION_TEXT, "ADDRESS", "target", true, "The recipient that it leads to." }, END
};
static const struct option app_password_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "What it is for: the device or program." }, END
};
static const struct option group_options[] = {
    { "--database", OPTION_TEXT, "URL", "database", false,
      "postgresql://user@host/name; default: a new database beside the directory." },
    END
};
static const struct option store_options[] = {
    { "--group", OPTION_TEXT, "NAME", "storage_group", true, "The storage group that it lives in." }, END
};
static const struct option import_options[] = {
    { "--folder", OPTION_TEXT, "FOLDER", NULL, false,
      "Into this folder instead of the one that the source names." },
    { "--quiet", OPTION_FLAG, NULL, NULL, false, "No progress bar." },
    END
};
static const struct option export_options[] = {
    { "--format", OPTION_TEXT, "FORMAT", NULL, false, "maildir (default) or mbox." },
    { "--quiet", OPTION_FLAG, NULL, NULL, false, "No progress bar." },
    END
};
static const struct option verify_options[] = {
    { "--repair", OPTION_FLAG, NULL, NULL, false, "Corrects what can be recomputed." },
    { "--user", OPTION_TEXT, "ADDRESS", NULL, false, "Only this mailbox." },
    END
};

static const struct option access_options[] = { { "--org", OPTION_TEXT, "NAME", "organisation", false,
                                                  "Only for mail to this organisation; without it for all." },
                                                { "--note", OPTION_TEXT, "TEXT", "note", false, "Why." },
                                                { "--hours", OPTION_NUMBER, "N", "hours", false,
                                                  "How long it holds; without it for ever." },
                                                END };
static const struct option access_of_options[] = { { "--org", OPTION_TEXT, "NAME", "?organisation", false,
                                                     "The organisation's list instead of the common one." },
                                                   END };
static const struct option filter_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", false, "Only for this organisation." },
    { "--domain", OPTION_TEXT, "DOMAIN", "domain", false, "Only for this domain of it." },
    END
};
static const struct option filter_show_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "As they hold for this organisation." },
    { "--domain", OPTION_TEXT, "DOMAIN", "?domain", false, "And for this domain of it." },
    END
};
static const struct option dkim_options[] = {
    { "--selector", OPTION_TEXT, "NAME", "selector", false,
      "Its name in the DNS (default: made from the month)." },
    { "--algorithm", OPTION_TEXT, "NAME", "algorithm", false, "rsa (default) or ed25519." },
    { "--bits", OPTION_NUMBER, "N", "bits", false, "Of an RSA key: 2048 (default) to 4096." },
    { "--inactive", OPTION_FLAG, NULL, "inactive", false, "It signs only once it is activated." },
    END
};
static const struct option dkim_activate_options[] = {
    { "--hours", OPTION_NUMBER, "N", "hours", false, "From so many hours on; without it at once." }, END
};

static const struct option rule_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation that wants it." },
    { "--position", OPTION_NUMBER, "N", "position", false,
      "Smaller ones are tried first; without it, the last." },
    { "--sender", OPTION_TEXT, "PATTERNS", "sender", false,
      "Of the envelope sender: '*@example.org example.net'." },
    { "--recipient", OPTION_TEXT, "PATTERNS", "recipient", false, "Of recipients; one of them is enough." },
    { "--direction", OPTION_TEXT, "in|out", "direction", false,
      "From outside, or from the organisation's users." },
    { "--header", OPTION_TEXT, "'NAME: PATTERN'", "header", false, "A field of the message." },
    { "--larger", OPTION_SIZE, "SIZE", "larger", false, "Than this." },
    { "--attachment", OPTION_TEXT, "PATTERNS", "attachment", false,
      "Of names or types: '*.exe application/zip'." },
    { "--unless-sender", OPTION_TEXT, "PATTERNS", "unless_sender", false, "Not where the sender matches." },
    { "--unless-recipient", OPTION_TEXT, "PATTERNS", "unless_recipient", false,
      "Not where a recipient matches." },
    { "--unless-header", OPTION_TEXT, "'NAME: PATTERN'", "unless_header", false,
      "Not where a field matches." },
    { "--refuse", OPTION_TEXT, "TEXT", "refuse", false, "Refuses with these words." },
    { "--prepend", OPTION_TEXT, "TEXT", "prepend", false, "Puts it before the subject." },
    { "--add-header", OPTION_TEXT, "'NAME: VALUE'", "add_header", false, "Adds a field." },
    { "--remove-header", OPTION_TEXT, "NAME", "remove_header", false, "Takes fields of this name out." },
    { "--disclaimer", OPTION_TEXT, "TEXT", "disclaimer", false,
      "Puts words under the text, plain and HTML." },
    { "--copy", OPTION_TEXT, "ADDRESS", "copy", false, "Sends a copy." },
    { "--redirect", OPTION_TEXT, "ADDRESS", "redirect", false, "Sends it there instead." },
    { "--journal", OPTION_TEXT, "ADDRESS", "journal", false, "Sends a journal report with the envelope." },
    { "--junk", OPTION_FLAG, NULL, "junk", false, "Files it in Junk." },
    { "--quarantine", OPTION_FLAG, NULL, "quarantine", false, "Sets it aside." },
    END
};
#define CONNECTOR                                                                                              \
    { "--cost", OPTION_NUMBER, "N", "cost", false, "1 to 100 (default 10); the cheapest way is taken." },      \
        { "--schedule", OPTION_TEXT, "HOURS",                                                                  \
          "schedule",   false,       "always, never, or hours: \"Mo-Fr 20:00-06:00, Sa+Su 00:00-24:00\"." },   \
        { "--max-message", OPTION_SIZE, "SIZE", "max_message", false, "Larger messages take another way." },   \
        { "--priorities", OPTION_LIST, "LIST", "priorities", false, "Which mail it takes: normal,low,high." }, \
        { "--tls", OPTION_TEXT, "LEVEL",                                                                       \
          "tls",   false,       "never, opportunistic (default), encrypt, verify or implicit." },              \
        { "--source", OPTION_TEXT, "ADDRESS", "source", false, "The IP address that connections come from." }, \
        { "--connections", OPTION_NUMBER, "N", "connections", false, "At once to a destination." },            \
        { "--rate", OPTION_NUMBER, "N", "rate", false, "Messages a minute to a destination." },                \
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

static const struct option connector_add_options[] = {
    { "--space", OPTION_LIST, "DOMAINS", "spaces", true,
      "DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
    SMTP_CONNECTOR,
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", false, "Whose servers carry it out." },
    CONNECTOR,
    END
};
static const struct option connector_set_options[] = {
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: as if it were not there." },
    { "--space", OPTION_LIST, "DOMAINS", "spaces", false,
      "DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
    SMTP_CONNECTOR,
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", false, "Whose servers carry it out." },
    CONNECTOR,
    END
};
static const struct option group_connector_add_options[] = {
    { "--from", OPTION_TEXT, "GROUP", "routing_group", true, "The routing group that it leads out of." },
    { "--to", OPTION_TEXT, "GROUP", "target_group", true, "The routing group that it leads to." },
    { "--to-servers", OPTION_LIST, "SERVERS", "to_servers", false,
      "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END
};
static const struct option group_connector_set_options[] = {
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: as if it were not there." },
    { "--to-servers", OPTION_LIST, "SERVERS", "to_servers", false,
      "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END
};
static const struct option rename_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "Another name." }, END
};
static const struct option server_options[] = { { "--routing-group", OPTION_TEXT, "NAME", "routing_group",
                                                  false, "The routing group that it belongs to." },
                                                { "--address", OPTION_TEXT, "HOST[:PORT]", "address", false,
                                                  "Where other servers hand mail to it; \"\": its name." },
                                                END };
static const struct option storage_group_set_options[] = {
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", true,
      "The routing group whose servers file into it." },
    END
};
static const struct option route_options[] = {
    { "--from", OPTION_TEXT, "SENDER", "?sender", false, "Of mail from this address." },
    { "--size", OPTION_NUMBER, "BYTES", "?size", false, "Of a message of this size." },
    END
};
static const struct option backup_mx_options[] = {
    { "--type", OPTION_TEXT, "TYPE", "type", false, "host (default), or domain: with all domains below it." },
    { "--org", OPTION_TEXT, "NAME", "organisation", false,
      "The organisation that it belongs to; needed where there are several." },
    END
};
static const struct option backup_mx_set_options[] = {
    { "--type", OPTION_TEXT, "TYPE", "type", false, "host, or domain: with all domains below it." },
    { "--any-recipient", OPTION_FLAG, NULL, "any_recipient", false, "Accept every address again." },
    END
};

#define CONNECTOR_COLUMNS "name routing_group spaces smarthost cost schedule enabled"
#define USER_COLUMNS "address name kind state quota"
#define QUEUE_FILTER(prefix)                                                                                 \
    {                                                                                                        \
        "--sender", OPTION_TEXT, "ADDRESS", prefix "sender", false, "Only from this sender; <> for notices." \
    },                                                                                                       \
        { "--recipient", OPTION_TEXT, "ADDRESS", prefix "recipient", false, "Only to this recipient." },     \
        { "--domain", OPTION_TEXT, "DOMAIN", prefix "domain", false, "Only to this domain." },               \
        { "--state", OPTION_TEXT, "STATE", prefix "state", false, "waiting, in-work or held." },             \
        { "--older", OPTION_TEXT, "SECONDS", prefix "older", false, "Only what came longer ago." },          \
    {                                                                                                        \
        "--org", OPTION_TEXT, "NAME", prefix "organisation", false, "Only of this organisation."             \
    }
static const struct option queue_list_options[] = {
    QUEUE_FILTER("?"),
    { "--after", OPTION_TEXT, "ID", "?after", false, "Behind this entry: the next page." },
    { "--limit", OPTION_TEXT, "NUMBER", "?limit", false, "So many; default 100, at most 1,000." },
    END
};
static const struct option queue_options[] = { QUEUE_FILTER(""), END };
static const struct option queue_to_options[] = {
    QUEUE_FILTER(""),
    { "--to", OPTION_TEXT, "WHERE", "to", true,
      "reroute: HOST, HOST:PORT or direct; readdress: the new address." },
    END
};

static const struct option sieve_put_options[] = {
    { "--file", OPTION_FILE, "FILE|-", "content", true, "The script; -: standard input." },
    { "--activate", OPTION_FLAG, NULL, "activate", false, "It is the one that runs from now on." },
    END
};
static const struct option sieve_check_options[] = {
    { "--file", OPTION_FILE, "FILE|-", "content", true, "The script; -: standard input." }, END
};
static const struct option vacation_options[] = {
    { "--text-file", OPTION_FILE, "FILE|-", "text", true, "What the organisation's own people read." },
    { "--outside-text-file", OPTION_FILE, "FILE", "outside_text", false,
      "What others read (an empty file: they get no reply); default: the same." },
    { "--subject", OPTION_TEXT, "TEXT", "subject", false, "Its subject." },
    { "--from", OPTION_TEXT, "DAY", "from", false, "The first day, 2031-01-31, or a moment; default: now." },
    { "--until", OPTION_TEXT, "DAY", "until", false,
      "The last day, or a moment; default: until it is taken away." },
    END
};

#define ACCESS_COLUMNS "value kind expires by note"

const struct command commands[] = {
    { "init", "", "Makes a data directory with its settings and a certificate.", init_options, command_init },
    { "start", "", "Starts the server and stays in the foreground.", start_options, command_start },
    { "stop", "", "Stops the server; returns when everything has ended.", NULL, command_stop },
    { "restart", "", "Stops the server and starts it again, detached.", NULL, command_restart },
    { "reload", "", "Takes over changed settings and certificates; sessions go on.", NULL, command_reload },
    { "status", "", "What runs, where it listens; success when all roles answer.", NULL, command_status },
    { "check", "", "Looks at settings, database, certificates, DNS and permissions; names the remedies.",
      NULL, command_check },
    { "verify", "", "Recomputes counters, references and search data and reports every difference.",
      verify_options, command_verify },

    { "org add", "NAME", "Adds an organisation.", org_options, NULL, "POST", "/organisations", "name" },
    { "org list", "", "Lists organisations.", NULL, NULL, "GET", "/organisations", NULL, "organisations",
      "name domains users quota" },
    { "org show", "NAME", "Shows one.", NULL, NULL, "GET", "/organisations/{0}" },
    { "org set", "NAME", "Changes one.", org_set_options, NULL, "PATCH", "/organisations/{0}" },
    { "org remove", "NAME", "Removes one that is empty.", NULL, NULL, "DELETE", "/organisations/{0}" },

    { "admin-group add", "NAME", "Adds an administrative group.", in_org_options, NULL, "POST",
      "/admin-groups", "name" },
    { "admin-group list", "", "Lists administrative groups.", filter_org_options, NULL, "GET",
      "/admin-groups", NULL, "admin_groups", "name organisation recipients" },
    { "admin-group show", "NAME", "Shows one.", of_org_options, NULL, "GET", "/admin-groups/{0}" },
    { "admin-group set", "NAME", "Changes one.", admin_group_set_options, NULL, "PATCH",
      "/admin-groups/{0}" },
    { "admin-group remove", "NAME", "Removes one that is empty.", of_org_options, NULL, "DELETE",
      "/admin-groups/{0}" },

    { "domain add", "DOMAIN", "Accepts mail for a domain.", domain_options, NULL, "POST", "/domains",
      "name" },
    { "domain list", "", "Lists domains.", filter_org_options, NULL, "GET", "/domains", NULL, "domains",
      "name organisation kind recipients quota" },
    { "domain show", "DOMAIN", "Shows one.", NULL, NULL, "GET", "/domains/{0}" },
    { "domain set", "DOMAIN", "Changes one.", domain_set_options, NULL, "PATCH", "/domains/{0}" },
    { "domain remove", "DOMAIN", "Removes one without recipients.", NULL, NULL, "DELETE", "/domains/{0}" },

    { "user add", "ADDRESS", "Adds a user with a mailbox.", user_options, NULL, "POST", "/users", "address" },
    { "user import", "FILE", "Adds users from a CSV file: address,name,password,quota.", NULL,
      command_user_import },
    { "user list", "", "Lists users.", user_list_options, NULL, "GET", "/users", NULL, "users",
      USER_COLUMNS },
    { "user show", "ADDRESS", "Shows one.", NULL, NULL, "GET", "/users/{0}" },
    { "user set", "ADDRESS", "Changes one.", user_set_options, NULL, "PATCH", "/users/{0}" },
    { "user passwd", "ADDRESS", "Sets a user's password.", password_options, NULL, "PUT",
      "/users/{0}/password" },
    { "user remove", "ADDRESS", "Removes a user; the mailbox can be recovered for a period.", NULL, NULL,
      "DELETE", "/users/{0}" },

    { "sieve put", "ADDRESS NAME", "Adds or replaces a script, when it is good.", sieve_put_options, NULL,
      "PUT", "/users/{0}/sieve/{1}" },
    { "sieve get", "ADDRESS NAME", "Prints a script.", NULL, command_sieve_get },
    { "sieve list", "ADDRESS", "Lists the scripts of a mailbox.", NULL, NULL, "GET", "/users/{0}/sieve", NULL,
      "scripts", "name active bytes changed" },
    { "sieve activate", "ADDRESS NAME", "Makes it the script that runs.", NULL, NULL, "POST",
      "/users/{0}/sieve/{1}/activate" },
    { "sieve off", "ADDRESS", "No script runs any more.", NULL, NULL, "POST", "/users/{0}/sieve-off" },
    { "sieve check", "", "Tells whether a script is good, and where it is not.", sieve_check_options, NULL,
      "POST", "/sieve/check" },
    { "sieve delete", "ADDRESS NAME", "Removes a script that does not run.", NULL, NULL, "DELETE",
      "/users/{0}/sieve/{1}" },
    { "vacation set", "ADDRESS", "Answers mail automatically while its owner is away.", vacation_options,
      NULL, "PUT", "/users/{0}/automatic-reply" },
    { "vacation show", "ADDRESS", "Shows the automatic reply.", NULL, NULL, "GET",
      "/users/{0}/automatic-reply" },
    { "vacation off", "ADDRESS", "Ends it.", NULL, NULL, "DELETE", "/users/{0}/automatic-reply" },

    { "alias add", "ALIAS ADDRESS", "A further address of a recipient; repeated, of several.", NULL, NULL,
      "POST", "/aliases", "address target" },
    { "alias list", "", "Lists aliases.", user_list_options, NULL, "GET", "/aliases", NULL, "aliases",
      "address target" },
    { "alias show", "ALIAS", "Shows one.", NULL, NULL, "GET", "/aliases/{0}" },
    { "alias set", "ALIAS", "Leads one elsewhere.", alias_set_options, NULL, "PATCH", "/aliases/{0}" },
    { "alias remove", "ALIAS", "Removes one.", NULL, NULL, "DELETE", "/aliases/{0}" },

    { "group add", "ADDRESS", "Adds a group.", group_add_options, NULL, "POST", "/groups", "address" },
    { "group list", "", "Lists groups.", user_list_options, NULL, "GET", "/groups", NULL, "groups",
      "address name members enabled" },
    { "group show", "ADDRESS", "Shows one with its members.", NULL, NULL, "GET", "/groups/{0}" },
    { "group set", "ADDRESS", "Changes one.", group_set_options, NULL, "PATCH", "/groups/{0}" },
    { "group remove", "ADDRESS", "Removes one.", NULL, NULL, "DELETE", "/groups/{0}" },
    { "group-member add", "GROUP ADDRESS", "Adds a member.", NULL, NULL, "POST", "/groups/{0}/members",
      " member" },
    { "group-member remove", "GROUP ADDRESS", "Takes a member out.", NULL, NULL, "DELETE",
      "/groups/{0}/members/{1}" },

    { "contact add", "ADDRESS TARGET", "Adds a contact: an address here for one elsewhere.",
      contact_add_options, NULL, "POST", "/contacts", "address target" },
    { "contact list", "", "Lists contacts.", user_list_options, NULL, "GET", "/contacts", NULL, "contacts",
      "address name target enabled" },
    { "contact show", "ADDRESS", "Shows one.", NULL, NULL, "GET", "/contacts/{0}" },
    { "contact set", "ADDRESS", "Changes one.", contact_set_options, NULL, "PATCH", "/contacts/{0}" },
    { "contact remove", "ADDRESS", "Removes one.", NULL, NULL, "DELETE", "/contacts/{0}" },

    { "app-password add", "ADDRESS", "Makes a password for one program and shows it once.",
      app_password_options, NULL, "POST", "/users/{0}/app-passwords" },
    { "app-password list", "ADDRESS", "Lists them, without the passwords.", NULL, NULL, "GET",
      "/users/{0}/app-passwords", NULL, "app_passwords", "name created last_used" },
    { "app-password remove", "ADDRESS NAME", "Takes one back.", NULL, NULL, "DELETE",
      "/users/{0}/app-passwords/{1}" },

    { "mailbox import", "ADDRESS DIR|FILE", "Brings in a Maildir or mbox with folders, flags and dates.",
      import_options, command_mailbox_import },
    { "mailbox export", "ADDRESS DIR", "Writes a mailbox as Maildir or mbox.", export_options,
      command_mailbox_export },

    { "storage-group add", "NAME", "Adds a storage group: a database for mail.", group_options, NULL, "POST",
      "/storage-groups", "name" },
    { "storage-group list", "", "Lists storage groups.", NULL, NULL, "GET", "/storage-groups", NULL,
      "storage_groups", "name state mailboxes" },
    { "storage-group show", "NAME", "Shows one, with its messages counted.", NULL, NULL, "GET",
      "/storage-groups/{0}" },
    { "storage-group mount", "NAME", "Opens its stores.", NULL, NULL, "POST", "/storage-groups/{0}/mount" },
    { "storage-group dismount", "NAME", "Closes its stores; their users get temporary errors.", NULL, NULL,
      "POST", "/storage-groups/{0}/dismount" },
    { "store add", "NAME", "Adds a mailbox store to a storage group.", store_options, NULL, "POST", "/stores",
      "name" },
    { "store list", "", "Lists mailbox stores.", NULL, NULL, "GET", "/stores", NULL, "stores",
      "name storage_group mailboxes" },

    { "block add", "WHAT", "Refuses a machine, network, domain or sender from the next connection on.",
      access_options, NULL, "POST", "/block", "value" },
    { "block list", "", "Lists whom.", access_of_options, NULL, "GET", "/block", NULL, "entries",
      ACCESS_COLUMNS },
    { "block show", "WHAT", "Shows one.", access_of_options, NULL, "GET", "/block/entry?value={0}" },
    { "block remove", "WHAT", "Takes it back.", access_of_options, NULL, "DELETE", "/block/entry?value={0}" },
    { "allow add", "WHAT", "Lets one in, whatever block lists and scores say.", access_options, NULL, "POST",
      "/allow", "value" },
    { "allow list", "", "Lists whom.", access_of_options, NULL, "GET", "/allow", NULL, "entries",
      ACCESS_COLUMNS },
    { "allow show", "WHAT", "Shows one.", access_of_options, NULL, "GET", "/allow/entry?value={0}" },
    { "allow remove", "WHAT", "Takes it back.", access_of_options, NULL, "DELETE", "/allow/entry?value={0}" },

    { "filter show", "", "How mail is judged: scanners, scores, SPF, DMARC, limits.", filter_show_options,
      NULL, "GET", "/filter", NULL, "settings", "name value from" },
    { "filter set", "NAME VALUE", "Sets one.", filter_set_options, NULL, "PATCH", "/filter", "name value" },
    { "filter unset", "NAME", "Back to what the level above says.", filter_set_options, NULL, "PATCH",
      "/filter", "name" },

    { "quarantine list", "", "Lists messages that were set aside.", filter_org_options, NULL, "GET",
      "/quarantine", NULL, "messages", "id received sender recipients subject reason" },
    { "quarantine show", "ID", "Shows one, with the beginning of its text.", NULL, NULL, "GET",
      "/quarantine/{0}" },
    { "quarantine release", "ID", "Delivers one to its recipients.", NULL, NULL, "POST",
      "/quarantine/{0}/release" },
    { "quarantine delete", "ID", "Deletes one.", NULL, NULL, "DELETE", "/quarantine/{0}" },
    { "held list", "", "Lists accounts whose mail is held for passing a limit.", filter_org_options, NULL,
      "GET", "/held", NULL, "accounts", "address since reason" },
    { "held release", "ADDRESS", "Lets one send again.", NULL, NULL, "DELETE", "/held/{0}" },

    { "rule add", "NAME", "Adds a transport rule: where all conditions hold, everything named is done.",
      rule_options, NULL, "POST", "/rules", "name" },
    { "rule list", "", "Lists an organisation's rules in their order.", of_org_options, NULL, "GET", "/rules",
      NULL, "rules", "name position enabled rule" },
    { "rule remove", "NAME", "Removes one.", of_org_options, NULL, "DELETE", "/rules/{0}" },

    { "dkim add", "DOMAIN", "Makes a key that signs a domain's mail, and prints its DNS record.",
      dkim_options, NULL, "POST", "/dkim", "domain" },
    { "dkim list", "", "Lists keys.", user_list_options, NULL, "GET", "/dkim", NULL, "keys",
      "domain selector algorithm state active_from" },
    { "dkim show", "DOMAIN", "Prints a domain's records.", NULL, NULL, "GET", "/dkim/{0}", NULL, "keys",
      "name type value" },
    { "dkim activate", "DOMAIN SELECTOR", "Signs with it from now or later on.", dkim_activate_options, NULL,
      "POST", "/dkim/{0}/{1}/activate" },
    { "dkim remove", "DOMAIN SELECTOR", "Removes a key.", NULL, NULL, "DELETE", "/dkim/{0}/{1}" },
    { "storage-group set", "NAME", "Puts one into a routing group.", storage_group_set_options, NULL, "PATCH",
      "/storage-groups/{0}" },

    { "connector add", "NAME", "Adds an SMTP connector: a way to other systems.", connector_add_options, NULL,
      "POST", "/connectors", "name" },
    { "connector list", "", "Lists SMTP connectors.", NULL, NULL, "GET", "/connectors?kind=smtp", NULL,
      "connectors", CONNECTOR_COLUMNS },
    { "connector show", "NAME", "Shows one, without its password.", NULL, NULL, "GET", "/connectors/{0}" },
    { "connector set", "NAME", "Changes one.", connector_set_options, NULL, "PATCH", "/connectors/{0}" },
    { "connector remove", "NAME", "Removes one.", NULL, NULL, "DELETE", "/connectors/{0}" },
    { "routing-group add", "NAME", "Adds a routing group.", NULL, NULL, "POST", "/routing-groups", "name" },
    { "routing-group list", "", "Lists routing groups.", NULL, NULL, "GET", "/routing-groups", NULL,
      "routing_groups", "name servers storage_groups" },
    { "routing-group show", "NAME", "Shows one with its servers and connectors.", NULL, NULL, "GET",
      "/routing-groups/{0}" },
    { "routing-group set", "NAME", "Renames one.", rename_options, NULL, "PATCH", "/routing-groups/{0}" },
    { "routing-group remove", "NAME", "Removes one that is empty.", NULL, NULL, "DELETE",
      "/routing-groups/{0}" },
    { "routing-group-connector add", "NAME", "Adds a way from one routing group to another.",
      group_connector_add_options, NULL, "POST", "/connectors", "name" },
    { "routing-group-connector list", "", "Lists them.", NULL, NULL, "GET", "/connectors?kind=routing-group",
      NULL, "connectors", "name routing_group target_group cost schedule enabled" },
    { "routing-group-connector show", "NAME", "Shows one.", NULL, NULL, "GET", "/connectors/{0}" },
    { "routing-group-connector set", "NAME", "Changes one.", group_connector_set_options, NULL, "PATCH",
      "/connectors/{0}" },
    { "routing-group-connector remove", "NAME", "Removes one.", NULL, NULL, "DELETE", "/connectors/{0}" },
    { "server add", "NAME", "Makes a server known before it runs.", server_options, NULL, "POST", "/servers",
      "name" },
    { "server list", "", "Lists the servers of the installation.", NULL, NULL, "GET", "/servers", NULL,
      "servers", "name routing_group address seen" },
    { "server show", "NAME", "Shows one.", NULL, NULL, "GET", "/servers/{0}" },
    { "server set", "NAME", "Changes one.", server_options, NULL, "PATCH", "/servers/{0}" },
    { "server remove", "NAME", "Removes one that is gone for good.", NULL, NULL, "DELETE", "/servers/{0}" },
    { "link list", "", "Lists links that failed, and until when they are not tried.", NULL, NULL, "GET",
      "/links", NULL, "links", "connector host since until reason" },
    { "route", "ADDRESS", "Which way mail to an address goes now, and why.", route_options, command_route },

    { "backup-mx add", "DOMAIN", "Keeps mail for a domain while its primary server is away.",
      backup_mx_options, NULL, "POST", "/backup-mx", "domain" },
    { "backup-mx list", "", "Lists backed-up domains.", filter_org_options, NULL, "GET", "/backup-mx", NULL,
      "backup_mx", "domain type organisation recipients" },
    { "backup-mx show", "DOMAIN", "Shows one.", NULL, NULL, "GET", "/backup-mx/{0}" },
    { "backup-mx set", "DOMAIN", "Changes one.", backup_mx_set_options, NULL, "PATCH", "/backup-mx/{0}" },
    { "backup-mx recipients", "DOMAIN FILE|-",
      "Accepts only the primary's addresses that a file lists, one a line.", NULL,
      command_backup_recipients },
    { "backup-mx remove", "DOMAIN", "Removes one.", NULL, NULL, "DELETE", "/backup-mx/{0}" },

    { "queue list", "", "Lists what waits to leave or to be filed.", queue_list_options, NULL, "GET",
      "/queue", NULL, "entries", "id message state sender recipient attempts next reply" },
    { "queue lanes", "", "How much waits for each domain and storage group.", NULL, NULL, "GET",
      "/queue-lanes", NULL, "lanes", "lane waiting next" },
    { "queue show", "ID", "Shows a message of the queue, or one entry, with its header.", NULL, NULL, "GET",
      "/queue/{0}" },
    { "queue hold", "[ID]", "Keeps entries until they are released.", queue_options, command_queue_act },
    { "queue release", "[ID]", "Lets held entries go; their time begins anew.", queue_options,
      command_queue_act },
    { "queue retry", "[ID]", "Tries entries now.", queue_options, command_queue_act },
    { "queue reroute", "[ID]", "Sends entries over another server.", queue_to_options, command_queue_act },
    { "queue readdress", "[ID]", "Gives entries another recipient.", queue_to_options, command_queue_act },
    { "queue return", "[ID]", "Gives entries back to their senders, with a notice.", queue_options,
      command_queue_act },
    { "queue delete", "[ID]", "Removes entries without a word.", queue_options, command_queue_act },

    { "help", "[COMMAND] [VERB]", "Explains the commands, or one of them.", NULL, command_help },
    { "version", "", "Prints the version.", NULL, command_version },
    { "print", "WHAT", "bash-completion, man, man-conf, tables or api: for packaging and the guides.", NULL,
      command_print, .is_hidden = true },
    { "run-role", "ROLE", "One role; the supervisor calls this.", NULL, command_run_role, .is_hidden = true },
    { .words = NULL },
};
