import Tensors

extension ThreadPool {
    /// Takes over the threads that a configuration asks for, or those that an option gives instead.
    /// - Returns: one sentence where the system grants fewer.
    @discardableResult
    package static func use(_ training: TrainingSection, threads: Int? = nil) -> String? {
        let asked = threads ?? training.threads
        let wanted = asked > 0 ? asked : processorCount
        shared.threads = wanted
        let found = shared.threads
        guard found < wanted else { return nil }
        return
            "The system grants \(found) of the \(wanted) threads that training.threads asks for (a limit of processes, "
            + "such as ulimit -u or a container's), so \(found) \(found == 1 ? "works" : "work")."
    }
}
