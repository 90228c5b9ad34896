package import Logging

/// One line an event, fields by name. Never handed an address, token, password or hash: pseudonyms only.
package typealias Log = Logger
