/*
 * email.h -- JMAP's Email as an item with all its memberships that the caller may read; private to this room.
 *
 * Keywords are the memberships' flags joined (RFC 8621, 4.1.1): what one of them has the email has, but it is $seen only where
 * all are. A message with \Deleted is not there at all.
 */
#ifndef JMAP_EMAIL_H
#define JMAP_EMAIL_H

#include "format/mime.h"
#include "jmap/request.h"
#include "mailbox/flags.h"
#include "mailbox/items.h"
#include "message/message.h"

struct email_place {
    size_t folder; /* number in the account */
    uint32_t uid;
    uint64_t flags;
};

struct email {
    int64_t item_id; /* 0: there is none */
    int64_t thread_id, message_id, received_us, saved_us;
    uint64_t created_modseq;
    uint32_t size;
    uint64_t flags; /* joined */
    struct email_place *places;
    size_t place_count;
    const struct keyword_table *keywords;
};

/* Is a message with these flags there for JMAP? One that waits for IMAP's EXPUNGE is neither seen nor counted (RFC 8621, 4.1.1). */
static inline bool jmap_is_shown(uint64_t flags)
{
    return !(flags & FLAG_DELETED);
}
/* Emails of these items in their order; the arena's. */
MUST_CHECK bool jmap_emails(struct jmap_call *call, const int64_t *item_ids, size_t count,
                            struct email **emails_out, struct err *err);
/* The live ones among rows of items.h, one each, in the order of the rows. */
MUST_CHECK bool jmap_emails_of(struct jmap_call *call, const struct item_place *rows, size_t row_count,
                               struct email **emails_out, size_t *count_out, struct err *err);
/* Of one public id; item_id 0 where there is none. */
MUST_CHECK bool jmap_email_find(struct jmap_call *call, const char *id, struct email *email_out,
                                struct err *err);
/* {"<id>": true, ...}, {"$seen": true, ...}; new references. */
json_t *jmap_email_mailboxes(struct jmap_call *call, const struct email *email);
/* The joined flags. */
json_t *jmap_email_keywords(const struct email *email);
/* Names of keywords as JMAP has them: "$seen" for \Seen, else in small letters; 0 for what is no system flag. */
uint64_t jmap_system_flag(const char *keyword);

/* A message whose parts are looked at: stored, or in a blob. */
struct letter_source {
    struct span header;      /* block with its empty line */
    struct span bytes;       /* all of it; p NULL: not read */
    struct mime_index index; /* where has_index */
    bool has_index;
    const char *blob_id; /* of the message: parts' ids begin with it */
};

/* ---- header fields (email_header.c) */

/* Is it a header property ("header:...", or "from" ...) in a form that this field may have? */
bool jmap_is_header_property(const char *name);
/* Its value in this header block; a new reference. */
json_t *jmap_header_property(const void *arena, struct span header, const char *name);
/* "from", "subject", ... of RFC 8621, 4.1.2.3: "header:From:asAddresses", ...; NULL for another word. Static. */
const char *jmap_header_of_convenience(const char *name);
/* All fields as {name, value}. */
json_t *jmap_headers(const void *arena, struct span header);

/* ---- body parts (email_body.c) */

/* The argument bodyProperties; the standard ones where it is absent. NULL, and the call failed. */
json_t *jmap_body_properties(struct jmap_call *call);
/* The part with what is below it. */
json_t *jmap_body_structure(const void *arena, const struct letter_source *source, json_t *properties);
/* textBody, htmlBody and attachments (4.1.4) as lists of parts. */
struct body_lists {
    json_t *text, *html, *attachments;
};
/* Lists of part objects with these properties; new references. Of a source with its bytes and index. */
void jmap_body_lists(const void *arena, const struct letter_source *source, json_t *properties,
                     struct body_lists *lists_out);
/* bodyValues of the text parts that are asked for. */
struct body_wanted {
    bool of_text, of_html, of_all;
    int64_t bytes_max; /* 0: all */
};
/* By part id: value, isEncodingProblem, isTruncated; a new reference. */
json_t *jmap_body_values(const void *arena, const struct letter_source *source,
                         const struct body_wanted *wanted);
/* Does a person see an attachment? */
bool jmap_has_attachment(const struct letter_source *source);

#endif
