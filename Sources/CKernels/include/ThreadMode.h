#pragma once
#include <stdbool.h>

// Per-thread state that kernels rely on.

// Turns flush-to-zero on for this thread (subnormal numbers cost 20 to 50 times a normal one) and keeps libraries that
// bring their own thread pool from using it. Returns what hb_leave_kernel_mode restores.
unsigned int hb_enter_kernel_mode(void);
void hb_leave_kernel_mode(unsigned int mode);

// Whether this thread is at work on a chunk, so that a nested call runs in place.
bool hb_in_worker(void);
void hb_set_in_worker(bool value);

// Tells the processor that this is a waiting loop.
void hb_pause(void);
