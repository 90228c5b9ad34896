import Testing

@testable import Command

@Suite struct `A configuration key` {
    @Test(arguments: [
        ("server.publicURL", "KEYTURN_SERVER_PUBLIC_URL"),
        ("passwords.scrypt.logN", "KEYTURN_PASSWORDS_SCRYPT_LOG_N"),
        ("passwords.scrypt.r", "KEYTURN_PASSWORDS_SCRYPT_R"),
        ("mail.sendgrid.apiKey", "KEYTURN_MAIL_SENDGRID_API_KEY"),
        ("mail.sendgrid.baseURL", "KEYTURN_MAIL_SENDGRID_BASE_URL"),
        ("mail.sendgrid.caFile", "KEYTURN_MAIL_SENDGRID_CA_FILE"),
        ("mail.perAccount.interval", "KEYTURN_MAIL_PER_ACCOUNT_INTERVAL"),
        ("secrets.standard", "KEYTURN_SECRETS_STANDARD"),
        ("limits.perClient.rate", "KEYTURN_LIMITS_PER_CLIENT_RATE"),
    ])
    func `has one name in the environment`(name: String, variable: String) {
        #expect(Key.all.first { $0.name == name }?.variable == variable)
    }

    @Test func `has a variable of its own`() {
        #expect(Set(Key.all.map(\.variable)).count == Key.all.count)
    }
}

@Suite struct `Durations and rates` {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("45s", .seconds(45)), ("10m", .seconds(600)), ("12h", .seconds(43_200)),
        ("7d", .seconds(604_800)),
    ])
    func `are written with one unit`(text: String, duration: Duration) {
        #expect(Units.duration(text) == duration)
        #expect(Units.text(duration) == text)
    }

    @Test(arguments: [
        "", "s", "10", "10 m", "+10m", "-1s", "1.5h", "10M", "10mm", "٣s", "99999999999999999999s",
        "9223372036854775807d",
    ])
    func `are refused when they are anything else`(text: String) { #expect(Units.duration(text) == nil) }

    @Test func `count requests in a second, a minute, an hour`() {
        #expect(Units.rate("30/m")! == (30, .seconds(60)))
        #expect(Units.rate("5/s")! == (5, .seconds(1)))
        #expect(Units.rate("1000/h")! == (1000, .seconds(3600)))
        for text in ["0/s", "30", "30/d", "/m", "30/m/s", "-1/s", "3 0/m"] { #expect(Units.rate(text) == nil) }
    }
}
