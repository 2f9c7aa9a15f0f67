/* secret.c -- reading passwords. */
#include "main/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_BYTES = 1024 };

static bool first_line(FILE *in, char line[SECRET_BYTES])
{
    if (!fgets(line, SECRET_BYTES, in))
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return *line != '\0';
}

bool secret_read(const void *owner, const char *file, char **secret_out, struct err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(file, "re");
    char line[SECRET_BYTES];
    bool is_read;

    if (!in)
        return err_set(err, ERR_INVALID, "%s cannot be read: %s.", file, strerror(errno));
    is_read = first_line(in, line);
    if (!is_stdin)
        fclose(in);
    if (!is_read)
        return err_set(err, ERR_INVALID, "%s has no password in its first line.", file);
    *secret_out = talloc_strdup(owner, line);
    explicit_bzero(line, sizeof line);
    return true;
}

static bool ask(FILE *terminal, const char *prompt, char line[SECRET_BYTES])
{
    fputs(prompt, terminal);
    fflush(terminal);
    if (!first_line(terminal, line))
        return false;
    fputc('\n', terminal);
    return true;
}

bool secret_ask(const void *owner, const char *prompt, char **secret_out, struct err *err)
{
    char once[SECRET_BYTES], again[SECRET_BYTES];
    FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios usual, silent;
    bool is_given;

    if (!terminal || tcgetattr(fileno(terminal), &usual) != 0) {
        if (terminal)
            fclose(terminal);
        return err_set(err, ERR_INVALID,
                       "There is no terminal to ask for the password. Use --password-file.");
    }
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    is_given = ask(terminal, prompt, once) && ask(terminal, "Again: ", again);
    tcsetattr(fileno(terminal), TCSAFLUSH, &usual);
    fclose(terminal);
    if (!is_given || strcmp(once, again) != 0)
        return err_set(err, ERR_INVALID, "The two do not agree; nothing was changed.");
    *secret_out = talloc_strdup(owner, once);
    explicit_bzero(once, sizeof once);
    explicit_bzero(again, sizeof again);
    return true;
}
