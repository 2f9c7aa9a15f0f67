/* routes.c -- the table of the admin API. */
#include "admin_api/call.h"

#define END_OF_FIELDS                                                                                        \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }
#define NAME(required)                                                                                       \
    {                                                                                                        \
        "name", ADMIN_TEXT, required, "A name for people."                                                   \
    }
#define QUOTA                                                                                                \
    {                                                                                                        \
        "quota", ADMIN_NUMBER, false, "Bytes; 0: no limit."                                                  \
    }
#define ORGANISATION(required)                                                                               \
    {                                                                                                        \
        "organisation", ADMIN_TEXT, required, "The organisation's name."                                     \
    }
/* Of recipients of every kind (rules.h). */
#define RULES                                                                                                \
    { "accepts", ADMIN_TEXT, false, "Who may write to it: anyone, authenticated, organisation or named." },  \
        { "max_message", ADMIN_NUMBER, false, "Bytes of a message; 0: as the server takes." },               \
        { "hidden", ADMIN_BOOL, false, "Not in address lists; absent for who may not write to it." },        \
        { "allow", ADMIN_LIST, false, "Senders who always may: addresses, groups, @domains." },              \
    {                                                                                                        \
        "deny", ADMIN_LIST, false, "Senders who never may."                                                  \
    }

static const struct admin_field organisation_fields[] = { NAME(true), QUOTA, END_OF_FIELDS };
static const struct admin_field organisation_changes[] = {
    NAME(false),
    QUOTA,
    { "accepts", ADMIN_TEXT, false,
      "Who may write to its recipients, beside their own rules: anyone, authenticated or organisation." },
    { "max_message", ADMIN_NUMBER, false, "Bytes of a message to one of them; 0: as the server takes." },
    END_OF_FIELDS
};
static const struct admin_field admin_group_fields[] = { NAME(true), ORGANISATION(true), END_OF_FIELDS };
static const struct admin_field admin_group_changes[] = { NAME(true), END_OF_FIELDS };
static const struct admin_field domain_fields[] = {
    { "name", ADMIN_TEXT, true, "The domain." },
    ORGANISATION(true),
    { "kind", ADMIN_TEXT, false, "authoritative, relay, backup or alias." },
    { "target", ADMIN_TEXT, false, "The domain that an alias domain stands for." },
    { "subaddresses", ADMIN_BOOL, false, "user+anything reaches user." },
    QUOTA,
    END_OF_FIELDS
};
static const struct admin_field domain_changes[] = {
    { "kind", ADMIN_TEXT, false, "authoritative, relay, backup or alias." },
    { "target", ADMIN_TEXT, false, "The domain that an alias domain stands for." },
    { "subaddresses", ADMIN_BOOL, false, "user+anything reaches user." },
    { "enabled", ADMIN_BOOL, false, "false: its mail is refused for now and nobody of it logs in." },
    { "catch_all", ADMIN_TEXT, false, "The recipient that gets what no address takes; empty: nobody." },
    QUOTA,
    END_OF_FIELDS
};
static const struct admin_field user_fields[] = {
    { "address", ADMIN_TEXT, true, "The primary address, which is the login." },
    NAME(true),
    { "password", ADMIN_TEXT, false, "8 to 1024 bytes; without it nobody can log in yet." },
    { "admin_group", ADMIN_TEXT, false, "The administrative group that holds it." },
    { "storage_group", ADMIN_TEXT, false, "The storage group that the mailbox lives in." },
    { "store", ADMIN_TEXT, false, "The mailbox store." },
    { "inbox_only", ADMIN_BOOL, false, "Without Drafts, Sent, Junk, Trash and Archive." },
    { "kind", ADMIN_TEXT, false, "user; or shared, room, equipment: a mailbox that nobody logs in to." },
    QUOTA,
    END_OF_FIELDS
};
static const struct admin_field user_changes[] = {
    NAME(false),
    { "state", ADMIN_TEXT, false, "active, no-login or disabled." },
    { "forward", ADMIN_LIST, false, "Addresses that its mail goes on to; empty: none." },
    { "keep_copy", ADMIN_BOOL, false, "With forward: also into its own mailbox." },
    RULES,
    QUOTA,
    END_OF_FIELDS
};
static const struct admin_field group_fields[] = { { "address", ADMIN_TEXT, true, "The group's address." },
                                                   NAME(true),
                                                   { "members", ADMIN_LIST, false, "Their addresses." },
                                                   RULES,
                                                   END_OF_FIELDS };
static const struct admin_field group_changes[] = {
    NAME(false), { "enabled", ADMIN_BOOL, false, "false: its mail is refused." }, RULES, END_OF_FIELDS
};
static const struct admin_field member_fields[] = { { "member", ADMIN_TEXT, true, "The member's address." },
                                                    END_OF_FIELDS };
static const struct admin_field contact_fields[] = {
    { "address", ADMIN_TEXT, true, "The contact's address here." },
    NAME(true),
    { "target", ADMIN_TEXT, true, "Its own address, elsewhere." },
    RULES,
    END_OF_FIELDS
};
static const struct admin_field contact_changes[] = {
    NAME(false),
    { "target", ADMIN_TEXT, false, "Its own address, elsewhere." },
    { "enabled", ADMIN_BOOL, false, "false: its mail is refused." },
    RULES,
    END_OF_FIELDS
};
static const struct admin_field queue_fields[] = {
    { "id", ADMIN_TEXT, false, "A message's id, or an entry's number." },
    { "sender", ADMIN_TEXT, false, "Envelope sender; <> for notices." },
    { "recipient", ADMIN_TEXT, false, "Envelope recipient." },
    { "domain", ADMIN_TEXT, false, "The recipient's domain." },
    { "state", ADMIN_TEXT, false, "waiting or held." },
    { "older", ADMIN_TEXT, false, "In the queue for more than this many seconds." },
    { "to", ADMIN_TEXT, false, "reroute: HOST, HOST:PORT or direct; readdress: an address." },
    ORGANISATION(false),
    END_OF_FIELDS
};
static const struct admin_field import_fields[] = {
    { "users", ADMIN_LIST, true, "Objects as for POST /users; at most 1,000, all of one organisation." },
    ORGANISATION(true),
    END_OF_FIELDS
};
static const struct admin_field password_fields[] = { { "password", ADMIN_TEXT, true, "8 to 1024 bytes." },
                                                      END_OF_FIELDS };
static const struct admin_field alias_fields[] = { { "address", ADMIN_TEXT, true, "The alias." },
                                                   { "target", ADMIN_TEXT, false,
                                                     "The one address that it stands for." },
                                                   { "targets", ADMIN_LIST, false, "Or several." },
                                                   END_OF_FIELDS };
static const struct admin_field alias_changes[] = {
    { "target", ADMIN_TEXT, false, "The one address that it stands for." },
    { "targets", ADMIN_LIST, false, "Or several." },
    { "enabled", ADMIN_BOOL, false, "false: its mail is refused." },
    END_OF_FIELDS
};
static const struct admin_field app_password_fields[] = { NAME(true), END_OF_FIELDS };
static const struct admin_field sieve_check_fields[] = { { "content", ADMIN_TEXT, true, "The script." },
                                                         END_OF_FIELDS };
static const struct admin_field sieve_fields[] = { { "content", ADMIN_TEXT, true, "The script." },
                                                   { "activate", ADMIN_BOOL, false,
                                                     "From now on it is the one that runs." },
                                                   END_OF_FIELDS };
static const struct admin_field automatic_reply_fields[] = {
    { "text", ADMIN_TEXT, true,
      "What senders of the own organisation read, and others without outside_text." },
    { "outside_text", ADMIN_TEXT, false, "What others read; empty: they get no reply." },
    { "subject", ADMIN_TEXT, false, "Its subject; without it, made from that of the message." },
    { "from", ADMIN_TEXT, false, "The first day (2031-01-31), or a moment; without it at once." },
    { "until", ADMIN_TEXT, false, "The last day, or a moment; without it until it is taken away." },
    END_OF_FIELDS
};
static const struct admin_field storage_group_fields[] = {
    NAME(true),
    { "database", ADMIN_TEXT, false, "postgresql://...; without it a database beside the directory." },
    END_OF_FIELDS
};
static const struct admin_field store_fields[] = {
    NAME(true), { "storage_group", ADMIN_TEXT, true, "The storage group's name." }, END_OF_FIELDS
};
static const struct admin_field verify_fields[] = { { "repair", ADMIN_BOOL, false,
                                                      "Correct what can be recomputed." },
                                                    { "user", ADMIN_TEXT, false, "Only this mailbox." },
                                                    END_OF_FIELDS };

#define ACCESS_FIELDS                                                                                        \
    {                                                                                                        \
        { "value", ADMIN_TEXT, true, "An address or network of machines, a domain, or a mail address." },    \
            { "organisation", ADMIN_TEXT, false,                                                             \
              "Only for mail to this organisation; without it for all." },                                   \
            { "note", ADMIN_TEXT, false, "Why." },                                                           \
            { "hours", ADMIN_NUMBER, false, "How long it holds; without it for ever." }, END_OF_FIELDS       \
    }
static const struct admin_field access_fields[] = ACCESS_FIELDS;
static const struct admin_field filter_fields[] = {
    { "name", ADMIN_TEXT, true, "The setting." },
    { "value", ADMIN_TEXT, false, "Without it: back to what the level above says." },
    { "organisation", ADMIN_TEXT, false, "Only for this organisation." },
    { "domain", ADMIN_TEXT, false, "Only for this domain of the organisation." },
    END_OF_FIELDS
};
static const struct admin_field dkim_fields[] = {
    { "domain", ADMIN_TEXT, true, "The domain." },
    { "selector", ADMIN_TEXT, false, "Its name in the DNS; without it, made from the month." },
    { "algorithm", ADMIN_TEXT, false, "rsa (default) or ed25519." },
    { "bits", ADMIN_NUMBER, false, "Of an RSA key: 2048 (default) to 4096." },
    { "inactive", ADMIN_BOOL, false, "true: it signs only once it is activated." },
    END_OF_FIELDS
};
static const struct admin_field dkim_activate_fields[] = {
    { "hours", ADMIN_NUMBER, false, "From so many hours on; without it at once." }, END_OF_FIELDS
};

#define RULE_TEXT(name, meaning)                                                                             \
    {                                                                                                        \
        name, ADMIN_TEXT, false, meaning                                                                     \
    }
static const struct admin_field rule_fields[] = {
    NAME(true),
    ORGANISATION(true),
    { "position", ADMIN_NUMBER, false, "Smaller ones are tried first; without it, the last." },
    RULE_TEXT("sender", "Patterns of the envelope sender, separated by spaces: *@example.org, example.net."),
    RULE_TEXT("recipient", "Patterns of recipients; one of them is enough."),
    RULE_TEXT("direction", "in: from outside; out: from the organisation's users."),
    RULE_TEXT("header", "Name: pattern."),
    { "larger", ADMIN_NUMBER, false, "Bytes." },
    RULE_TEXT("attachment", "Patterns of names or types: *.exe application/zip."),
    RULE_TEXT("unless_sender", "Not where the sender matches."),
    RULE_TEXT("unless_recipient", "Not where a recipient matches."),
    RULE_TEXT("unless_header", "Not where a field matches."),
    RULE_TEXT("refuse", "Refuses with these words."),
    RULE_TEXT("prepend", "Stands before the subject."),
    RULE_TEXT("add_header", "Name: value."),
    RULE_TEXT("remove_header", "The name of a field."),
    RULE_TEXT("disclaimer", "Words under the text, plain and HTML."),
    RULE_TEXT("copy", "An address that gets a copy."),
    RULE_TEXT("redirect", "An address that gets it instead."),
    RULE_TEXT("journal", "An address that gets a journal report."),
    { "junk", ADMIN_BOOL, false, "true: to Junk." },
    { "quarantine", ADMIN_BOOL, false, "true: to the quarantine." },
    END_OF_FIELDS
};
static const struct admin_field rule_changes[] = { { "enabled", ADMIN_BOOL, true, "false: it rests." },
                                                   END_OF_FIELDS };
#define CONNECTOR                                                                                            \
    { "routing_group", ADMIN_TEXT, false, "Whose servers carry it out." },                                   \
        { "organisation", ADMIN_TEXT, false, "Whose mail alone it takes." },                                 \
        { "enabled", ADMIN_BOOL, false, "false: as if it were not there." },                                 \
        { "cost", ADMIN_NUMBER, false, "1 to 100; the cheapest way is taken." },                             \
        { "schedule", ADMIN_TEXT, false, "always, never, or hours: Mo-Fr 20:00-06:00, Sa+Su 00:00-24:00." }, \
        { "max_message", ADMIN_NUMBER, false, "Bytes; larger messages take another way; 0: no limit." },     \
        { "priorities", ADMIN_LIST, false, "Which mail it takes: normal, low, high." },                      \
        { "tls", ADMIN_TEXT, false, "never, opportunistic, encrypt, verify or implicit." },                  \
        { "source", ADMIN_TEXT, false, "The IP address that connections come from." },                       \
        { "connections", ADMIN_NUMBER, false, "At once to a destination; 0: as configured." },               \
        { "rate", ADMIN_NUMBER, false, "Messages a minute to a destination; 0: no limit." },                 \
        { "from_servers", ADMIN_LIST, false, "Its bridgehead servers; none: all of the group." },            \
        { "allow", ADMIN_LIST, false, "Senders whose mail it takes, and no other: addresses, @domains." },   \
    {                                                                                                        \
        "deny", ADMIN_LIST, false, "Senders whose mail it does not take."                                    \
    }
static const struct admin_field connector_fields[] = {
    NAME(true),
    { "spaces", ADMIN_LIST, false,
      "Of an SMTP connector: DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
    { "smarthost", ADMIN_TEXT, false,
      "HOST[:PORT], in brackets without its MX; several with commas; empty: DNS." },
    { "auth", ADMIN_TEXT, false, "LOGIN:PASSWORD for the smarthost; empty: none." },
    { "target_group", ADMIN_TEXT, false, "Of a routing group connector: the group that it leads to." },
    { "to_servers", ADMIN_LIST, false, "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END_OF_FIELDS
};
static const struct admin_field connector_changes[] = {
    { "spaces", ADMIN_LIST, false,
      "Of an SMTP connector: DOMAIN, *.DOMAIN or *, each with =COST if it differs." },
    { "smarthost", ADMIN_TEXT, false,
      "HOST[:PORT], in brackets without its MX; several with commas; empty: DNS." },
    { "auth", ADMIN_TEXT, false, "LOGIN:PASSWORD for the smarthost; empty: none." },
    { "target_group", ADMIN_TEXT, false, "Of a routing group connector: the group that it leads to." },
    { "to_servers", ADMIN_LIST, false, "Its bridgehead servers there; none: all of the group." },
    CONNECTOR,
    END_OF_FIELDS
};
static const struct admin_field routing_group_fields[] = { NAME(true), END_OF_FIELDS };
static const struct admin_field server_fields[] = {
    { "name", ADMIN_TEXT, true, "Its host name; a server that runs makes itself known." },
    { "routing_group", ADMIN_TEXT, false, "The routing group that it belongs to." },
    { "address", ADMIN_TEXT, false, "HOST[:PORT] where other servers hand mail to it." },
    END_OF_FIELDS
};
static const struct admin_field server_changes[] = {
    { "routing_group", ADMIN_TEXT, false, "The routing group that it belongs to." },
    { "address", ADMIN_TEXT, false, "HOST[:PORT] where other servers hand mail to it; empty: its name." },
    END_OF_FIELDS
};
static const struct admin_field storage_group_changes[] = {
    { "routing_group", ADMIN_TEXT, true, "The routing group whose servers file into it." }, END_OF_FIELDS
};
static const struct admin_field backup_mx_fields[] = {
    { "domain", ADMIN_TEXT, true, "The domain whose primary is another server." },
    { "type", ADMIN_TEXT, false, "host (default), or domain: with all domains below it." },
    { "organisation", ADMIN_TEXT, false, "The organisation that it belongs to." },
    END_OF_FIELDS
};
static const struct admin_field backup_mx_changes[] = {
    { "type", ADMIN_TEXT, false, "host, or domain: with all domains below it." },
    { "enabled", ADMIN_BOOL, false, "false: its mail is refused for now." },
    { "any_recipient", ADMIN_BOOL, false,
      "true: the list of its recipients is dropped, and all are accepted." },
    END_OF_FIELDS
};
static const struct admin_field backup_recipients_fields[] = {
    { "recipients", ADMIN_LIST, true, "The primary's addresses; @DOMAIN: all of it. Others are refused." },
    END_OF_FIELDS
};

static const struct admin_route routes[] = {
    { "POST", "/organisations", organisation_post, "Adds an organisation.", organisation_fields },
    { "GET", "/organisations", organisations_get, "Lists organisations." },
    { "GET", "/organisations/{name}", organisation_get_one, "Shows one." },
    { "PATCH", "/organisations/{name}", organisation_patch, "Changes one.", organisation_changes },
    { "DELETE", "/organisations/{name}", organisation_delete, "Removes one that is empty." },

    { "POST", "/admin-groups", admin_group_post, "Adds an administrative group.", admin_group_fields },
    { "GET", "/admin-groups", admin_groups_get, "Lists them; ?organisation=." },
    { "GET", "/admin-groups/{name}", admin_group_get, "Shows one of ?organisation=." },
    { "PATCH", "/admin-groups/{name}", admin_group_patch, "Renames one.", admin_group_changes },
    { "DELETE", "/admin-groups/{name}", admin_group_delete, "Removes one that is empty." },

    { "POST", "/domains", domain_post, "Accepts mail for a domain.", domain_fields },
    { "GET", "/domains", domains_get, "Lists domains; ?organisation=." },
    { "GET", "/domains/{domain}", domain_get, "Shows one." },
    { "PATCH", "/domains/{domain}", domain_patch, "Changes one.", domain_changes },
    { "DELETE", "/domains/{domain}", domain_delete, "Removes one without addresses." },

    { "POST", "/users", user_post, "Adds a user with a mailbox.", user_fields },
    { "POST", "/users/import", users_import, "Adds many; answers for each what was wrong.", import_fields },
    { "GET", "/users", users_get, "Lists users; ?organisation= ?domain= ?text= ?after= ?limit=." },
    { "GET", "/users/{address}", user_get_one, "Shows one, by any of its addresses." },
    { "PATCH", "/users/{address}", user_patch, "Changes one.", user_changes },
    { "DELETE", "/users/{address}", user_delete,
      "Removes one; its mailbox is kept for the recoverable period." },
    { "PUT", "/users/{address}/password", user_password_put, "Sets the password.", password_fields },

    { "POST", "/users/{address}/app-passwords", app_password_post, "Makes one and shows it, once.",
      app_password_fields },
    { "GET", "/users/{address}/app-passwords", app_passwords_get, "Lists them." },
    { "DELETE", "/users/{address}/app-passwords/{name}", app_password_delete, "Takes one back." },

    { "POST", "/sieve/check", sieve_check_post, "Looks whether a script is good.", sieve_check_fields },
    { "GET", "/users/{address}/sieve", sieve_scripts_get, "Lists the scripts." },
    { "POST", "/users/{address}/sieve/{name}/activate", sieve_activate_post, "It is the one that runs." },
    { "POST", "/users/{address}/sieve-off", sieve_off_post, "None runs any more." },
    { "GET", "/users/{address}/sieve/{name}", sieve_script_get, "Shows one." },
    { "PUT", "/users/{address}/sieve/{name}", sieve_script_put, "Adds or replaces one that is good.",
      sieve_fields },
    { "DELETE", "/users/{address}/sieve/{name}", sieve_script_delete, "Removes one that does not run." },
    { "PUT", "/users/{address}/automatic-reply", automatic_reply_put, "Sets the automatic reply.",
      automatic_reply_fields },
    { "GET", "/users/{address}/automatic-reply", automatic_reply_get_one, "Shows it." },
    { "DELETE", "/users/{address}/automatic-reply", automatic_reply_delete, "Takes it away." },

    { "POST", "/aliases", alias_post, "Adds an alias, or targets to one that is there.", alias_fields },
    { "GET", "/aliases", aliases_get, "Lists aliases; ?organisation= ?domain=." },
    { "GET", "/aliases/{address}", alias_get, "Shows one." },
    { "PATCH", "/aliases/{address}", alias_patch, "Changes one.", alias_changes },
    { "DELETE", "/aliases/{address}", alias_delete, "Removes one." },

    { "POST", "/groups", group_post, "Adds a group.", group_fields },
    { "GET", "/groups", groups_get, "Lists groups; ?organisation= ?domain=." },
    { "GET", "/groups/{address}", group_get, "Shows one with its members." },
    { "PATCH", "/groups/{address}", group_patch, "Changes one.", group_changes },
    { "DELETE", "/groups/{address}", group_delete, "Removes one." },
    { "POST", "/groups/{address}/members", group_member_post, "Adds a member.", member_fields },
    { "DELETE", "/groups/{address}/members/{member}", group_member_delete, "Takes a member out." },

    { "POST", "/contacts", contact_post, "Adds a contact.", contact_fields },
    { "GET", "/contacts", contacts_get, "Lists contacts; ?organisation= ?domain=." },
    { "GET", "/contacts/{address}", contact_get, "Shows one." },
    { "PATCH", "/contacts/{address}", contact_patch, "Changes one.", contact_changes },
    { "DELETE", "/contacts/{address}", contact_delete, "Removes one." },

    { "POST", "/storage-groups", storage_group_post, "Adds a storage group and makes its database.",
      storage_group_fields },
    { "GET", "/storage-groups", storage_groups_get, "Lists storage groups." },
    { "GET", "/storage-groups/{name}", storage_group_get, "Shows one, with its messages counted." },
    { "POST", "/storage-groups/{name}/mount", storage_group_mount, "Opens its stores." },
    { "POST", "/storage-groups/{name}/dismount", storage_group_dismount,
      "Closes its stores: temporary errors for their users." },
    { "PATCH", "/storage-groups/{name}", storage_group_patch, "Puts it into a routing group.",
      storage_group_changes },
    { "POST", "/stores", store_post, "Adds a mailbox store.", store_fields },
    { "GET", "/stores", stores_get, "Lists stores." },

    { "POST", "/connectors", connector_post, "Adds a connector.", connector_fields },
    { "GET", "/connectors", connectors_get, "Lists connectors; ?kind=smtp or routing-group." },
    { "GET", "/connectors/{name}", connector_get, "Shows one, without its password." },
    { "PATCH", "/connectors/{name}", connector_patch, "Changes one.", connector_changes },
    { "DELETE", "/connectors/{name}", connector_delete, "Removes one." },
    { "POST", "/routing-groups", routing_group_post, "Adds a routing group.", routing_group_fields },
    { "GET", "/routing-groups", routing_groups_get, "Lists routing groups." },
    { "GET", "/routing-groups/{name}", routing_group_get, "Shows one with its servers and connectors." },
    { "PATCH", "/routing-groups/{name}", routing_group_patch, "Renames one.", routing_group_fields },
    { "DELETE", "/routing-groups/{name}", routing_group_delete, "Removes one that is empty." },
    { "POST", "/servers", server_post, "Makes a server known before it runs.", server_fields },
    { "GET", "/servers", servers_get, "Lists servers." },
    { "GET", "/servers/{name}", server_get, "Shows one." },
    { "PATCH", "/servers/{name}", server_patch, "Changes one.", server_changes },
    { "DELETE", "/servers/{name}", server_delete, "Removes one that is gone for good." },
    { "GET", "/links", links_get, "Links that failed, and until when they are not tried." },
    { "GET", "/route", route_get, "Which way mail goes now, and why; ?recipient= ?sender= ?size=." },
    { "POST", "/backup-mx", backup_mx_post, "Keeps mail for a domain's primary.", backup_mx_fields },
    { "GET", "/backup-mx", backup_mxs_get, "Lists backed-up domains; ?organisation=." },
    { "GET", "/backup-mx/{domain}", backup_mx_get, "Shows one." },
    { "PATCH", "/backup-mx/{domain}", backup_mx_patch, "Changes one.", backup_mx_changes },
    { "DELETE", "/backup-mx/{domain}", backup_mx_delete, "Removes one." },
    { "PUT", "/backup-mx/{domain}/recipients", backup_mx_recipients_put,
      "Replaces the list of the primary's recipients.", backup_recipients_fields },

    { "GET", "/mailboxes/{address}/folders", mailbox_folders_get, "Folders and their counters." },
    { "POST", "/mailboxes/{address}/messages", mailbox_message_post,
      "Files one message; ?folder= ?flags= ?date=.", .takes_bytes = true },
    { "POST", "/mailboxes/{address}/import", mailbox_import_post,
      "Files a batch (see the guide), each message once.", .takes_bytes = true },
    { "GET", "/mailboxes/{address}/export", mailbox_export_get, "All messages of ?folder= as a batch." },

    { "POST", "/block", block_post, "Refuses a machine, network, domain or sender.", access_fields },
    { "GET", "/block", block_get, "Lists whom; ?organisation=." },
    { "GET", "/block/entry", block_get_one, "Shows ?value= of ?organisation=." },
    { "DELETE", "/block/entry", block_delete, "Takes ?value= back." },
    { "POST", "/allow", allow_post, "Lets one in, whatever lists and scores say.", access_fields },
    { "GET", "/allow", allow_get, "Lists whom; ?organisation=." },
    { "GET", "/allow/entry", allow_get_one, "Shows ?value= of ?organisation=." },
    { "DELETE", "/allow/entry", allow_delete, "Takes ?value= back." },

    { "GET", "/filter", filter_get,
      "How mail is judged: all settings, or those of ?organisation= ?domain=." },
    { "PATCH", "/filter", filter_patch, "Sets one, for the installation, an organisation or a domain.",
      filter_fields },

    { "GET", "/quarantine", quarantine_get, "Messages set aside; ?organisation= ?before= ?limit=." },
    { "GET", "/quarantine/{id}", quarantine_get_one, "Shows one, with the beginning of its text." },
    { "POST", "/quarantine/{id}/release", quarantine_release, "Delivers it to its recipients." },
    { "DELETE", "/quarantine/{id}", quarantine_delete, "Deletes it." },
    { "GET", "/held", held_get, "Accounts whose mail is held for passing a limit; ?organisation=." },
    { "DELETE", "/held/{address}", held_delete, "Lets one send again." },

    { "POST", "/rules", rule_post, "Adds a transport rule.", rule_fields },
    { "GET", "/rules", rules_get, "Lists those of ?organisation= in their order." },
    { "PATCH", "/rules/{name}", rule_patch, "Switches one of ?organisation= on or off.", rule_changes },
    { "DELETE", "/rules/{name}", rule_delete, "Removes one of ?organisation=." },

    { "POST", "/dkim", dkim_post, "Makes a key that signs a domain's mail, and its DNS record.",
      dkim_fields },
    { "GET", "/dkim", dkim_get, "Lists keys and records; ?organisation= ?domain=." },
    { "GET", "/dkim/{domain}", dkim_get_domain, "Those of one domain." },
    { "POST", "/dkim/{domain}/{selector}/activate", dkim_activate, "Signs with it from now or later on.",
      dkim_activate_fields },
    { "DELETE", "/dkim/{domain}/{selector}", dkim_delete, "Removes a key." },
    { "GET", "/queue", queue_get,
      "What waits; ?sender= ?recipient= ?domain= ?state= ?older= (seconds) ?organisation= ?after= ?limit=." },
    { "GET", "/queue-lanes", queue_lanes_get, "How much waits for each domain and storage group." },
    { "GET", "/queue/{id}", queue_get_one, "A message of the queue, or one entry, with its header." },
    { "POST", "/queue/{act}", queue_act_post,
      "hold, release, retry, reroute, readdress, return or delete: one, or all that the filter means; repeat while "
      "has_more.",
      queue_fields },

    { "POST", "/verify", verify_post, "Compares what is derived with what it is derived from.",
      verify_fields },
    { "GET", "/check", check_get, "Looks at database and certificates; each line with its remedy." },
    { "GET", "/audit", audit_get, "Who did what; ?organisation= ?before= ?limit=." },
};

const struct admin_route *admin_routes(size_t *count_out)
{
    *count_out = COUNT_OF(routes);
    return routes;
}
