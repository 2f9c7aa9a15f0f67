/*
 * sink.c -- the next server of the relay rows: takes all mail from everybody and forgets it, so that what is measured is whoever
 * sends.
 *
 *   sink --port P [--latency MS]
 *
 * Recipients in dead.example do not exist (550): that is what notices are made of. Each line on standard input is answered by one
 * line of JSON, {"messages": ..., "notices": ..., "recipients": ..., "refused": ..., "connections": ...}; messages are those with a
 * sender, notices those from <>. Ends with its input. --latency: the end of a message is answered that much later.
 *
 * One thread a connection, blocking sockets, one write for all replies to what was read together.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BUFFER = 256 * 1024, LINE_LIMIT = 2048, REPLY_BUFFER = 64 * 1024, STACK = 512 * 1024 };

/* Counted by all threads of this little program. */
static atomic_long messages, notices, recipients, refused, connections;
static int latency_ms;

struct peer {
    int fd;
    char in[READ_BUFFER];
    size_t start, end;
    char out[REPLY_BUFFER];
    size_t out_length;
    char line[LINE_LIMIT];
    bool is_notice;
    int accepted; /* recipients of this message */
};

static void flush(struct peer *peer)
{
    size_t sent = 0;

    while (sent < peer->out_length) {
        ssize_t n = send(peer->fd, peer->out + sent, peer->out_length - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    peer->out_length = 0;
}

static void say(struct peer *peer, const char *text)
{
    size_t length = strlen(text);

    if (peer->out_length + length > REPLY_BUFFER)
        flush(peer);
    memcpy(peer->out + peer->out_length, text, length);
    peer->out_length += length;
}

/* Replies go out before anything is waited for. */
static bool fill(struct peer *peer)
{
    flush(peer);
    ssize_t n = recv(peer->fd, peer->in, READ_BUFFER, 0);
    peer->start = 0;
    peer->end = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* One line, cut at LINE_LIMIT, without its end. */
static bool next_line(struct peer *peer)
{
    size_t length = 0;

    for (;;) {
        if (peer->start == peer->end && !fill(peer))
            return false;
        char *from = peer->in + peer->start;
        char *newline = memchr(from, '\n', peer->end - peer->start);
        size_t part = newline ? (size_t)(newline - from) + 1 : peer->end - peer->start;
        size_t kept = part < LINE_LIMIT - 1 - length ? part : LINE_LIMIT - 1 - length;
        memcpy(peer->line + length, from, kept);
        length += kept;
        peer->start += part;
        if (newline)
            break;
    }
    while (length > 0 && (peer->line[length - 1] == '\n' || peer->line[length - 1] == '\r'))
        length--;
    peer->line[length] = '\0';
    return true;
}

static bool take_data(struct peer *peer)
{
    if (peer->accepted == 0) {
        say(peer, "554 5.5.1 No valid recipients\r\n");
        return true;
    }
    say(peer, "354 Go on\r\n");
    do
        if (!next_line(peer))
            return false;
    while (strcmp(peer->line, ".") != 0);
    if (latency_ms > 0)
        nanosleep(&(struct timespec){ latency_ms / 1000, latency_ms % 1000 * 1000000L }, NULL);
    atomic_fetch_add(peer->is_notice ? &notices : &messages, 1);
    atomic_fetch_add(&recipients, peer->accepted);
    say(peer, "250 2.0.0 Taken\r\n");
    return true;
}

static void take_rcpt(struct peer *peer)
{
    if (strcasestr(peer->line, "@dead.example>")) {
        atomic_fetch_add(&refused, 1);
        say(peer, "550 5.1.1 Nobody has this address\r\n");
        return;
    }
    peer->accepted++;
    say(peer, "250 2.1.5 Good\r\n");
}

static bool is(const struct peer *peer, const char *verb)
{
    return strncasecmp(peer->line, verb, strlen(verb)) == 0;
}

static bool answer(struct peer *peer)
{
    if (is(peer, "EHLO"))
        say(peer,
            "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 104857600\r\n");
    else if (is(peer, "RCPT TO:"))
        take_rcpt(peer);
    else if (is(peer, "DATA"))
        return take_data(peer);
    else {
        if (is(peer, "MAIL FROM:")) {
            peer->is_notice = is(peer, "MAIL FROM:<>");
            peer->accepted = 0;
        }
        say(peer, is(peer, "QUIT") ? "221 2.0.0 Bye\r\n" : "250 2.0.0 Good\r\n");
        return !is(peer, "QUIT");
    }
    return true;
}

static void *serve(void *argument)
{
    struct peer *peer = argument;
    int yes = 1;

    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    atomic_fetch_add(&connections, 1);
    say(peer, "220 sink.example ESMTP\r\n");
    while (next_line(peer) && answer(peer))
        ;
    flush(peer);
    close(peer->fd);
    free(peer);
    return NULL;
}

static void *accept_all(void *argument)
{
    int listener = *(int *)argument, fd;
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = calloc(1, sizeof *peer);
        pthread_t thread;
        peer->fd = fd;
        if (pthread_create(&thread, &attributes, serve, peer) != 0) {
            close(fd);
            free(peer);
        }
    }
    return NULL;
}

static int listen_on(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0) {
        perror("sink");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    int port = 0;
    char line[100];
    pthread_t thread;

    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--port") == 0)
            port = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--latency") == 0)
            latency_ms = atoi(argv[i + 1]);
    int listener = listen_on(port);
    if (pthread_create(&thread, NULL, accept_all, &listener) != 0)
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        printf(
            "{\"messages\": %ld, \"notices\": %ld, \"recipients\": %ld, \"refused\": %ld, \"connections\": %ld}\n",
            atomic_load(&messages), atomic_load(&notices), atomic_load(&recipients), atomic_load(&refused),
            atomic_load(&connections));
        fflush(stdout);
    }
    return 0;
}
