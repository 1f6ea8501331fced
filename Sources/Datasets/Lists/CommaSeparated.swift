/// Comma-separated values (RFC 4180) as they are read; line ends may be of any kind.
package enum CommaSeparated {
    /// One row.
    package struct Row: Sendable, Equatable {
        /// The line that it begins in, from 1.
        package let line: Int
        /// Its cells, without their quotation marks.
        package var cells: [String]
    }

    /// The rows; empty lines are passed over, and so is a byte order mark.
    /// - Returns: nil where a quotation mark is never closed.
    package static func rows(_ bytes: [UInt8]) -> [Row]? {
        var reading = Reading()
        for byte in bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...] { reading.add(byte) }
        return reading.finish()
    }

    private struct Reading {
        private var rows: [Row] = []
        private var row = Row(line: 1, cells: [])
        private var cell: [UInt8] = []
        private var line = 1
        private var isAfterReturn = false
        private var (isQuoted, wasQuoted, sawQuote) = (false, false, false)

        mutating func add(_ byte: UInt8) {
            let isReturn = byte == UInt8(ascii: "\r")
            let isBreak = isReturn || byte == UInt8(ascii: "\n") && !isAfterReturn
            defer {
                if isBreak { line += 1 }
                isAfterReturn = isReturn
            }
            if isQuoted {
                if sawQuote {
                    sawQuote = false
                    if byte == UInt8(ascii: "\"") {
                        cell.append(byte)
                        return
                    }
                    isQuoted = false
                } else if byte == UInt8(ascii: "\"") {
                    sawQuote = true
                    return
                } else {
                    cell.append(byte)
                    return
                }
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty: (isQuoted, wasQuoted) = (true, true)
            case UInt8(ascii: ","): endCell()
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): endRow()
            default: cell.append(byte)
            }
            if row.cells.isEmpty, cell.isEmpty, !isQuoted { row = Row(line: isBreak ? line + 1 : line, cells: []) }
        }

        private mutating func endCell() {
            row.cells.append(String(decoding: cell, as: UTF8.self))
            cell.removeAll(keepingCapacity: true)
            wasQuoted = false
        }

        private mutating func endRow() {
            if row.cells.isEmpty, cell.isEmpty, !wasQuoted { return }
            endCell()
            rows.append(row)
            row = Row(line: line + 1, cells: [])
        }

        mutating func finish() -> [Row]? {
            guard !isQuoted || sawQuote else { return nil }
            endRow()
            return rows
        }
    }
}
