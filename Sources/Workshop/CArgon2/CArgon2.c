// Only so that the package manager sees a C target; everything is in the header.
