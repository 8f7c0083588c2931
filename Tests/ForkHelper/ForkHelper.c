#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE  // fork, sigset_t
#endif
#include "ForkHelper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// Swift does not offer fork.
int fork_and_run(void (*body)(void *), void *context, unsigned seconds) {
  const pid_t child = fork();
  if (child < 0) return -errno;
  if (child == 0) {
    // However signals were handled: a child that hangs dies of the alarm.
    signal(SIGALRM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(seconds);
    body(context);
    _exit(0);
  }
  return child;
}

int wait_for_child(int child) {
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void exit_child(int code) { _exit(code); }

struct worker {
  pthread_t thread;
  void (*body)(void *);
  void *context;
};

static void *work(void *start) {
  const struct worker *worker = start;
  worker->body(worker->context);
  return NULL;
}

struct worker *start_worker(void (*body)(void *), void *context) {
  struct worker *worker = malloc(sizeof *worker);
  worker->body = body;
  worker->context = context;
  if (pthread_create(&worker->thread, NULL, work, worker) != 0) abort();
  return worker;
}

void join_worker(struct worker *worker) {
  pthread_join(worker->thread, NULL);
  free(worker);
}
