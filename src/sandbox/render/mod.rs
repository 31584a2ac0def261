//! Draws what the sandbox is asked for and writes it as a real MP4.
