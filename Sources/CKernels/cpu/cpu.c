// Which tiers this processor can run, how many cores there are, and the settings each thread carries.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE  // syscall
#endif
#include "CKernels.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

extern const lw_table lw_table_scalar;

static _Thread_local const lw_table *thread_table;
static _Thread_local int thread_limit;

const lw_table *lw_thread_table(void) { return thread_table; }
void lw_thread_table_set(const lw_table *table) { thread_table = table; }
int lw_thread_limit(void) { return thread_limit; }
void lw_thread_limit_set(int limit) { thread_limit = limit; }

static _Atomic(const lw_table *) default_table;
static _Atomic int default_limit;

const lw_table *lw_current_table(void) {
  return thread_table ? thread_table : atomic_load_explicit(&default_table, memory_order_acquire);
}
void lw_default_table_set(const lw_table *table) { atomic_store_explicit(&default_table, table, memory_order_release); }

int lw_current_limit(void) {
  return thread_limit > 0 ? thread_limit : atomic_load_explicit(&default_limit, memory_order_relaxed);
}
void lw_default_limit_set(int limit) { atomic_store_explicit(&default_limit, limit, memory_order_relaxed); }

int lw_allowed_cpus(int *cpus, int capacity) {
  int count = 0;
#if defined(__linux__)
  // Room for 65,536 processors: the kernel refuses a mask shorter than its own, and cpu_set_t ends at 1,024.
  unsigned long mask[65536 / (CHAR_BIT * sizeof(unsigned long))];
  const int bits = CHAR_BIT * sizeof mask[0];
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  for (int cpu = 0; bytes > 0 && cpu < bytes * CHAR_BIT; ++cpu) {
    if (!(mask[cpu / bits] >> (cpu % bits) & 1)) continue;
    if (count < capacity) cpus[count] = cpu;
    ++count;
  }
#endif
  if (count > 0) return count;
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  for (; count < online; ++count) {
    if (count < capacity) cpus[count] = count;
  }
  return count > 0 ? count : 1;
}

#if defined(__x86_64__)
#include <cpuid.h>

extern const lw_table lw_table_scalar_fma, lw_table_avx2, lw_table_avx512;

enum {
  // XCR0: the register files the operating system saves at a context switch.
  XCR0_AVX = 0x6,        // xmm, ymm
  XCR0_AVX512 = 0xe6,    // and the mask registers, zmm0-15, zmm16-31
};

typedef struct { unsigned a, b, c, d; } registers;

static registers cpuid(unsigned leaf, unsigned subleaf) {
  registers r = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d)) return (registers){0, 0, 0, 0};
  return r;
}

static unsigned xcr0(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Bit positions: Intel SDM volume 2A, CPUID.
static int has_bits(unsigned value, unsigned bits) { return (value & bits) == bits; }

static int saves(unsigned state) {
  const int osxsave = has_bits(cpuid(1, 0).c, bit_OSXSAVE);
  return osxsave && has_bits(xcr0(), state);
}

static int has_fma(void) { return saves(XCR0_AVX) && has_bits(cpuid(1, 0).c, bit_AVX | bit_FMA); }

static int has_avx2(void) {
  return has_fma() && has_bits(cpuid(1, 0).c, bit_F16C) && has_bits(cpuid(7, 0).b, bit_AVX2);
}

static int has_avx512(void) {
  return has_avx2() && saves(XCR0_AVX512) &&
         has_bits(cpuid(7, 0).b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL);
}

const lw_table *lw_table_for(lw_isa isa) {
  switch (isa) {
    case LW_SCALAR: return has_fma() ? &lw_table_scalar_fma : &lw_table_scalar;
    case LW_AVX2: return has_avx2() ? &lw_table_avx2 : NULL;
    case LW_AVX512: return has_avx512() ? &lw_table_avx512 : NULL;
    default: return NULL;
  }
}

void lw_cpu_name(char *name, size_t capacity) {
  char brand[49] = {0};
  if (capacity == 0) return;
  if (cpuid(0x80000000u, 0).a >= 0x80000004u) {
    for (unsigned i = 0; i < 3; ++i) {
      const registers r = cpuid(0x80000002u + i, 0);
      memcpy(brand + 16 * i, &r, 16);
    }
  }
  size_t length = strlen(brand);
  while (length > 0 && brand[length - 1] == ' ') --length;
  if (length >= capacity) length = capacity - 1;
  memcpy(name, brand, length);
  name[length] = 0;
}

void lw_spin_pause(void) { __builtin_ia32_pause(); }

#else

#if defined(__aarch64__)
extern const lw_table lw_table_neon;
#endif

const lw_table *lw_table_for(lw_isa isa) {
  switch (isa) {
    case LW_SCALAR: return &lw_table_scalar;
#if defined(__aarch64__)
    case LW_NEON: return &lw_table_neon;
#endif
    default: return NULL;
  }
}

#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

void lw_cpu_name(char *name, size_t capacity) {
  if (capacity == 0) return;
  name[0] = 0;
#if defined(__APPLE__)
  size_t length = capacity;
  if (sysctlbyname("machdep.cpu.brand_string", name, &length, NULL, 0) != 0) name[0] = 0;
#endif
}

void lw_spin_pause(void) {
#if defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
