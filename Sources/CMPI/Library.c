#define _GNU_SOURCE
#include "Library.h"
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Room for the longest version text of any library, which is 8192 bytes.
enum { VERSION_SIZE = 1 << 14 };

static void copy_text(char *to, long capacity, const char *from) {
    if (capacity > 0) snprintf(to, (size_t)capacity, "%s", from);
}

/// The version text; whether there is one. It may be asked for before a library is started.
static int version_text(const struct hb_mpi *mpi, char *text) {
    int (*call)(char *, int *) = mpi->functions.get_library_version;
    int length = 0;
    text[0] = '\0';
    if (call == NULL || call(text, &length) != 0) return 0;
    text[VERSION_SIZE - 1] = '\0';
    return text[0] != '\0';
}

/// Whether the library's interface is the standard's: it says so by its name, or, as libraries of MPI 5 that kept their own
/// interface answer with -1, by the version of the interface.
static int is_standard(const struct hb_mpi *mpi) {
    const char *slash = strrchr(mpi->name, '/');
    const char *file = slash == NULL ? mpi->name : slash + 1;
    if (strncmp(file, "libmpi_abi.", 11) == 0) return 1;
    int (*call)(int *, int *) = dlsym(mpi->library, "MPI_Abi_get_version");
    int major = -1, minor = -1;
    return call != NULL && call(&major, &minor) == 0 && major >= 1;
}

static void find_kind(struct hb_mpi *mpi, const char *version) {
    // A library with the standard's interface may stand on one that has another, whose symbols are then found as well.
    void *world = dlsym(mpi->library, "ompi_mpi_comm_world");
    void *byte = dlsym(mpi->library, "ompi_mpi_byte");
    struct hb_constants *constants = &mpi->constants;
    if (is_standard(mpi)) {
        mpi->kind = HB_MPI_STANDARD;
        mpi->calls = &hb_calls_by_address;
        constants->world.address = (void *)(intptr_t)0x101;
        constants->byte.address = (void *)(intptr_t)0x247;
        constants->ignored_status = NULL;
        constants->any_source = -1;
        constants->funneled = 1024;
    } else if (world != NULL && byte != NULL) {
        mpi->kind = HB_MPI_OPEN_MPI;
        mpi->calls = &hb_calls_by_address;
        constants->world.address = world;
        constants->byte.address = byte;
        constants->ignored_status = NULL;
        constants->any_source = -1;
        constants->funneled = 1;
    } else if (strstr(version, "MPICH") != NULL || strstr(version, "Intel(R) MPI") != NULL
               || strstr(version, "MVAPICH") != NULL) {
        mpi->kind = HB_MPI_MPICH;
        mpi->calls = &hb_calls_by_number;
        constants->world.number = 0x44000000;
        constants->byte.number = 0x4c00010d;
        constants->ignored_status = (void *)(intptr_t)1;
        constants->any_source = -2;
        constants->funneled = 1;
    } else {
        mpi->kind = HB_MPI_UNKNOWN;
    }
}

struct hb_mpi *hb_mpi_open(const char *library, char *text, long capacity) {
    // Local until it is started, so that several can be looked at.
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        copy_text(text, capacity, reason == NULL ? "it cannot be loaded" : reason);
        return NULL;
    }
    struct hb_mpi *mpi = calloc(1, sizeof *mpi);
    char *version = calloc(1, VERSION_SIZE);
    char *name = strdup(library);
    if (mpi == NULL || version == NULL || name == NULL) {
        copy_text(text, capacity, "there is no memory");
        free(name);
        free(version);
        free(mpi);
        dlclose(handle);
        return NULL;
    }
    mpi->library = handle;
    mpi->name = name;
#define HB_FIND(member, symbol)                              \
    mpi->functions.member = dlsym(handle, symbol);           \
    if (mpi->functions.member == NULL && mpi->missing == NULL) mpi->missing = symbol;
    HB_FUNCTIONS(HB_FIND)
    if (!version_text(mpi, version)) copy_text(version, VERSION_SIZE, "");
    find_kind(mpi, version);
    copy_text(text, capacity, version);
    free(version);
    return mpi;
}

enum hb_mpi_kind hb_mpi_kind_of(const struct hb_mpi *mpi) { return mpi->kind; }

const char *hb_mpi_missing(const struct hb_mpi *mpi) { return mpi->missing; }

void hb_mpi_close(struct hb_mpi *mpi) {
    dlclose(mpi->library);
    free(mpi->name);
    free(mpi);
}

int hb_mpi_start(struct hb_mpi *mpi, int *rank, int *size) {
    // The plug-ins of older libraries look for the library's symbols among those of the process.
    dlopen(mpi->name, RTLD_NOW | RTLD_GLOBAL);
    int (*init)(int *, char ***, int, int *) = mpi->functions.init_thread;
    int level = 0;
    int code = init(NULL, NULL, mpi->constants.funneled, &level);
    if (code == 0) code = mpi->calls->answer_errors(mpi);
    if (code == 0) code = mpi->calls->rank(mpi, rank);
    if (code == 0) code = mpi->calls->size(mpi, size);
    return code;
}

int hb_mpi_finish(struct hb_mpi *mpi) {
    int (*finalize)(void) = mpi->functions.finalize;
    return finalize();
}

void hb_mpi_describe(const struct hb_mpi *mpi, int code, char *text, long capacity) {
    int (*call)(int, char *, int *) = mpi->functions.error_string;
    char words[1 << 12] = "";
    int length = 0;
    if (call == NULL || call(code, words, &length) != 0 || words[0] == '\0') {
        snprintf(words, sizeof words, "error %d", code);
    }
    words[sizeof words - 1] = '\0';
    copy_text(text, capacity, words);
}
