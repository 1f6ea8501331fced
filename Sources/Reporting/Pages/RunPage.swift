// Pages: whole HTML files, each a header and a list of sections.

/// The report of one run as an HTML file that needs nothing else.
public enum RunPage {
    /// The page; parts that the run has not written are left out.
    public static func html(_ record: RunRecord) -> String {
        let before: [PageSection?] = [
            ArmSections.make(record), DistillationSections.order(record), StageSections.make(record),
            CurveSection.make(record),
        ]
        let after: [PageSection?] = [
            PictureSections.filters(record), SpreadSection.make(record), ModelSection.make(record),
            ConfigurationSection.make(record), OriginSection.make(record),
        ]
        return Page(
            title: "\(record.name) · Hornbeam", header: RunHeader.make(record),
            sections: (before + (record.taskSections?.sections(record) ?? []) + after).compactMap { $0 }
        ).html
    }
}
