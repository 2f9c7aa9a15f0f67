/*
 * loadgen.c -- one client for every server under load: the same bytes, the same pace, for Chappe and
 * for its peers, so that only the servers differ.
 *
 *   loadgen deliver  --port P [--proto smtp|lmtp] --sessions S --messages M --corpus DIR [--users U]
 *                    [--domain D] [--rcpts R]
 *   loadgen login    --port P --sessions S --messages N
 *   loadgen mix      --port P --sessions S --seconds T --corpus DIR
 *   loadgen pop3     --port P [--user N]
 *   loadgen idle     --port P --sessions S [--tls 1]     holds the connections until standard input ends
 *
 * Prints one JSON object. A refusal is counted and the first one shown: a figure with refusals is no figure.
 * One thread a session, blocking sockets: the client must cost less than any server.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ_BUFFER = 65536, LINE_LIMIT = 8192 };

struct options {
    const char *mode, *proto, *host, *corpus, *domain, *password;
    int port, sessions, messages, users, rcpts, seconds, tls, user;
};

struct text {
    char *p;
    size_t length;
};

struct corpus {
    struct text *mails; /* dot-stuffed, CRLF, without the final dot */
    size_t count;
};

struct link {
    int fd;
    SSL *ssl;
    size_t start, end;
    bool failed;
    char buffer[READ_BUFFER];
    char line[LINE_LIMIT];
};

/* One run's shared state: file scope because every thread of this little program works on the one run. */
static struct options opt = {
    .proto = "smtp",
    .host = "127.0.0.1",
    .domain = "load.example",
    .password = "secret-load-1",
    .sessions = 1,
    .messages = 1,
    .users = 100,
    .rcpts = 1,
    .seconds = 10,
    .user = -1,
};
static struct corpus corpus;
static SSL_CTX *tls_context;
static atomic_int next_message, refused;
static atomic_long bytes_moved, commands_done;
static double *latencies;
static pthread_mutex_t complaint_lock = PTHREAD_MUTEX_INITIALIZER;
static char complaint[400];
static double stop_at;
static int messages_fetched;

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void complain(const char *what, const char *said)
{
    atomic_fetch_add(&refused, 1);
    pthread_mutex_lock(&complaint_lock);
    if (!complaint[0]) {
        snprintf(complaint, sizeof complaint, "%.100s: %.200s", what, said);
        for (char *p = complaint; *p; p++)
            if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
                *p = '\'';
    }
    pthread_mutex_unlock(&complaint_lock);
}

static bool link_open(struct link *link)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port) };
    int yes = 1;

    link->start = link->end = 0;
    link->failed = false;
    link->ssl = NULL;
    inet_pton(AF_INET, opt.host, &to.sin_addr);
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(link->fd, (struct sockaddr *)&to, sizeof to) < 0) {
        complain("connect", strerror(errno));
        close(link->fd);
        return false;
    }
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (opt.tls) {
        link->ssl = SSL_new(tls_context);
        SSL_set_fd(link->ssl, link->fd);
        if (SSL_connect(link->ssl) != 1) {
            complain("tls", "handshake failed");
            return false;
        }
    }
    return true;
}

static void link_close(struct link *link)
{
    if (link->ssl)
        SSL_free(link->ssl);
    close(link->fd);
}

static void link_write(struct link *link, const char *bytes, size_t length)
{
    while (length > 0 && !link->failed) {
        ssize_t n = link->ssl ? SSL_write(link->ssl, bytes, (int)(length > 1 << 20 ? 1 << 20 : length))
                              : send(link->fd, bytes, length, MSG_NOSIGNAL);
        if (n <= 0) {
            link->failed = true;
            return;
        }
        bytes += n;
        length -= (size_t)n;
    }
}

__attribute__((format(printf, 2, 3))) static void link_say(struct link *link, const char *format, ...)
{
    char text[4096];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    link_write(link, text, (size_t)length);
}

static bool link_fill(struct link *link)
{
    ssize_t n = link->ssl ? SSL_read(link->ssl, link->buffer, READ_BUFFER)
                          : recv(link->fd, link->buffer, READ_BUFFER, 0);

    link->start = 0;
    link->end = n > 0 ? (size_t)n : 0;
    link->failed = link->failed || n <= 0;
    return n > 0;
}

/* One line without CRLF, cut at LINE_LIMIT; an empty string when the connection is gone. */
static const char *link_line(struct link *link)
{
    size_t length = 0;

    for (;;) {
        if (link->start == link->end && !link_fill(link)) {
            link->line[0] = '\0';
            return link->line;
        }
        char *from = link->buffer + link->start;
        char *newline = memchr(from, '\n', link->end - link->start);
        size_t part = newline ? (size_t)(newline - from) + 1 : link->end - link->start;
        size_t kept = part < LINE_LIMIT - 1 - length ? part : LINE_LIMIT - 1 - length;
        memcpy(link->line + length, from, kept);
        length += kept;
        link->start += part;
        atomic_fetch_add_explicit(&bytes_moved, (long)part, memory_order_relaxed);
        if (newline)
            break;
    }
    while (length > 0 && (link->line[length - 1] == '\n' || link->line[length - 1] == '\r'))
        length--;
    link->line[length] = '\0';
    return link->line;
}

/* The last line of an SMTP reply. */
static const char *smtp_reply(struct link *link)
{
    const char *line = link_line(link);

    while (strlen(line) > 3 && line[3] == '-')
        line = link_line(link);
    return line;
}

/* Reads until the tagged line of `tag`; true for OK. */
static bool imap_reply(struct link *link, const char *tag)
{
    size_t length = strlen(tag);
    const char *line;

    do
        line = link_line(link);
    while (!link->failed && strncmp(line, tag, length) != 0);
    atomic_fetch_add(&commands_done, 1);
    if (strncmp(line + length, " OK", 3) == 0)
        return true;
    complain("imap", link->failed ? "connection closed" : line);
    return false;
}

static void user_name(char *out, size_t size, int index)
{
    snprintf(out, size, "user%03d@%s", opt.user >= 0 ? opt.user : index % opt.users, opt.domain);
}

static void deliver_one(struct link *link, int number, bool lmtp)
{
    const struct text *mail = &corpus.mails[(size_t)number % corpus.count];
    char to[200], envelope[16384];
    size_t length = (size_t)snprintf(envelope, sizeof envelope, "MAIL FROM:<sender@outside.example>\r\n");

    for (int i = 0; i < opt.rcpts; i++) {
        user_name(to, sizeof to, number * opt.rcpts + i);
        length += (size_t)snprintf(envelope + length, sizeof envelope - length, "RCPT TO:<%s>\r\n", to);
    }
    length += (size_t)snprintf(envelope + length, sizeof envelope - length, "DATA\r\n");
    link_write(link, envelope, length);
    for (int i = 0; i < opt.rcpts + 1; i++) {
        const char *said = smtp_reply(link);
        if (said[0] != '2')
            complain("envelope", said);
    }
    const char *go = smtp_reply(link);
    if (go[0] != '3') {
        complain("data", go);
        return;
    }
    link_say(link, "X-Load: %d-%ld-%d\r\n", getpid(), random(), number);
    link_write(link, mail->p, mail->length);
    link_write(link, ".\r\n", 3);
    for (int i = 0; i < (lmtp ? opt.rcpts : 1); i++) {
        const char *said = smtp_reply(link);
        if (said[0] != '2')
            complain("end of data", said);
    }
    atomic_fetch_add(&bytes_moved, (long)mail->length);
}

static void *deliver_thread(void *unused)
{
    struct link *link = malloc(sizeof *link);
    bool lmtp = strcmp(opt.proto, "lmtp") == 0;
    int number;

    (void)unused;
    if (!link_open(link))
        return NULL;
    smtp_reply(link);
    link_say(link, "%s client.outside.example\r\n", lmtp ? "LHLO" : "EHLO");
    smtp_reply(link);
    while (!link->failed && (number = atomic_fetch_add(&next_message, 1)) < opt.messages) {
        double began = now_s();
        deliver_one(link, number, lmtp);
        latencies[number] = now_s() - began;
    }
    if (link->failed)
        complain("connection", "closed by the server");
    link_say(link, "QUIT\r\n");
    link_close(link);
    free(link);
    return NULL;
}

static bool imap_login(struct link *link, int user)
{
    char name[200];

    user_name(name, sizeof name, user);
    link_line(link);
    link_say(link, "load-a LOGIN %s %s\r\n", name, opt.password);
    return imap_reply(link, "load-a");
}

static void *login_thread(void *unused)
{
    struct link *link = malloc(sizeof *link);
    int number;

    (void)unused;
    while ((number = atomic_fetch_add(&next_message, 1)) < opt.messages) {
        double began = now_s();
        if (!link_open(link))
            break;
        imap_login(link, number);
        link_say(link, "load-z LOGOUT\r\n");
        imap_reply(link, "load-z");
        link_close(link);
        latencies[number] = now_s() - began;
    }
    free(link);
    return NULL;
}

static void append(struct link *link, unsigned *seed)
{
    const struct text *mail = &corpus.mails[(size_t)rand_r(seed) % corpus.count];

    link_say(link, "load-p APPEND INBOX {%zu}\r\n", mail->length);
    if (link_line(link)[0] != '+') {
        complain("append", link->line);
        return;
    }
    link_write(link, mail->p, mail->length);
    link_say(link, "\r\n");
    imap_reply(link, "load-p");
}

/* What a many-client stress run does in one session: look, read, mark, add, sometimes expunge. */
static void mix_session(struct link *link, unsigned *seed)
{
    link_say(link, "load-s SELECT INBOX\r\n");
    if (!imap_reply(link, "load-s"))
        return;
    link_say(link, "load-f FETCH 1:* (UID FLAGS)\r\n");
    imap_reply(link, "load-f");
    append(link, seed);
    for (int i = 0; i < 2; i++) {
        link_say(link, "load-g FETCH * (BODY.PEEK[])\r\n");
        imap_reply(link, "load-g");
    }
    link_say(link, "load-h FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n");
    imap_reply(link, "load-h");
    link_say(link, "load-t STORE %d %cFLAGS (\\Seen)\r\n", 1, rand_r(seed) % 2 ? '+' : '-');
    imap_reply(link, "load-t");
    if (rand_r(seed) % 2) {
        link_say(link, "load-d STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
        imap_reply(link, "load-d");
        link_say(link, "load-e EXPUNGE\r\n");
        imap_reply(link, "load-e");
    }
}

static void *mix_thread(void *argument)
{
    struct link *link = malloc(sizeof *link);
    unsigned seed = (unsigned)(uintptr_t)argument;

    while (now_s() < stop_at) {
        if (!link_open(link))
            break;
        if (imap_login(link, rand_r(&seed)))
            mix_session(link, &seed);
        link_say(link, "load-z LOGOUT\r\n");
        imap_reply(link, "load-z");
        link_close(link);
    }
    free(link);
    return NULL;
}

static void *pop3_thread(void *unused)
{
    struct link *link = malloc(sizeof *link);
    char name[200];
    int count = 0;

    (void)unused;
    user_name(name, sizeof name, 0);
    if (!link_open(link))
        return NULL;
    link_line(link);
    link_say(link, "USER %s\r\n", name);
    link_line(link);
    link_say(link, "PASS %s\r\n", opt.password);
    if (link_line(link)[0] != '+')
        complain("pass", link->line);
    link_say(link, "STAT\r\n");
    sscanf(link_line(link), "+OK %d", &count);
    atomic_store(&bytes_moved, 0);
    double began = now_s();
    for (int i = 1; i <= count && !link->failed; i++) {
        link_say(link, "RETR %d\r\n", i);
        if (link_line(link)[0] != '+')
            complain("retr", link->line);
        while (strcmp(link_line(link), ".") != 0 && !link->failed)
            ;
    }
    messages_fetched = count;
    stop_at = now_s() - began;
    link_say(link, "QUIT\r\n");
    link_line(link);
    link_close(link);
    free(link);
    return NULL;
}

static void idle_all(void)
{
    struct link *one = malloc(sizeof *one);
    char rest[16];
    double began = now_s();

    for (int i = 0; i < opt.sessions; i++) {
        if (!link_open(one) || !imap_login(one, i))
            break;
        link_say(one, "load-s SELECT INBOX\r\n");
        imap_reply(one, "load-s");
        link_say(one, "load-i IDLE\r\n");
        if (link_line(one)[0] != '+')
            complain("idle", one->line);
        /* the descriptor stays open; only its reading buffer is used again */
    }
    printf("{\"connections\": %d, \"seconds\": %.3f, \"refused\": %d, \"first\": \"%s\"}\n", opt.sessions,
           now_s() - began, atomic_load(&refused), complaint);
    fflush(stdout);
    while (read(STDIN_FILENO, rest, sizeof rest) > 0)
        ;
}

static void stuff(struct text *mail, const char *raw, size_t length)
{
    char *out = malloc(length * 2 + 4);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
            out[n++] = '\r';
        if (raw[i] == '.' && (i == 0 || raw[i - 1] == '\n'))
            out[n++] = '.';
        out[n++] = raw[i];
    }
    if (n < 2 || out[n - 1] != '\n') {
        out[n++] = '\r';
        out[n++] = '\n';
    }
    *mail = (struct text){ out, n };
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void corpus_load(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, by_name);

    if (count < 0) {
        perror(folder);
        exit(2);
    }
    corpus.mails = calloc((size_t)count, sizeof *corpus.mails);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        int fd = open(path, O_RDONLY);
        if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
            char *raw = malloc((size_t)status.st_size + 1);
            ssize_t n = read(fd, raw, (size_t)status.st_size);
            if (n > 0)
                stuff(&corpus.mails[corpus.count++], raw, (size_t)n);
            free(raw);
        }
        if (fd >= 0)
            close(fd);
        free(entries[i]);
    }
    free(entries);
    if (corpus.count == 0) {
        fprintf(stderr, "%s holds no mail\n", folder);
        exit(2);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void report(double seconds)
{
    int count = opt.messages;
    double p50 = 0, p99 = 0;

    if (count > 0 && latencies[0] > 0) {
        qsort(latencies, (size_t)count, sizeof *latencies, by_value);
        p50 = latencies[count / 2];
        p99 = latencies[(size_t)count * 99 / 100];
    }
    printf(
        "{\"seconds\": %.4f, \"messages\": %d, \"commands\": %ld, \"bytes\": %ld, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
        "\"refused\": %d, \"first\": \"%s\"}\n",
        seconds, count, atomic_load(&commands_done), atomic_load(&bytes_moved), p50 * 1000, p99 * 1000,
        atomic_load(&refused), complaint);
}

static void run_threads(void *(*body)(void *))
{
    pthread_t *threads = calloc((size_t)opt.sessions, sizeof *threads);

    for (int i = 0; i < opt.sessions; i++)
        pthread_create(&threads[i], NULL, body, (void *)(uintptr_t)(i + 1));
    for (int i = 0; i < opt.sessions; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

static const struct {
    const char *name;
    const char **text;
    int *number;
} flags[] = {
    { "--proto", &opt.proto, NULL },       { "--host", &opt.host, NULL },
    { "--corpus", &opt.corpus, NULL },     { "--domain", &opt.domain, NULL },
    { "--password", &opt.password, NULL }, { "--port", NULL, &opt.port },
    { "--sessions", NULL, &opt.sessions }, { "--messages", NULL, &opt.messages },
    { "--users", NULL, &opt.users },       { "--rcpts", NULL, &opt.rcpts },
    { "--seconds", NULL, &opt.seconds },   { "--tls", NULL, &opt.tls },
    { "--user", NULL, &opt.user },
};

static void read_options(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "loadgen deliver|login|mix|pop3|idle --port P ...\n");
        exit(2);
    }
    opt.mode = argv[1];
    for (int i = 2; i + 1 < argc; i += 2)
        for (size_t f = 0; f < sizeof flags / sizeof flags[0]; f++) {
            if (strcmp(argv[i], flags[f].name) != 0)
                continue;
            if (flags[f].text)
                *flags[f].text = argv[i + 1];
            else
                *flags[f].number = atoi(argv[i + 1]);
        }
}

static const struct {
    const char *name;
    void *(*body)(void *);
} modes[] = {
    { "deliver", deliver_thread },
    { "login", login_thread },
    { "mix", mix_thread },
    { "pop3", pop3_thread },
};

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    srandom((unsigned)getpid());
    if (opt.corpus)
        corpus_load(opt.corpus);
    if (opt.tls)
        tls_context = SSL_CTX_new(TLS_client_method());
    if (strcmp(opt.mode, "idle") == 0) {
        idle_all();
        return atomic_load(&refused) > 0;
    }
    latencies = calloc((size_t)opt.messages + 1, sizeof *latencies);
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        if (strcmp(opt.mode, modes[m].name) != 0)
            continue;
        double began = now_s();
        stop_at = began + opt.seconds;
        run_threads(modes[m].body);
        report(strcmp(opt.mode, "pop3") == 0 ? stop_at : now_s() - began);
        return atomic_load(&refused) > 0;
    }
    fprintf(stderr, "unknown mode %s\n", opt.mode);
    return 2;
}
