/*
 * maildir.h -- names of files and folders in a Maildir, for import and export.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_MAILDIR_H
#define FORMAT_MAILDIR_H

#include "base/buf.h"
#include "base/span.h"

enum maildir_flag {
    MAILDIR_SEEN = 1,
    MAILDIR_ANSWERED = 2,
    MAILDIR_FLAGGED = 4,
    MAILDIR_DELETED = 8,
    MAILDIR_DRAFT = 16,
    MAILDIR_PASSED = 32, /* $Forwarded */
};

struct maildir_name {
    struct span base;     /* what stays the same when flags change: the key against duplicates */
    unsigned flags;       /* enum maildir_flag */
    uint32_t keywords;    /* bit n: Dovecot's keyword letter 'a' + n */
    int64_t delivered_us; /* the leading seconds of the name; 0 where there are none */
    uint64_t size;        /* ",S=" where given, else 0 */
    bool has_size;
};

/* "1204680122.27c448.host,S=1234:2,FRS". False for what is no message (dot files, over-long names). */
MUST_CHECK bool maildir_name_parse(struct span file_name, struct maildir_name *name_out);
/* Adds ":2,FS". */
void maildir_add_flags(struct buf *out, unsigned flags, uint32_t keywords);

/* Maildir++ folder directory, ".Projects.2031&AOk-", to a path of UTF-8 components with '/' as separator.
 * False for what is no folder name. A '/' inside a component becomes '_'. */
MUST_CHECK bool maildir_folder_of_directory(const void *owner, struct span directory, char **path_out);
/* One line of Dovecot's dovecot-keywords file: "0 $Forwarded". */
MUST_CHECK bool maildir_keyword_parse(struct span line, uint32_t *number_out, struct span *keyword_out);

#endif
