/* commands.c -- the table of commands and the table of tests. */
#include "sieve/program.h"

#define NEEDS(extension) EXTENSION(EXT_##extension)

#define MATCHING                                                                                             \
    (TAG(COMPARATOR) | TAG(IS) | TAG(CONTAINS) | TAG(MATCHES) | TAG(REGEX) | TAG(COUNT) | TAG(VALUE))
#define PARTS (TAG(ALL) | TAG(LOCALPART) | TAG(DOMAIN) | TAG(USER) | TAG(DETAIL))
#define INDEXED (TAG(INDEX) | TAG(LAST))
#define PLACE (TAG(CREATE) | TAG(FLAGS) | TAG(SPECIALUSE) | TAG(MAILBOXID))
#define MODIFIERS                                                                                            \
    (TAG(LOWER) | TAG(UPPER) | TAG(LOWERFIRST) | TAG(UPPERFIRST) | TAG(QUOTEWILDCARD) | TAG(QUOTEREGEX) |    \
     TAG(LENGTH) | TAG(ENCODEURL))

const struct syntax sieve_commands[] = {
    { "addflag", NEEDS(IMAP4FLAGS), 0, "?sS", .check = check_flags, .command = do_addflag },
    { "addheader", NEEDS(EDITHEADER), TAG(LAST), "ss", .check = check_editheader, .command = do_addheader },
    { "break", NEEDS(FOREVERYPART), TAG(NAME), "", .check = check_break, .command = do_break },
    { "deleteheader", NEEDS(EDITHEADER), MATCHING | INDEXED, "s?S", .check = check_editheader,
      .command = do_deleteheader },
    { "discard", 0, 0, "", .command = do_discard },
    { "else", 0, 0, "", .has_block = true, .command = do_nothing },
    { "elsif", 0, 0, "", ONE_TEST, .has_block = true, .command = do_if },
    { "ereject", NEEDS(EREJECT), 0, "s", .command = do_ereject },
    { "error", NEEDS(IHAVE), 0, "s", .command = do_error },
    { "extracttext", NEEDS(EXTRACTTEXT), MODIFIERS | TAG(FIRST), "s", .check = check_set,
      .command = do_extracttext },
    { "fileinto", NEEDS(FILEINTO), TAG(COPY) | PLACE, "s", .check = check_fileinto, .command = do_fileinto },
    { "foreverypart", NEEDS(FOREVERYPART), TAG(NAME), "", .has_block = true, .check = check_foreverypart,
      .command = do_foreverypart },
    { "global", NEEDS(INCLUDE), 0, "S", .check = check_global, .command = do_global },
    { "if", 0, 0, "", ONE_TEST, .has_block = true, .command = do_if },
    { "include", NEEDS(INCLUDE), TAG(GLOBAL) | TAG(PERSONAL) | TAG(ONCE) | TAG(OPTIONAL), "s",
      .check = check_include, .command = do_include },
    { "keep", 0, TAG(FLAGS), "", .command = do_keep },
    { "notify", NEEDS(ENOTIFY), TAG(FROM) | TAG(IMPORTANCE) | TAG(OPTIONS) | TAG(MESSAGE) | TAG(FCC) | PLACE,
      "s", .check = check_notify, .command = do_notify },
    { "redirect", 0, TAG(COPY) | TAG(NOTIFY) | TAG(RET), "s", .check = check_redirect,
      .command = do_redirect },
    { "reject", NEEDS(REJECT), 0, "s", .command = do_reject },
    { "removeflag", NEEDS(IMAP4FLAGS), 0, "?sS", .check = check_flags, .command = do_removeflag },
    { "require", 0, 0, "S", .command = do_nothing },
    { "return", NEEDS(INCLUDE), 0, "", .command = do_return },
    { "set", NEEDS(VARIABLES), MODIFIERS, "ss", .check = check_set, .command = do_set },
    { "setflag", NEEDS(IMAP4FLAGS), 0, "?sS", .check = check_flags, .command = do_setflag },
    { "stop", 0, 0, "", .command = do_stop },
    { "vacation", NEEDS(VACATION),
      TAG(DAYS) | TAG(SECONDS) | TAG(SUBJECT) | TAG(FROM) | TAG(ADDRESSES) | TAG(MIME) | TAG(HANDLE) |
          TAG(FCC) | PLACE,
      "s", .check = check_vacation, .command = do_vacation },
    { .name = NULL },
};

const struct syntax sieve_tests[] = {
    { "address", 0, MATCHING | PARTS | INDEXED | TAG(MIME) | TAG(ANYCHILD), "SS", .check = check_mime,
      .test = test_address },
    { "allof", 0, 0, "", TEST_LIST, .test = test_allof },
    { "anyof", 0, 0, "", TEST_LIST, .test = test_anyof },
    { "body", NEEDS(BODY), MATCHING | TAG(RAW) | TAG(CONTENT) | TAG(TEXT), "S", .check = check_body,
      .test = test_body },
    { "currentdate", NEEDS(DATE), MATCHING | TAG(ZONE), "sS", .check = check_currentdate,
      .test = test_currentdate },
    { "date", NEEDS(DATE), MATCHING | TAG(ZONE) | TAG(ORIGINALZONE) | INDEXED, "ssS", .check = check_date,
      .test = test_date },
    { "duplicate", NEEDS(DUPLICATE), TAG(HANDLE) | TAG(HEADER) | TAG(UNIQUEID) | TAG(SECONDS) | TAG(LAST), "",
      .check = check_duplicate, .test = test_duplicate },
    { "envelope", NEEDS(ENVELOPE), MATCHING | PARTS, "SS", .check = check_envelope, .test = test_envelope },
    { "environment", NEEDS(ENVIRONMENT), MATCHING, "sS", .check = check_match, .test = test_environment },
    { "exists", 0, TAG(MIME) | TAG(ANYCHILD), "S", .check = check_mime, .test = test_exists },
    { "false", 0, 0, "", .test = test_false },
    { "hasflag", NEEDS(IMAP4FLAGS), MATCHING, "?SS", .check = check_flags, .test = test_hasflag },
    { "header", 0,
      MATCHING | INDEXED | TAG(MIME) | TAG(ANYCHILD) | TAG(TYPE) | TAG(SUBTYPE) | TAG(CONTENTTYPE) |
          TAG(PARAM),
      "SS", .check = check_mime, .test = test_header },
    { "ihave", NEEDS(IHAVE), 0, "S", .check = check_ihave, .test = test_ihave },
    { "mailboxexists", NEEDS(MAILBOX), 0, "S", .test = test_mailboxexists },
    { "mailboxidexists", NEEDS(MAILBOXID), 0, "S", .test = test_mailboxidexists },
    { "metadata", NEEDS(MBOXMETADATA), MATCHING, "ssS", .check = check_match, .test = test_metadata },
    { "metadataexists", NEEDS(MBOXMETADATA), 0, "sS", .test = test_metadataexists },
    { "not", 0, 0, "", ONE_TEST, .test = test_not },
    { "notify_method_capability", NEEDS(ENOTIFY), MATCHING, "ssS", .check = check_match,
      .test = test_notify_method_capability },
    { "servermetadata", NEEDS(SERVERMETADATA), MATCHING, "sS", .check = check_match,
      .test = test_servermetadata },
    { "servermetadataexists", NEEDS(SERVERMETADATA), 0, "S", .test = test_servermetadataexists },
    { "size", 0, TAG(OVER) | TAG(UNDER), "", .check = check_size, .test = test_size },
    { "spamtest", NEEDS(SPAMTEST), MATCHING | TAG(PERCENT), "s", .check = check_spamtest,
      .test = test_spamtest },
    { "specialuse_exists", NEEDS(SPECIAL_USE), 0, "?sS", .test = test_specialuse_exists },
    { "string", NEEDS(VARIABLES), MATCHING, "SS", .check = check_match, .test = test_string },
    { "true", 0, 0, "", .test = test_true },
    { "valid_notify_method", NEEDS(ENOTIFY), 0, "S", .test = test_valid_notify_method },
    { "virustest", NEEDS(VIRUSTEST), MATCHING, "s", .check = check_spamtest, .test = test_virustest },
    { .name = NULL },
};
