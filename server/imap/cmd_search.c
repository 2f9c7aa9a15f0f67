/*
 * cmd_search.c -- SEARCH and UID SEARCH (RFC 9051, 6.4.4; ESEARCH RFC 4731, SEARCHRES RFC 5182, PARTIAL RFC 9394).
 */
#include "imap/condstore.h"
#include "imap/result.h"
#include "imap/search.h"

/* After UTF8=ACCEPT a charset would be a second word about what is UTF-8 already (RFC 6855, 3); IMAP4rev2 has CHARSET as before. */
static bool names_charset_needlessly(const struct imap_request *req)
{
    struct imap_in in = req->in;

    return imap_has(req->session, ENABLED_UTF8) && !imap_has(req->session, ENABLED_REV2) &&
           imap_take_space(&in) && imap_take_keyword(&in, "CHARSET");
}

enum session_next cmd_search(struct imap_request *req)
{
    struct imap_return_options options;
    struct imap_search_program program;
    const char *wrong = "Search keys are missing.";
    enum imap_search_parse parse = SEARCH_WRONG;
    struct err err = ERR_INIT;
    enum session_next answer;
    struct imap_result result;
    struct uid_set uids;

    if (!imap_take_return_options(req, EXTENDED_BY_REV2, &options, &wrong))
        return imap_bad(req, "%s", wrong);
    if (names_charset_needlessly(req))
        return imap_bad(req, "After UTF8=ACCEPT no charset is named.");
    if (imap_take_space(&req->in))
        parse = imap_take_search_program(&req->in, &program, &wrong);
    if (!imap_search_was_parsed(req, &options, parse, wrong, &program, &answer))
        return answer;
    if (program.names_modseq)
        imap_enable_condstore(req->session);
    if (!imap_search(req, &program, &uids, &err))
        return imap_search_failed(req, &options, &err);
    result = imap_result_of(req, &uids);
    result.names_modseq = program.names_modseq;
    imap_write_result(req, "SEARCH", &options, &result);
    return imap_ok(req, NULL, "SEARCH done.");
}
