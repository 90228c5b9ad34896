package import Wording

/// All that people read, on pages and in letters, in every language: the files beside this one, embedded in the binary.
package enum Languages {
    package static let files: [Language: [UInt8]] = [
        .english: PackageResources.en_json,
        .german: PackageResources.de_json,
        .french: PackageResources.fr_json,
        .spanish: PackageResources.es_json,
        .portuguese: PackageResources.pt_json,
        .italian: PackageResources.it_json,
        .dutch: PackageResources.nl_json,
        .polish: PackageResources.pl_json,
        .turkish: PackageResources.tr_json,
        .ukrainian: PackageResources.uk_json,
        .chinese: PackageResources.zh_json,
        .japanese: PackageResources.ja_json,
        .arabic: PackageResources.ar_json,
        .hebrew: PackageResources.he_json,
        .hindi: PackageResources.hi_json,
    ]

    /// Read once, by whoever asks first.
    private static let read = Result { () throws(CatalogueRefused) in try Catalogues(files) }

    /// - Throws: where a file is not as the English one: a bug of ours, met at the start.
    package static func catalogues() throws(CatalogueRefused) -> Catalogues { try read.get() }
}
