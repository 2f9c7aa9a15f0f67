/* mailbox_source.c -- walking through Maildirs and mbox files. */
#include "main/mailbox_source.h"

#include "base/buf.h"
#include "format/maildir.h"
#include "format/mbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

enum { KEYWORDS = 26, KEYWORD_FILE_BYTES = 65536, DEPTH_MAX = 32 };

struct walk {
    source_each *each; /* NULL: only count */
    void *argument;
    const char *only_folder;
    uint64_t count;
    char *keywords[KEYWORDS]; /* of the Maildir being read */
};

static const struct {
    unsigned flag;
    const char *name;
} flag_names[] = {
    { MAILDIR_SEEN, "\\Seen" },       { MAILDIR_ANSWERED, "\\Answered" }, { MAILDIR_FLAGGED, "\\Flagged" },
    { MAILDIR_DELETED, "\\Deleted" }, { MAILDIR_DRAFT, "\\Draft" },       { MAILDIR_PASSED, "$Forwarded" },
};

static void add_word(struct buf *out, struct span word)
{
    if (out->length)
        buf_add_byte(out, ' ');
    buf_add_span(out, word);
}

static char *flags_text(void *arena, unsigned flags)
{
    struct buf out = BUF_INIT(arena);

    for (size_t i = 0; i < COUNT_OF(flag_names); i++)
        if (flags & flag_names[i].flag)
            add_word(&out, span_text(flag_names[i].name));
    return out.length ? buf_text(&out) : talloc_strdup(arena, "");
}

/* ---- a file in memory */

struct mapped {
    void *p;
    size_t length;
    int64_t modified_us;
};

static bool map_file(const char *path, struct mapped *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;

    *out = (struct mapped){ 0 };
    if (fd < 0 || fstat(fd, &found) != 0) {
        if (fd >= 0)
            close(fd);
        return err_set(err, ERR_INVALID, "%s cannot be read: %s.", path, strerror(errno));
    }
    out->length = (size_t)found.st_size;
    out->modified_us = (int64_t)found.st_mtime * 1000000;
    out->p = out->length ? mmap(NULL, out->length, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    return out->p != MAP_FAILED || err_errno(err, "mmap");
}

static void unmap(struct mapped *file)
{
    if (file->p)
        munmap(file->p, file->length);
}

static bool tell(struct walk *walk, const struct source_message *message, struct err *err)
{
    walk->count++;
    return !walk->each || walk->each(walk->argument, message, err);
}

/* ---- Maildir */

static void read_keywords(struct walk *walk, void *arena, const char *folder)
{
    char *path = talloc_asprintf(arena, "%s/dovecot-keywords", folder);
    struct mapped file;
    struct err none = ERR_INIT;
    struct span rest, line, keyword;
    uint32_t number;

    memset(walk->keywords, 0, sizeof walk->keywords);
    if (access(path, R_OK) != 0 || !map_file(path, &file, &none))
        return;
    rest = span_of(file.p, file.length < KEYWORD_FILE_BYTES ? file.length : KEYWORD_FILE_BYTES);
    while (span_take_line(&rest, &line))
        if (maildir_keyword_parse(line, &number, &keyword) && number < KEYWORDS)
            walk->keywords[number] = span_copy(arena, keyword);
    unmap(&file);
}

static char *maildir_flags(const struct walk *walk, void *arena, const struct maildir_name *name)
{
    struct buf out = BUF_INIT(arena);

    buf_add_text(&out, flags_text(arena, name->flags));
    for (uint32_t i = 0; i < KEYWORDS; i++)
        if ((name->keywords & (1u << i)) && walk->keywords[i])
            add_word(&out, span_text(walk->keywords[i]));
    return out.length ? buf_text(&out) : talloc_strdup(arena, "");
}

static bool tell_file(struct walk *walk, void *arena, const char *path, const struct maildir_name *name,
                      const char *folder, struct err *err)
{
    struct source_message message = { .folder = folder,
                                      .flags = maildir_flags(walk, arena, name),
                                      .name = span_copy(arena, name->base) };
    struct mapped file;
    bool done;

    if (!walk->each)
        return tell(walk, &message, err);
    if (!map_file(path, &file, err))
        return false;
    message.bytes = span_of(file.p, file.length);
    message.date_us = file.modified_us ? file.modified_us : name->delivered_us;
    done = file.length == 0 || tell(walk, &message, err);
    unmap(&file);
    return done;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entries of a folder in the order of their names, so that a second run goes the same way. */
static char **listing(void *arena, const char *path, size_t *count_out)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char **names = talloc_array(arena, char *, 1);
    size_t count = 0;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if ((count & (count - 1)) == 0)
            names = talloc_realloc(arena, names, char *, (unsigned)(count ? count * 2 : 1));
        names[count++] = talloc_strdup(names, entry->d_name);
    }
    if (folder)
        closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    *count_out = count;
    return names;
}

static bool is_folder(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static bool is_maildir(void *arena, const char *path)
{
    return is_folder(talloc_asprintf(arena, "%s/cur", path)) &&
           is_folder(talloc_asprintf(arena, "%s/new", path));
}

static bool walk_messages(struct walk *walk, const char *path, const char *folder, struct err *err)
{
    static const char *const places[] = { "cur", "new" };
    void *arena = talloc_new(NULL);
    bool goes_on = true;

    read_keywords(walk, arena, path);
    for (size_t p = 0; goes_on && p < COUNT_OF(places); p++) {
        char *place = talloc_asprintf(arena, "%s/%s", path, places[p]);
        size_t count;
        char **names = listing(arena, place, &count);
        for (size_t i = 0; goes_on && i < count; i++) {
            void *one = talloc_new(arena);
            struct maildir_name name;
            if (maildir_name_parse(span_text(names[i]), &name))
                goes_on = tell_file(walk, one, talloc_asprintf(one, "%s/%s", place, names[i]), &name,
                                    walk->only_folder ? walk->only_folder : folder, err);
            talloc_free(one);
        }
    }
    talloc_free(arena);
    return goes_on;
}

/* The folder that a directory beside INBOX stands for: Maildir++ begins with a dot, a tree has plain names. */
static char *folder_name(void *arena, const char *parent, const char *directory)
{
    char *path;

    if (*directory == '.')
        return maildir_folder_of_directory(arena, span_text(directory), &path) ? path : NULL;
    return *parent && strcmp(parent, "INBOX") != 0 ? talloc_asprintf(arena, "%s/%s", parent, directory)
                                                   : talloc_strdup(arena, directory);
}

static bool walk_maildir(struct walk *walk, const char *path, const char *folder, int depth, struct err *err)
{
    void *arena = talloc_new(NULL);
    size_t count;
    char **names = listing(arena, path, &count);
    bool goes_on = !is_maildir(arena, path) || walk_messages(walk, path, folder, err);

    for (size_t i = 0; goes_on && depth < DEPTH_MAX && i < count; i++) {
        char *below = talloc_asprintf(arena, "%s/%s", path, names[i]), *name;
        if (strcmp(names[i], "cur") == 0 || strcmp(names[i], "new") == 0 || strcmp(names[i], "tmp") == 0 ||
            !is_folder(below))
            continue;
        name = folder_name(arena, folder, names[i]);
        if (name)
            goes_on = walk_maildir(walk, below, name, depth + 1, err);
    }
    talloc_free(arena);
    return goes_on;
}

/* ---- mbox */

static struct span header_of(struct span message)
{
    const char *end = memmem(message.p, span_length(message), "\n\n", 2);
    const char *crlf = memmem(message.p, span_length(message), "\n\r\n", 3);

    if (crlf && (!end || crlf < end))
        end = crlf;
    return end ? span_of(message.p, (size_t)(end - message.p) + 1) : message;
}

static bool tell_mbox(struct walk *walk, void *arena, const char *folder, uint64_t number,
                      const struct mbox_separator *separator, struct span quoted, struct err *err)
{
    struct buf bytes = BUF_INIT(arena), flags = BUF_INIT(arena);
    struct source_message message = { .folder = folder };
    struct mbox_flags found;

    mbox_flags_parse(header_of(quoted), &found);
    mbox_add_message(&bytes, quoted);
    buf_add_text(&flags, flags_text(arena, found.flags));
    if (!span_is_empty(span_trim(found.keywords)))
        add_word(&flags, span_trim(found.keywords));
    message.flags = flags.length ? buf_text(&flags) : "";
    message.date_us = separator->has_date ? separator->delivered_us : 0;
    message.name = talloc_asprintf(arena, "%llu", (unsigned long long)number);
    message.bytes = buf_span(&bytes);
    return tell(walk, &message, err);
}

static bool walk_mbox(struct walk *walk, const char *path, const char *folder, struct err *err)
{
    struct mbox_separator separator;
    struct mapped file;
    struct span rest, quoted;
    bool goes_on = true;

    if (!map_file(path, &file, err))
        return false;
    rest = span_of(file.p, file.length);
    for (uint64_t number = 1; goes_on && mbox_next(&rest, &separator, &quoted); number++) {
        void *arena = talloc_new(NULL);
        goes_on = tell_mbox(walk, arena, walk->only_folder ? walk->only_folder : folder, number, &separator,
                            quoted, err);
        talloc_free(arena);
    }
    unmap(&file);
    return goes_on;
}

static bool is_mbox(const char *path)
{
    char start[5] = "";
    FILE *in = fopen(path, "re");
    bool is_one = in && fread(start, 1, sizeof start, in) == sizeof start && memcmp(start, "From ", 5) == 0;

    if (in)
        fclose(in);
    return is_one;
}

/* A folder of mbox files: "Sent" is Sent, "inbox" is INBOX, "2031.mbox" is 2031. */
static bool walk_mbox_folder(struct walk *walk, const char *path, struct err *err)
{
    void *arena = talloc_new(NULL);
    size_t count;
    char **names = listing(arena, path, &count);
    bool goes_on = true;

    for (size_t i = 0; goes_on && i < count; i++) {
        char *file = talloc_asprintf(arena, "%s/%s", path, names[i]);
        size_t length = strlen(names[i]);
        if (is_folder(file) || !is_mbox(file))
            continue;
        if (length > 5 && strcmp(names[i] + length - 5, ".mbox") == 0)
            names[i][length - 5] = '\0';
        goes_on = walk_mbox(walk, file, strcasecmp(names[i], "inbox") == 0 ? "INBOX" : names[i], err);
    }
    talloc_free(arena);
    return goes_on;
}

/* ---- whichever it is */

static bool has_maildir_below(void *arena, const char *path)
{
    size_t count;
    char **names = listing(arena, path, &count);

    for (size_t i = 0; i < count; i++)
        if (is_maildir(arena, talloc_asprintf(arena, "%s/%s", path, names[i])))
            return true;
    return false;
}

static bool walk_any(struct walk *walk, const char *path, struct err *err)
{
    void *arena = talloc_new(NULL);
    bool done;

    if (access(path, R_OK) != 0)
        done = err_set(err, ERR_INVALID, "%s cannot be read: %s.", path, strerror(errno));
    else if (!is_folder(path))
        done = is_mbox(path) ? walk_mbox(walk, path, "INBOX", err)
                             : err_set(err, ERR_INVALID, "%s is neither an mbox nor a Maildir.", path);
    else if (is_maildir(arena, path) || has_maildir_below(arena, path))
        done = walk_maildir(walk, path, "INBOX", 0, err);
    else
        done = walk_mbox_folder(walk, path, err);
    if (done && walk->count == 0 && !walk->each && !is_maildir(arena, path))
        done = err_set(err, ERR_INVALID, "%s has no messages: neither an mbox nor a Maildir.", path);
    talloc_free(arena);
    return done;
}

bool source_count(const char *path, uint64_t *count_out, struct err *err)
{
    struct walk walk = { 0 };
    bool done = walk_any(&walk, path, err);

    *count_out = walk.count;
    return done;
}

bool source_walk(const char *path, const char *folder, source_each *each, void *argument, struct err *err)
{
    struct walk walk = { .each = each, .argument = argument, .only_folder = folder };

    return walk_any(&walk, path, err);
}
