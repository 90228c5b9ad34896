package import Templating

/// The templates of the pages, embedded in the binary.
package enum PageTemplates {
    package static let all = TemplateSet([
        .init("layout.mustache", PackageResources.layout_mustache),
        .init("alert.mustache", PackageResources.alert_mustache),
        .init("email.mustache", PackageResources.email_mustache),
        .init("kept.mustache", PackageResources.kept_mustache),
        .init("login.mustache", PackageResources.login_mustache),
        .init("forgot.mustache", PackageResources.forgot_mustache),
        .init("sent.mustache", PackageResources.sent_mustache),
        .init("reset.mustache", PackageResources.reset_mustache),
        .init("dead.mustache", PackageResources.dead_mustache),
        .init("notme.mustache", PackageResources.notme_mustache),
        .init("message.mustache", PackageResources.message_mustache),
        .init("mailbox.mustache", PackageResources.mailbox_mustache),
        .init("mail.mustache", PackageResources.mail_mustache),
    ])
}
