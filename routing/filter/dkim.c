/* dkim.c -- checking signatures with libopendkim, whose questions for keys are asked by us. */
#include "filter/dkim.h"

#include "dns/dns.h"
#include "format/header.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <talloc.h>

/* wants <stdbool.h> and <sys/types.h> before it */
#include <opendkim/dkim.h>

enum { KEY_NAME_MAX = 512, MIN_KEY_BITS = 1024 };

static const char *const names[DKIM_RESULTS] = {
    [DKIM_NONE] = "none",           [DKIM_PASS] = "pass",           [DKIM_FAIL] = "fail",
    [DKIM_TEMPERROR] = "temperror", [DKIM_PERMERROR] = "permerror",
};

const char *dkim_result_name(enum dkim_result result)
{
    return names[result];
}

struct dkim_lib {
    DKIM_LIB *lib;
};

/* What the callback for keys needs. */
struct question {
    struct dns *dns;
    void *arena;
    int64_t deadline_us;
};

/* Selector and domain come out of a header: what cannot be a name is not asked for. */
static bool is_name(const char *name)
{
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("-._", *name))
            return false;
    return true;
}

static DKIM_CBSTAT find_key(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *out, size_t size)
{
    struct question *q = dkim_get_user_context(dkim);
    struct dns_answer answer;
    char name[KEY_NAME_MAX];
    struct span text;

    snprintf(name, sizeof name, "%s._domainkey.%s", (const char *)dkim_sig_getselector(sig),
             (const char *)dkim_sig_getdomain(sig));
    if (!is_name(name))
        return DKIM_CBSTAT_NOTFOUND;
    dns_ask(q->dns, q->arena, name, DNS_TXT, q->deadline_us, &answer);
    if (answer.status == DNS_TEMPORARY || answer.status == DNS_BOGUS)
        return DKIM_CBSTAT_TRYAGAIN;
    if (answer.count != 1)
        return DKIM_CBSTAT_NOTFOUND; /* several: undefined, 3.6.2.2 */
    text = answer.records[0].text;
    if (span_length(text) >= size || span_find_byte(text, '\0'))
        return DKIM_CBSTAT_ERROR;
    memcpy(out, text.p, span_length(text));
    out[span_length(text)] = '\0';
    return DKIM_CBSTAT_CONTINUE;
}

static int lib_close(struct dkim_lib *lib)
{
    dkim_close(lib->lib);
    return 0;
}

struct dkim_lib *dkim_lib_open(const void *owner)
{
    struct dkim_lib *lib = talloc_zero(owner, struct dkim_lib);
    unsigned bits = MIN_KEY_BITS;

    lib->lib = dkim_init(NULL, NULL);
    talloc_set_destructor(lib, lib_close);
    dkim_set_key_lookup(lib->lib, find_key);
    dkim_options(lib->lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits);
    return lib;
}

/* ---- feeding a message */

/* The library takes a field without its last line end, and bytes that are not const. */
static bool feed_field(DKIM *dkim, void *scratch, struct span whole)
{
    while (whole.end > whole.p && (whole.end[-1] == '\n' || whole.end[-1] == '\r'))
        whole.end--;
    return dkim_header(dkim, (unsigned char *)span_copy(scratch, whole), span_length(whole)) == DKIM_STAT_OK;
}

static bool feed_header(DKIM *dkim, struct span header)
{
    void *scratch = talloc_new(NULL);
    struct header_field field;
    unsigned signatures = 0;
    bool ok = true;

    while (ok && header_next(&header, &field)) {
        if (span_find_byte(field.whole, '\0'))
            continue;
        if (span_equals_nocase(field.name, "DKIM-Signature") && ++signatures > DKIM_SIGNATURES_MAX)
            continue;
        ok = feed_field(dkim, scratch, field.whole);
    }
    talloc_free(scratch);
    return ok;
}

static bool feed_body(DKIM *dkim, struct span body)
{
    enum { PIECE = 64 * 1024 };
    unsigned char *piece = talloc_array(NULL, unsigned char, PIECE);
    bool ok = true;

    while (ok && !span_is_empty(body)) {
        struct span part = span_part(body, 0, PIECE);

        memcpy(piece, part.p, span_length(part));
        ok = dkim_body(dkim, piece, span_length(part)) == DKIM_STAT_OK;
        body.p = part.end;
    }
    talloc_free(piece);
    return ok;
}

/* ---- results */

static bool covers_part_only(DKIM *dkim, DKIM_SIGINFO *sig)
{
    ssize_t message, canonical, signed_length;

    return dkim_sig_getcanonlen(dkim, sig, &message, &canonical, &signed_length) == DKIM_STAT_OK &&
           signed_length != -1;
}

static const struct {
    int error;
    enum dkim_result result;
    const char *cause;
} causes[] = {
    { DKIM_SIGERROR_KEYFAIL, DKIM_TEMPERROR, "the DNS did not answer" },
    { DKIM_SIGERROR_NOKEY, DKIM_PERMERROR, "no key" },
    { DKIM_SIGERROR_KEYREVOKED, DKIM_PERMERROR, "key revoked" },
    { DKIM_SIGERROR_KEYTOOSMALL, DKIM_PERMERROR, "key too small" },
    { DKIM_SIGERROR_BADSIG, DKIM_FAIL, "signature mismatch" },
    { DKIM_SIGERROR_EXPIRED, DKIM_FAIL, "expired" },
    { DKIM_SIGERROR_FUTURE, DKIM_FAIL, "in the future" },
};

static void judge(DKIM *dkim, DKIM_SIGINFO *sig, struct dkim_signature *out)
{
    int error = dkim_sig_geterror(sig);
    unsigned flags = dkim_sig_getflags(sig);
    bool is_good = (flags & DKIM_SIGFLAG_PASSED) && dkim_sig_getbh(sig) == DKIM_SIGBH_MATCH;

    out->result = DKIM_PERMERROR;
    out->cause = "not well formed";
    if (is_good && covers_part_only(dkim, sig)) {
        out->result = DKIM_FAIL;
        out->cause = "covers a part of the body only";
    } else if (is_good) {
        out->result = DKIM_PASS;
        out->cause = NULL;
    } else if (dkim_sig_getbh(sig) == DKIM_SIGBH_MISMATCH) {
        out->result = DKIM_FAIL;
        out->cause = "body hash mismatch";
    }
    for (size_t i = 0; !is_good && i < COUNT_OF(causes); i++)
        if (causes[i].error == error && dkim_sig_getbh(sig) != DKIM_SIGBH_MISMATCH) {
            out->result = causes[i].result;
            out->cause = causes[i].cause;
        }
}

static const char *name_of(const void *owner, const unsigned char *text)
{
    char *copy = talloc_strdup(owner, text ? (const char *)text : "");

    for (char *p = copy; *p; p++)
        *p = *p > ' ' && *p < 127 ? (char)tolower((unsigned char)*p) : '?';
    return copy;
}

static void collect(DKIM *dkim, const void *owner, struct dkim_signature **signatures_out, size_t *count_out)
{
    DKIM_SIGINFO **sigs;
    int count = 0;

    if (dkim_getsiglist(dkim, &sigs, &count) != DKIM_STAT_OK || count <= 0)
        return;
    *signatures_out = talloc_zero_array(owner, struct dkim_signature, (unsigned)count);
    for (int i = 0; i < count; i++) {
        struct dkim_signature *out = &(*signatures_out)[*count_out];

        if (!dkim_sig_getdomain(sigs[i]))
            continue;
        out->domain = name_of(*signatures_out, dkim_sig_getdomain(sigs[i]));
        out->selector = name_of(*signatures_out, dkim_sig_getselector(sigs[i]));
        judge(dkim, sigs[i], out);
        ++*count_out;
    }
}

/* A tempfail of the end of the header leaves the other signatures to be looked at. */
static void run(DKIM *dkim, struct span message)
{
    size_t length = header_block_length(message);
    bool is_test = false;

    if (!feed_header(dkim, span_of(message.p, length)))
        return;
    if (dkim_eoh(dkim) == DKIM_STAT_NOSIG)
        return;
    if (feed_body(dkim, span_part(message, length, SIZE_MAX)))
        dkim_eom(dkim, &is_test);
}

void dkim_check(struct dkim_lib *lib, struct dns *dns, const void *owner, struct span message,
                int64_t deadline_us, struct dkim_signature **signatures_out, size_t *count_out)
{
    struct question question = { .dns = dns, .arena = talloc_new(NULL), .deadline_us = deadline_us };
    DKIM_STAT status;
    DKIM *dkim;

    *signatures_out = NULL;
    *count_out = 0;
    dkim = dkim_verify(lib->lib, (const unsigned char *)"chappe", NULL, &status);
    if (dkim) {
        dkim_set_user_context(dkim, &question);
        run(dkim, message);
        collect(dkim, owner, signatures_out, count_out);
        dkim_free(dkim);
    }
    talloc_free(question.arena);
}
