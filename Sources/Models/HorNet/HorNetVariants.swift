extension HorNetSpecification {
    /// The published models, with the filter sizes they were trained with, and our own small ones.
    ///
    /// Published: Rao et al., arXiv 2207.14284; depths 2, 3, 18, 2 and orders 2, 3, 4, 5 for all of them.
    public static let variants: [ModelVariant<HorNetSpecification>] = {
        func published(_ base: Int, _ filters: [(rows: Int, columns: Int)]) -> HorNetSpecification {
            var specification = HorNetSpecification(baseWidth: base)
            for (i, filter) in filters.enumerated() {
                specification.mixers[2 + i] = .globalFilter(rows: filter.rows, columns: filter.columns)
            }
            return specification
        }
        func small(_ base: Int, _ depths: [Int], filters: Bool) -> HorNetSpecification {
            var specification = HorNetSpecification(baseWidth: base, depths: depths, stemStride: 2, classes: 10)
            if filters {
                specification.mixers[2] = .globalFilter(rows: nil, columns: nil)
                specification.mixers[3] = .globalFilter(rows: nil, columns: nil)
            }
            return specification
        }
        var all = [
            ModelVariant("hornet_pico_7x7", small(16, [1, 1, 2, 1], filters: false)),
            ModelVariant("hornet_pico_gf", small(16, [1, 1, 2, 1], filters: true)),
            ModelVariant("hornet_nano_7x7", small(32, [2, 2, 6, 2], filters: false)),
            ModelVariant("hornet_nano_gf", small(32, [2, 2, 6, 2], filters: true)),
        ]
        for (name, base) in [("tiny", 64), ("small", 96), ("base", 128), ("large", 192)] {
            all.append(ModelVariant("hornet_\(name)_7x7", published(base, [])))
            all.append(ModelVariant("hornet_\(name)_gf", published(base, [(14, 8), (7, 4)])))
        }
        for (name, base) in [("base", 128), ("large", 192)] {
            all.append(
                ModelVariant("hornet_\(name)_gf_img384", published(base, [(24, 13), (12, 7)]), imageSize: 384))
        }
        return all
    }()
}
