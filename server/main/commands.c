/* commands.c -- every command, in the order in which `chappe help` and chappe(1) show them. */
#include "main/command.h"
#include "main/connector_options.h"
#include "main/directory_options.h"
#include "main/recipient_options.h"
#include "main/rule_options.h"

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
    PREFERENCES,
    { "--protocols", OPTION_LIST, "P,P,...", "protocols", false,
      "What may be used to log in: smtp, imap, pop3, web, dav, nntp, sieve, admin." },
    END
};
static const struct option domain_dns_options[] = {
    { "--host", OPTION_TEXT, "NAME", "?host", false,
      "The name under which this server is found; default: its own." },
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
static const struct option grant_options[] = {
    { "--scope", OPTION_TEXT, "SCOPE", "scope", true,
      "installation, organisation, administrative-group, domain, store or group." },
    { "--on", OPTION_TEXT, "NAME", "object", false,
      "The scope's object; an administrative group as ORGANISATION/GROUP." },
    { "--days", OPTION_NUMBER, "N", "days", false, "For so many days only." },
    { "--approval", OPTION_FLAG, NULL, "approval", false, "Changes by it wait for a second person." },
    END
};
static const struct option role_list_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "With the roles of this organisation only." }, END
};
static const struct option role_add_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation for whose people it is." },
    { "--permissions", OPTION_LIST, "WORDS", "permissions", true, "As chappe role list --json shows them." },
    { "--meaning", OPTION_TEXT, "TEXT", "meaning", false, "For people." },
    END
};
static const struct option role_set_options[] = {
    { "--permissions", OPTION_LIST, "WORDS", "permissions", false, "As chappe role list --json shows them." },
    { "--meaning", OPTION_TEXT, "TEXT", "meaning", false, "For people." },
    END
};
static const struct option change_list_options[] = {
    { "--state", OPTION_TEXT, "STATE", "?state", false,
      "waiting, done, failed, rejected, withdrawn, expired or unknown." },
    END
};
static const struct option connector_test_options[] = { { "--recipient", OPTION_TEXT, "ADDRESS", "recipient",
                                                          false,
                                                          "Also ask whether mail for him would be taken." },
                                                        END };
static const struct option user_test_options[] = { { "--password-file", OPTION_SECRET, "FILE|-", "password",
                                                     false,
                                                     "Of the account: also logs in as a mail program does." },
                                                   END };
static const struct option statistics_options[] = {
    { "--hours", OPTION_NUMBER, "N", "?hours", false, "So many up to now; default 24." }, END
};
static const struct option session_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." },
    { "--domain", OPTION_TEXT, "DOMAIN", "?domain", false, "Only of users of this domain." },
    { "--text", OPTION_TEXT, "TEXT", "?text", false, "In name, address, or where it comes from." },
    { "--kind", OPTION_TEXT, "KIND", "?kind", false, "session, token or connection." },
    { "--protocol", OPTION_TEXT, "PROTOCOL", "?protocol", false, "web, imap, pop3, smtp or sieve." },
    END
};
static const struct option job_export_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", false, "Only of this organisation." },
    { "--domain", OPTION_TEXT, "DOMAIN", "domain", false, "Only of this domain." },
    { "--text", OPTION_TEXT, "TEXT", "text", false, "Of recipients and sessions: in name or address." },
    { "--filter", OPTION_TEXT, "FILTER", "filter", false, "Of recipients: 'kind=user state=active'." },
    { "--sort", OPTION_TEXT, "FIELD", "sort", false,
      "Of recipients: address, name, created; -name: falling." },
    { "--kind", OPTION_TEXT, "KIND", "kind", false, "Of sessions: session, token or connection." },
    { "--protocol", OPTION_TEXT, "PROTOCOL", "protocol", false,
      "Of sessions: web, imap, pop3, smtp, sieve." },
    { "--sender", OPTION_TEXT, "ADDRESS", "sender", false, "Of queue and trace: the envelope sender." },
    { "--recipient", OPTION_TEXT, "ADDRESS", "recipient", false, "Of queue and trace." },
    { "--state", OPTION_TEXT, "STATE", "state", false, "Of the queue: waiting, in-work or held." },
    { "--older", OPTION_TEXT, "SECONDS", "older", false, "Of the queue: in it for more than this." },
    { "--login", OPTION_TEXT, "ADDRESS", "login", false, "Of queue and trace: who submitted it." },
    { "--message-id", OPTION_TEXT, "ID", "message_id", false, "Of the trace." },
    { "--client", OPTION_TEXT, "ADDRESS", "client", false, "Of the trace: the machine that brought it." },
    { "--since", OPTION_TEXT, "WHEN", "since", false, "Of the trace: 2h, 7d, 2031-01-31." },
    { "--until", OPTION_TEXT, "WHEN", "until", false, "Of the trace." },
    END
};
static const struct option job_item_options[] = {
    { "--failed", OPTION_FLAG, NULL, "?failed", false, "Only those that failed." }, END
};
static const struct option decision_options[] = {
    { "--note", OPTION_TEXT, "TEXT", "note", false, "Why; for who asked, and for the audit." }, END
};
static const struct option grant_list_options[] = {
    { "--holder", OPTION_TEXT, "ADDRESS", "?holder", false, "Only of this user." }, END
};
static const struct option rights_options[] = { { "--on", OPTION_TEXT, "ADDRESS|DOMAIN", "?on", false,
                                                  "On this object; default: on the installation." },
                                                END };
static const struct option token_options[] = { { "--permissions", OPTION_LIST, "WORDS", "permissions", false,
                                                 "At most these (chappe role list --json)." },
                                               { "--days", OPTION_NUMBER, "N", "days", false,
                                                 "For so many days only." },
                                               END };
static const struct option factor_rule_options[] = {
    { "--of", OPTION_LIST, "WHO", "required", true,
      "everybody, administrators, or names of roles; \"\": nobody." },
    END
};
static const struct option audit_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false,
      "Of this organisation; without it, of the installation." },
    { "--actor", OPTION_TEXT, "NAME", "?actor", false, "Only by this one." },
    { "--object", OPTION_TEXT, "NAME", "?object", false, "Only about this." },
    { "--action", OPTION_TEXT, "WORD", "?action", false, "Only this; user. stands for all that begin so." },
    { "--before", OPTION_NUMBER, "ID", "?before", false, "Only older ones than this entry." },
    { "--limit", OPTION_NUMBER, "N", "?limit", false, "So many; 100 without it, 1,000 at most." },
    END
};
static const struct option audit_export_options[] = {
    { "--org", OPTION_TEXT, "NAME", NULL, false, "Of this organisation; without it, of the installation." },
    END
};
static const struct option audit_verify_options[] = {
    { "--sequence", OPTION_NUMBER, "N", "?sequence", false, "Where a hash was kept elsewhere." },
    { "--hash", OPTION_TEXT, "HASH", "?hash", false, "That hash." },
    END
};
static const struct option report_list_options[] = {
    { "--kind", OPTION_TEXT, "dmarc|tls", "?kind", false,
      "DMARC aggregate reports, the usual, or reports about TLS." },
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." },
    END
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
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false,
      "no: its mail is refused for now, and nobody of it logs in." },
    { "--subaddresses", OPTION_YES_NO, "yes|no", "subaddresses", false, "yes: user+anything reaches user." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false, "What its mailboxes may hold together; 0: no limit." },
    ADMIN_GROUP,
    { "--protocols", OPTION_LIST, "P,P,...", "protocols", false,
      "What may be used to log in: smtp, imap, pop3, web, dav, nntp, sieve, admin." },
    END
};
static const struct option group_show_options[] = {
    { "--members", OPTION_FLAG, NULL, "?members", false, "All that its query selects now." }, END
};
static const struct option moderation_options[] = {
    { "--reason", OPTION_TEXT, "TEXT", "reason", false, "For the sender, and for the audit." }, END
};
static const struct option release_options[] = {
    { "--recipient", OPTION_TEXT, "ADDRESS", "recipient", false, "Only the copy of this one." }, END
};
#define OF_RECIPIENTS                                                                                        \
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." },                  \
    {                                                                                                        \
        "--domain", OPTION_TEXT, "DOMAIN", "?domain", false, "Only of this domain."                          \
    }
static const struct option recipient_list_options[] = { OF_RECIPIENTS, END };
static const struct option alias_list_options[] = { OF_RECIPIENTS,
                                                    { "--target", OPTION_TEXT, "ADDRESS", "?target", false,
                                                      "Only those that lead to this address." },
                                                    END };
static const struct option group_list_options[] = { OF_RECIPIENTS,
                                                    { "--member", OPTION_TEXT, "ADDRESS", "?member", false,
                                                      "Only those that this address is a member of." },
                                                    END };
static const struct option sender_pairs_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." }, END
};
static const struct option user_list_options[] = { OF_RECIPIENTS,
                                                   { "--restricted", OPTION_TEXT, "true", "?restricted",
                                                     false, "Only who may not use every protocol himself." },
                                                   END };
static const struct option password_options[] = {
    { "--password-file", OPTION_SECRET, "FILE|-", "password", false,
      "Its first line is the password; otherwise it is asked for." },
    END
};
static const struct option alias_add_options[] = { ADMIN_GROUP, END };
static const struct option alias_set_options[] = {
    { "--to", OPTION_LIST, "ADDRESSES", "targets", false, "The recipients that it leads to." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "no: its mail is refused." },
    ADMIN_GROUP,
    END
};
static const struct option app_password_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "What it is for: the device or program." },
    { "--protocols", OPTION_LIST, "P,P,...", "protocols", false,
      "Where it is good: smtp, imap, pop3, web, dav, nntp, sieve; default: all of them." },
    { "--networks", OPTION_LIST, "NET,NET,...", "networks", false,
      "From where it is good: 192.0.2.0/24, 2001:db8::/32; default: from anywhere." },
    { "--days", OPTION_NUMBER, "DAYS", "days", false, "For so long; default: for ever." },
    END
};
static const struct option group_options[] = {
    { "--database", OPTION_TEXT, "URL", "database", false,
      "postgresql://user@host/name; default: a new database beside the directory." },
    END
};
#define STORE_POLICY                                                                                          \
    {                                                                                                         \
        "--org",        OPTION_TEXT, "NAME",                                                                  \
        "organisation", false,       "New mailboxes of this organisation only, and first here; \"\": of all." \
    },                                                                                                        \
        { "--warn", OPTION_SIZE, "SIZE", "warn_at", false, "From there the owner of a mailbox is warned." },  \
        { "--no-send", OPTION_SIZE, "SIZE", "no_send_at", false, "From there the owner cannot send." },       \
        { "--no-receive", OPTION_SIZE, "SIZE", "no_receive_at", false, "So much and no more; 0: no limit." }, \
        { "--deleted-item-days",                                                                              \
          OPTION_NUMBER,                                                                                      \
          "DAYS",                                                                                             \
          "deleted_item_days",                                                                                \
          false,                                                                                              \
          "How long expunged messages can be recovered; -1: as configured." },                                \
    {                                                                                                         \
        "--deleted-mailbox-days", OPTION_NUMBER, "DAYS", "deleted_mailbox_days", false,                       \
            "How long a deleted mailbox can be reconnected."                                                  \
    }
#define IN_STORAGE_GROUP                                                                                     \
    {                                                                                                        \
        "--group", OPTION_TEXT, "NAME", "?storage_group", false,                                             \
            "Its storage group, where several have a store of that name."                                    \
    }
static const struct option store_options[] = { { "--group", OPTION_TEXT, "NAME", "storage_group", true,
                                                 "The storage group that it lives in." },
                                               STORE_POLICY,
                                               END };
static const struct option store_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." }, STORE_POLICY, IN_STORAGE_GROUP, END
};
static const struct option store_of_options[] = { IN_STORAGE_GROUP, END };
static const struct option move_options[] = {
    { "--store", OPTION_TEXT, "NAME", "store", false, "The store that it shall be in." },
    { "--storage-group", OPTION_TEXT, "NAME", "storage_group", false,
      "Its storage group; without a store, the one there with the fewest mailboxes." },
    { "--no-wait", OPTION_FLAG, NULL, NULL, false,
      "Returns at once; chappe mailbox moves shows how far it is." },
    END
};
static const struct option move_all_options[] = {
    { "--addresses", OPTION_LIST, "A,B,...", "addresses", false, "These mailboxes." },
    { "--from-store", OPTION_TEXT, "NAME", "from_store", false, "Or all of this store." },
    { "--from-storage-group", OPTION_TEXT, "NAME", "from_storage_group", false,
      "Where several storage groups have a store of that name." },
    { "--store", OPTION_TEXT, "NAME", "store", false, "The store that they shall be in." },
    { "--storage-group", OPTION_TEXT, "NAME", "storage_group", false, "Its storage group." },
    END
};
#define PROVIDER_OPTIONS                                                                                         \
    { "--domain", OPTION_TEXT, "DOMAIN", "domain", false, "It vouches for addresses of this domain only." },     \
        { "--secret-file", OPTION_SECRET, "FILE|-",                                                              \
          "secret",        false,         "The client's secret is in its first line." },                         \
        { "--scopes", OPTION_TEXT, "WORDS", "scopes", false, "What web logins ask for: openid email profile." }, \
        { "--audience", OPTION_TEXT, "NAME",                                                                     \
          "audience",   false,       "Of the tokens of mail programs; without it, the client." },                \
        { "--claim", OPTION_TEXT, "NAME",                                                                        \
          "claim",   false,       "Which says the address: email, preferred_username, upn." },                   \
        { "--certificates-file", OPTION_FILE, "FILE|-",                                                          \
          "certificates",        false,       "PEM of the authority that signed its certificate." },             \
        { "--web", OPTION_YES_NO, "yes|no", "web", false, "For logins in browsers." },                           \
        { "--mail", OPTION_YES_NO, "yes|no", "mail", false, "For mail programs and JMAP." },                     \
        { "--tokens", OPTION_TEXT, "jwt|introspection", "tokens", false, "Verified here, or asked about." },     \
        { "--second-factor", OPTION_YES_NO, "yes|no", "second_factor", false, "It asks for one itself." },       \
        { "--beyond", OPTION_YES_NO, "yes|no",                                                                   \
          "beyond",   false,         "Also lets in administrators of the installation." },                       \
    {                                                                                                            \
        "--enabled", OPTION_YES_NO, "yes|no", "enabled", false, "Nobody logs in by it while it is not."          \
    }
static const struct option provider_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation." },
    { "--issuer", OPTION_TEXT, "URL", "issuer", true, "https://login.example.org, as it calls itself." },
    { "--client", OPTION_TEXT, "NAME", "client", true, "The name under which it knows this server." },
    PROVIDER_OPTIONS,
    END
};
static const struct option provider_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--issuer", OPTION_TEXT, "URL", "issuer", false, "Another issuer." },
    { "--client", OPTION_TEXT, "NAME", "client", false, "Another client." },
    PROVIDER_OPTIONS,
    END
};
static const struct option address_list_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation." },
    { "--query", OPTION_TEXT, "FILTER", "query", true, "Whom it shows: (&(kind=user)(domain=example.org))." },
    { "--position", OPTION_NUMBER, "N", "position", false, "Among the others; the smallest comes first." },
    { "--visible-to", OPTION_TEXT, "ADDRESS", "visible_to", false,
      "Only members of this group, or this person, see it." },
    END
};
static const struct option address_book_options[] = {
    { "--org", OPTION_TEXT, "NAME", NULL, true, "The organisation." },
    { "--format", OPTION_TEXT, "vcard|vcard3|ldif|csv", NULL, false, "vCard 4.0 without it." },
    END
};
static const struct option address_list_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--query", OPTION_TEXT, "FILTER", "query", false, "Whom it shows." },
    { "--position", OPTION_NUMBER, "N", "position", false, "Among the others; the smallest comes first." },
    { "--visible-to", OPTION_TEXT, "ADDRESS", "visible_to", false,
      "Only members of this group, or this person, see it; \"\": everybody." },
    END
};
static const struct option policy_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation." },
    { "--addresses", OPTION_LIST, "T,T,...", "addresses", false,
      "Addresses of names: %g.%s@example.org; %g given name, %s surname, %d display name, %m local part." },
    { "--query", OPTION_TEXT, "FILTER", "query", false, "Who gets them; default: (kind=user)." },
    { "--position", OPTION_NUMBER, "N", "position", false,
      "Of several that select somebody, the smallest says first." },
    { "--max-send", OPTION_SIZE, "SIZE", "max_send", false,
      "Of a message that they send; 0: it says nothing." },
    { "--max-receive", OPTION_SIZE, "SIZE", "max_receive", false, "Of a message that they get." },
    { "--max-recipients", OPTION_NUMBER, "N", "max_recipients", false, "That they may name in one message." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false,
      "Of mailboxes that are made without one of their own." },
    { "--retention", OPTION_LIST, "R,R,...", "retention", false,
      "How long mail is kept: Junk=30:delete,*=365:archive." },
    END
};
static const struct option retention_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--after", OPTION_TEXT, "AFTER", "?after", false, "Where the answer before ended: its field after." },
    END
};
static const struct option policy_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", true, "The organisation." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--addresses", OPTION_LIST, "T,T,...", "addresses", false, "Addresses of names." },
    { "--query", OPTION_TEXT, "FILTER", "query", false, "Who gets them." },
    { "--position", OPTION_NUMBER, "N", "position", false,
      "Of several that select somebody, the smallest says first." },
    { "--max-send", OPTION_SIZE, "SIZE", "max_send", false,
      "Of a message that they send; 0: it says nothing." },
    { "--max-receive", OPTION_SIZE, "SIZE", "max_receive", false, "Of a message that they get." },
    { "--max-recipients", OPTION_NUMBER, "N", "max_recipients", false, "That they may name in one message." },
    { "--quota", OPTION_SIZE, "SIZE", "quota", false,
      "Of mailboxes that are made without one of their own." },
    { "--retention", OPTION_LIST, "R,R,...", "retention", false,
      "How long mail is kept: Junk=30:delete,*=365:archive." },
    END
};
static const struct option deleted_list_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only this organisation." }, END
};
static const struct option reconnect_options[] = {
    { "--to", OPTION_TEXT, "ADDRESS", "to", true, "The address of its new user." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "The display name; default: the former one." },
    { "--password-file", OPTION_SECRET, "FILE|-", "password", false,
      "Its first line is the password; -: standard input." },
    END
};
static const struct option recoverable_options[] = {
    { "--folder", OPTION_TEXT, "FOLDER", "?folder", false, "Only what was in this folder." },
    { "--since", OPTION_TEXT, "DAY", "?since", false, "Only what was expunged since this day." },
    { "--subject", OPTION_TEXT, "TEXT", "?subject", false, "Only where the subject has this in it." },
    { "--limit", OPTION_NUMBER, "COUNT", "?limit", false,
      "At most so many, the last expunged ones (1,000)." },
    END
};
static const struct option recover_options[] = {
    { "--folder", OPTION_TEXT, "FOLDER", "folder", false, "Only what was in this folder." },
    { "--since", OPTION_TEXT, "DAY", "since", false, "Only what was expunged since this day." },
    { "--subject", OPTION_TEXT, "TEXT", "subject", false, "Only where the subject has this in it." },
    { "--ids", OPTION_LIST, "ID,ID", "ids", false, "Only these, as the list says." },
    { "--into", OPTION_TEXT, "FOLDER", "into", false, "The folder that they come into (INBOX)." },
    END
};
static const struct option moves_options[] = {
    { "--all", OPTION_FLAG, NULL, "?all", false, "Also those that are over." }, END
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

static const struct option rename_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", true, "Another name." }, END
};
static const struct option server_set_options[] = {
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", false,
      "The routing group that it belongs to." },
    { "--address", OPTION_TEXT, "HOST[:PORT]", "address", false,
      "Where other servers hand mail to it; \"\": its name." },
    { "--new-key", OPTION_FLAG, NULL, "new_key", false,
      "What it proves itself with to the others is made anew." },
    END
};
static const struct option server_options[] = { { "--routing-group", OPTION_TEXT, "NAME", "routing_group",
                                                  false, "The routing group that it belongs to." },
                                                { "--address", OPTION_TEXT, "HOST[:PORT]", "address", false,
                                                  "Where other servers hand mail to it; \"\": its name." },
                                                END };
static const struct option storage_group_set_options[] = {
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--routing-group", OPTION_TEXT, "NAME", "routing_group", false,
      "The routing group whose servers file into it." },
    { "--database", OPTION_TEXT, "URL", "database", false, "Where it is now; \"\": beside the directory." },
    { "--takes-new", OPTION_YES_NO, "yes|no", "takes_new", false,
      "New mailboxes may be put into its stores." },
    END
};
static const struct option route_options[] = {
    { "--from", OPTION_TEXT, "SENDER", "?sender", false, "Of mail from this address." },
    { "--size", OPTION_NUMBER, "BYTES", "?size", false, "Of a message of this size." },
    END
};
#define ASK_PRIMARY                                                                                          \
    {                                                                                                        \
        "--ask-primary", OPTION_YES_NO, "yes|no", "ask_primary", false,                                      \
            "Ask the primary for each recipient, while it can be reached."                                   \
    }
static const struct option backup_mx_options[] = {
    { "--type", OPTION_TEXT, "TYPE", "type", false, "host (default), or domain: with all domains below it." },
    { "--org", OPTION_TEXT, "NAME", "organisation", false,
      "The organisation that it belongs to; needed where there are several." },
    ASK_PRIMARY,
    END
};
static const struct option backup_mx_set_options[] = {
    { "--type", OPTION_TEXT, "TYPE", "type", false, "host, or domain: with all domains below it." },
    ASK_PRIMARY,
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
        { "--login", OPTION_TEXT, "ADDRESS", prefix "login", false, "Only what this user submitted." },      \
    {                                                                                                        \
        "--org", OPTION_TEXT, "NAME", prefix "organisation", false, "Only of this organisation."             \
    }
static const struct option queue_list_options[] = {
    QUEUE_FILTER("?"),
    { "--after", OPTION_TEXT, "ID", "?after", false, "Behind this entry: the next page." },
    { "--limit", OPTION_TEXT, "NUMBER", "?limit", false, "So many; default 100, at most 1,000." },
    END
};
static const struct option queue_recall_options[] = {
    { "--login", OPTION_TEXT, "ADDRESS", "login", false, "Only where this user submitted it." }, END
};
static const struct option queue_options[] = { QUEUE_FILTER(""), END };
static const struct option queue_to_options[] = {
    QUEUE_FILTER(""),
    { "--to", OPTION_TEXT, "WHERE", "to", true,
      "reroute: HOST, HOST:PORT or direct; readdress: the new address." },
    END
};

static const struct option trace_options[] = {
    { "--sender", OPTION_TEXT, "ADDRESS", "?sender", false, "Envelope sender; <> for notices." },
    { "--recipient", OPTION_TEXT, "ADDRESS", "?recipient", false, "Of RCPT, or an address that it led to." },
    { "--message-id", OPTION_TEXT, "ID", "?message_id", false, "The field Message-ID, with < > or without." },
    { "--client", OPTION_TEXT, "ADDRESS", "?client", false, "The IP address that it came from." },
    { "--login", OPTION_TEXT, "NAME", "?login", false, "Who submitted it." },
    { "--since", OPTION_TEXT, "TIME", "?since", false, "2h, 7d (ago), 2031-01-31, 2031-01-31T12:00:00Z." },
    { "--until", OPTION_TEXT, "TIME", "?until", false, "As --since." },
    { "--org", OPTION_TEXT, "NAME", "?organisation", false, "Only of this organisation." },
    { "--after", OPTION_TEXT, "ID", "?after", false, "Behind this message: the next page." },
    { "--limit", OPTION_TEXT, "NUMBER", "?limit", false, "So many messages; default 20, at most 200." },
    { "--brief", OPTION_FLAG, NULL, NULL, false, "One line a message." },
    { "--dry-run", OPTION_FLAG, NULL, NULL, false,
      "What would happen to a message from FROM to TO, and why; nothing is sent or kept." },
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

static const struct option sender_add_options[] = {
    { "--on-behalf", OPTION_FLAG, NULL, "on_behalf", false, "With the own address in Sender." }, END
};
static const struct option sender_set_options[] = { { "--keep-sent", OPTION_YES_NO, "yes|no", "keeps_sent",
                                                      false,
                                                      "yes: it lies in the mailbox's own Sent as well." },
                                                    END };

static const struct option share_options[] = {
    { "--rights", OPTION_TEXT, "RIGHTS", "rights", true,
      "reader, contributor, author, editor, owner, none, or letters as in IMAP (lrswipkxtea)." },
    { "--folder", OPTION_TEXT, "FOLDER", "folder", false,
      "Only in this folder; without it in all, also those made later." },
    { "--folders", OPTION_LIST, "FOLDER=RIGHTS,...", "folders", false,
      "Without --folder: those with other rights." },
    END
};
static const struct option unshare_options[] = {
    { "--folder", OPTION_TEXT, "FOLDER", "?folder", false, "Only out of this folder." }, END
};

#define ACCESS_COLUMNS "value kind expires by note"

static const struct option config_options[] = { { "--prune", OPTION_FLAG, NULL, NULL, false,
                                                  "Also removes what the sections of the file do not name." },
                                                END };
static const struct option api_options[] = {
    { "--field", OPTION_MANY, "NAME=VALUE", NULL, false,
      "A field of the body, as often as there are fields; lists with commas, objects as JSON." },
    { "--file", OPTION_TEXT, "FILE|-", NULL, false,
      "The whole body: JSON, or the bytes that the route takes." },
    { "--dry-run", OPTION_FLAG, NULL, NULL, false, "Tells what would be, and changes nothing." },
    END
};

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
    { "domain dns", "DOMAIN", "What it needs in DNS, and what is found there.", domain_dns_options, NULL,
      "GET", "/domains/{0}/dns", NULL, "records", "state name type value found" },
    { "domain set", "DOMAIN", "Changes one.", domain_set_options, NULL, "PATCH", "/domains/{0}" },
    { "domain remove", "DOMAIN", "Removes one without recipients.", NULL, NULL, "DELETE", "/domains/{0}" },

    { "user test", "ADDRESS", "Tries whether an account works, step by step.", user_test_options, NULL,
      "POST", "/users/{0}/test" },
    { "user add", "ADDRESS", "Adds a user with a mailbox.", user_options, NULL, "POST", "/users", "address" },
    { "user rename", "ADDRESS NEW", "Gives one another primary address; mail to the former one still comes.",
      NULL, NULL, "PATCH", "/users/{0}", " address" },
    { "user import", "FILE",
      "Adds users from a CSV file: address,name,password,quota,given_name,city,manager...", NULL,
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

    { "alias add", "ALIAS ADDRESS", "A further address of a recipient; repeated, of several.",
      alias_add_options, NULL, "POST", "/aliases", "address target" },
    { "alias list", "", "Lists aliases.", alias_list_options, NULL, "GET", "/aliases", NULL, "aliases",
      "address target" },
    { "alias show", "ALIAS", "Shows one.", NULL, NULL, "GET", "/aliases/{0}" },
    { "alias set", "ALIAS", "Changes one.", alias_set_options, NULL, "PATCH", "/aliases/{0}" },
    { "alias remove", "ALIAS", "Removes one.", NULL, NULL, "DELETE", "/aliases/{0}" },

    { "group add", "ADDRESS", "Adds a group.", group_add_options, NULL, "POST", "/groups", "address" },
    { "group list", "", "Lists groups.", group_list_options, NULL, "GET", "/groups", NULL, "groups",
      "address name members enabled" },
    { "group show", "ADDRESS", "Shows one with its members.", group_show_options, NULL, "GET",
      "/groups/{0}" },
    { "group set", "ADDRESS", "Changes one.", group_set_options, NULL, "PATCH", "/groups/{0}" },
    { "group remove", "ADDRESS", "Removes one.", NULL, NULL, "DELETE", "/groups/{0}" },
    { "group-member add", "GROUP ADDRESS", "Adds a member.", NULL, NULL, "POST", "/groups/{0}/members",
      " member" },
    { "group-member remove", "GROUP ADDRESS", "Takes a member out.", NULL, NULL, "DELETE",
      "/groups/{0}/members/{1}" },

    { "contact add", "ADDRESS TARGET", "Adds a contact: an address here for one elsewhere.",
      contact_add_options, NULL, "POST", "/contacts", "address target" },
    { "contact list", "", "Lists contacts.", recipient_list_options, NULL, "GET", "/contacts", NULL,
      "contacts", "address name target enabled" },
    { "contact show", "ADDRESS", "Shows one.", NULL, NULL, "GET", "/contacts/{0}" },
    { "contact set", "ADDRESS", "Changes one.", contact_set_options, NULL, "PATCH", "/contacts/{0}" },
    { "contact remove", "ADDRESS", "Removes one.", NULL, NULL, "DELETE", "/contacts/{0}" },

    { "app-password add", "ADDRESS", "Makes a password for one program and shows it once.",
      app_password_options, NULL, "POST", "/users/{0}/app-passwords" },
    { "app-password list", "ADDRESS", "Lists them, without the passwords.", NULL, NULL, "GET",
      "/users/{0}/app-passwords", NULL, "app_passwords",
      "name protocols networks created last_used expires" },
    { "app-password remove", "ADDRESS NAME", "Takes one back.", NULL, NULL, "DELETE",
      "/users/{0}/app-passwords/{1}" },

    { "sender add", "ADDRESS PERSON", "Lets somebody write in the name of a mailbox or group.",
      sender_add_options, NULL, "POST", "/recipients/{0}/senders", " person" },
    { "sender list", "ADDRESS", "Who may write in its name.", NULL, NULL, "GET", "/recipients/{0}/senders",
      NULL, "senders", "address name on_behalf created" },
    { "sender pairs", "", "Lists who may write in whose name.", sender_pairs_options, NULL, "GET", "/senders",
      NULL, "senders", "recipient person on_behalf created" },
    { "sender set", "ADDRESS", "What becomes of what they send.", sender_set_options, NULL, "PATCH",
      "/recipients/{0}/senders" },
    { "sender remove", "ADDRESS PERSON", "Takes that from somebody.", NULL, NULL, "DELETE",
      "/recipients/{0}/senders/{1}" },

    { "role list", "", "Lists the roles of administrators with their permissions.", role_list_options, NULL,
      "GET", "/roles", NULL, "roles", "id name rank meaning" },
    { "role add", "NAME", "Makes a role of an organisation's own.", role_add_options, NULL, "POST", "/roles",
      "name" },
    { "role set", "ID", "Changes such a role.", role_set_options, NULL, "PATCH", "/roles/{0}" },
    { "role remove", "ID", "Removes one that nobody holds.", NULL, NULL, "DELETE", "/roles/{0}" },
    { "change list", "", "Changes that wait, or waited, for a second person.", change_list_options, NULL,
      "GET", "/changes", NULL, "changes", "id state requester method path created expires" },
    { "change show", "ID", "Shows one with its difference.", NULL, NULL, "GET", "/changes/{0}" },
    { "change approve", "ID", "Lets one happen, now.", decision_options, NULL, "POST",
      "/changes/{0}/approve" },
    { "change reject", "ID", "Refuses one.", decision_options, NULL, "POST", "/changes/{0}/reject" },
    { "grant add", "ADDRESS ROLE", "Gives somebody a role on a part of the tree.", grant_options, NULL,
      "POST", "/grants", "holder role" },
    { "grant list", "", "Who holds which role on what.", grant_list_options, NULL, "GET", "/grants", NULL,
      "grants", "id holder role scope object until approval by" },
    { "grant remove", "ID", "Takes one back.", NULL, NULL, "DELETE", "/grants/{0}" },
    { "rights show", "ADDRESS", "What somebody may do, and by which grant.", rights_options, NULL, "GET",
      "/rights/{0}", NULL, "rights", "permission role scope object" },
    { "rights explain", "ADDRESS PERMISSION", "Each grant of somebody, and why it allows that or not.",
      rights_options, NULL, "GET", "/rights/{0}/explain?permission={1}", NULL, "path",
      "id role scope object until verdict" },
    { "audit list", "", "Who did what, the newest first.", audit_options, NULL, "GET", "/audit", NULL,
      "entries", "id at actor peer action object reason" },
    { "audit verify", "", "Walks the chain of the audit and says what was changed, removed or exchanged.",
      audit_verify_options, NULL, "GET", "/audit/verify" },
    { "audit export", "", "All of it, as JSON lines.", audit_export_options, command_audit_export },
    { "user activity", "ADDRESS", "Logins and administrative acts that concern a mailbox, by day.", NULL,
      NULL, "GET", "/users/{0}/activity", NULL, "activity", "day action actor peer count last" },
    { "session list", "ADDRESS", "Sessions and tokens of a user.", NULL, NULL, "GET", "/users/{0}/sessions",
      NULL, "sessions", "id kind name peer created seen expires" },
    { "session end", "ADDRESS ID", "Ends one.", NULL, NULL, "DELETE", "/users/{0}/sessions/{1}" },
    { "session all", "", "Browsers, tokens and mail programs of everybody that are logged in now.",
      session_options, NULL, "GET", "/sessions", NULL, "sessions",
      "id address kind protocol name peer created seen" },
    { "session end-all", "", "Ends all of these but one's own.", session_options, NULL, "POST",
      "/sessions/end" },
    { "second-factor list", "ADDRESS", "Second factors of a user.", NULL, NULL, "GET",
      "/users/{0}/second-factors", NULL, "second_factors", "id kind name confirmed created last_used" },
    { "second-factor remove", "ADDRESS ID", "Takes one away.", NULL, NULL, "DELETE",
      "/users/{0}/second-factors/{1}" },
    { "second-factor reset", "ADDRESS", "Takes all away, with the recovery codes: for who lost them.", NULL,
      NULL, "DELETE", "/users/{0}/second-factors" },
    { "second-factor require", "ORGANISATION", "Says who must have a second factor.", factor_rule_options,
      NULL, "PUT", "/organisations/{0}/second-factor" },
    { "second-factor rules", "ORGANISATION", "Who must have a second factor.", NULL, NULL, "GET",
      "/organisations/{0}/second-factor" },
    { "token add", "ADDRESS NAME", "Makes a token for a program at the admin API and shows it once.",
      token_options, NULL, "POST", "/tokens", "holder name" },

    { "mailbox import", "ADDRESS DIR|FILE", "Brings in a Maildir or mbox with folders, flags and dates.",
      import_options, command_mailbox_import },
    { "mailbox export", "ADDRESS DIR", "Writes a mailbox as Maildir or mbox.", export_options,
      command_mailbox_export },

    { "mailbox move", "ADDRESS", "Moves a mailbox into another store while it is in use.", move_options,
      command_mailbox_move },
    { "mailbox move-all", "", "Moves several mailboxes, or all of a store, one after the other.",
      move_all_options, NULL, "POST", "/moves" },
    { "mailbox moves", "", "Mailboxes on their way to another storage group.", moves_options, NULL, "GET",
      "/moves", NULL, "moves", "address state from_storage_group storage_group store done messages trouble" },
    { "mailbox move-cancel", "ADDRESS", "Gives a move up.", NULL, NULL, "DELETE", "/mailboxes/{0}/move" },

    { "identity-provider add", "NAME", "Adds one by which people log in: OpenID Connect.", provider_options,
      NULL, "POST", "/identity-providers", "name" },
    { "identity-provider list", "", "Lists them.", of_org_options, NULL, "GET", "/identity-providers", NULL,
      "identity_providers", "name issuer domain tokens enabled" },
    { "identity-provider show", "NAME", "Shows one.", of_org_options, NULL, "GET",
      "/identity-providers/{0}" },
    { "identity-provider set", "NAME", "Changes one.", provider_set_options, NULL, "PATCH",
      "/identity-providers/{0}" },
    { "identity-provider remove", "NAME", "Removes one.", of_org_options, NULL, "DELETE",
      "/identity-providers/{0}" },
    { "identity-provider test", "NAME", "Asks it what it is, step by step.", of_org_options, NULL, "POST",
      "/identity-providers/{0}/test" },
    { "statistics show", "", "How much mail came, went and was refused, and who logged in, by steps of time.",
      statistics_options, NULL, "GET", "/statistics", NULL, "series", "name values" },

    { "certificate list", "", "The certificates of this server: names, issuers, dates.", NULL, NULL, "GET",
      "/certificates", NULL, "certificates", "file names until days is_default has_key fault" },
    { "certificate missing", "", "Names that others ask for and that no certificate of this server bears.",
      NULL, NULL, "GET", "/certificates/missing", NULL, "missing", "name domain purpose" },

    { "job list", "", "Lists work on many objects, the newest first.", NULL, NULL, "GET", "/jobs", NULL,
      "jobs", "id title state done failed total caller created" },
    { "job show", "ID", "Shows how far one is.", NULL, NULL, "GET", "/jobs/{0}" },
    { "job items", "ID", "What came of each item.", job_item_options, NULL, "GET", "/jobs/{0}/items", NULL,
      "items", "index object state message" },
    { "job export", "LIST", "Writes a list to a file: recipients, queue, trace or sessions.",
      job_export_options, NULL, "POST", "/jobs/export", "list" },
    { "job file", "ID", "Prints the file of an export that has ended.", NULL, command_job_file },
    { "job cancel", "ID", "Stops one: what is being done is finished, the rest is left.", NULL, NULL, "POST",
      "/jobs/{0}/cancel" },
    { "job resume", "ID", "Takes up what it has left.", NULL, NULL, "POST", "/jobs/{0}/resume" },

    { "address-list add", "NAME", "Adds an address list: recipients by a filter.", address_list_options, NULL,
      "POST", "/address-lists", "name" },
    { "address-list list", "", "Lists them.", of_org_options, NULL, "GET", "/address-lists", NULL,
      "address_lists", "name query position visible_to" },
    { "address-list export", "[NAME]", "Writes the global address list, or this one, to the output.",
      address_book_options, command_address_book_export },
    { "address-list show", "NAME", "Shows one with its members.", of_org_options, NULL, "GET",
      "/address-lists/{0}" },
    { "address-list set", "NAME", "Changes one.", address_list_set_options, NULL, "PATCH",
      "/address-lists/{0}" },
    { "address-list remove", "NAME", "Removes one.", of_org_options, NULL, "DELETE", "/address-lists/{0}" },
    { "recipient-policy add", "NAME", "Adds a policy: addresses, limits, and how long mail is kept.",
      policy_options, NULL, "POST", "/recipient-policies", "name" },
    { "recipient-policy list", "", "Lists them.", of_org_options, NULL, "GET", "/recipient-policies", NULL,
      "recipient_policies",
      "name query position addresses max_send max_receive max_recipients quota retention" },
    { "recipient-policy show", "NAME", "Shows one, with the addresses that it would give.", of_org_options,
      NULL, "GET", "/recipient-policies/{0}" },
    { "recipient-policy set", "NAME", "Changes one.", policy_set_options, NULL, "PATCH",
      "/recipient-policies/{0}" },
    { "recipient-policy apply", "NAME", "Gives these addresses.", of_org_options, NULL, "POST",
      "/recipient-policies/{0}/apply" },
    { "recipient-policy retention", "NAME", "Shows what it would delete or move now.", retention_options,
      NULL, "GET", "/recipient-policies/{0}/retention", NULL, "retained", "user folder act messages bytes" },
    { "recipient-policy retain", "NAME", "Does so now, and not at the next turn of housekeeping.",
      retention_options, NULL, "POST", "/recipient-policies/{0}/retention", NULL, "retained",
      "user folder act messages bytes" },
    { "recipient-policy remove", "NAME", "Removes one; the addresses stay.", of_org_options, NULL, "DELETE",
      "/recipient-policies/{0}" },

    { "share list", "", "Lists who is let into which shared mailbox, room, equipment or public folder.",
      filter_org_options, NULL, "GET", "/shares", NULL, "shares", "mailbox person rights folders" },
    { "mailbox share", "ADDRESS PERSON",
      "Lets somebody, or who is in a group, into the folders of a mailbox.", share_options, NULL, "POST",
      "/mailboxes/{0}/shares", " person" },
    { "mailbox shares", "ADDRESS", "Who may do what in which of its folders.", NULL, NULL, "GET",
      "/mailboxes/{0}/shares", NULL, "shares", "person folder role rights denied" },
    { "mailbox unshare", "ADDRESS PERSON", "Lets somebody in no more.", unshare_options, NULL, "DELETE",
      "/mailboxes/{0}/shares/{1}" },
    { "mailbox recoverable", "ADDRESS", "Lists expunged messages that can be had again.", recoverable_options,
      NULL, "GET", "/mailboxes/{0}/recoverable", NULL, "messages",
      "id folder expunged until received from subject size" },
    { "mailbox recover", "ADDRESS", "Brings expunged messages back.", recover_options, NULL, "POST",
      "/mailboxes/{0}/recoverable/restore" },
    { "mailbox deleted", "", "Lists mailboxes of removed users, while they are kept.", deleted_list_options,
      NULL, "GET", "/deleted-mailboxes", NULL, "mailboxes",
      "mailbox address name deleted until bytes store" },
    { "mailbox reconnect", "MAILBOX", "Gives a deleted mailbox to a new user.", reconnect_options, NULL,
      "POST", "/deleted-mailboxes/{0}/reconnect" },
    { "mailbox purge", "MAILBOX", "Removes a deleted mailbox for good.", NULL, NULL, "DELETE",
      "/deleted-mailboxes/{0}" },

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
    { "store list", "", "Lists mailbox stores with what is in them.", NULL, NULL, "GET", "/stores", NULL,
      "stores", "name storage_group state mailboxes used messages grown_7_days" },
    { "store show", "NAME", "Shows one: limits, periods, use and growth.", store_of_options, NULL, "GET",
      "/stores/{0}" },
    { "store set", "NAME", "Changes name, limits and periods.", store_set_options, NULL, "PATCH",
      "/stores/{0}" },
    { "store remove", "NAME", "Removes one that has no mailboxes.", store_of_options, NULL, "DELETE",
      "/stores/{0}" },
    { "store mount", "NAME", "Opens it.", store_of_options, NULL, "POST", "/stores/{0}/mount" },
    { "store dismount", "NAME", "Closes it; its users get temporary errors.", store_of_options, NULL, "POST",
      "/stores/{0}/dismount" },

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
    { "quarantine release", "ID", "Delivers one to its recipients.", release_options, NULL, "POST",
      "/quarantine/{0}/release" },
    { "quarantine delete", "ID", "Deletes one.", NULL, NULL, "DELETE", "/quarantine/{0}" },
    { "moderation list", "", "Lists messages that wait for a moderator.", filter_org_options, NULL, "GET",
      "/moderation", NULL, "messages", "number held cause sender subject" },
    { "moderation show", "NUMBER", "Shows one, with the beginning of its text.", NULL, NULL, "GET",
      "/moderation/{0}" },
    { "moderation approve", "NUMBER", "Lets one go on to its recipients.", moderation_options, NULL, "POST",
      "/moderation/{0}/approve" },
    { "moderation reject", "NUMBER", "Returns one to its sender, with the reason.", moderation_options, NULL,
      "POST", "/moderation/{0}/reject" },
    { "held list", "", "Lists accounts whose mail is held for passing a limit.", filter_org_options, NULL,
      "GET", "/held", NULL, "accounts", "address since reason" },
    { "held release", "ADDRESS", "Lets one send again.", NULL, NULL, "DELETE", "/held/{0}" },

    { "secret rotate", "",
      "Makes a new key for private keys and passwords in the database, and seals them with it.", NULL,
      command_secret_rotate },
    { "report list", "", "Lists what others report about mail and TLS of our domains.", report_list_options,
      NULL, "GET", "/reports", NULL, "reports", "id domain reporter begin passed failed" },
    { "report show", "ID", "Shows one report with its rows.", NULL, NULL, "GET", "/report/{0}" },

    { "rule add", "NAME", "Adds a transport rule: where all conditions hold, everything named is done.",
      rule_options, NULL, "POST", "/rules", "name" },
    { "rule list", "", "Lists an organisation's rules in their order.", of_org_options, NULL, "GET", "/rules",
      NULL, "rules", "name position enabled rule" },
    { "rule show", "NAME", "Shows one.", of_org_options, NULL, "GET", "/rules/{0}" },
    { "rule set", "NAME", "Changes one; \"\" takes a condition or action out.", rule_set_options, NULL,
      "PATCH", "/rules/{0}" },
    { "rule order", "", "Puts all of them into this order.", rule_order_options, NULL, "PUT", "/rule-order" },
    { "rule try", "NAME", "Tells which of its conditions hold for a message.", rule_trial_options, NULL,
      "POST", "/rule-trial", "name" },
    { "rule remove", "NAME", "Removes one.", of_org_options, NULL, "DELETE", "/rules/{0}" },

    { "dkim add", "DOMAIN", "Makes a key that signs a domain's mail, and prints its DNS record.",
      dkim_options, NULL, "POST", "/dkim", "domain" },
    { "dkim list", "", "Lists keys.", recipient_list_options, NULL, "GET", "/dkim", NULL, "keys",
      "domain selector algorithm state active_from" },
    { "dkim show", "DOMAIN", "Prints a domain's records.", NULL, NULL, "GET", "/dkim/{0}", NULL, "keys",
      "name type value" },
    { "dkim activate", "DOMAIN SELECTOR", "Signs with it from now or later on.", dkim_activate_options, NULL,
      "POST", "/dkim/{0}/{1}/activate" },
    { "dkim remove", "DOMAIN SELECTOR", "Removes a key.", NULL, NULL, "DELETE", "/dkim/{0}/{1}" },
    { "storage-group set", "NAME", "Another name, routing group or database.", storage_group_set_options,
      NULL, "PATCH", "/storage-groups/{0}" },
    { "storage-group remove", "NAME", "Forgets one that has no stores; its database stays.", NULL, NULL,
      "DELETE", "/storage-groups/{0}" },

    { "directory add", "NAME", "Adds a company directory (LDAP, Active Directory).", directory_add_options,
      NULL, "POST", "/directories", "name" },
    { "directory list", "", "Lists company directories.", filter_org_options, NULL, "GET", "/directories",
      NULL, "directories", "name organisation domain type enabled state" },
    { "directory show", "NAME", "Shows one, without its secrets.", directory_options, NULL, "GET",
      "/directories/{0}" },
    { "directory set", "NAME", "Changes one.", directory_set_options, NULL, "PATCH", "/directories/{0}" },
    { "directory remove", "NAME", "Removes one; its recipients stay, and are internal then.",
      directory_options, NULL, "DELETE", "/directories/{0}" },
    { "directory test", "NAME", "Connects, binds and searches step by step, with remedies.",
      directory_look_options, command_directory_test },
    { "directory preview", "NAME", "Shows what a synchronisation would change.", directory_look_options,
      command_directory_preview },
    { "directory sync", "NAME", "Synchronises now, and waits for it.", directory_sync_options,
      command_directory_sync },
    { "directory status", "NAME", "Shows how far its synchronisation has come, and how its servers are.",
      directory_options, command_directory_status },
    { "directory runs", "NAME", "Lists its last runs.", directory_options, NULL, "GET",
      "/directories/{0}/runs", NULL, "runs",
      "id kind state started ended seen added changed disabled conflicts" },
    { "directory conflicts", "NAME", "Lists entries that cannot be taken over, with the remedy.",
      directory_options, NULL, "GET", "/directories/{0}/conflicts", NULL, "conflicts",
      "dn what message since" },
    { "directory writing", "NAME", "Shows how writing back into it goes, and what it refuses.",
      directory_options, NULL, "GET", "/directories/{0}/writing" },
    { "directory write-preview", "NAME", "Shows what would be written back into it; writes nothing.",
      directory_write_options, NULL, "POST", "/directories/{0}/writing/preview" },
    { "directory write-again", "NAME", "Tries again what the directory refused to take.", directory_options,
      NULL, "POST", "/directories/{0}/writing/again" },
    { "directory entries", "NAME", "Lists people in it as it was last read, and who is chosen for a mailbox.",
      directory_entries_options, NULL, "GET", "/directories/{0}/entries", NULL, "entries",
      "chosen name account mail address fault" },
    { "directory choose", "NAME ENTRY",
      "Chooses an entry for a mailbox (--mailboxes hand), or takes it back.", directory_choose_options, NULL,
      "POST", "/directories/{0}/choose", " entry" },
    { "directory link", "NAME ENTRY ADDRESS", "Gives an entry a recipient that is there already.",
      directory_options, NULL, "POST", "/directories/{0}/link", " entry address" },

    { "connector test", "NAME", "Tries where one leads, step by step; nothing is sent.",
      connector_test_options, NULL, "POST", "/connectors/{0}/test" },
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
    { "server set", "NAME", "Changes one.", server_set_options, NULL, "PATCH", "/servers/{0}" },
    { "server remove", "NAME", "Removes one that is gone for good.", NULL, NULL, "DELETE", "/servers/{0}" },
    { "link list", "", "Lists links that failed, and until when they are not tried.", NULL, NULL, "GET",
      "/links", NULL, "links", "connector host since until reason" },
    { "route", "ADDRESS", "Which way mail to an address goes now, and why.", route_options, command_route },

    { "backup-mx add", "DOMAIN", "Keeps mail for a domain while its primary server is away.",
      backup_mx_options, NULL, "POST", "/backup-mx", "domain" },
    { "backup-mx list", "", "Lists backed-up domains.", filter_org_options, NULL, "GET", "/backup-mx", NULL,
      "backup_mx", "domain type organisation recipients asks_primary" },
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
    { "queue recall", "ID",
      "Takes a submitted message back into its sender's Drafts, while none of it has left.",
      queue_recall_options, NULL, "POST", "/queue-recalls", "id" },
    { "queue hold", "[ID]", "Keeps entries until they are released.", queue_options, command_queue_act },
    { "queue release", "[ID]", "Lets held entries go; their time begins anew.", queue_options,
      command_queue_act },
    { "queue retry", "[ID]", "Tries entries now.", queue_options, command_queue_act },
    { "queue reroute", "[ID]", "Sends entries over another server.", queue_to_options, command_queue_act },
    { "queue readdress", "[ID]", "Gives entries another recipient.", queue_to_options, command_queue_act },
    { "queue return", "[ID]", "Gives entries back to their senders, with a notice.", queue_options,
      command_queue_act },
    { "queue delete", "[ID]", "Removes entries without a word.", queue_options, command_queue_act },

    { "trace", "[ID|FROM] [TO] [FILE]",
      "Shows what happened to messages, the newest first, to one, or with --dry-run what would happen.",
      trace_options, command_trace },

    { "config export", "[FILE]", "Writes the whole configuration as text, without mailboxes and secrets.",
      NULL, command_config_export },
    { "config diff", "FILE|-", "Shows what `chappe config apply` would do.", config_options,
      command_config_diff },
    { "config apply", "FILE|-", "Makes the configuration what the file says, all of it or nothing.",
      config_options, command_config_apply },
    { "api", "METHOD PATH",
      "Asks the admin API for what has no command of its own (see /api/ of the web server).", api_options,
      command_api },
    { "help", "[COMMAND] [VERB]", "Explains the commands, or one of them.", NULL, command_help },
    { "version", "", "Prints the version.", NULL, command_version },
    { "print", "WHAT", "bash-completion, man, man-conf, tables or api: for packaging and the guides.", NULL,
      command_print, .is_hidden = true },
    { "run-role", "ROLE", "One role; the supervisor calls this.", NULL, command_run_role, .is_hidden = true },
    { .words = NULL },
};
