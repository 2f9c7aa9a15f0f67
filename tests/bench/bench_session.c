/*
 * bench_session.c -- what the engine of sessions costs by itself: commands a second of a protocol that does nothing.
 *
 *   bench_session [SECONDS]
 *
 * Rows: connections, commands sent ahead, run by a worker (ECHO) or on the reactor (FAST). The clients are a process
 * of their own on the same processors.
 */
#include "echo.h"

#include "base/log.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct load {
    uint16_t port;
    int window, seconds;
    const char *command;
    _Atomic uint64_t *done;
};

static void *talk(void *argument)
{
    const struct load *load = argument;
    int fd = connect_to(load->port);
    size_t length = strlen(load->command);
    static _Thread_local char burst[4096], answers[65536];
    int64_t until = clock_monotonic_us() + load->seconds * US_PER_S;

    for (int i = 0; i < load->window; i++)
        memcpy(burst + (size_t)i * length, load->command, length);
    if (recv(fd, answers, sizeof(answers), 0) <= 0)
        exit(1);
    while (clock_monotonic_us() < until) {
        int lines = 0;
        if (send(fd, burst, length * (size_t)load->window, 0) < 0)
            exit(1);
        while (lines < load->window) {
            ssize_t got = recv(fd, answers, sizeof(answers), 0);
            if (got <= 0)
                exit(1);
            for (ssize_t i = 0; i < got; i++)
                lines += answers[i] == '\n';
        }
        atomic_fetch_add(load->done, (uint64_t)load->window);
    }
    close(fd);
    return NULL;
}

static void row(struct bench *bench, int connections, int window, const char *command, int seconds)
{
    _Atomic uint64_t *done =
        mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    struct rusage before, after;
    int status;

    getrusage(RUSAGE_SELF, &before);
    if (child == 0) {
        struct load load = { bench->plain_port, window, seconds, command, done };
        pthread_t threads[64];
        for (int i = 0; i < connections; i++)
            if (pthread_create(&threads[i], NULL, talk, &load) != 0)
                exit(1);
        for (int i = 0; i < connections; i++)
            pthread_join(threads[i], NULL);
        _exit(0);
    }
    waitpid(child, &status, 0);
    getrusage(RUSAGE_SELF, &after);
    double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                          before.ru_stime.tv_sec) +
                 (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
                          before.ru_stime.tv_usec) /
                     1e6;
    printf("%2d connections, %2d ahead, %.4s %8.0f commands/s %6.2f us of processor each\n", connections,
           window, command, (double)*done / seconds, cpu * 1e6 / (double)(*done ? *done : 1));
    munmap((void *)done, sizeof(*done));
}

int main(int argc, char **argv)
{
    static const struct {
        int connections, window;
        const char *command;
    } rows[] = { { 1, 1, "ECHO x\r\n" },  { 1, 1, "FAST x\r\n" },  { 1, 50, "ECHO x\r\n" },
                 { 10, 1, "ECHO x\r\n" }, { 50, 1, "ECHO x\r\n" }, { 50, 1, "FAST x\r\n" },
                 { 50, 50, "ECHO x\r\n" } };
    const struct session_server_config config = { .workers = 64 };
    int seconds = argc > 1 ? atoi(argv[1]) : 1;
    struct bench *bench;

    mem_start();
    log_set_level(LOG_LEVEL_WARNING);
    bench = bench_new(&config, NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        row(bench, rows[i].connections, rows[i].window, rows[i].command, seconds);
    bench_free(bench);
    return 0;
}
