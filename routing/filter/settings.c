/* settings.c -- the table of settings, and reading their values. */
#include "filter/settings.h"

#include "base/span.h"
#include "filter/wire.h"
#include "format/address.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#define FIELD(name) offsetof(struct filter_settings, name)

enum {
    MINE = FILTER_OF_INSTALLATION,
    EACH = FILTER_OF_INSTALLATION | FILTER_OF_ORGANISATION,
    DOMAINS = EACH | FILTER_OF_DOMAIN,
    VALUE_MAX = 1000,
};

static const struct filter_setting_row rows[] = {
    { "clamd", FILTER_ADDRESSES, MINE, FIELD(clamd), "",
      .meaning =
          "Where ClamAV's daemon listens: unix:/run/clamav/clamd.ctl or 127.0.0.1:3310. Empty: no virus scan." },
    { "rspamd", FILTER_ADDRESSES, MINE, FIELD(rspamd), "",
      .meaning = "rspamd's normal worker, 127.0.0.1:11333. Empty: not asked." },
    { "spamd", FILTER_ADDRESSES, MINE, FIELD(spamd), "",
      .meaning = "SpamAssassin's daemon: unix:/run/spamd.sock or 127.0.0.1:783. Empty: not asked." },
    { "milters", FILTER_ADDRESSES, MINE, FIELD(milters), "",
      .meaning = "Milters (protocol 6) that see every message from outside, in this order." },
    { "scan_timeout", FILTER_DURATION, MINE, FIELD(scan_timeout_s), "30s", .least = 1, .most = 300,
      .meaning = "What all scanners together may take for a message." },
    { "on_scanner_failure", FILTER_CHOICE, EACH, FIELD(on_scanner_failure), "defer",
      .choices = "defer accept",
      .meaning =
          "A scanner that is down, late or talks nonsense: 451 until it is back, or accepted unscanned." },
    { "on_infected", FILTER_CHOICE, EACH, FIELD(on_infected), "refuse", .choices = "refuse quarantine",
      .meaning = "What is done with a message in which a virus was found." },
    { "on_spam", FILTER_CHOICE, EACH, FIELD(on_spam), "refuse", .choices = "refuse quarantine junk",
      .meaning = "What is done with a message that a scanner would reject, or from refuse_score on." },
    { "on_junk", FILTER_CHOICE, EACH, FIELD(on_junk), "junk", .choices = "junk tag",
      .meaning =
          "What is done with a message that a scanner finds suspect, or from junk_score on: filed in Junk, or only marked"
          " (X-Spam-Flag) and filed as usual." },
    { "junk_score", FILTER_SCORE, EACH, FIELD(junk_score), "0", .least = 0, .most = 10000,
      .meaning = "The score from which on_junk is done. 0: where the scanner says so." },
    { "refuse_score", FILTER_SCORE, EACH, FIELD(refuse_score), "0", .least = 0, .most = 10000,
      .meaning = "The score from which on_spam is done. 0: where the scanner says so." },
    { "scan_own", FILTER_CHOICE, EACH, FIELD(scans_own), "no", .choices = "no yes",
      .meaning =
          "Whether mail of users who logged in is judged for spam, too. Viruses are always looked for." },
    { "learn", FILTER_CHOICE, EACH, FIELD(learns), "on", .choices = "off on",
      .meaning =
          "Whether mail that users move into Junk or out of it teaches the scanners, and what they took out of it is"
          " known again." },
    { "learn_per_user", FILTER_CHOICE, MINE, FIELD(learns_per_user), "off", .choices = "off on",
      .meaning = "Whether the scanners are told whose lesson it is: they need statistics for each user." },
    { "rspamd_controller", FILTER_ADDRESSES, MINE, FIELD(rspamd_controller), "",
      .meaning = "rspamd's controller, 127.0.0.1:11334, which takes lessons. Empty: it is not taught." },
    { "rspamd_password", FILTER_SECRET, MINE, FIELD(rspamd_password), "",
      .meaning =
          "The password of rspamd's controller (enable_password, or password). It is not shown again." },
    { "spamd_learn", FILTER_CHOICE, MINE, FIELD(spamd_learns), "off", .choices = "off on",
      .meaning = "Whether SpamAssassin's daemon is taught, too; it must run with --allow-tell." },
    { "quarantine_keep", FILTER_DURATION, EACH, FIELD(quarantine_keep_s), "30d", .least = 3600,
      .most = 365 * 86400, .meaning = "How long a message stays in the quarantine." },
    { "quarantine_digest", FILTER_CHOICE, EACH, FIELD(quarantine_digest), "none", .choices = "none daily",
      .meaning =
          "Whether users get a mail, once a day, with what is in the quarantine for them and links to release it." },

    { "spf", FILTER_CHOICE, EACH, FIELD(spf), "mark", .choices = "off mark enforce",
      .meaning = "SPF of the envelope sender: not looked at, noted, or `fail` refused with 550." },
    { "dkim", FILTER_CHOICE, MINE, FIELD(dkim), "mark", .choices = "off mark",
      .meaning = "Signatures by DKIM: not looked at, or checked and noted." },
    { "dmarc", FILTER_CHOICE, EACH, FIELD(dmarc), "enforce", .choices = "off mark enforce",
      .meaning =
          "DMARC of the From domain: not looked at, noted, or its policy carried out (reject: 550, quarantine: Junk)." },
    { "arc", FILTER_CHOICE, MINE, FIELD(arc), "mark", .choices = "off mark",
      .meaning =
          "The chain of those who handed a message on (ARC): not looked at, or checked, noted, and continued by us." },
    { "arc_trusted", FILTER_DOMAINS, EACH, FIELD(arc_trusted), "",
      .meaning =
          "Domains whose seal is believed: mail that they saw pass DMARC is not refused for failing it here." },
    { "dmarc_reports", FILTER_CHOICE, MINE, FIELD(dmarc_reports), "off", .choices = "off on",
      .meaning =
          "Whether domains that ask for it hear once a day how their mail fared here (DMARC aggregate reports)." },
    { "tls_reports", FILTER_CHOICE, MINE, FIELD(tls_reports), "off", .choices = "off on",
      .meaning =
          "Whether domains that ask for it hear once a day how TLS went on the way to them (TLS-RPT)." },
    { "report_contact", FILTER_MAILBOX, MINE, FIELD(report_contact), "",
      .meaning =
          "The address in whose name reports are sent, best of a domain that is signed. Empty: postmaster." },
    { "report_address", FILTER_MAILBOX, EACH, FIELD(report_address), "",
      .meaning =
          "An address of a domain here that takes reports of others (rua= of your records), without a mailbox." },
    { "helo_check", FILTER_CHOICE, MINE, FIELD(helo_check), "off", .choices = "off mark enforce",
      .meaning =
          "What a peer calls itself in EHLO: not looked at, noted in the log, or 550 where it is our own name, another's"
          " address, no full host name or one that does not exist." },
    { "host_check", FILTER_CHOICE, MINE, FIELD(host_check), "off", .choices = "off on",
      .meaning = "Whether a peer whose reverse name does not lead back to it gets a score of 5." },

    { "mta_sts", FILTER_CHOICE, DOMAINS, FIELD(mta_sts), "off", .choices = "off withdraw testing enforce",
      .meaning =
          "Whether others are to send to the domain with TLS only (MTA-STS): no policy, one that takes back an earlier one, one"
          " that only makes them report, or one that they must keep to." },
    { "mta_sts_hosts", FILTER_HOSTS, DOMAINS, FIELD(mta_sts_hosts), "",
      .meaning =
          "The exchangers that this policy names: mx1.example.org *.example.net. Empty: the servers of this installation." },
    { "mta_sts_max_age", FILTER_DURATION, DOMAINS, FIELD(mta_sts_max_age_s), "7d", .least = 86400,
      .most = 365 * 86400, .meaning = "How long others keep that policy." },

    { "dnsbl", FILTER_ZONES, MINE, FIELD(dnsbl), "",
      .meaning =
          "Block lists in the DNS, with a score each: zen.example.org=10 other.example.net=5. Without a score: 10." },
    { "dnswl", FILTER_ZONES, MINE, FIELD(dnswl), "",
      .meaning = "Lists of good hosts, whose score is taken off." },
    { "dnsbl_refuse", FILTER_NUMBER, MINE, FIELD(dnsbl_refuse), "10", .least = 1, .most = 1000,
      .meaning = "The sum of scores from which a peer is refused at the greeting." },
    { "tarpit", FILTER_DURATION, MINE, FIELD(tarpit_s), "0s", .least = 0, .most = 30,
      .meaning =
          "How long a peer with a score below that, or a block list entry, waits for its greeting or refusal." },

    { "greylist", FILTER_CHOICE, DOMAINS, FIELD(greylist), "off", .choices = "off on",
      .meaning = "Whether unknown senders are asked to come again (451 4.7.1)." },
    { "greylist_delay", FILTER_DURATION, DOMAINS, FIELD(greylist_delay_s), "5m", .least = 1, .most = 3600,
      .meaning = "How long they have to wait at least." },

    { "account_limit", FILTER_NUMBER, EACH, FIELD(account_limit), "5000", .least = 0, .most = 1000000,
      .meaning = "Recipients that an account may send to in an hour; beyond, it is held. 0: no limit." },
    { "organisation_limit", FILTER_NUMBER, EACH, FIELD(organisation_limit), "0", .least = 0,
      .most = 100000000,
      .meaning = "Recipients that all accounts of an organisation may send to in an hour. 0: no limit." },
};

const struct filter_setting_row *filter_setting_rows(size_t *count_out)
{
    *count_out = COUNT_OF(rows);
    return rows;
}

const struct filter_setting_row *filter_setting_row(const char *name)
{
    for (size_t i = 0; name && i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

/* ---- reading values */

bool filter_next_word(struct span *in, struct span *word_out)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == ','))
        in->p++;
    *word_out = *in;
    while (in->p < in->end && *in->p != ' ' && *in->p != ',')
        in->p++;
    word_out->end = in->p;
    return !span_is_empty(*word_out);
}

static bool read_choice(struct span value, const char *choices, int64_t *out)
{
    struct span left = span_text(choices), word;

    for (*out = 0; filter_next_word(&left, &word); (*out)++)
        if (span_equals(word, value))
            return true;
    return false;
}

static bool read_duration(struct span value, int64_t *out)
{
    static const char units[] = "smhd";
    static const int64_t seconds[] = { 1, 60, 3600, 86400 };
    uint32_t number;
    const char *unit;

    if (!span_take_u32(&value, &number))
        return false;
    *out = number;
    if (span_is_empty(value))
        return true;
    unit = strchr(units, *value.p);
    if (span_length(value) != 1 || !unit)
        return false;
    *out *= seconds[unit - units];
    return true;
}

/* Tenths: "6", "6.5". */
static bool read_score(struct span value, int64_t *out)
{
    uint32_t whole;

    if (!span_take_u32(&value, &whole))
        return false;
    *out = (int64_t)whole * 10;
    if (span_is_empty(value))
        return true;
    if (span_length(value) != 2 || *value.p != '.' || !isdigit((unsigned char)value.p[1]))
        return false;
    *out += value.p[1] - '0';
    return true;
}

static bool read_number(const struct filter_setting_row *row, struct span value, int64_t *out)
{
    uint32_t number = 0;
    bool ok = false;

    switch (row->type) {
    case FILTER_CHOICE:
        return read_choice(value, row->choices, out);
    case FILTER_DURATION:
        ok = read_duration(value, out);
        break;
    case FILTER_SCORE:
        ok = read_score(value, out);
        break;
    case FILTER_NUMBER:
        ok = span_take_u32(&value, &number) && span_is_empty(value);
        *out = number;
        break;
    default:
        break;
    }
    return ok && *out >= row->least && *out <= row->most;
}

static bool is_zone(struct span word)
{
    struct span name = word;
    uint32_t score;

    if (span_take_until(&word, '=', &name) &&
        (!span_take_u32(&word, &score) || !span_is_empty(word) || score > 1000))
        return false;
    if (span_is_empty(name) || span_length(name) > 200)
        return false;
    for (; name.p < name.end; name.p++)
        if (!isalnum((unsigned char)*name.p) && *name.p != '-' && *name.p != '.' && *name.p != '_')
            return false;
    return true;
}

static bool is_mailbox(struct span value)
{
    void *scratch = talloc_new(NULL);
    struct address address;
    bool ok = span_is_empty(value) || (address_parse(scratch, value, 0, &address) == ADDRESS_GOOD &&
                                       *address.local && address.domain);

    talloc_free(scratch);
    return ok;
}

static bool is_text(const struct filter_setting_row *row, struct span value)
{
    struct span word;
    char address[256];

    if (row->type == FILTER_SECRET)
        return true;
    if (row->type == FILTER_MAILBOX)
        return is_mailbox(value);
    while (filter_next_word(&value, &word)) {
        if (row->type == FILTER_HOSTS && span_starts_nocase(word, "*."))
            word.p += 2;
        snprintf(address, sizeof address, "%.*s", (int)span_length(word), word.p);
        if (row->type == FILTER_ADDRESSES ? !wire_is_address(address) : !is_zone(word))
            return false;
        if ((row->type == FILTER_DOMAINS || row->type == FILTER_HOSTS) && span_find_byte(word, '='))
            return false;
    }
    return true;
}

static bool is_textual(const struct filter_setting_row *row)
{
    return row->type == FILTER_ADDRESSES || row->type == FILTER_ZONES || row->type == FILTER_DOMAINS ||
           row->type == FILTER_HOSTS || row->type == FILTER_SECRET || row->type == FILTER_MAILBOX;
}

static bool has_control(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < ' ' || *value == 127)
            return true;
    return false;
}

static bool refuse_value(const struct filter_setting_row *row, const char *value, struct err *err)
{
    if (row->type == FILTER_CHOICE)
        return err_set(err, ERR_INVALID, "%s is one of: %s.", row->name, row->choices);
    return err_set(err, ERR_INVALID, "%.60s is no value for %s. %.150s", value, row->name, row->meaning);
}

bool filter_setting_check(const char *name, enum filter_level level, const char *value, struct err *err)
{
    const struct filter_setting_row *row = filter_setting_row(name);
    int64_t number;

    if (!row)
        return err_set(err, ERR_NOT_FOUND, "There is no such setting.");
    if (!(row->levels & level))
        return err_set(err, ERR_INVALID, "%s is set for %s only.", row->name,
                       row->levels == MINE ? "the installation" : "the installation or an organisation");
    if (!value)
        return true; /* back to what the level above says */
    if (strlen(value) > VALUE_MAX || has_control(value))
        return refuse_value(row, "This", err);
    if (is_textual(row) ? is_text(row, span_text(value)) : read_number(row, span_text(value), &number))
        return true;
    return refuse_value(row, value, err);
}

static void set(struct filter_settings *settings, const struct filter_setting_row *row, const char *value)
{
    char *field = (char *)settings + row->offset;
    int64_t number;

    if (is_textual(row))
        memcpy(field, &value, sizeof value);
    else if (read_number(row, span_text(value), &number))
        memcpy(field, &number, sizeof number);
}

void filter_settings_init(struct filter_settings *settings)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        set(settings, &rows[i], rows[i].standard);
}

void filter_settings_set(struct filter_settings *settings, const char *name, const char *value)
{
    const struct filter_setting_row *row = filter_setting_row(name);

    if (row)
        set(settings, row, value);
}
