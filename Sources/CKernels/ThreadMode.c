#define _GNU_SOURCE
#include "ThreadMode.h"
#include <dlfcn.h>
#include <stddef.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static _Thread_local bool in_worker;
static _Thread_local bool prepared;

bool hb_in_worker(void) { return in_worker; }
void hb_set_in_worker(bool value) { in_worker = value; }

void hb_pause(void) {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

unsigned int hb_enter_kernel_mode(void) {
    if (!prepared) {
        prepared = true;
        // The setting is per calling thread. Looked up at run time because only OpenMP builds of oneDNN have it.
        void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
        if (set_threads != NULL) set_threads(1);
    }
#if defined(__x86_64__)
    unsigned int old = _mm_getcsr();
    _mm_setcsr(old | 0x8040);
    return old;
#elif defined(__aarch64__)
    unsigned long old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | (1ul << 24)));
    return (unsigned int)old;
#else
    return 0;
#endif
}

void hb_leave_kernel_mode(unsigned int mode) {
#if defined(__x86_64__)
    _mm_setcsr(mode);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((unsigned long)mode));
#else
    (void)mode;
#endif
}
