#pragma once
#include "CMPI.h"

/// A handle of either form.
union hb_handle {
    int number;
    void *address;
};

#define HB_FUNCTIONS(each)                                      \
    each(init_thread, "MPI_Init_thread")                        \
    each(finalize, "MPI_Finalize")                              \
    each(comm_rank, "MPI_Comm_rank")                            \
    each(comm_size, "MPI_Comm_size")                            \
    each(comm_create_errhandler, "MPI_Comm_create_errhandler")  \
    each(comm_set_errhandler, "MPI_Comm_set_errhandler")        \
    each(isend, "MPI_Isend")                                    \
    each(irecv, "MPI_Irecv")                                    \
    each(test, "MPI_Test")                                      \
    each(iprobe, "MPI_Iprobe")                                  \
    each(recv, "MPI_Recv")                                      \
    each(abort, "MPI_Abort")                                    \
    each(error_string, "MPI_Error_string")                      \
    each(get_library_version, "MPI_Get_library_version")

#define HB_DECLARE(name, symbol) void *name;

/// The addresses of functions.
struct hb_functions {
    HB_FUNCTIONS(HB_DECLARE)
};

/// The values that differ from library to library.
struct hb_constants {
    union hb_handle world, byte;
    void *ignored_status;
    int any_source;
    /// The thread level at which one thread of many makes all calls.
    int funneled;
};

/// The calls that take handles, for one form of them.
struct hb_calls {
    int (*rank)(const struct hb_mpi *mpi, int *rank);
    int (*size)(const struct hb_mpi *mpi, int *size);
    int (*answer_errors)(const struct hb_mpi *mpi);
    int (*send)(const struct hb_mpi *mpi, const void *bytes, int count, int to, int tag, union hb_handle *request);
    int (*receive)(const struct hb_mpi *mpi, void *bytes, int count, int from, int tag, union hb_handle *request);
    int (*test)(const struct hb_mpi *mpi, union hb_handle *request, int *is_done);
    int (*has_come)(const struct hb_mpi *mpi, int tag, int *has_come);
    int (*take)(const struct hb_mpi *mpi, void *bytes, int count, int tag);
    int (*abort)(const struct hb_mpi *mpi, int code);
};

extern const struct hb_calls hb_calls_by_number;
extern const struct hb_calls hb_calls_by_address;

/// One side of an exchange.
struct hb_side {
    char *bytes;
    long left;
    int peer;
    int is_under_way;
    union hb_handle request;
};

struct hb_note {
    char bytes[HB_MPI_NOTE_SIZE];
    int is_under_way;
    union hb_handle request;
};

enum { HB_NOTES = 64 };

struct hb_mpi {
    void *library;
    char *name;
    enum hb_mpi_kind kind;
    const char *missing;
    struct hb_functions functions;
    struct hb_constants constants;
    const struct hb_calls *calls;
    struct hb_side sent, received;
    struct hb_note notes[HB_NOTES];
};
