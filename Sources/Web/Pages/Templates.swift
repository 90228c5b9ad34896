import Mustache
import Templating

/// The templates of the pages, embedded in the binary, each under its file's name.
enum Templates {
    static let sources: [(name: String, text: [UInt8])] = [
        ("layout", PackageResources.layout_mustache),
        ("alert", PackageResources.alert_mustache),
        ("email", PackageResources.email_mustache),
        ("login", PackageResources.login_mustache),
        ("forgot", PackageResources.forgot_mustache),
        ("sent", PackageResources.sent_mustache),
        ("reset", PackageResources.reset_mustache),
        ("dead", PackageResources.dead_mustache),
        ("notme", PackageResources.notme_mustache),
        ("message", PackageResources.message_mustache),
        ("mailbox", PackageResources.mailbox_mustache),
        ("mail", PackageResources.mail_mustache),
    ]

    static func library() throws -> MustacheLibrary {
        var library = MustacheLibrary()
        for source in sources { library.register(try HTMLTemplate.parsed(source.text), named: source.name) }
        return library
    }
}
