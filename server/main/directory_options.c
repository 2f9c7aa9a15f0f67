/* directory_options.c -- options of the commands about company directories; what adding and changing share stands once. */
#include "main/directory_options.h"

/* How its servers are met, and as whom. */
#define CONNECTION                                                                                           \
    { "--tls", OPTION_TEXT, "MODE", "tls", false, "none, starttls (default) or ldaps." },                    \
        { "--trusted-file", OPTION_FILE, "FILE|-",                                                           \
          "trusted",        false,       "Certificates (PEM) that are trusted instead of the system's." },   \
        { "--certificate-file", OPTION_FILE, "FILE|-",                                                       \
          "certificate",        false,       "Our own certificate (PEM), for --bind external." },            \
        { "--key-file", OPTION_FILE, "FILE|-", "key", false, "Its key (PEM)." },                             \
        { "--bind", OPTION_TEXT, "HOW", "bind", false, "simple (default), external or gssapi." },            \
        { "--bind-dn", OPTION_TEXT, "DN",                                                                    \
          "bind_dn",   false,       "The source's account: a DN, what AD takes, or a Kerberos principal." }, \
        { "--bind-password-file", OPTION_SECRET, "FILE|-",                                                   \
          "bind_password",        false,         "Its first line is that account's password." },             \
    {                                                                                                        \
        "--keytab", OPTION_TEXT, "FILE", "keytab", false,                                                    \
            "A keytab on the servers, for gssapi without a password."                                        \
    }

/* What is written back, and as whom. */
#define WRITING                                                                                              \
    { "--write-back", OPTION_LIST, "WHAT,...",                                                               \
      "write_back",   false,       "mail, aliases, photo: written into entries that do not have them." },    \
        { "--write-dn", OPTION_TEXT, "DN", "write_dn", false, "The account that writes." },                  \
    {                                                                                                        \
        "--write-password-file", OPTION_SECRET, "FILE|-", "write_password", false,                           \
            "Its first line is that account's password."                                                     \
    }

/* What is read, and what becomes of it. */
#define READING                                                                                                  \
    { "--user-filter", OPTION_TEXT, "FILTER", "user_filter", false, "Which entries are users." },                \
        { "--contact-filter", OPTION_TEXT, "FILTER", "contact_filter", false, "Which entries are contacts." },   \
        { "--group-filter", OPTION_TEXT, "FILTER", "group_filter", false, "Which entries are groups." },         \
        { "--map", OPTION_LIST, "F=T,...", "mapping", false, "FIELD=TEMPLATE: name={displayName|cn}." },         \
        { "--mailboxes", OPTION_TEXT, "RULE",                                                                    \
          "mailboxes",   false,       "Who gets one: all (default), filter, group or hand." },                   \
        { "--mailbox-filter", OPTION_TEXT, "FILTER", "mailbox_filter", false, "Users who match it." },           \
        { "--mailbox-group", OPTION_TEXT, "DN", "mailbox_group", false, "Members of this group." },              \
        { "--placement", OPTION_LIST, "A=V:STORE,...",                                                           \
          "placement",   false,       "Where mailboxes are made; else the store with the fewest." },             \
        { "--interval", OPTION_NUMBER, "S",                                                                      \
          "interval_s", false,         "Seconds between incremental runs (default 300)." },                      \
        { "--full-interval", OPTION_NUMBER, "S",                                                                 \
          "full_interval_s", false,         "Seconds between full runs (default 86400)." },                      \
        { "--remove-percent", OPTION_NUMBER, "N",                                                                \
          "remove_percent",   false,         "A run that would take away more stops and asks (default 10)." },   \
        { "--removed", OPTION_TEXT, "WHAT", "removed", false, "keep (default) or delete, after so many days." }, \
        { "--removed-days",                                                                                      \
          OPTION_NUMBER,                                                                                         \
          "N",                                                                                                   \
          "removed_days",                                                                                        \
          false,                                                                                                 \
          "For so long the mailbox of an entry that is gone is kept (default 30)." },                            \
        WRITING, { "--logs-in", OPTION_YES_NO, "yes|no",                                                         \
                   "logs_in",   false,         "Its users log in with their password of the directory." },       \
        { "--login-names", OPTION_LIST, "FORM,...",                                                              \
          "login_names",   false,       "How people may call themselves: upn, account, mail, domain." },         \
    {                                                                                                            \
        "--login-domain", OPTION_TEXT, "NAME", "login_domain", false, "The NetBIOS name, for DOMAIN\\name."      \
    }

const struct option directory_add_options[] = {
    { "--org", OPTION_TEXT, "NAME", "organisation", true, "The organisation." },
    { "--type", OPTION_TEXT, "TYPE", "type", true, "ldap, or ad: Active Directory." },
    { "--domain", OPTION_TEXT, "DOMAIN", "domain", false, "Only addresses in this domain." },
    { "--flavour", OPTION_TEXT, "KIND", "flavour", false,
      "openldap, ad, 389ds or freeipa: decides the defaults of filters and mapping." },
    { "--url", OPTION_LIST, "URL,...", "urls", true,
      "ldap://HOST, ldaps://HOST, ldapi://%2Fpath or srv://DOMAIN, each with =COST if it differs." },
    CONNECTION,
    { "--base", OPTION_TEXT, "DN", "base", true, "The DN below which it is searched." },
    READING,
    END
};
const struct option directory_set_options[] = {
    { "--org", OPTION_TEXT, "NAME", "?organisation", false,
      "Where several organisations have one of that name." },
    { "--name", OPTION_TEXT, "NAME", "name", false, "Another name." },
    { "--enabled", OPTION_YES_NO, "yes|no", "enabled", false,
      "no: nothing is read from it, nobody of it logs in." },
    { "--domain", OPTION_TEXT, "DOMAIN", "domain", false, "Only addresses in this domain; \"\": all." },
    { "--flavour", OPTION_TEXT, "KIND", "flavour", false,
      "openldap, ad, 389ds or freeipa: decides the defaults of filters and mapping." },
    { "--url", OPTION_LIST, "URL,...", "urls", false,
      "ldap://HOST, ldaps://HOST, ldapi://%2Fpath or srv://DOMAIN, each with =COST if it differs." },
    CONNECTION,
    { "--base", OPTION_TEXT, "DN", "base", false, "The DN below which it is searched." },
    READING,
    END
};
const struct option directory_options[] = { { "--org", OPTION_TEXT, "NAME", "?organisation", false,
                                              "Where several organisations have one of that name." },
                                            END };
const struct option directory_sync_options[] = {
    { "--full", OPTION_FLAG, NULL, NULL, false, "Reads everything." },
    { "--confirm", OPTION_FLAG, NULL, NULL, false, "It may take away more than the source's limit." },
    { "--org", OPTION_TEXT, "NAME", NULL, false, "Where several organisations have one of that name." },
    END
};
const struct option directory_look_options[] = {
    { "--org", OPTION_TEXT, "NAME", NULL, false, "Where several organisations have one of that name." }, END
};
const struct option directory_write_options[] = { { "--org", OPTION_TEXT, "NAME", "?organisation", false,
                                                    "Where several organisations have one of that name." },
                                                  WRITING,
                                                  END };
const struct option directory_entries_options[] = { { "--text", OPTION_TEXT, "TEXT", "?text", false,
                                                      "Only with this in name, account or address." },
                                                    { "--org", OPTION_TEXT, "NAME", "?organisation", false,
                                                      "Where several organisations have one of that name." },
                                                    END };
const struct option directory_choose_options[] = { { "--mailbox", OPTION_YES_NO, "yes|no", "mailbox", true,
                                                     "Whether it gets one." },
                                                   { "--org", OPTION_TEXT, "NAME", "?organisation", false,
                                                     "Where several organisations have one of that name." },
                                                   END };
