/// The pages of the program itself.
import CLinux

package enum ProgramPages {
    /// Gives back what only the start needed of program and libraries: half of what is resident then is code and tables that are not
    /// looked at again. What is needed comes back from the file's cache, a page at a time.
    package static func giveBack() { clinux_forget_unwritable_pages() }
}
