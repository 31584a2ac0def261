//! What may be spent.

use super::parse;
use super::read::Reader;
use crate::money::Usd;

/// What may be spent at SkillBoss. None: no such limit.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// `FIRSTCUT_MAX_USD_PER_CALL`: the most for one call of a tool or command.
    pub per_call: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_DAY`: from midnight to midnight UTC.
    pub per_day: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_WEEK`: from Monday to Monday UTC.
    pub per_week: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_BATCH`: for all calls that name the same batch.
    pub per_batch: Option<Usd>,
    /// `FIRSTCUT_APPROVE_ABOVE_USD`: what may cost more waits for a person's word.
    pub approve_above: Option<Usd>,
    /// `FIRSTCUT_ALLOW_UNKNOWN_PRICE`: a model without a known price may be used, up to the caps.
    pub allow_unknown_price: bool,
}

impl Budget {
    /// Takes the limits.
    pub(super) fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            per_call: reader.take("FIRSTCUT_MAX_USD_PER_CALL", parse::dollars),
            per_day: reader.take("FIRSTCUT_MAX_USD_PER_DAY", parse::dollars),
            per_week: reader.take("FIRSTCUT_MAX_USD_PER_WEEK", parse::dollars),
            per_batch: reader.take("FIRSTCUT_MAX_USD_PER_BATCH", parse::dollars),
            approve_above: reader.take("FIRSTCUT_APPROVE_ABOVE_USD", parse::dollars),
            allow_unknown_price: reader
                .take("FIRSTCUT_ALLOW_UNKNOWN_PRICE", parse::yes_or_no)
                .unwrap_or(false),
        }
    }
}
