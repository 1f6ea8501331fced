import JSON

/// Where a stage stands in a longer run; a run of its own stands at the beginning.
struct RunPlace {
    /// Epochs and updates of the stages before.
    var epochs = 0
    var updates = 0
    /// Epochs of all stages together; the run's own when absent.
    var totalEpochs: Int?
    /// Epochs of the learning rate's schedule, and updates of it that lie behind; the run's own when absent.
    var scheduleEpochs: Int?
    var scheduleUpdates = 0
    /// So many epochs of the run itself without a better validation end it; 0 for never.
    var patience = 0
    /// Where the run pauses before its end, if it does.
    var limit: RunLimit?
    /// What each line of the log begins with.
    var labels: [JSONValue.Member] = []
    /// Saved with the state.
    var info: JSONValue = .null
}
