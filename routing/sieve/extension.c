/* extension.c -- the table of what a script may require. */
#include "sieve/extension.h"

#include "base/buf.h"
#include "sieve/sieve.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

const struct extension_row extension_rows[EXTENSIONS] = {
    [EXT_BODY] = { "body" },                                       /* RFC 5173 */
    [EXT_COMPARATOR_NUMERIC] = { "comparator-i;ascii-numeric" },   /* RFC 4790 */
    [EXT_COMPARATOR_UNICODE] = { "comparator-i;unicode-casemap" }, /* RFC 5051 */
    [EXT_COMPARATOR_OCTET] = { "comparator-i;octet", 0, true },    /* always there */
    [EXT_COMPARATOR_ASCII] = { "comparator-i;ascii-casemap", 0, true },
    [EXT_COPY] = { "copy" },                           /* RFC 3894 */
    [EXT_DATE] = { "date" },                           /* RFC 5260 */
    [EXT_DUPLICATE] = { "duplicate" },                 /* RFC 7352 */
    [EXT_EDITHEADER] = { "editheader" },               /* RFC 5293 */
    [EXT_ENCODED_CHARACTER] = { "encoded-character" }, /* RFC 5228, 2.4.2.4 */
    [EXT_ENOTIFY] = { "enotify" },                     /* RFC 5435 */
    [EXT_ENVELOPE] = { "envelope" },                   /* RFC 5228, 5.4 */
    [EXT_ENVELOPE_DSN] = { "envelope-dsn" },           /* RFC 6009 */
    [EXT_ENVIRONMENT] = { "environment" },             /* RFC 5183 */
    [EXT_EREJECT] = { "ereject" },                     /* RFC 5429 */
    [EXT_EXTRACTTEXT] = { "extracttext" },             /* RFC 5703 */
    [EXT_FCC] = { "fcc" },                             /* RFC 8580 */
    [EXT_FILEINTO] = { "fileinto" },                   /* RFC 5228, 4.1 */
    [EXT_FOREVERYPART] = { "foreverypart" },           /* RFC 5703 */
    [EXT_IHAVE] = { "ihave" },                         /* RFC 5463 */
    [EXT_IMAP4FLAGS] = { "imap4flags" },               /* RFC 5232 */
    [EXT_INCLUDE] = { "include" },                     /* RFC 6609 */
    [EXT_INDEX] = { "index" },                         /* RFC 5260 */
    [EXT_MAILBOX] = { "mailbox" },                     /* RFC 5490 */
    [EXT_MAILBOXID] = { "mailboxid" },                 /* RFC 9042 */
    [EXT_MBOXMETADATA] = { "mboxmetadata" },           /* RFC 5490 */
    [EXT_MIME] = { "mime" },                           /* RFC 5703 */
    [EXT_REDIRECT_DSN] = { "redirect-dsn" },           /* RFC 6009 */
    [EXT_REGEX] = { "regex" },                         /* draft-ietf-sieve-regex */
    [EXT_REJECT] = { "reject" },                       /* RFC 5429 */
    [EXT_RELATIONAL] = { "relational" },               /* RFC 5231 */
    [EXT_SERVERMETADATA] = { "servermetadata" },       /* RFC 5490 */
    [EXT_SPAMTEST] = { "spamtest" },                   /* RFC 5235 */
    [EXT_SPAMTESTPLUS] = { "spamtestplus", EXTENSION(EXT_SPAMTEST) },
    [EXT_SPECIAL_USE] = { "special-use" },                                    /* RFC 8579 */
    [EXT_SUBADDRESS] = { "subaddress" },                                      /* RFC 5233 */
    [EXT_VACATION] = { "vacation" },                                          /* RFC 5230 */
    [EXT_VACATION_SECONDS] = { "vacation-seconds", EXTENSION(EXT_VACATION) }, /* RFC 6131 */
    [EXT_VARIABLES] = { "variables" },                                        /* RFC 5229 */
    [EXT_VIRUSTEST] = { "virustest" },                                        /* RFC 5235 */
};

static_assert(EXTENSIONS <= 64, "an extension is a bit of 64");

uint64_t extension_find(struct span name)
{
    for (unsigned i = 0; i < EXTENSIONS; i++)
        if (span_equals_text(name, extension_rows[i].name))
            return EXTENSION(i) | extension_rows[i].brings;
    return 0;
}

bool extension_may_be_asked_for(struct span name)
{
    uint64_t found = extension_find(name);

    return found && !(found & (EXTENSION(EXT_VARIABLES) | EXTENSION(EXT_ENCODED_CHARACTER)));
}

/* Made once: the table never changes. */
static char announced[1024];
static pthread_once_t announced_once = PTHREAD_ONCE_INIT;

static void make_announced(void)
{
    size_t used = 0;

    for (unsigned i = 0; i < EXTENSIONS; i++) {
        const char *name = extension_rows[i].name;
        size_t length = strlen(name);

        if (extension_rows[i].is_unannounced || used + length + 2 > sizeof announced)
            continue;
        if (used > 0)
            announced[used++] = ' ';
        memcpy(announced + used, name, length);
        used += length;
    }
}

const char *sieve_extensions(void)
{
    pthread_once(&announced_once, make_announced);
    return announced;
}

const char *sieve_notify_methods(void)
{
    return "mailto";
}
