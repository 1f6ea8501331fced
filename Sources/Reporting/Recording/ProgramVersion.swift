import CVersion
import JSON

/// Which program this is: the version of its sources, the commit they were at, and the day it was built.
package struct ProgramVersion: Sendable, Equatable, CustomStringConvertible {
    package var version: String
    /// The first eight digits; nil for sources without git.
    package var commit: String?
    /// "2026-11-26"; for a release the day of the commit.
    package var date: String?

    package init(version: String, commit: String?, date: String?) {
        (self.version, self.commit, self.date) = (version, commit, date)
    }

    /// Of the program that runs.
    package static let current: ProgramVersion = {
        let commit = String(cString: hb_commit())
        return ProgramVersion(
            version: String(cString: hb_version()), commit: commit.isEmpty ? nil : commit,
            date: isoDate(String(cString: hb_build_date())))
    }()

    /// "0.9.0 (1a2b3c4d, 2026-11-26)".
    package var description: String {
        "\(version) (\([commit ?? "unknown commit", date].compactMap { $0 }.joined(separator: ", ")))"
    }

    package var json: JSONValue {
        [
            "version": .string(version), "commit": commit.map { .string($0) } ?? .null,
            "date": date.map { .string($0) } ?? .null,
        ]
    }

    /// Nil when the value does not name a version.
    package init?(_ json: JSONValue?) {
        guard let version = json?["version"]?.stringValue else { return nil }
        self.init(version: version, commit: json?["commit"]?.stringValue, date: json?["date"]?.stringValue)
    }

    /// The compiler's "Nov  6 2026" as 2026-11-06.
    package static func isoDate(_ text: String) -> String? {
        let words = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 3, let month = months.firstIndex(of: String(words[0])), let day = Int(words[1]),
            let year = Int(words[2])
        else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month + 1))-\(two(day))"
    }
}
