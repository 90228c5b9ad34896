/// The tables of known frameworks: data, and nothing else. Each says where its facts are from; docs/integrate.md says what was checked.
package struct Preset: Sendable {
    package let name: String
    package let mapping: MappingText
    /// `passwords.scheme`, if that key says nothing.
    package let scheme: String
    /// `passwords.trim` and `passwords.escapeHTML`, if those keys say nothing.
    package let trims: Bool
    package let escapesHTML: Bool
    /// What becomes of the app's sessions, for `keyturn users check`.
    package let sessions: String

    init(
        _ name: String, table: String, id: String = "id", email: String = "email", hash: String = "password",
        mayReset: [MappingText.Sentence] = [], verified: [MappingText.Sentence] = [], noPassword: [String] = [""],
        onReset: [MappingText.Sentence] = [], delete: [MappingText.Sentence] = [], scheme: String, trims: Bool = false,
        escapesHTML: Bool = false, sessions: String
    ) {
        var mapping = MappingText()
        mapping.preset = name
        (mapping.table, mapping.id, mapping.email, mapping.hash) = (table, id, email, hash)
        (mapping.mayReset, mapping.verified, mapping.noPassword) = (mayReset, verified, noPassword)
        (mapping.onReset, mapping.delete) = (onReset, delete)
        (self.name, self.mapping, self.scheme, self.sessions) = (name, mapping, scheme, sessions)
        (self.trims, self.escapesHTML) = (trims, escapesHTML)
    }

    package static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

    package static let all: [Preset] = [
        // django/contrib/auth/models.py, hashers.py: an unusable password begins with "!".
        Preset(
            "django", table: "auth_user", mayReset: ["is_active = true"], noPassword: ["!", ""],
            scheme: "django-pbkdf2-sha256",
            sessions: "end by themselves: each holds a digest of the hash"),
        // The table of Flask's tutorials, with werkzeug.security.
        Preset(
            "flask", table: "user", hash: "password_hash", mayReset: ["?is_active = true"], scheme: "werkzeug-scrypt",
            sessions: "live on, unless the app keeps a part of the hash in them"),
        // pallets-eco/flask-security core.py, datastore.py (set_uniquifier).
        Preset(
            "flask-security", table: "user", mayReset: ["active = true"], verified: ["?confirmed_at is not null"],
            onReset: ["fs_uniquifier = uuid", "?fs_token_uniquifier = uuid"], scheme: "argon2id",
            sessions: "end: fs_uniquifier is set anew"),
        // fastapi-users db/__init__.py (SQLAlchemyBaseUserTable).
        Preset(
            "fastapi-users", table: "user", hash: "hashed_password", mayReset: ["is_active = true"],
            verified: ["is_verified = true"], delete: ["?accesstoken.user_id"], scheme: "argon2id",
            sessions: "access tokens in the database end; JWTs live until they expire"),
        // laravel/laravel 0001_01_01_000000_create_users_table.php, laravel/breeze NewPasswordController.php.
        Preset(
            "laravel", table: "users", verified: ["?email_verified_at is not null"],
            onReset: ["?remember_token = random 60", "?updated_at = now sql"],
            delete: ["?sessions.user_id", "?password_reset_tokens.email = email"], scheme: "bcrypt-2y",
            sessions: "end if they are in the table sessions; else with the middleware AuthenticateSession"),
        // heartcombo/devise lib/devise/models/{database_authenticatable,recoverable,lockable,confirmable}.rb.
        Preset(
            "devise", table: "users", hash: "encrypted_password", verified: ["?confirmed_at is not null"],
            onReset: [
                "?reset_password_token = null", "?reset_password_sent_at = null", "?failed_attempts = 0",
                "?updated_at = now sql",
            ], scheme: "bcrypt-2a",
            sessions: "end by themselves: each holds the beginning of the hash"),
        // rails activemodel/lib/active_model/secure_password.rb, and the generator authentication of Rails 8.
        Preset(
            "rails-secure-password", table: "users", email: "email_address", hash: "password_digest",
            onReset: ["?updated_at = now sql"], delete: ["?sessions.user_id"], scheme: "bcrypt-2a",
            sessions: "end if they are in the table sessions, as Rails 8 makes it; else they live on"),
        // wp-includes/pluggable.php of 6.8 (wp_hash_password), wp-includes/user.php (reset_password).
        Preset(
            "wordpress", table: "wp_users", id: "ID", email: "user_email", hash: "user_pass",
            mayReset: ["?user_status = 0"], onReset: ["?user_activation_key = ''"], scheme: "wordpress-bcrypt",
            trims: true,
            sessions: "end by themselves: cookies hold a part of the hash; an object cache must forget the account"),
        // dotnet/aspnetcore Identity UserManager.cs (UpdatePasswordHash, UpdateSecurityStampInternal).
        Preset(
            "aspnet", table: "AspNetUsers", id: "Id", email: "Email", hash: "PasswordHash",
            verified: ["EmailConfirmed = true"],
            onReset: ["?SecurityStamp = base32 32", "?ConcurrencyStamp = uuid"], scheme: "aspnet-identity-v3",
            sessions: "end when the cookie's stamp is checked next (30 minutes by default)"),
        // supabase/auth internal/models/user.go (UpdatePassword), sessions.go.
        Preset(
            "supabase", table: "auth.users", hash: "encrypted_password",
            mayReset: [
                "deleted_at is null", "?is_sso_user = false", "?is_anonymous = false", "?banned_until < now or null",
            ], verified: ["email_confirmed_at is not null"],
            onReset: [
                "?updated_at = now", "?recovery_token = ''", "?confirmation_token = ''",
                "?email_change_token_current = ''", "?email_change_token_new = ''", "?reauthentication_token = ''",
            ], delete: ["?auth.sessions.user_id", "?auth.one_time_tokens.user_id"], scheme: "bcrypt-2a",
            sessions: "end: their rows are deleted; access tokens live until they expire"),
        // TryGhost/Ghost ghost/core/core/server/data/schema/schema.js.
        Preset(
            "ghost", table: "users", mayReset: ["status in 'active', 'warn-1', 'warn-2', 'warn-3', 'warn-4'"],
            onReset: ["?updated_at = now sql"], delete: ["?sessions.user_id"], scheme: "bcrypt-2a",
            sessions: "end: their rows are deleted"),
        // strapi/strapi plugins/users-permissions/server/content-types/user.
        Preset(
            "strapi", table: "up_users",
            mayReset: ["?blocked = false or null", "?provider = 'local' or null"],
            verified: ["?confirmed = true"],
            onReset: ["?reset_password_token = null", "?updated_at = now milliseconds"], scheme: "bcrypt-2a",
            sessions: "JWTs live until they expire"),
        // symfony/maker-bundle make:user, make:registration-form.
        Preset(
            "symfony", table: "user", verified: ["?is_verified = true"], scheme: "bcrypt-2y",
            sessions: "end at their next request: the user is compared when it is refreshed"),
        // phpbb/phpbb phpBB/phpbb/ucp/controller/reset_password.php.
        Preset(
            "phpbb", table: "phpbb_users", id: "user_id", email: "user_email", hash: "user_password",
            mayReset: ["user_type in 0, 3"],
            onReset: [
                "?user_passchg = now seconds", "?user_login_attempts = 0", "?reset_token = ''",
                "?reset_token_expiration = 0",
            ], delete: ["?phpbb_sessions_keys.user_id", "?phpbb_sessions.session_user_id"], scheme: "bcrypt-2y",
            escapesHTML: true, sessions: "end: their rows are deleted"),
        // drupal/core user module: UserStorageSchema.php, PhpPassword.php.
        Preset(
            "drupal", table: "users_field_data", id: "uid", email: "mail", hash: "pass",
            mayReset: ["status = true", "default_langcode = true"], onReset: ["?changed = now seconds"],
            delete: ["?sessions.uid"], scheme: "bcrypt-2y",
            sessions: "end: their rows are deleted; the entity cache must forget the account"),
        // directus/directus api/src/database/migrations, seeds/03-users.yaml.
        Preset(
            "directus", table: "directus_users", mayReset: ["status = 'active'", "?provider = 'default' or null"],
            delete: ["?directus_sessions.user"], scheme: "argon2id", sessions: "end: their rows are deleted"),
        // mattermost/mattermost server/channels/store/sqlstore/user_store.go (UpdatePassword).
        Preset(
            "mattermost", table: "users", mayReset: ["deleteat = 0", "?authservice = '' or null"],
            onReset: [
                "?lastpasswordupdate = now milliseconds", "?updateat = now milliseconds", "?failedattempts = 0",
            ], delete: ["?sessions.userid"], scheme: "bcrypt-2a",
            sessions: "end in the table; servers keep accounts in memory: use the webhook"),
    ]
}
