# The smallest application on Rails' own has_secure_password (ActiveModel, ActiveRecord, bcrypt), and with DEVISE=1 on Devise's hashing.
#
#     APP_DATABASE=app.sqlite APP_PORT=3000 ruby app.rb
#
# POST /register and POST /login take {"email", "password"} as JSON and set the session's cookie; GET /me says who is signed in.
require "active_record"
require "json"
require "openssl"
require "securerandom"
require "webrick"

DEVISE = ENV["DEVISE"] == "1"
SECRET = ENV.fetch("APP_SECRET", "for this example only: make your own")

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ENV.fetch("APP_DATABASE"))

if DEVISE
  require "rails"
  require "devise"
  require "devise/encryptor"
  # Devise.pepper, as config/initializers/devise.rb sets it: 128 characters.
  Settings = Struct.new(:stretches, :pepper).new(12, ENV.fetch("PEPPER"))
  ActiveRecord::Schema.define do
    create_table :users, if_not_exists: true do |t|
      t.string :email, null: false, default: ""
      t.string :encrypted_password, null: false, default: ""
      t.string :reset_password_token
      t.datetime :reset_password_sent_at
      t.datetime :remember_created_at
      t.timestamps null: false
      t.index :email, unique: true
    end
  end

  class User < ActiveRecord::Base
    def password=(text)
      self.encrypted_password = Devise::Encryptor.digest(Settings, text)
    end

    def authenticate(text) = Devise::Encryptor.compare(Settings, encrypted_password, text)
    # As Devise's authenticatable_salt.
    def mark = encrypted_password[0, 29]
  end
else
  ActiveRecord::Schema.define do
    create_table :users, if_not_exists: true do |t|
      t.string :email_address, null: false
      t.string :password_digest, null: false
      t.timestamps null: false
      t.index :email_address, unique: true
    end
  end

  class User < ActiveRecord::Base
    has_secure_password
    alias_attribute :email, :email_address
    # As password_salt of Rails 7.1: what a session must be bound to.
    def mark = password_digest[0, 29]
  end
end

def sign(text) = OpenSSL::HMAC.hexdigest("SHA256", SECRET, text)

class App < WEBrick::HTTPServlet::AbstractServlet
  def do_POST(request, response)
    body = JSON.parse(request.body)
    response["Content-Type"] = "application/json"
    user = User.find_by(email: body["email"])
    if request.path == "/register"
      user = User.new(email: body["email"])
      user.password = body["password"]
      user.save!
      response.status = 201
      response.body = { id: user.id.to_s }.to_json
    elsif user&.authenticate(body["password"])
      session = "#{user.id}.#{sign("#{user.id}.#{user.mark}")}"
      response.cookies << WEBrick::Cookie.new("session", session)
      response.body = { id: user.id.to_s }.to_json
    else
      response.status = 401
      response.body = "{}"
    end
  end

  def do_GET(request, response)
    id, signature = (request.cookies.find { |cookie| cookie.name == "session" }&.value || "").split(".")
    user = User.find_by(id: id)
    response["Content-Type"] = "application/json"
    good = user && OpenSSL.secure_compare(signature.to_s, sign("#{user.id}.#{user.mark}"))
    response.status = good ? 200 : 401
    response.body = good ? { email: user.email }.to_json : "{}"
  end
end

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ENV.fetch("APP_PORT").to_i, AccessLog: [], Logger: WEBrick::Log.new($stderr, 1))
server.mount "/", App
trap("TERM") { server.shutdown }
server.start
