// Tasks: sections that belong to one task, found by its name.

import JSON

/// What a task's findings add to pages and event files. This folder holds a file of each task; a new one is that file and
/// a place in `RunRecord.taskSections`.
protocol TaskSections {
    /// The word that names the task in `report/result.json` and `report/samples.json`.
    static var task: String { get }
    /// What a run's page shows after the curves.
    static func sections(_ record: RunRecord) -> [PageSection]
    /// What a page of several runs shows after the curves, all runs being of this task.
    static func sections(_ comparison: RunComparison) -> [PageSection]
    /// Pictures of a finished run for its event file, by tag.
    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)]
    /// Pictures of what the model said of a few images after some epochs.
    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)]
    /// Precision and recall over thresholds for the event file, by tag.
    static func precisionRecall(_ record: RunRecord) -> [(tag: String, curve: PrecisionRecallExport)]
}

extension TaskSections {
    static func sections(_ comparison: RunComparison) -> [PageSection] { [] }
    static func pictures(_ record: RunRecord) -> [(tag: String, sheet: PixelSheet)] { [] }
    static func precisionRecall(_ record: RunRecord) -> [(tag: String, curve: PrecisionRecallExport)] { [] }
    static func snapshots(_ record: RunRecord) -> [(epoch: Int, tag: String, sheet: PixelSheet)] { [] }
}

extension RunRecord {
    private static var taskSections: [any TaskSections.Type] {
        [
            ClassSections.self, MaskSections.self, BoxSections.self, InstanceSections.self, EnlargedSections.self,
            LabelSetSections.self, QuantitySections.self,
        ]
    }

    /// The task as the run's findings name it; runs before there was a choice name none and classify.
    var task: String {
        result?["task"]?.stringValue ?? samples?["task"]?.stringValue ?? ClassSections.task
    }

    /// What shows the findings of the run's task; nil for a task that the reports do not know.
    var taskSections: (any TaskSections.Type)? { Self.taskSections.first { $0.task == task } }
}

extension RunComparison {
    /// The same of several runs; nil where they are of different tasks.
    var taskSections: (any TaskSections.Type)? {
        Set(records.map(\.task)).count == 1 ? records.first?.taskSections : nil
    }
}
