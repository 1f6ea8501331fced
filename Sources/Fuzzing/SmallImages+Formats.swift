import Foundation

extension SmallImages {
    static let webps = [
        decode(
            """
            UklGRiwAAABXRUJQVlA4TCAAAAAvBcAAALmM6H/sIqL/AYVsI0AHdv5iP8KgjEJMAMBKDw==
            """),
        decode(
            """
            UklGRtwAAABXRUJQVlA4WAoAAAACAAAABQAAAwAAQU5JTQYAAAAAAAAAAABBTk1GVAAAAAAAAAAAAAUAAAMAAAkAAAJWUDhMOwAA\
            AC8FwAAAv0CQbTOwItyf6QiDIhZMuuePGcT8FyEFgN1zgMK2jdTU8T0zRPQ/QEIZBzXWeclSW4899/0BAEFOTUZUAAAAAAAAAAAA\
            BQAAAwAACQAAAFZQOEw7AAAALwXAAAC/QJBtM7Ai3J/pCIMiFky6548ZxPwXIQWA3XOAwraN1NTxPTNE9D/OKEHgzhoV32rJ6O+e\
            nQEA
            """),
        decode(
            """
            UklGRmAAAABXRUJQVlA4WAoAAAAIAAAABQAAAwAAVlA4TCAAAAAvBcAAALmM6H/sIqL/AYVsI0AHdv5iP8KgjEJMAMBKD0VYSUYa\
            AAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=
            """),
    ]

    static let gifs = [
        decode(
            """
            R0lGODdhBgAEAIQAAAAAAAA8CgB4FAC0HigACig8FCh4Hii0KFAAFFA8HlB4KFC0MngAHng8KHh4Mni0PKAAKKA8MqB4PKC0RsgA\
            Msg8PMh4Rsi0UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACwAAAAABgAEAAAIHgABEEDAAAKFAAUSNIhQQYABBQ4kWBhwYMGDCRcC\
            AgA7
            """),
        decode(
            """
            R0lGODdhBgAEAIQAAAAAAAA8CgB4FAC0HigACig8FCh4Hii0KFAAFFA8HlB4KFC0MngAHng8KHh4Mni0PKAAKKA8MqB4PKC0RsgA\
            Msg8PMh4Rsi0UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACwAAAAABgAEAAAIHgABEEDAAAKFAAUSNIhQQYABBQ4kWBhwYMGDCRcC\
            AgA7
            """),
        decode(
            """
            R0lGODlhBgAEAIQAAAAAAAA8CgB4FAC0HigACig8FCh4Hii0KFAAFFA8HlB4KFC0MngAHng8KHh4Mni0PKAAKKA8MqB4PKC0RsgA\
            Msg8PMh4Rsi0UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACH5BAEAAAAALAAAAAAGAAQAAAgeAAEQQMAAAoUABRI0iFBBgAEFDiRY\
            GHBgwYMJFwICACH5BAEAAAAALAAAAAAGAAQAhAAAAAA8CgB4FAC0HigACig8FCh4Hii0KFAAFFA8HlB4KFC0MngAHng8KHh4Mni0\
            PKAAKKA8MqB4PKC0RsgAMsg8PMh4Rsi0UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgeAClAYICAAIAKERokKBDAggQHCgwIuDDh\
            wYIDAwICADs=
            """),
    ]

    static let tiffs = [
        decode(
            """
            SUkqACwAAACAACBCgAAqCQaCweDgAeQiHQqEwUAHgKRCHxEFABaB6LR2CwELAAABAwABAAAABgAAAAEBAwABAAAABAAAAAIBAwAD\
            AAAAtgAAAAMBAwABAAAABQAAAAYBAwABAAAAAgAAABEBBAABAAAACAAAABUBAwABAAAAAwAAABYBAwABAAAABAAAABcBBAABAAAA\
            JAAAABwBAwABAAAAAQAAAD0BAwABAAAAAgAAAAAAAAAIAAgACAA=
            """),
        decode(
            """
            SUkqAEoAAAB4nAXBoQEAMAgDsOrpaXQ1unqac3oOR3AEZy0BQJzCNaLBRUKHuqWw2MqV4EtHmXa2tX6Y4LAmPep5O/UBXGIVkQAL\
            AAABAwABAAAABgAAAAEBAwABAAAABAAAAAIBAwADAAAA1AAAAAMBAwABAAAACAAAAAYBAwABAAAAAgAAABEBBAABAAAACAAAABIB\
            AwABAAAAAwAAABUBAwABAAAAAwAAABYBAwABAAAABAAAABcBBAABAAAAQQAAABwBAwABAAAAAQAAAAAAAAAIAAgACAA=
            """),
    ]

    /// A palette of four colours in plain rows and in run lengths, and masks of 16 bits.
    static let bmps: [[UInt8]] = [
        bmp(bits: 8, compression: 0, table: palette, rows: (0..<32).map { UInt8($0 % 4) }),
        bmp(
            bits: 8, compression: 1, table: palette, rows: [4, 1, 0, 3, 2, 3, 1, 0, 0, 0, 8, 2, 0, 2, 1, 1, 5, 1, 0, 1]),
        bmp(
            bits: 16, compression: 3, table: [0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0],
            rows: (0..<64).map { 3 * $0 }),
    ]

    private static let palette: [UInt8] = [0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 90, 90, 90, 0]

    /// 8 x 4 pixels.
    private static func bmp(bits: UInt8, compression: UInt8, table: [UInt8], rows: [UInt8]) -> [UInt8] {
        let offset = UInt8(54 + table.count)
        let colors: UInt8 = bits == 8 ? 4 : 0
        var header: [UInt8] = Array("BM".utf8) + [offset &+ UInt8(rows.count), 0, 0, 0, 0, 0, 0, 0, offset, 0, 0, 0]
        header +=
            [40, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 1, 0, bits, 0, compression, 0, 0, 0]
            + [UInt8](repeating: 0, count: 12)
        return header + [colors, 0, 0, 0, 0, 0, 0, 0] + table + rows
    }
}
