#include "Library.h"
#define HANDLE void *
#define FORM address
#define CALLS hb_calls_by_address
#include "Calls.h"
