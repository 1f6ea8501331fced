#pragma once

// The few functions of MPI that ranks need to exchange bytes, looked up while the program runs, so that no MPI is needed to
// build it. Every function that answers with a code gives 0 for success, else the library's own code. One thread at a time
// may call.

/// How a library's functions are called.
enum hb_mpi_kind {
    /// Of no kind that is known here.
    HB_MPI_UNKNOWN = 0,
    /// Open MPI up to 5: handles are addresses of the library's own objects.
    HB_MPI_OPEN_MPI = 1,
    /// MPICH and its relatives, whose handles are numbers of type int.
    HB_MPI_MPICH = 2,
    /// The binary interface that MPI 5.0 defines for all libraries.
    HB_MPI_STANDARD = 3,
};

/// A library.
struct hb_mpi;

/// Loads a library by its path or name, and finds out its kind; nothing is started.
/// @param text where the library's version goes, or the reason where there is none.
/// @return NULL where it cannot be loaded.
struct hb_mpi *hb_mpi_open(const char *library, char *text, long capacity);

enum hb_mpi_kind hb_mpi_kind_of(const struct hb_mpi *mpi);

/// The name of a function that the library lacks; NULL where it has all.
const char *hb_mpi_missing(const struct hb_mpi *mpi);

/// Lets go of a library that was not started.
void hb_mpi_close(struct hb_mpi *mpi);

/// Joins the job; only the calling thread talks to the library from then on. Errors are answered with codes from here on.
int hb_mpi_start(struct hb_mpi *mpi, int *rank, int *size);

/// Leaves the job, once all exchanges are done.
int hb_mpi_finish(struct hb_mpi *mpi);

/// Begins to send and to receive; a side without bytes is left out when its rank is negative. Bytes go in pieces of 1 GiB,
/// because counts are of type int.
int hb_mpi_begin(
    struct hb_mpi *mpi, const void *sent, long sent_count, int destination, void *received, long received_count,
    int source);

/// Lets the exchange go on, and says whether it is done.
int hb_mpi_poll(struct hb_mpi *mpi, int *is_done);

enum { HB_MPI_NOTE_SIZE = 32 };

/// Sends a note of fixed size beside the exchanges; it is dropped where too many wait to be sent.
int hb_mpi_send_note(struct hb_mpi *mpi, const void *note, int destination);

/// Takes the next note, if one has come.
int hb_mpi_receive_note(struct hb_mpi *mpi, void *note, int *has_come);

/// Ends the processes of all ranks, this one at the latest after ten seconds.
void hb_mpi_abort(struct hb_mpi *mpi, int code);

/// What a code means, in the library's words.
void hb_mpi_describe(const struct hb_mpi *mpi, int code, char *text, long capacity);
