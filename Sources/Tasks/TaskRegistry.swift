import Configuration
import Synchronization

/// The tasks by name: one list, in which a task is one line, and to which a program may add its own at its start.
public enum TaskRegistry {
    /// Those of the package; the first one is the default.
    public static let builtIn: [any TaskConfiguration.Type] = [
        ClassificationConfiguration.self, SegmentationConfiguration.self, DetectionConfiguration.self,
        InstanceConfiguration.self, SuperResolutionConfiguration.self, MultiLabelConfiguration.self,
        RegressionConfiguration.self,
    ]

    private static let added = Mutex<[any TaskConfiguration.Type]>([])

    /// Adds a task, at the start of a program, before any configuration or weights are read.
    /// - Throws: `RecipeError` for a name that is taken.
    public static func register(_ task: any TaskConfiguration.Type) throws {
        try added.withLock { list in
            if (builtIn + list).contains(where: { $0.name == task.name }) {
                throw RecipeError("the task \(task.name) is registered already, expected another name")
            }
            list.append(task)
        }
    }

    /// All tasks.
    public static var all: [any TaskConfiguration.Type] { builtIn + added.withLock { $0 } }

    /// The task of a name.
    public static func task(_ name: String) -> (any TaskConfiguration.Type)? { all.first { $0.name == name } }

    /// The task of a name.
    /// - Throws: `RecipeError` for a name that this program does not know.
    public static func type(_ name: String) throws -> any TaskConfiguration.Type {
        if let found = task(name) { return found }
        throw RecipeError(
            "the task \(name) is unknown to this program, expected one of \(all.map { $0.name }.joined(separator: ", "))"
        )
    }

    /// The task that a configuration names, before it is read; nil where it names none, or none that is known.
    package static func named(in reader: ConfigurationReader) -> (any TaskConfiguration.Type)? {
        let word =
            reader.givenText("task")
            ?? reader.section("data", "Images and what is done to them") { $0.givenText("task") }
        return word.flatMap { task($0) }
    }

    /// Reads which task a configuration names, and the task's own keys.
    package static func read(_ reader: ConfigurationReader) -> any TaskConfiguration {
        let tasks = all
        let names = tasks.map { $0.name }
        let list = tasks.map { type in type.name + " (" + type.summary + ")" }.joined(separator: ", ")
        // The same key where the data is described.
        let told = reader.section("data", "Images and what is done to them") { data in
            data.gives("task")
                ? data.choice("task", of: names, default: ClassificationConfiguration.name, "The same as `task`") : nil
        }
        let name = reader.choice(
            "task", of: names, default: told ?? ClassificationConfiguration.name, "What is learned: " + list)
        if let told, told != name {
            reader.problem("task", "found \(name), but data.task is \(told); give one of them")
        }
        for type in tasks where type.name == name { return type.make(reader) }
        return ClassificationConfiguration(reader)
    }
}

extension TaskConfiguration {
    /// Itself, its type forgotten.
    fileprivate static func make(_ reader: ConfigurationReader) -> any TaskConfiguration { Self(reader) }
}
