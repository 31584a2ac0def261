//! The ledger: one SQL file that holds the truth about every job.
