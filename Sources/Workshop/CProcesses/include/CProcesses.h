#ifndef KEYTURN_CPROCESSES_H
#define KEYTURN_CPROCESSES_H

#include <sys/types.h>

/// Starts a program as the leader of a process group of its own: its standard input is read from a pipe, its standard output is thrown
/// away, its standard error is written to a pipe, every other descriptor is closed, and every signal has its usual effect.
/// `input` and `errors` are our ends, which do not wait.
/// Returns 0, or an errno; then nothing is left open.
int cprocesses_start(
    const char *path, char *const arguments[], char *const environment[], int *input, int *errors, pid_t *process);

#endif
