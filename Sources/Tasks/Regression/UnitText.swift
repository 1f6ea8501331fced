import Foundation
import Reporting

/// Numbers in the user's units, with as many digits as differences of a hundredth of their deviation need.
struct UnitText {
    private let decimals: Int

    init(deviation: Double) {
        decimals = deviation > 0 && deviation.isFinite ? min(8, max(0, 2 - Int(log10(deviation).rounded(.down)))) : 4
    }

    func text(_ value: Double) -> String {
        abs(value) < 1e15 ? NumberText.fixed(value, decimals: decimals) : NumberText.scientific(value)
    }
}
