/// The SQL files beside this one, embedded in the binary, in the order they are applied.
package enum Migrations {
    package struct File: Sendable {
        /// `0001_users.sql`
        package let name: String
        package let sql: [UInt8]
        package init(name: String, sql: [UInt8]) {
            self.name = name
            self.sql = sql
        }
    }
    package static let all: [File] = [
        File(name: "0001_users.sql", sql: PackageResources._001_users_sql),
        File(name: "0002_outbox.sql", sql: PackageResources._002_outbox_sql),
        File(name: "0003_audit.sql", sql: PackageResources._003_audit_sql),
        File(name: "0004_reports.sql", sql: PackageResources._004_reports_sql),
        File(name: "0005_webhooks.sql", sql: PackageResources._005_webhooks_sql),
        File(name: "0006_epoch_base.sql", sql: PackageResources._006_epoch_base_sql),
        File(name: "0007_answers.sql", sql: PackageResources._007_answers_sql),
        File(name: "0008_intake.sql", sql: PackageResources._008_intake_sql),
        File(name: "0009_account_life.sql", sql: PackageResources._009_account_life_sql),
        File(name: "0011_address_spellings.sql", sql: PackageResources._011_address_spellings_sql),
        File(name: "0012_intents.sql", sql: PackageResources._012_intents_sql),
    ]
}
