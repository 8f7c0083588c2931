// What makes the child of a fork able to compute: no lock of this package is held when the process is copied.
#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct lw_lock {
  pthread_mutex_t mutex;
  lw_lock *previous, *next;
};

// All locks there are. A statically initialised mutex guards the list: nothing here has to be made first.
static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static lw_lock *list;

static _Atomic unsigned forks;
static _Atomic(lw_fork_handler) before_handler, child_handler;

lw_lock *lw_lock_create(void) {
  lw_lock *lock = malloc(sizeof *lock);
  if (lock == NULL || pthread_mutex_init(&lock->mutex, NULL) != 0) abort();
  pthread_mutex_lock(&list_mutex);
  lock->previous = NULL;
  lock->next = list;
  if (list) list->previous = lock;
  list = lock;
  pthread_mutex_unlock(&list_mutex);
  return lock;
}

void lw_lock_destroy(lw_lock *lock) {
  pthread_mutex_lock(&list_mutex);
  if (lock->previous) lock->previous->next = lock->next; else list = lock->next;
  if (lock->next) lock->next->previous = lock->previous;
  pthread_mutex_unlock(&list_mutex);
  pthread_mutex_destroy(&lock->mutex);
  free(lock);
}

void lw_lock_acquire(lw_lock *lock) { pthread_mutex_lock(&lock->mutex); }
void lw_lock_release(lw_lock *lock) { pthread_mutex_unlock(&lock->mutex); }

unsigned lw_fork_count(void) { return atomic_load_explicit(&forks, memory_order_relaxed); }

void lw_fork_watch(lw_fork_handler before, lw_fork_handler in_child) {
  if (atomic_load_explicit(&before_handler, memory_order_acquire) != NULL) return;
  atomic_store(&child_handler, in_child);
  atomic_store(&before_handler, before);
}

static void call(lw_fork_handler handler) {
  if (handler) handler();
}

static void before_fork(void) {
  call(atomic_load(&before_handler));
  pthread_mutex_lock(&list_mutex);
  for (lw_lock *lock = list; lock; lock = lock->next) pthread_mutex_lock(&lock->mutex);
}

static void after_fork(void) {
  for (lw_lock *lock = list; lock; lock = lock->next) pthread_mutex_unlock(&lock->mutex);
  pthread_mutex_unlock(&list_mutex);
}

static void after_fork_in_child(void) {
  atomic_fetch_add(&forks, 1);
  after_fork();
  call(atomic_load(&child_handler));
}

// When the program is loaded: before any thread that could fork while this is under way.
__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(before_fork, after_fork, after_fork_in_child); }
