//! Ratings: what people and platforms said of a finished clip.

use sqlx::sqlite::SqliteRow;

use super::{Ledger, row};
use crate::error::Result;
use crate::model::job::{EpochMs, JobId};

/// What was said of a clip. What is not known is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rating {
    /// Whether it was good enough to be used.
    pub is_kept: Option<bool>,
    /// A person's or a platform's score, in its own unit.
    pub score: Option<f64>,
    /// Times that it was seen.
    pub views: Option<u32>,
    /// Likes, comments, shares and saves together.
    pub engagements: Option<u32>,
}

impl Ledger {
    /// Writes ratings down, all or nothing. What a rating does not say stays as it was.
    pub async fn rate(&self, ratings: &[(JobId, Rating)], now_ms: EpochMs) -> Result<()> {
        let mut tx = self.begin().await?;
        for (id, rating) in ratings {
            sqlx::query(
                "INSERT INTO rating (job_id, is_kept, score, views, engagements, rated_at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (job_id) DO UPDATE SET is_kept = COALESCE(excluded.is_kept, is_kept), \
                 score = COALESCE(excluded.score, score), views = COALESCE(excluded.views, views), \
                 engagements = COALESCE(excluded.engagements, engagements), rated_at_ms = excluded.rated_at_ms",
            )
            .bind(id.as_str())
            .bind(rating.is_kept)
            .bind(rating.score)
            .bind(rating.views.map(i64::from))
            .bind(rating.engagements.map(i64::from))
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        }
        self.publish(tx).await
    }

    /// What was said of a job's clip.
    pub async fn rating(&self, id: &JobId) -> Result<Option<Rating>> {
        let query = sqlx::query("SELECT * FROM rating WHERE job_id = $1").bind(id.as_str());
        self.one(query, rating).await
    }
}

fn rating(row: &SqliteRow) -> Result<Rating> {
    Ok(Rating {
        is_kept: row::get(row, "is_kept")?,
        score: row::get(row, "score")?,
        views: row::get(row, "views")?,
        engagements: row::get(row, "engagements")?,
    })
}
