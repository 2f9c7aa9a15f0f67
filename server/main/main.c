/* main.c -- the command `chappe`. */
#include "base/mem.h"
#include "main/command.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
    mem_start();
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return command_line(argc, argv);
}
