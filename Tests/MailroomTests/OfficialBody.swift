/// What SendGrid's own Python library makes of a mail. Written by scripts/record-sendgrid-body.
enum OfficialBody {
    static let version = "6.12.5"
    // swift-format-ignore
    static let json = #"{"categories":["password-reset"],"content":[{"type":"text/plain","value":"Hello\n"},{"type":"text/html","value":"<p>Hello</p>"}],"custom_args":{"outbox_id":"42"},"from":{"email":"noreply@example.com","name":"Example"},"mail_settings":{"bypass_list_management":{"enable":true},"sandbox_mode":{"enable":true}},"personalizations":[{"to":[{"email":"Ann@example.com"}]}],"reply_to":{"email":"help@example.com"},"subject":"Reset","tracking_settings":{"click_tracking":{"enable":false,"enable_text":false},"ganalytics":{"enable":false},"open_tracking":{"enable":false},"subscription_tracking":{"enable":false}}}"#
}
