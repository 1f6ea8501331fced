import Autograd
import JSON
import Layers
import Reporting
import Tensors

/// Where the time of training steps goes, by operation and by layer.
package struct StepProfile: Sendable {
    package typealias Entry = OperationProfile.Entry

    package let batch: Int
    package let threads: Int
    package let steps: Int
    /// Of whole steps, the profile's own cost included.
    package let secondsPerStep: Double
    /// Sums over all steps, the largest first.
    package let operations: [(name: String, entry: Entry)]
    /// Of all steps, in order.
    package let events: [OperationProfile.Event]
    package let poolBytes: Int
    /// Operations a second that multiply-adds reach on the same threads.
    package let peakRate: Double
    /// Multiply-adds of one image's forward pass, by the path of the events that carry them out.
    private let work: [String: Int]

    /// Profiles steps on random images with the threads of the pool.
    /// - Parameter console: where the progress is shown, if anywhere.
    /// - Throws: when the recipe's model cannot be built without the data.
    package init(_ recipe: Recipe, batch: Int, steps: Int, warmup: Int = 3, console: Console? = nil) throws {
        let step = try BenchmarkStep(recipe, batch: batch)
        let progress = console.map { WorkProgress($0, "step", of: warmup + steps) }
        defer { progress?.finish() }
        func measured(_ update: Int, _ profile: OperationProfile? = nil) throws -> Double {
            let seconds = try step(update, profile)
            progress?.add()
            try StopRequest.check("nothing was written; fewer --steps or a smaller --batch take less time")
            return seconds
        }
        for update in 0..<warmup { _ = try measured(update) }
        let profile = OperationProfile(keepsEvents: true, clock: MonotonicClock.seconds)
        let times = try (0..<steps).map { try measured(warmup + $0, profile) }
        self.batch = batch
        self.steps = steps
        threads = ThreadPool.shared.threads
        secondsPerStep = times.reduce(0, +) / Double(max(1, steps))
        operations = profile.entries.map { ($0.name, $1) }.sorted { $0.1.seconds > $1.1.seconds }
        events = profile.events
        poolBytes = StoragePool.shared.statistics.bytesHeld
        peakRate = measuredPeakRate(clock: MonotonicClock.seconds)
        work = Self.work(step.layers, Set(profile.events.map(\.path)))
    }

    /// What layers multiply and add, by the longest path at or above each that is among `paths`.
    static func work(_ layers: ModelTrace.Node, _ paths: Set<String>) -> [String: Int] {
        var work: [String: Int] = [:]
        func add(_ node: ModelTrace.Node, _ path: String, above: String) {
            let owner = paths.contains(path) ? path : above
            work[owner, default: 0] += node.ownMultiplyAdds
            for child in node.children {
                add(child, path.isEmpty ? child.name : path + "." + child.name, above: owner)
            }
        }
        for child in layers.children { add(child, child.name, above: "") }
        return work
    }

    /// The share of the peak that rows reach: a step is three forward passes of two operations per multiply-add, whatever is
    /// computed twice. Nil for rows without multiply-adds.
    private func share(_ multiplyAdds: Int, _ entry: Entry) -> Double? {
        guard multiplyAdds > 0, peakRate > 0, entry.seconds > 0 else { return nil }
        return 6 * Double(multiplyAdds) * Double(batch) * Double(steps) / entry.seconds / peakRate
    }

    /// Of each operation. Where several share a layer's path, its multiply-adds are those of the one that takes longest.
    package var operationShares: [String: Double] {
        var seconds: [String: [String: Double]] = [:]
        for event in events {
            seconds[event.path, default: [:]][event.operation.name, default: 0] += event.end - event.start
        }
        var sums: [String: Int] = [:]
        for (path, multiplyAdds) in work where !path.isEmpty {
            guard let name = seconds[path]?.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { continue }
            sums[name, default: 0] += multiplyAdds
        }
        return Dictionary(
            uniqueKeysWithValues: operations.compactMap { name, entry in
                sums[name].flatMap { share($0, entry) }.map { (name, $0) }
            })
    }

    /// Likewise, of each row of `layers(depth:)`.
    package func layerShares(depth: Int) -> [String: Double] {
        var sums: [String: Int] = [:]
        for (path, multiplyAdds) in work where !path.isEmpty {
            sums[Self.shortened(path, depth), default: 0] += multiplyAdds
        }
        return Dictionary(
            uniqueKeysWithValues: layers(depth: depth).compactMap { path, entry in
                sums[path].flatMap { share($0, entry) }.map { (path, $0) }
            })
    }

    /// Sums over all steps by the first `depth` words of the layers' paths, in the order of the forward pass; what
    /// stands outside of layers, the loss and the optimizer among it, has an empty path.
    package func layers(depth: Int) -> [(path: String, entry: Entry)] {
        var places: [String: Int] = [:]
        var layers: [(path: String, entry: Entry)] = []
        for event in events {
            let path = Self.shortened(event.path, depth)
            let place = places[path] ?? layers.count
            if place == layers.count {
                places[path] = place
                layers.append((path, Entry()))
            }
            layers[place].entry.add(event)
        }
        return layers
    }

    static func shortened(_ path: String, _ depth: Int) -> String {
        path.split(separator: ".").prefix(depth).joined(separator: ".")
    }

    /// The events as Chrome's tracing and Perfetto read them: a row of operations and, below it, one of layers.
    package func trace(depth: Int) -> JSONValue {
        let origin = events.first?.start ?? 0
        func event(_ name: String, _ category: String, row: Int, _ start: Double, _ end: Double) -> JSONValue {
            [
                "name": .string(name), "cat": .string(category), "ph": "X", "pid": 1, "tid": .integer(row),
                "ts": .rounded((start - origin) * 1e6, decimals: 3), "dur": .rounded((end - start) * 1e6, decimals: 3),
            ]
        }
        func category(_ isBackward: Bool) -> String { isBackward ? "backward" : "forward" }
        var rows: [JSONValue] = [(1, "operations"), (2, "layers")].map { row, name in
            ["name": "thread_name", "ph": "M", "pid": 1, "tid": .integer(row), "args": ["name": .string(name)]]
        }
        for one in events {
            var json = event(one.operation.name, category(one.isBackward), row: 1, one.start, one.end)
            json["args"] = ["layer": .string(one.path), "bytes": .integer(one.bytes)]
            rows.append(json)
        }
        var index = 0
        while index < events.count {
            let path = Self.shortened(events[index].path, depth)
            var last = index
            while last + 1 < events.count, events[last + 1].isBackward == events[index].isBackward,
                Self.shortened(events[last + 1].path, depth) == path
            { last += 1 }
            if !path.isEmpty {
                rows.append(
                    event(
                        path, category(events[index].isBackward), row: 2, events[index].start, events[last].end))
            }
            index = last + 1
        }
        return ["displayTimeUnit": "ms", "traceEvents": .array(rows)]
    }
}
