extension ProcessGroup {
    /// The ranks that this thread's work is shared with; a process that works alone unless a command has joined others.
    @TaskLocal package static var current = ProcessGroup.alone()

    /// A decision of rank 0 for all, such as one that depends on files or on the clock.
    package func decided(_ body: () throws -> Bool) throws -> Bool {
        size == 1 ? try body() : try onRoot { [try body() ? 1 : 0] } == [1]
    }

    /// Does on rank 0 what changes files; where it fails, all ranks throw.
    package func writing(_ body: () throws -> Void) throws {
        if size == 1 { return try body() }
        _ = try onRoot {
            try body()
            return []
        }
    }
}
