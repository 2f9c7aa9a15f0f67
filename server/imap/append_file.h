/*
 * append_file.h -- an APPEND under way, and its end: all messages are filed, or none.
 */
#ifndef IMAP_APPEND_FILE_H
#define IMAP_APPEND_FILE_H

#include "base/spool.h"
#include "imap/command.h"

enum append_expects {
    EXPECT_MESSAGE, /* SP and the next message, or the end */
    EXPECT_PART,    /* inside CATENATE */
    EXPECT_CLOSING, /* the ")" of UTF8 */
};

struct append_message {
    uint64_t flags;        /* system bits */
    const char **keywords; /* NULL-ended, or NULL */
    int64_t received_us;
    bool is_catenated, is_binary;
    struct spool *spool; /* the literal, or what CATENATE put together so far; NULL: not come yet */
};

struct imap_append {
    struct mailbox *mailbox; /* a reference */
    int64_t folder_id;
    unsigned rights;
    uint32_t replaced_uid;
    enum append_expects expects;
    bool has_part, is_binary; /* of the literal under way */
    uint64_t received_bytes;  /* of all literals, and of what URLs named */
    struct append_message *messages;
    size_t count;
    struct err failure;
    const char *failure_code; /* NULL: the kind's own, with TRYCREATE */
};

/* Files what has come, ends the dialogue, answers. */
enum session_next imap_append_file(struct imap_request *req, struct imap_append *append);
/* "BADURL "..."" (RFC 4469, 4). */
const char *append_badurl_code(struct imap_append *append, struct span url);

#endif
