/*
 * settings.h -- how mail is judged: every setting as one row, with what it takes, its default and its sentence.
 *
 * A setting is set for the installation; where its row says so, also for one organisation or one domain, which then
 * overrides the level above. Values are words in the database; here they are read and checked.
 */
#ifndef FILTER_SETTINGS_H
#define FILTER_SETTINGS_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

enum filter_level { FILTER_OF_INSTALLATION = 1, FILTER_OF_ORGANISATION = 2, FILTER_OF_DOMAIN = 4 };

enum filter_on_failure { ON_FAILURE_DEFER, ON_FAILURE_ACCEPT };
enum filter_on_infected { ON_INFECTED_REFUSE, ON_INFECTED_QUARANTINE };
enum filter_on_spam { ON_SPAM_REFUSE, ON_SPAM_QUARANTINE, ON_SPAM_JUNK };
enum filter_on_junk { ON_JUNK_FILE, ON_JUNK_TAG };
enum filter_mta_sts { MTA_STS_OFF, MTA_STS_WITHDRAW, MTA_STS_TESTING, MTA_STS_ENFORCE };
enum filter_sender_check { SENDER_CHECK_OFF, SENDER_CHECK_MARK, SENDER_CHECK_ENFORCE };

/* All values at one level, those of the levels above filled in. Texts belong to whoever built it. */
struct filter_settings {
    const char *clamd, *rspamd, *spamd, *milters; /* addresses; "": not asked */
    const char *rspamd_controller;                /* that learns; "": none */
    const char *rspamd_password;
    const char *arc_trusted;            /* domains of sealers */
    const char *report_contact;         /* address in whose name reports are sent */
    const char *report_address;         /* where reports of others are taken */
    int64_t dmarc_reports, tls_reports; /* are sent */
    int64_t scan_timeout_s;
    const char *dnsbl, *dnswl; /* "zone[=score] ..." */
    int64_t dnsbl_refuse;      /* the score from which a peer is refused */
    int64_t tarpit_s;
    int64_t host_check; /* the reverse name is looked at */
    int64_t helo_check; /* what it calls itself; enum filter_sender_check */

    int64_t on_scanner_failure, on_infected, on_spam; /* enums above */
    int64_t on_junk;                                  /* enum filter_on_junk */
    int64_t junk_score, refuse_score;                 /* tenths; 0: as the scanner itself says */
    int64_t scans_own;                                /* mail of our own users is judged for spam, too */
    int64_t learns;                                   /* from what users move */
    int64_t learns_per_user, spamd_learns;
    int64_t spf, dkim, dmarc, arc; /* enum filter_sender_check */
    int64_t greylist, greylist_delay_s;
    int64_t quarantine_keep_s, quarantine_digest; /* 0 none, 1 daily */
    int64_t account_limit, organisation_limit;    /* recipients an hour; 0: none */
    int64_t mta_sts, mta_sts_max_age_s;           /* enum filter_mta_sts; own_sts.h */
    const char *mta_sts_hosts;                    /* "": the servers of the installation */
};

enum filter_setting_type {
    FILTER_ADDRESSES, /* of scanners: wire_is_address() each */
    FILTER_ZONES,     /* names of DNS lists */
    FILTER_DOMAINS,   /* names */
    FILTER_HOSTS,     /* names, or "*.name" */
    FILTER_MAILBOX,   /* one address */
    FILTER_SECRET,    /* a word that is not shown again */
    FILTER_NUMBER,
    FILTER_SCORE, /* "6.5"; 65 */
    FILTER_DURATION,
    FILTER_CHOICE,
};

struct filter_setting_row {
    const char *name;
    enum filter_setting_type type;
    unsigned levels; /* enum filter_level */
    size_t offset;   /* into struct filter_settings: const char * or int64_t */
    const char *standard;
    int64_t least, most;
    const char *choices; /* "defer accept": the index is the value */
    const char *meaning;
};

/* The table of all settings; static. */
const struct filter_setting_row *filter_setting_rows(size_t *count_out);
/* NULL: there is no such setting. */
const struct filter_setting_row *filter_setting_row(const char *name);

/* Is `value` good for this setting at this level? ERR_INVALID says what is. */
MUST_CHECK bool filter_setting_check(const char *name, enum filter_level level, const char *value,
                                     struct err *err);
/* The defaults. */
void filter_settings_init(struct filter_settings *settings);
/* Sets one; the value must have been checked, a bad one is passed over. */
void filter_settings_set(struct filter_settings *settings, const char *name, const char *value);

/* The next word of a list separated by spaces or commas. */
MUST_CHECK bool filter_next_word(struct span *in, struct span *word_out);

#endif
