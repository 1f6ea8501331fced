import Foundation
import JSON
import Layers
import Reporting
import Tensors

/// Learned filters of a model, some of each layer, as `report/result.json` keeps them.
package enum FilterSamples {
    private static let mostLayers = 12
    private static let mostFilters = 16

    /// Depthwise kernels of 5x5 and more, magnitudes of global filters, and the kernels of the first convolution.
    static func json(_ list: ParameterList, _ store: ParameterStore<Float>) -> JSONValue {
        let entries = list.entries.enumerated().filter { isShown($0.element) }
        let first = list.entries.enumerated().first { $0.element.layout == .convolution }.flatMap {
            $0.element.shape.rank == 4 && $0.element.shape[1] >= 3 ? $0 : nil
        }
        let shown = spread(entries.map { (offset: $0.offset, element: $0.element) }, mostLayers)
        return .array(((first.map { [$0] } ?? []) + shown).compactMap { sample($0.element, store.tensor($0.offset)) })
    }

    private static func isShown(_ entry: ParameterList.Entry) -> Bool {
        switch entry.layout {
        case .depthwise: entry.shape[0] >= 5
        case .spectrum: true
        default: false
        }
    }

    /// Evenly spaced ones, the first and the last among them.
    static func spread<Element>(_ elements: [Element], _ most: Int) -> [Element] {
        guard elements.count > most, most > 1 else { return Array(elements.prefix(max(most, 0))) }
        return (0..<most).map { elements[$0 * (elements.count - 1) / (most - 1)] }
    }

    private static func sample(_ entry: ParameterList.Entry, _ tensor: Tensor<Float>) -> JSONValue? {
        let values = tensor.array
        let total: Int
        let planes: [[Float]]
        var (rows, columns) = (0, 0)
        switch entry.layout {
        case .depthwise:
            (rows, columns, total) = (entry.shape[0], entry.shape[1], entry.shape[2])
            planes = spread(Array(0..<total), mostFilters).map { channel in
                (0..<rows * columns).map { values[$0 * total + channel] }
            }
        case .spectrum:
            (rows, total) = (entry.shape[0], entry.shape[2])
            columns = max(1, 2 * (entry.shape[1] - 1))
            planes = spread(Array(0..<total), mostFilters).map { plane(values, entry.shape, channel: $0) }
        case .convolution:
            (rows, columns, total) = (entry.shape[1], entry.shape[2], entry.shape[0])
            let inputs = entry.shape[3]
            // The mean over input channels: what the filter does to grey.
            planes = spread(Array(0..<total), mostFilters).map { output in
                (0..<rows * columns).map { position in
                    let at = (output * rows * columns + position) * inputs
                    return values[at..<at + inputs].reduce(0, +) / Float(inputs)
                }
            }
        default: return nil
        }
        let isSpectrum = entry.layout == .spectrum
        let all = planes.flatMap { $0 }.filter(\.isFinite)
        let reach = all.map(abs).max() ?? 0
        // Kernels are shown around 0, magnitudes from 0; each filter by its own reach would hide which ones are weak.
        let (low, high) = isSpectrum ? (0, reach) : (-reach, reach)
        let scale = high > low ? 255 / (high - low) : 0
        let bytes = planes.flatMap { $0.map { UInt8(min(max((($0 - low) * scale).rounded(), 0), 255)) } }
        return [
            "name": .string(entry.name), "kind": .string(isSpectrum ? "spectrum" : "kernel"),
            "total": .integer(total), "rows": .integer(rows), "columns": .integer(columns),
            "low": .measured(Double(low)), "high": .measured(Double(high)),
            "pixels": .string(Data(bytes).base64EncodedString()),
        ]
    }

    /// The whole frequency plane from the stored half, which the other half mirrors; frequency 0 in the middle.
    package static func plane(_ values: [Float], _ shape: Shape, channel: Int) -> [Float] {
        let (rows, half, channels) = (shape[0], shape[1], shape[2])
        let columns = max(1, 2 * (half - 1))
        return (0..<rows).flatMap { y in
            (0..<columns).map { x in
                var (v, u) = ((y + rows - rows / 2) % rows, (x + columns - columns / 2) % columns)
                if u >= half { (v, u) = ((rows - v) % rows, columns - u) }
                let at = ((v * half + u) * channels + channel) * 2
                let magnitude = (values[at] * values[at] + values[at + 1] * values[at + 1]).squareRoot()
                return magnitude.isFinite ? magnitude : 0
            }
        }
    }
}
