/* config_keys.c -- the table of settings: name, kind, default, range, and what the manual says. */
#include "main/config.h"

#define FIELD(name) offsetof(struct config, name)

static const struct config_key keys[] = {
    { "hostname", CONFIG_TEXT, FIELD(hostname), "", .section = "Server",
      .meaning = "The name by which this server greets others and that stands in Received lines. Empty: the "
                 "name of the machine." },
    { "listen", CONFIG_TEXT, FIELD(listen), "*", .is_reloadable = true,
      .meaning =
          "Addresses on which all services listen, separated by spaces; * is every address of the machine." },
    { "port_offset", CONFIG_NUMBER, FIELD(port_offset), "0", .least = 0, .most = 64000,
      .meaning =
          "Is added to every standard port, so that several installations run side by side: with 2000, "
          "SMTP is at 2025 and IMAP at 2143." },
    { "roles", CONFIG_TEXT, FIELD(roles), "smtp mailbox web transport housekeeping extract",
      .meaning = "The processes that `chappe start` runs on this machine." },
    { "user", CONFIG_TEXT, FIELD(user), "chappe",
      .meaning = "When started by root, the unprivileged user that everything runs as." },
    { "log_level", CONFIG_CHOICE, FIELD(log_level), "info", .choices = "debug info warning error",
      .is_reloadable = true, .meaning = "Events below this level are not written." },
    { "watchdog", CONFIG_DURATION, FIELD(watchdog_s), "30s", .least = 5, .most = 3600,
      .meaning =
          "A process that has not answered the supervisor for this long is killed and started again." },
    { "workers", CONFIG_NUMBER, FIELD(workers), "64", .least = 1, .most = 256,
      .meaning = "Threads in each role that run commands. A delivery holds one until its COMMIT, so with "
                 "few of them few messages share a COMMIT." },
    { "reactors", CONFIG_NUMBER, FIELD(reactors), "2", .least = 1, .most = 64,
      .meaning = "Threads in each role that own the connections." },

    { "directory", CONFIG_TEXT, FIELD(directory), "embedded", .section = "Database",
      .meaning =
          "The directory database. `embedded`: a private PostgreSQL in the data directory, started and "
          "stopped with the server. Otherwise postgresql://user@host/database; several hosts with "
          "target_session_attrs=read-write follow a failover." },
    { "postgresql_binaries", CONFIG_TEXT, FIELD(postgresql_binaries), "",
      .meaning =
          "The folder of initdb and postgres for the private database. Empty: the newest installed, 15 "
          "at least." },
    { "database_connections", CONFIG_NUMBER, FIELD(database_connections), "8", .least = 2, .most = 500,
      .meaning = "Most connections that a role opens to each database." },

    { "tls_certificate", CONFIG_PATH, FIELD(tls_certificate), "tls/server.pem", .is_reloadable = true,
      .section = "TLS",
      .meaning = "The certificate chain in PEM that clients get who name no server, or one that no other "
                 "certificate bears." },
    { "tls_key", CONFIG_PATH, FIELD(tls_key), "tls/server.key", .is_reloadable = true,
      .meaning = "The private key in PEM, readable by the server's user alone." },
    { "tls_certificates", CONFIG_PATH, FIELD(tls_certificates), "tls", .is_reloadable = true,
      .meaning =
          "A folder of further certificates, one of which is chosen by the name that the client asks for "
          "(SNI) and the names in the certificate: NAME.pem or NAME.crt with NAME.key, or folders NAME with "
          "fullchain.pem and privkey.pem as certbot makes them." },
    { "plaintext_login", CONFIG_CHOICE, FIELD(plaintext_login), "never", .choices = "never loopback always",
      .is_reloadable = true,
      .meaning = "Where a password may be sent without TLS, and where plain HTTP is served instead of being "
                 "redirected to HTTPS. `loopback`: from this machine only." },

    { "own_password", CONFIG_CHOICE, FIELD(own_password), "without-factor",
      .choices = "without-factor always", .section = "Login",
      .meaning =
          "Whether mail programs (IMAP, POP3, submission, ManageSieve, JMAP with a password) may use an account's own "
          "password although it has a second factor, which they cannot ask for. `without-factor`: they need an app "
          "password then." },
    { "login_domain", CONFIG_TEXT, FIELD(login_domain), "",
      .meaning =
          "The domain of whoever logs in with a name that has none: ada is ada@example.org then. Empty: such names are "
          "nobody's." },
    { "kerberos_realms", CONFIG_TEXT, FIELD(kerberos_realms), "",
      .meaning =
          "Kerberos realms whose tickets log in, each with a domain in which the principal's name is looked for: "
          "EXAMPLE.LAN=example.org OTHER.LAN=other.org. A realm may be named again with a second domain. Empty: no tickets." },
    { "kerberos_keytabs", CONFIG_PATH, FIELD(kerberos_keytabs), "secrets",
      .meaning =
          "The folder of the keys: imap.keytab, pop.keytab, smtp.keytab, sieve.keytab and HTTP.keytab, and krb5.keytab "
          "for services without one of their own. A file that changes is read again by itself." },
    { "kerberos_rc4", CONFIG_CHOICE, FIELD(kerberos_rc4), "no", .choices = "no yes",
      .meaning =
          "Whether tickets under RC4 count, which Active Directory makes for accounts that have no AES keys." },

    { "max_message_size", CONFIG_SIZE, FIELD(max_message_size), "50M", .least = 1024,
      .most = INT64_C(2) << 30, .section = "Limits", .is_reloadable = true,
      .meaning = "The largest message that is accepted." },
    { "max_recipients", CONFIG_NUMBER, FIELD(max_recipients), "1000", .least = 100, .most = 50000,
      .is_reloadable = true, .meaning = "Recipients of one message in one transaction." },
    { "max_connections", CONFIG_NUMBER, FIELD(max_connections), "12000", .least = 10, .most = 500000,
      .is_reloadable = true, .meaning = "Open connections of a role." },
    { "max_connections_per_address", CONFIG_NUMBER, FIELD(max_connections_per_address), "200", .least = 1,
      .most = 500000, .is_reloadable = true,
      .meaning = "Open connections of one IPv4 address or one IPv6 /64; loopback is exempt." },
    { "max_connection_rate", CONFIG_NUMBER, FIELD(max_connection_rate), "600", .least = 1, .most = 1000000,
      .is_reloadable = true,
      .meaning = "New connections of one address or /64 in a minute; loopback is exempt." },
    { "max_errors", CONFIG_NUMBER, FIELD(max_errors), "20", .least = 1, .most = 10000, .is_reloadable = true,
      .meaning = "Refused commands after which a session is closed." },
    { "max_script_size", CONFIG_SIZE, FIELD(max_script_size), "64K", .least = 1024, .most = 1024 * 1024,
      .meaning = "The largest mail filter (Sieve script) that a person may keep." },
    { "search_time", CONFIG_DURATION, FIELD(search_time_s), "60s", .least = 1, .most = 86400,
      .is_reloadable = true,
      .meaning = "What IMAP SEARCH, SORT or THREAD may take; a longer one is answered NO [LIMIT]." },
    { "bare_newline", CONFIG_CHOICE, FIELD(bare_newline), "reject", .choices = "reject normalize",
      .is_reloadable = true,
      .meaning =
          "What SMTP does with a message that has CR or LF alone: 550, or CRLF instead (for trusted old "
          "equipment only)." },
    { "trusted_proxies", CONFIG_TEXT, FIELD(trusted_proxies), "", .is_reloadable = true,
      .meaning =
          "Networks (192.0.2.0/24 2001:db8::/32) of proxies in front of us: their connections to the line "
          "protocols begin with a PROXY protocol header, and their X-Forwarded-For is believed." },
    { "relay_from", CONFIG_TEXT, FIELD(relay_from), "", .is_reloadable = true,
      .meaning =
          "Networks (10.0.0.0/24) of the house whose hosts may send to everybody on port 25 without a login, as long as the sender's "
          "domain is served here: inner mail servers, printers, applications." },
    { "front_ends", CONFIG_TEXT, FIELD(front_ends), "",
      .meaning =
          "The folder with the applications for browsers (webmail/, admin/). Empty: front-ends in the data directory, beside the "
          "program, or in ../share/chappe of it." },

    { "jmap_origins", CONFIG_TEXT, FIELD(jmap_origins), "",
      .meaning =
          "Web pages of other hosts whose scripts may use JMAP with a password or token of their own: origins like "
          "https://mail.example.org, separated by spaces, or * for all. The cookie of this server's own pages is "
          "never theirs." },
    { "ldap", CONFIG_CHOICE, FIELD(ldap), "no", .choices = "no yes", .is_reloadable = true,
      .meaning =
          "Address lists as LDAP at ports 389 and 636, for Outlook, Thunderbird and printers. OpenLDAP's slapd is "
          "started for it, which must be installed; the role web answers." },
    { "ldap_organisation", CONFIG_TEXT, FIELD(ldap_organisation), "", .is_reloadable = true,
      .meaning =
          "The organisation whose address lists are there over LDAP for everybody who reaches the port, without a "
          "login: for printers that cannot log in. Empty: nobody's." },
    { "picture_networks", CONFIG_TEXT, FIELD(picture_networks), "",
      .meaning =
          "Networks (10.1.0.0/16) from which pictures that letters name may be fetched for their readers although they are private. "
          "Empty: from public addresses only." },
    { "push_networks", CONFIG_TEXT, FIELD(push_networks), "",
      .meaning =
          "Networks (10.1.0.0/16) in which push services of mail programs may be although they are private. "
          "Empty: on public addresses only." },

    { "view_cache", CONFIG_SIZE, FIELD(view_cache), "256M", .least = 1 << 20, .most = INT64_C(1) << 40,
      .section = "Storage", .meaning = "Memory of a role for the state of open folders." },
    { "body_cache", CONFIG_SIZE, FIELD(body_cache), "128M", .least = 0, .most = INT64_C(1) << 40,
      .meaning = "Memory of a role for messages just delivered or read." },
    { "attachment_text", CONFIG_CHOICE, FIELD(attachment_text), "yes", .choices = "no yes",
      .is_reloadable = true,
      .meaning =
          "Whether what attached documents say (PDF, office formats, RTF) is found by the search of the webmail and JMAP. The role "
          "extract reads them, housekeeping asks it." },
    { "attachment_size", CONFIG_SIZE, FIELD(attachment_size), "25M", .least = 1024, .most = 256 << 20,
      .is_reloadable = true, .meaning = "A larger document is not read." },
    { "attachment_time", CONFIG_DURATION, FIELD(attachment_time_s), "20s", .least = 1, .most = 600,
      .is_reloadable = true,
      .meaning = "How long the reading of one document may take; what was found by then is kept." },
    { "attachment_memory", CONFIG_SIZE, FIELD(attachment_memory), "512M", .least = 64 << 20,
      .most = INT64_C(16) << 30, .is_reloadable = true,
      .meaning = "Memory that the reading of one document may take." },
    { "recoverable", CONFIG_DURATION, FIELD(recoverable_s), "14d", .least = 0, .most = 315360000,
      .meaning = "For how long deleted messages can be restored." },
    { "disk_reserve", CONFIG_SIZE, FIELD(disk_reserve), "0", .least = 0, .most = INT64_C(1) << 50,
      .meaning =
          "While the disk of the private database or of the spool has less than this free, what adds data is "
          "refused as temporary (SMTP 452 4.3.1, IMAP NO [UNAVAILABLE]); reading, flags and removing go on. "
          "0: 5 % of the disk, at most 1G." },

    { "trace_days", CONFIG_NUMBER, FIELD(trace_days), "30", .least = 1, .most = 3660, .is_reloadable = true,
      .meaning = "For how many days `chappe trace` knows what happened to a message." },
    { "trace_subjects", CONFIG_CHOICE, FIELD(trace_subjects), "yes", .choices = "no yes",
      .is_reloadable = true, .meaning = "Whether the subject of a message stands in its trace." },

    { "dns", CONFIG_TEXT, FIELD(dns), "", .is_reloadable = true, .section = "Transport",
      .meaning =
          "Name servers to ask, as ADDRESS or ADDRESS@PORT, separated by spaces. Empty: those of the system." },
    { "trust_anchor", CONFIG_TEXT, FIELD(trust_anchor), "", .is_reloadable = true,
      .meaning =
          "A file with the root's keys (DS or DNSKEY records), such as /usr/share/dns/root.key. With it DNSSEC is "
          "validated and DANE used; the servers in dns must then pass signatures on. Running processes may read new "
          "files below /etc, /usr and the data directory's tls only." },
    { "trusted_certificates", CONFIG_TEXT, FIELD(trusted_certificates), "", .is_reloadable = true,
      .meaning =
          "A PEM file of the authorities whose certificates other servers may show. Empty: those of the system." },
    { "report_networks", CONFIG_TEXT, FIELD(report_networks), "",
      .meaning =
          "Networks (10.1.0.0/16) to which reports about TLS may go by HTTPS although they are private. Empty: reports go to public "
          "addresses only." },
    { "queue_lifetime", CONFIG_DURATION, FIELD(queue_lifetime_s), "5d", .least = 1, .most = 31536000,
      .meaning = "A message that could not be delivered for this long is returned to its sender." },
    { "delay_warning", CONFIG_DURATION, FIELD(delay_warning_s), "4h", .least = 1, .most = 31536000,
      .meaning = "After this time a sender is told that a message still waits." },
    { "retry_min", CONFIG_DURATION, FIELD(retry_min_s), "1m", .least = 1, .most = 86400,
      .is_reloadable = true,
      .meaning =
          "The pause behind a first attempt that failed; it doubles with each further one, up to retry_max." },
    { "retry_max", CONFIG_DURATION, FIELD(retry_max_s), "1h", .least = 1, .most = 604800,
      .is_reloadable = true, .meaning = "The longest pause between two attempts." },
    { "undo_window", CONFIG_DURATION, FIELD(undo_window_s), "0", .least = 0, .most = 3600,
      .meaning =
          "Submitted messages wait this long before they leave, so that their sender may take them back." },
    { "outbound_threads", CONFIG_NUMBER, FIELD(outbound_threads), "100", .least = 2, .most = 2000,
      .meaning = "Messages that are sent or filed from the queue at once, in all." },
    { "outbound_per_destination", CONFIG_NUMBER, FIELD(outbound_per_destination), "20", .least = 1,
      .most = 1000, .meaning = "Connections to one destination at once; fewer while it answers 421 or 450." },
    { "outbound_greeting_timeout", CONFIG_DURATION, FIELD(outbound_greeting_s), "5m", .least = 1,
      .most = 3600, .is_reloadable = true,
      .meaning =
          "How long another server may be silent before it has greeted, and before each reply up to the login. Behind a smarthost "
          "with a second way beside it, shorter: only then is it left for the next." },
    { "outbound_port", CONFIG_NUMBER, FIELD(outbound_port), "25", .least = 1, .most = 65535,
      .meaning =
          "The port of other domains' mail exchangers. Another one is of use in closed networks only." },
};

const struct config_key *config_keys(size_t *count_out)
{
    *count_out = COUNT_OF(keys);
    return keys;
}
