// Counts heap allocations, to prove that a piece of code makes none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

// Allocations of the whole process since it began, or -1 where they cannot be counted (another C library, a sanitizer).
int64_t allocation_count(void);

// The same, of the calling thread.
int64_t thread_allocation_count(void);

#endif
