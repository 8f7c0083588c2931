// Children of forks, for tests: Swift does not offer fork.
#ifndef FORK_HELPER_H
#define FORK_HELPER_H

// Forks; the child runs body(context) and exits with 0, or dies of SIGALRM after so many seconds. The result is the child's number,
// or below 0 an error number.
int fork_and_run(void (*body)(void *context), void *context, unsigned seconds);

// How the child ended: its exit code, 256 and the number of the signal that killed it, or -1 where it is none of ours.
int wait_for_child(int child);

// Ends the child without running anything that belongs to the parent.
_Noreturn void exit_child(int code);

// A thread that runs body(context), which works in children too (Dispatch does not), and waiting for its end.
struct worker;
struct worker *start_worker(void (*body)(void *context), void *context);
void join_worker(struct worker *worker);

#endif
