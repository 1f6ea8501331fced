#include "Library.h"
#define HANDLE int
#define FORM number
#define CALLS hb_calls_by_number
#include "Calls.h"
