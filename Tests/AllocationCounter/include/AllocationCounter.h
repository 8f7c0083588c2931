// Counts heap allocations of the whole process, to prove that a piece of code makes none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

// Allocations since the process began, or -1 where they cannot be counted (another C library, a sanitizer).
int64_t allocation_count(void);

#endif
