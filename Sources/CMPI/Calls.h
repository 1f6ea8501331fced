// The calls that take handles. Included once for each form of them: HANDLE is the type, FORM the member of hb_handle, and
// CALLS the name of the table.

static int rank_of(const struct hb_mpi *mpi, int *rank) {
    int (*call)(HANDLE, int *) = mpi->functions.comm_rank;
    return call(mpi->constants.world.FORM, rank);
}

static int size_of(const struct hb_mpi *mpi, int *size) {
    int (*call)(HANDLE, int *) = mpi->functions.comm_size;
    return call(mpi->constants.world.FORM, size);
}

/// Called for an error, whose code then comes back from the call that met it.
static void go_on(HANDLE *communicator, int *code, ...) {
    (void)communicator;
    (void)code;
}

static int answer_errors(const struct hb_mpi *mpi) {
    // There is a constant for this as well, but libraries with the standard's interface give it different values.
    int (*create)(void (*)(HANDLE *, int *, ...), HANDLE *) = mpi->functions.comm_create_errhandler;
    int (*set)(HANDLE, HANDLE) = mpi->functions.comm_set_errhandler;
    HANDLE handler;
    int code = create(go_on, &handler);
    return code != 0 ? code : set(mpi->constants.world.FORM, handler);
}

static int send_bytes(
    const struct hb_mpi *mpi, const void *bytes, int count, int to, int tag, union hb_handle *request) {
    int (*call)(const void *, int, HANDLE, int, int, HANDLE, HANDLE *) = mpi->functions.isend;
    return call(bytes, count, mpi->constants.byte.FORM, to, tag, mpi->constants.world.FORM, &request->FORM);
}

static int receive_bytes(
    const struct hb_mpi *mpi, void *bytes, int count, int from, int tag, union hb_handle *request) {
    int (*call)(void *, int, HANDLE, int, int, HANDLE, HANDLE *) = mpi->functions.irecv;
    return call(bytes, count, mpi->constants.byte.FORM, from, tag, mpi->constants.world.FORM, &request->FORM);
}

static int test_request(const struct hb_mpi *mpi, union hb_handle *request, int *is_done) {
    int (*call)(HANDLE *, int *, void *) = mpi->functions.test;
    return call(&request->FORM, is_done, mpi->constants.ignored_status);
}

static int has_come(const struct hb_mpi *mpi, int tag, int *has_come) {
    int (*call)(int, int, HANDLE, int *, void *) = mpi->functions.iprobe;
    return call(
        mpi->constants.any_source, tag, mpi->constants.world.FORM, has_come, mpi->constants.ignored_status);
}

static int take(const struct hb_mpi *mpi, void *bytes, int count, int tag) {
    int (*call)(void *, int, HANDLE, int, int, HANDLE, void *) = mpi->functions.recv;
    return call(
        bytes, count, mpi->constants.byte.FORM, mpi->constants.any_source, tag, mpi->constants.world.FORM,
        mpi->constants.ignored_status);
}

static int abort_job(const struct hb_mpi *mpi, int code) {
    int (*call)(HANDLE, int) = mpi->functions.abort;
    return call(mpi->constants.world.FORM, code);
}

const struct hb_calls CALLS = {
    .rank = rank_of,
    .size = size_of,
    .answer_errors = answer_errors,
    .send = send_bytes,
    .receive = receive_bytes,
    .test = test_request,
    .has_come = has_come,
    .take = take,
    .abort = abort_job,
};
