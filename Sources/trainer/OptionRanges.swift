import ArgumentParser

/// Refuses the first option whose number lies outside its range; nil is an option that was not given.
func checkRanges(_ options: [(name: String, value: Int?, range: ClosedRange<Int>)]) throws {
    for (name, value, range) in options {
        guard let value, !range.contains(value) else { continue }
        throw ValidationError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
}
