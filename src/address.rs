//! An e-mail address, parsed once and masked wherever it is printed.
