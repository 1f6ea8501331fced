import JSON
import Reporting
import Training

// What `trainer bench --operation` prints.
extension OperationBenchmark {
    /// A line for each direction.
    var text: String {
        func row(_ direction: String, _ times: StepBenchmark.Times?, passes: Int) -> [String]? {
            guard let times else { return nil }
            func milliseconds(_ seconds: Double) -> String { NumberText.fixed(seconds * 1000, decimals: 2) }
            let share = shareOfPeak(times, passes: passes).map { NumberText.percentage($0, decimals: 1) } ?? "-"
            return [
                direction, milliseconds(times.median), milliseconds(times.lowerQuartile),
                milliseconds(times.upperQuartile), share,
            ]
        }
        let table = Table(
            columns: [
                Table.Column(name.rawValue, .left), "median ms", "quartile", "quartile", "of the peak",
            ],
            rows: [row("forward", forward, passes: 1), row("backward", backward, passes: 2)].compactMap { $0 })
        return """
            \(size), \(threads) threads
            peak of this machine's multiply-adds \(NumberText.fixed(peakRate / 1e9, decimals: 0)) GFLOP/s

            \(table.render())
            """
    }

    /// The same for programs.
    var json: JSONValue {
        func times(_ times: StepBenchmark.Times, passes: Int) -> JSONValue {
            [
                "medianSeconds": .number(times.median), "lowerQuartileSeconds": .number(times.lowerQuartile),
                "upperQuartileSeconds": .number(times.upperQuartile),
                "shareOfPeak": .optional(shareOfPeak(times, passes: passes)),
            ]
        }
        return [
            "operation": .string(name.rawValue), "size": .string(size), "threads": .integer(threads),
            "peakFlops": .number(peakRate), "peakMemoryMB": .number(peakMemoryMB),
            "multiplyAdds": multiplyAdds.map { .integer($0) } ?? .null,
            "forward": times(forward, passes: 1), "backward": backward.map { times($0, passes: 2) } ?? .null,
        ]
    }
}
