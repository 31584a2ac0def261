//! NemoVideo: everything that knows its wire format and its manners.
